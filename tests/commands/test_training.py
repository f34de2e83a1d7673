import errno
import json
import shlex
import signal
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import filelock
import psutil
import pytest

from engine.adapters import metadata
from engine.jobs.events import read_all
from engine.jobs.job import Job
from engine.system import ranks
from tests.helpers.command_line import Finished, InProcessTerminal, Terminal, finish
from tests.helpers.ranks import rank_variables
from tests.helpers.systems import WINDOWS, signals

MakeRecipe = Callable[..., Path]
Scripted = Callable[..., tuple[subprocess.Popen[str], str]]
# What becomes of a signal or of a pipe is the same for a worker that only says that it takes steps.
STEPS = ["steps", {"count": 10**6, "per_second": 50}]


def test_train_ends_with_a_scored_adapter(make_recipe, in_process):
    done = in_process.run("train", str(make_recipe("t5")), "--json", "--set", "training.epochs=1")
    assert done.code == 0, done
    assert done.json[0]["run"] == done.events[0]["run"]
    assert Path(done.json[0]["path"]).is_dir()
    assert done.json[-1]["event"] == "job_ended"
    assert done.json[-1]["outcome"] == "completed"
    assert len(done.named("job_ended")) == 1
    [saved] = done.named("adapter_saved")
    assert Path(saved["path"]).is_absolute()
    card = metadata.load(Path(saved["path"])).score_card
    assert card is not None
    assert set(card.difference) == {"rouge1", "rouge2", "rougeL", "rougeLsum"}
    [started] = done.named("run_started")
    assert started["total_steps"] == 3 == len(done.named("step_finished"))
    require_repeated_ending(done, in_process)


def require_repeated_ending(trained: Finished, in_process: InProcessTerminal) -> None:
    """A completed run that is resumed says again how it ended, and no more."""
    again = in_process.run("resume", trained.json[0]["run"], "--json")
    assert again.code == 0
    assert again.events == trained.named("adapter_saved") + trained.named("job_ended")
    done = in_process.run("resume", trained.json[0]["run"])
    assert "This run is already completed." in done.out
    assert trained.named("adapter_saved")[0]["path"] in done.out


def require_stop_told(done: Finished) -> None:
    assert done.code == 130, done
    assert done.json[-1]["event"] == "job_ended"
    assert done.json[-1]["outcome"] == "stopped"
    assert "Ctrl+C again" in done.err


@pytest.fixture
def scripted(home, make_recipe):
    """Starts `train` with a worker that follows a script, and returns it after its first step."""

    def start(*script: list[object]) -> tuple[subprocess.Popen[str], str]:
        return Terminal(home, list(script)).until_step("train", str(make_recipe("llama")))

    return start


@pytest.mark.parametrize("name", [pytest.param("SIGHUP", marks=signals), "SIGINT", "SIGTERM"])
def test_every_signal_stops_the_worker_in_order(name, scripted):
    process, read = scripted(STEPS)
    process.send_signal(getattr(signal, name))
    require_stop_told(finish(process, read))


def test_a_home_on_a_disk_without_locks_is_told(in_process, make_recipe, monkeypatch):
    """As some network drives are."""

    def refuse(*_, **__):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(filelock, "lock_descriptor", refuse)
    done = in_process.run("train", str(make_recipe("gpt2")), "--json")
    assert done.code == 1
    assert done.json[-1]["message"] == "The disk of Tunesmith's files has no locks: No locks available."
    assert "TUNESMITH_HOME" in done.json[-1]["hint"]


def test_a_run_called_like_a_device_in_the_home_of_an_emoji_is_trained_and_exported(tmp_path, make_recipe):
    """Nothing on Windows can be called NUL."""
    folder = tmp_path / "Zoë Müller 🙂"
    folder.mkdir()
    terminal = InProcessTerminal(folder / "home")
    done = terminal.run("train", str(make_recipe("gpt2", "name=NUL", "training.max_steps=1")), "--json")
    assert done.code == 0, done
    assert terminal.run("adapters", "export", "NUL", str(folder / "NUL 🙂.zip")).code == 0
    with zipfile.ZipFile(folder / "NUL 🙂.zip") as exported:
        assert {name.partition("/")[0] for name in exported.namelist()} == {"_NUL"}


