"""The first start: choosing, trying again, giving up, and what is started in the end."""

import json
import os
import shlex
import subprocess
import sys

import environment
import pytest
from launcher import entry
from launcher.builds import BUILDS
from launcher.terminal import Terminal
from launcher.work import Work
from launcher.zenity import Zenity

from tests.helpers.launcher_setup import SLEEPS, fill_environment, make_active, outcome_of, python_step
from tests.helpers.repository import ROOT


class Front:
    """A person who takes what suits and answers from a list; cancels the tries that are numbered."""

    def __init__(self, answers=(), cancels=()):
        self.answers, self.cancels = list(answers), set(cancels)
        self.tries, self.troubles, self.previous = 0, [], []

    def choose(self, _builds, suited, found):
        return suited

    def follow(self, work):
        self.tries += 1
        if self.tries in self.cancels:
            work.cancel()
        work.wait()

    def ask(self, trouble, log, *, has_previous):
        self.troubles.append(trouble)
        self.previous.append(has_previous)
        return self.answers.pop(0)

    def close(self):
        pass


@pytest.fixture
def scripted(monkeypatch):
    """Let environments be made by the scripts in a list, one for each try; a script knows its `folder`."""
    scripts = []

    def faked(root, folder, build):
        fill_environment(folder)
        return [python_step(scripts.pop(0))]

    monkeypatch.setattr(entry, "steps", faked)
    monkeypatch.setattr(entry.graphics_cards, "find", list)
    monkeypatch.setattr(entry.environment, "works", lambda place: True)
    return scripts


def test_after_failing_it_is_tried_again_in_the_same_folder(place, scripted):
    scripted[:] = ["raise SystemExit('no luck')", "pass"]
    front = Front(["again"])
    assert entry.make(place, front)
    assert "no luck" in front.troubles[0]
    assert place.in_use().name == "cpu-1"


def test_a_cancelled_try_leaves_nothing_in_use_and_can_be_closed(place, scripted):
    scripted[:] = [SLEEPS]
    front = Front(["close"], cancels=[1])
    assert not entry.make(place, front)
    assert front.troubles == ["Cancelled. What was fetched is kept."]
    assert place.in_use() is None


def test_with_a_previous_one_the_person_can_start_with_that(place, project, scripted):
    old = make_active(place)
    (project / environment.CONSTRAINTS).write_text("peft==0.22\n")
    scripted[:] = ["raise SystemExit(1)"]
    front = Front(["previous"])
    assert entry.make(place, front)
    assert front.previous == [True]
    assert place.in_use() == old
    assert not place.is_current()


def test_without_free_disk_space_nothing_is_installed(place, scripted, monkeypatch):
    monkeypatch.setattr(entry.environment, "works", lambda place: False)
    monkeypatch.setattr(entry.shutil, "disk_usage", lambda place: type("Usage", (), {"free": 1e9})())
    front = Front(["close"])
    assert not entry.make(place, front)
    assert "1.0 GB are free" in front.troubles[0]
    assert front.tries == 0


@pytest.fixture
def became(monkeypatch):
    """Collect what would take the launcher's place."""
    told = []

    def become(program, command, variables):
        told.append((program, command, variables))
        raise SystemExit(0)

    monkeypatch.setattr(entry, "become", become)
    monkeypatch.delenv(entry.GIVEN, raising=False)
    return told


def test_a_given_environment_is_started_as_it_is(became, tmp_path, monkeypatch):
    monkeypatch.setenv(entry.GIVEN, str(fill_environment(tmp_path / "given")))
    with pytest.raises(SystemExit):
        entry.main(["--page", "playground"])
    [(program, command, variables)] = became
    assert program == environment.program(tmp_path / "given", "python")
    assert command == [str(program), str(ROOT / "main.py"), "--page", "playground"]
    assert variables["TUNESMITH_SET_UP"] == "tunesmith --set-up"


def test_a_current_environment_is_started_without_a_word(became, place, monkeypatch, capsys):
    folder = make_active(place)
    monkeypatch.setattr(entry, "_own", lambda: place)
    with pytest.raises(SystemExit):
        entry.main(["doctor"])
    assert became[0][0] == environment.program(folder, "python")
    assert capsys.readouterr() == ("", "")


def test_set_up_with_a_build_asks_nothing_and_starts_nothing(place, scripted, became, monkeypatch, capsys):
    monkeypatch.setattr(entry, "_own", lambda: place)
    scripted[:] = ["pass"]
    assert entry.main(["--set-up", "--torch", "cuda12"]) == 0
    assert place.in_use().name == "cuda12-1"
    assert became == []
    assert entry.main(["--set-up", "--torch", "tpu"]) == 2
    assert "cuda|cuda12|rocm|cpu" in capsys.readouterr().err


def test_zenity_that_is_closed_cancels(tmp_path, monkeypatch):
    program = tmp_path / "zenity"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    work = Work([python_step(SLEEPS)], tmp_path / "log")
    work.start()
    Zenity().follow(work)
    assert outcome_of(work) == "cancelled"


def test_zenity_hands_back_the_build_and_the_answer(tmp_path, monkeypatch):
    program = tmp_path / "zenity"
    program.write_text(
        f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {shlex.quote(str(tmp_path / 'asked'))}\necho rocm\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    offered = list(BUILDS.values())
    assert Zenity().choose(offered, BUILDS["cpu"], "Found: nothing.") == BUILDS["rocm"]
    asked = (tmp_path / "asked").read_text()
    assert "suits this computer" in asked
    assert Zenity().ask("No luck.", "log", has_previous=False) == "again"
    program.write_text("#!/bin/sh\necho 'Use the previous one'\nexit 1\n")
    assert Zenity().ask("No luck.", "log", has_previous=True) == "previous"
    program.write_text("#!/bin/sh\nexit 1\n")
    assert Zenity().ask("No luck.", "log", has_previous=True) == "close"
    assert Zenity().choose(offered, BUILDS["cpu"], "") is None


def test_in_the_terminal_return_takes_what_suits_and_q_nothing(monkeypatch, capsys):
    offered = list(BUILDS.values())
    for said, chosen in (("", "cpu"), ("1", "cuda"), ("q", None), ("9", None)):
        monkeypatch.setattr("builtins.input", lambda _text, said=said: said)
        build = Terminal().choose(offered, BUILDS["cpu"], "Found: nothing.")
        assert (build.id if build else None) == chosen
    for said, answer in (("a", "again"), ("p", "previous"), ("", "close")):
        monkeypatch.setattr("builtins.input", lambda _text, said=said: said)
        assert Terminal().ask("No luck.", "log", has_previous=True) == answer
    monkeypatch.setattr("builtins.input", lambda _text: "p")
    assert Terminal().ask("No luck.", "log", has_previous=False) == "close"


def test_the_launcher_needs_nothing_but_the_standard_library():
    code = (
        "import sys, json; sys.path[:0] = ['packaging', '.']; before = set(sys.modules);"
        "import launcher.entry, launcher.terminal, launcher.zenity;"
        "print(json.dumps(sorted({name.partition('.')[0] for name in set(sys.modules) - before})))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    own = {"engine", "environment", "launcher"}
    assert {name for name in json.loads(done.stdout) if name not in own} <= sys.stdlib_module_names
