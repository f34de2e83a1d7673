"""`train` where memory does not suffice: plans are printed with the command that goes on, and `resume --set` does."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import recipe as recipes
from engine import runs, supervisor
from engine.commands import entry, follow
from engine.jobs import Job
from engine.supervisor import Supervisor
from tests.helpers import narrow_worker

MakeRecipe = Callable[..., Path]
PLENTY = 1 << 40
# A tiny T5 with LoRA and its longest conversations at once takes 37 MB beside Python.
LITTLE = 30_000_000
posix = pytest.mark.skipif(os.name == "nt", reason="has no SIGKILL")


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets the commands' workers have little room, or end by the system's hand."""

    def make(room: int, killed_at: int = 0) -> None:
        def supervised(job: Job) -> Supervisor:
            return Supervisor(job, command=narrow_worker.command(job, room, killed_at))

        monkeypatch.setattr(follow, "Supervisor", supervised)

    return make


@pytest.fixture
def recipe(make_recipe: MakeRecipe) -> Path:
    """A run of six steps whose heaviest step is computed at once."""
    return make_recipe("t5", "training.micro_batch_tokens=4000", "training.checkpoint_every=2")


def say(*arguments: str) -> int:
    return entry.run(entry.parse(arguments))


def test_plans_are_printed_with_the_command_that_goes_on_with_each(
    recipe: Path, narrow: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    narrow(LITTLE)
    assert say("train", str(recipe)) == 1
    told = capsys.readouterr()
    assert "there is room for 30.0 MB" in told.err
    [job] = runs.list_jobs()
    commands = [line.strip() for line in told.out.splitlines() if "main.py resume" in line]
    assert commands
    assert all(line.startswith(f"main.py resume {job.id} --set ") for line in commands)
    assert "Micro-batch 8 to " in told.out

    assert say(*shlex.split(commands[0])[1:]) == 0
    told = capsys.readouterr()
    assert "training.micro_batch_tokens is " in told.out
    assert "The heaviest step takes" in told.out
    changed = recipes.load(job.recipe_path)
    assert changed.training.batch_size == 8
    assert [change.field for change in changed.changes] == ["training.micro_batch_tokens"]


@posix
def test_a_run_that_the_system_ended_for_its_memory_is_offered_plans_too(
    recipe: Path,
    narrow: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(supervisor, "_available_share", lambda: 0.01)
    narrow(PLENTY, killed_at=3)
    assert say("train", str(recipe)) == 1
    told = capsys.readouterr()
    assert "probably out of memory" in told.err
    assert "up to the checkpoint at step 2" in told.out
    [job] = runs.list_jobs()
    assert f"main.py resume {job.id} --set training.micro_batch_tokens=" in told.out


@posix
def test_a_run_that_somebody_else_killed_is_offered_none(
    recipe: Path,
    narrow: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(supervisor, "OUT_OF_MEMORY_COUNTS", ())
    monkeypatch.setattr(supervisor, "_available_share", lambda: 0.9)
    narrow(PLENTY, killed_at=3)
    assert say("train", str(recipe)) == 1
    assert "main.py resume" not in capsys.readouterr().out


def test_programs_get_the_plans_in_an_event(
    recipe: Path, narrow: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    narrow(LITTLE)
    assert say("train", str(recipe), "--json") == 1
    lines: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [told] = [line for line in lines if line.get("event") == "memory_exceeded"]
    assert told["plans"][0]["changes"].keys() == {"training.micro_batch_tokens"}
    assert (lines[-1]["event"], lines[-1]["kind"]) == ("job_ended", "OutOfMemoryError")


def test_what_can_not_be_changed_is_refused_by_name(
    recipe: Path, narrow: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    narrow(LITTLE)
    say("train", str(recipe))
    [job] = runs.list_jobs()
    before = job.recipe_path.read_bytes()
    capsys.readouterr()

    assert say("resume", job.id, "--set", "training.batch_size=4") == 2
    assert "training.batch_size" in capsys.readouterr().err
    assert say("resume", job.id, "--set", "name=other") == 2
    assert job.recipe_path.read_bytes() == before