def test_second_interrupt_kills_the_worker_at_once(scripted):
    # A worker that heeds nothing can't answer the first wish.
    process, read = scripted(["flood", 1], ["deaf", None])
    job = Job(Path(Finished(0, read, "").json[0]["path"]))
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert "Ctrl+C again" in process.stderr.readline()
    assert job.is_running()
    process.send_signal(signal.SIGINT)
    done = finish(process, read)
    assert done.code == 130
    assert done.json[-1]["outcome"] == "stopped"
    assert done.named("job_ended") == []
    assert not job.is_running()


def test_killed_worker_is_a_crash_with_its_log(scripted):
    process, read = scripted(["noise", 3], STEPS)
    [accepted] = Finished(0, read, "").named("job_accepted")
    psutil.Process(accepted["pid"]).kill()
    done = finish(process, read)
    assert done.code == 1
    assert done.json[-1]["outcome"] == "crashed"
    assert WINDOWS or "SIGKILL" in done.json[-1]["message"]
    assert "a library warns in line 2" in done.json[-1]["log"]


def test_closed_pipe_stops_the_run_quietly(scripted):
    process, read = scripted(STEPS)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait() == 130
    assert process.stderr.read() == ""
    process.stderr.close()
    job = Job(Path(Finished(0, read, "").json[0]["path"]))
    assert not job.is_running()
    assert list(read_all(job.events_path))[-1]["outcome"] == "stopped"


@pytest.mark.parametrize(
    ("changes", "field", "hint"),
    [
        (["base_model.id=./nowhere"], "base_model.id", ""),
        (["data.source=./none.csv"], "data.source", ""),
        (["base_model.precision=float16"], "base_model.precision", "Use bfloat16."),
        (["data.conversation=dialog"], "data.conversation", "Did you mean dialogue?"),
        (["method.start_from=nothing"], "method.start_from", ""),
    ],
)
def test_a_run_that_can_not_be_is_refused_beside_its_field(changes, field, hint, make_recipe, in_process):
    done = in_process.run("--json", "train", str(make_recipe("t5")), *(f"--set={each}" for each in changes))
    assert (done.code, [problem["field"] for problem in done.problems]) == (2, [field])
    assert hint in done.problems[0]["hint"]
    assert done.named("run_started") == []


def test_a_run_for_slurm_is_made_and_trained_by_resuming_it(call, make_recipe, in_process):
    finished = call("train", str(make_recipe("t5", "training.epochs=1")), "--slurm", "--json")
    made = json.loads(finished.out.splitlines()[-1])
    assert finished.code == 0
    assert f"resume {shlex.quote(made['path'])}" in Path(made["script"]).read_text(encoding="utf-8")
    assert not (Path(made["path"]) / "events.jsonl").exists()
    done = in_process.run("resume", made["run"], "--json")
    assert (done.code, done.json[-1]["outcome"]) == (0, "completed")
    assert done.named("run_started")[0]["first_step"] == 0


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (["--cards", "2"], "--cards"),
        (["--nodes", "2", "--on", "lab"], "--slurm"),
        (["--cards", "0", "--on", "lab"], "--cards"),
    ],
)
def test_cards_are_asked_of_slurm_or_another_computer(asked, field, call, make_recipe):
    finished = call("train", str(make_recipe("t5")), *asked, "--json")
    assert (finished.code, finished.problems[0]["field"]) == (2, field)


@pytest.mark.parametrize("rank", [0, 2])
@pytest.mark.parametrize("command", ["train", "resume"])
def test_computers_that_share_a_run_need_a_network_that_is_named(rank, command, call, monkeypatch):
    given = rank_variables(rank, 4, 29500) | {
        ranks.LOCAL_RANK: "0", ranks.LOCAL_SIZE: "2", ranks.INTERFACE: "",
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    finished = call(command, "anything", "--json")
    assert (finished.code, finished.problems[0]["field"]) == (2, "GLOO_SOCKET_IFNAME")
