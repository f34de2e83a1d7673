"""What was said and who may ask stay where they belong: in a real run, its adapter, its logs, what can be copied."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from engine.adapters import library
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.jobs.events import read_all
from engine.maintenance import doctor
from engine.runs import example_scores, run_store
from engine.system import ranks
from engine.system.paths import runs_folder
from tests.helpers.fake_hub import FakeHub
from tests.helpers.repository import MAIN, ROOT
from tests.helpers.systems import facts_of_processes
from tests.helpers.tiny_models import tiny_model
from tests.helpers.tiny_runs import run_in_process, tiny_recipe, train_in_process

pytestmark = [pytest.mark.torch, pytest.mark.end_to_end, facts_of_processes]

WATCH = ROOT / "tests" / "helpers" / "socket_watch"
SAID = "quixotic"
TOKEN = "hf_marmalade"
MODEL = "someone/tiny"


def holding(folder: Path, mark: str) -> set[str]:
    """Return the files below a folder that hold a mark, in their bytes or their names."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if mark in path.name or (path.is_file() and mark.encode() in path.read_bytes())
    }


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line with a home of the test's own, and runs in one process."""
    return subprocess.run(
        [sys.executable, str(MAIN), *arguments], cwd=ROOT,
        env={**os.environ, ranks.COUNT: "1", **environment}, capture_output=True, text=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def speaking(folder: Path, *overrides: str) -> Recipe:
    """Return a recipe whose every conversation and summary, not its files' names, hold what was said."""
    made = tiny_recipe(folder, "t5", "lora", "training.checkpoint_every=2", "training.epochs=1", *overrides)
    for path in Path(made.data.source).glob("*.jsonl"):
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("yes,", f"yes, {SAID},").replace(" has ", f" has {SAID} "), encoding="utf-8"
        )
    return made


@pytest.fixture
def hub(tmp_path):
    """A hub that has a small model."""
    shutil.copytree(tiny_model("t5"), tmp_path / "served/models" / MODEL)
    with FakeHub(tmp_path / "served") as served:
        yield served


def asking(hub: FakeHub, tmp_path: Path) -> dict[str, str]:
    """Return the environment of somebody with a token, who asks a small hub."""
    return {
        "HF_TOKEN": TOKEN, "HF_ENDPOINT": hub.address, "HF_HUB_OFFLINE": "0", "HF_DATASETS_OFFLINE": "0",
        "HF_HOME": str(tmp_path / "huggingface"),
    }  # fmt: skip


def test_what_was_said_stays_in_a_runs_samples_and_scores_and_the_token_with_the_hub(home, tmp_path, hub):
    recipes.save(speaking(tmp_path, f"base_model.id={MODEL}"), tmp_path / "recipe.toml")
    done = command("train", str(tmp_path / "recipe.toml"), **asking(hub, tmp_path))
    assert done.returncode == 0, done.stderr
    (job,) = run_store.list_jobs()
    kept = {job.events_path, job.folder / example_scores.FILE_NAME}
    assert {runs_folder() / name for name in holding(runs_folder(), SAID)} == kept
    assert holding(home, SAID) == {path.relative_to(home).as_posix() for path in kept}
    said = [line for line in job.events_path.read_text(encoding="utf-8").splitlines() if SAID in line]
    assert {json.loads(line)["event"] for line in said} == {"sample_made"}
    assert run_store.checkpoints(job)
    (adapter,), _ = library.scan()
    library.export_folder(adapter, tmp_path / "out")
    assert holding(tmp_path / "out", SAID) == holding(tmp_path / "out", str(tmp_path)) == set()
    sent = doctor.diagnostics(
        [doctor.system(), doctor.packages(), doctor.hub(), doctor.folders(), doctor.disk()]
    )
    assert "Hub" in sent
    for told in (sent, job.log_tail(2_000), done.stderr, done.stdout):
        assert SAID not in told
        assert TOKEN not in told
    assert f"Bearer {TOKEN}" in hub.tokens
    assert holding(home, TOKEN) == holding(tmp_path / "huggingface", TOKEN) == set()


@pytest.mark.parametrize("quotes", [True, False])
def test_what_a_library_quotes_is_not_in_the_log(tmp_path, monkeypatch, capfd, quotes):
    from engine.worker.dataset.prompter import Prompter

    def fail(_: Prompter, example):
        said = example.conversation
        raise ValueError(f"can't encode {said!r}" if quotes else {"text": said})

    monkeypatch.setattr(Prompter, "example", fail)
    job = run_store.create_run(speaking(tmp_path))
    ended = run_in_process(job)[-1]
    assert (ended["outcome"], SAID in ended["message"]) == ("failed", False)
    log = capfd.readouterr().err
    assert "ValueError" in log
    assert SAID not in log


