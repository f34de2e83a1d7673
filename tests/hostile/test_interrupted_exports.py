"""What is written for other people is for nobody else to read, and of what is interrupted nothing is left."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engine.adapters import library
from engine.commands import adapters
from engine.commands.output import Output
from engine.system.csv_file import write_csv
from engine.system.files import write_atomically, write_export
from tests.helpers.homes import add_adapter
from tests.helpers.repository import ROOT
from tests.helpers.systems import signals

pytestmark = signals


@pytest.fixture(autouse=True)
def _usual_umask():
    former = os.umask(0o022)
    yield
    os.umask(former)


def to_folder(target: Path) -> None:
    library.export_folder(add_adapter("tea"), target)


def to_zip(target: Path) -> None:
    library.export_zip(add_adapter("tea"), target)


def to_text(target: Path) -> None:
    write_export(target, "Ann: Hi.")


def to_csv(target: Path) -> None:
    write_csv(target, ["a"], [["b"]])


WAYS = pytest.mark.parametrize("write", [to_folder, to_zip, to_text, to_csv])


def modes(path: Path) -> set[str]:
    return {f"{stat.S_IMODE(each.lstat().st_mode):o}" for each in (path, *path.rglob("*"))}


@WAYS
def test_an_interruption_leaves_nothing_and_shows_nothing(tmp_path, monkeypatch, write):
    seen, replace = [], Path.replace

    def interrupt(path: Path, target: Path) -> Path:
        if Path(target) == tmp_path / "out":
            seen.append(modes(path))
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "rename", interrupt)
    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "out")
    assert [found <= {"700", "600"} for found in seen] == [True]
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == []


def test_what_is_written_into_a_shared_cache_is_for_those_who_share_it(tmp_path):
    write_atomically(tmp_path / "main", "0123", shared=True)
    assert modes(tmp_path / "main") == {"644"}


PROGRAM = """
import sys, time
from engine.adapters import library

def wait(folder):
    print("ready", flush=True)
    time.sleep(60)

library.make_public = wait
import main
sys.exit(main.main(["adapters", "export", "tea", sys.argv[1]]))
"""


@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGTERM, "out"), (signal.SIGINT, "out.zip"), (signal.SIGHUP, "out")]
)
def test_a_signal_that_ends_the_command_leaves_nothing(tmp_path, number, name):
    add_adapter("tea")
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "target" / name)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        (tmp_path / "target").mkdir(exist_ok=True)
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.wait() == 130
    assert list((tmp_path / "target").iterdir()) == []
    assert [path.name for path in library.adapters_folder().iterdir()] == ["tea"]


def test_of_a_worker_that_is_killed_the_command_removes_what_it_left(tmp_path, monkeypatch):
    adapter = add_adapter("tea")

    def killed(kind, arguments, output, show):
        aside = Path(arguments["aside"])
        assert aside.parent == tmp_path
        (aside / "out").mkdir(parents=True)
        (aside / "out" / "train.jsonl").write_text("Ann: Hi.")
        return 130, {}

    monkeypatch.setattr(adapters, "ask", killed)
    monkeypatch.setattr(adapters, "confirm_base", lambda *_: True)
    target = tmp_path / "out"
    assert adapters.export_model(adapter, "script", target, "", 0, Output(as_json=False)) == 130
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == []


@WAYS
def test_nobody_else_can_read_the_result(tmp_path, write):
    write(tmp_path / "out")
    assert modes(tmp_path / "out") <= {"700", "600"}