def test_an_adapter_keeps_what_its_prompt_shows_and_nothing_else(home, tmp_path):
    train_in_process(speaking(tmp_path, "data.shots=1"))
    (adapter,), _ = library.scan()
    assert holding(adapter.folder, SAID) == {"adapter.toml"}
    (shot,) = adapter.metadata.prompt.shots
    assert SAID in shot.conversation


WINDOW = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from engine.api import recipe
from gui.workers.worker_manager import WorkerManager
from gui.main_window import MainWindow
from gui.core.preferences import Preferences
application = QApplication([])
manager = WorkerManager()
window = MainWindow(manager, Preferences())
window.show()
model = window.built("train").start_run(recipe.load(Path(sys.argv[1])))
model.ended.connect(lambda ending: print(f"{ending.outcome}: {ending.message}", flush=True))
model.ended.connect(application.quit)
application.exec()
manager.leave()
"""


def inet_sockets(pid: int) -> set[str]:
    """Return the network's sockets that a process and all that it started hold now, as the system lists them."""
    listed = {}
    for kind in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path("/proc/net", kind).read_text(encoding="ascii").splitlines()[1:]:
            listed[f"socket:[{line.split()[9]}]"] = line
    held: set[str] = set()
    for entry in (entry for each in family(pid) for entry in Path("/proc", str(each)).glob("fd/*")):
        # It may be closed by now.
        with suppress(OSError):
            held.add(str(entry.readlink()))
    return {listed[name] for name in held & listed.keys()}


def family(pid: int) -> list[int]:
    """Return a process and all that it started, itself or through others."""
    found = [pid]
    for each in found:
        with suppress(OSError):
            for task in Path("/proc", str(each), "task").iterdir():
                found += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def seen(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def watched(path: Path, **environment: str) -> dict[str, str]:
    return {"PYTHONPATH": str(WATCH), "SOCKETS_SEEN": str(path), **environment}


@pytest.mark.slow(
    "engine/jobs/", "engine/system/", "engine/worker/runtime/", "gui/core/", "gui/workers/", "main.py"
)
def test_a_window_and_its_worker_open_no_port_and_no_connection_though_they_may(home, tmp_path):
    recipes.save(tiny_recipe(tmp_path, "t5", "lora", "training.epochs=1"), tmp_path / "recipe.toml")
    environment = watched(
        tmp_path / "seen", HF_HUB_OFFLINE="0", HF_DATASETS_OFFLINE="0", PYTHONPATH=f"{WATCH}:{ROOT}"
    )
    window = subprocess.Popen(
        [sys.executable, "-c", WINDOW, str(tmp_path / "recipe.toml")], cwd=ROOT,
        env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found: set[str] = set()
    with window:
        while window.poll() is None:
            found |= inet_sockets(window.pid)
            time.sleep(0.05)
        assert window.stdout.read() == "completed: \n"
    assert found == set()
    told = seen(tmp_path / "seen")
    assert any("--worker" in line for line in told)
    assert [line for line in told if not line.startswith("began ")] == []


@pytest.mark.slow(
    "engine/commands/",
    "engine/config/hub_sources",
    "engine/system/connection",
    "engine/worker/hub/",
    "main.py",
)
def test_offline_opens_no_connection_even_for_what_is_on_the_hub(home, tmp_path):
    wanted = tiny_recipe(tmp_path, "t5", "lora", f"base_model.id={MODEL}")
    recipes.save(wanted, tmp_path / "recipe.toml")
    environment = watched(tmp_path / "seen", HF_HUB_OFFLINE="0", HF_DATASETS_OFFLINE="0")
    done = command("--offline", "train", str(tmp_path / "recipe.toml"), "--json", **environment)
    assert done.returncode == 2
    assert json.loads(done.stdout)["problems"][0]["field"] == "base_model.id"
    # A run that was made before the base model was deleted.
    job = run_store.create_run(wanted)
    command("--worker", str(job.folder), **environment | {"HF_HUB_OFFLINE": "1"})
    *_, ended = read_all(job.events_path)
    assert (ended["kind"], ended["field"]) == ("OfflineError", "base_model.id")
    assert command("doctor", "--offline", **environment).returncode in {0, 1}
    told = seen(tmp_path / "seen")
    assert sum("--worker" in line for line in told) >= 2
    assert [line for line in told if not line.startswith("began ")] == []


def test_both_watches_see_what_reaches_out(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as opened:
        address = f"0100007F:{opened.getsockname()[1]:04X}"
        # Other tests of this process may hold sockets too.
        assert [line for line in inet_sockets(os.getpid()) if address in line.split()[1]]
    assert not [line for line in inet_sockets(os.getpid()) if address in line.split()[1]]
    code = "import socket; socket.create_connection(('127.0.0.1', 9))"
    environment = {**os.environ, **watched(tmp_path / "seen")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert "no network here" in done.stderr
    assert [line.split()[0] for line in seen(tmp_path / "seen")] == ["began", "socket.getaddrinfo"]
