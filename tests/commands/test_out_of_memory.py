"""`train` where memory does not suffice: plans are printed with the command that goes on, and `resume --set` does."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.commands import cli, follow_job
from engine.config import recipe as recipes
from engine.jobs import supervisor
from engine.jobs.job import Job
from engine.jobs.supervisor import Supervisor
from engine.runs import run_store
from engine.worker.planning import memory_estimate
from engine.worker.runtime import devices
from tests.helpers import scripted_worker
from tests.helpers.homes import add_checkpoint
from tests.helpers.in_process_worker import InProcessSupervisor
from tests.helpers.systems import signals

MakeRecipe = Callable[..., Path]
PLENTY = 1 << 40
# A tiny T5 with LoRA and its longest conversations at once takes 37 MB beside Python.
LITTLE = 22_000_000
KILLED = [["flood", 3], ["killed", None]]


@pytest.fixture
def narrow(monkeypatch):
    """Lets the commands' workers have little room: Python and the libraries count as nothing in it."""

    def make(room: int) -> None:
        monkeypatch.setattr(memory_estimate, "RUNTIME_BYTES", 0)
        monkeypatch.setattr(devices, "available_bytes", lambda _: room)
        monkeypatch.setattr(devices, "memory_bytes", lambda _: 0)
        monkeypatch.setattr(follow_job, "Supervisor", InProcessSupervisor)

    return make


@pytest.fixture
def killed_in_training(narrow, monkeypatch):
    """Lets a run's worker be ended by the system at its third step, and those that look for plans do their job."""
    narrow(PLENTY)

    def supervised(job: Job) -> Supervisor:
        if job.request()["kind"] != "train":
            return InProcessSupervisor(job)
        scripted_worker.give_script(job, KILLED)
        add_checkpoint(job, 2)
        return Supervisor(job, command=scripted_worker.command(job))

    monkeypatch.setattr(follow_job, "Supervisor", supervised)


@pytest.fixture
def recipe(make_recipe):
    """A run of six steps whose heaviest step is computed at once."""
    return make_recipe("t5", "training.micro_batch_tokens=4000", "training.checkpoint_every=2")


def say(*arguments: str) -> int:
    return cli.run(cli.parse(arguments))


def test_plans_are_printed_with_the_command_that_goes_on_with_each(recipe, narrow, capsys):
    narrow(LITTLE)
    assert say("train", str(recipe)) == 1
    captured = capsys.readouterr()
    assert "; 22.0 MB is available" in captured.err
    [job] = run_store.list_jobs()
    commands = [line.strip() for line in captured.out.splitlines() if "main.py resume" in line]
    assert commands
    assert all(line.startswith(f"main.py resume {job.id} --set ") for line in commands)
    assert "Micro-batch 8 to " in captured.out
    assert say(*shlex.split(commands[0])[1:]) == 0
    captured = capsys.readouterr()
    assert "From the first step: Micro-batch " in captured.out
    changed = recipes.load(job.recipe_path)
    assert changed.training.batch_size == 8
    assert [change.field for change in changed.changes] == ["training.micro_batch_tokens"]


@signals
@pytest.mark.usefixtures("killed_in_training")
def test_a_run_that_the_system_ended_for_its_memory_is_offered_plans_too(recipe, monkeypatch, capsys):
    monkeypatch.setattr(supervisor, "_available_fraction", lambda: 0.01)
    assert say("train", str(recipe)) == 1
    captured = capsys.readouterr()
    assert "probably out of memory" in captured.err
    assert "up to the checkpoint at step 2" in captured.out
    [job] = run_store.list_jobs()
    assert f"main.py resume {job.id} --set training.micro_batch_tokens=" in captured.out


def test_what_can_not_be_changed_is_refused_by_name(recipe, capsys):
    job = run_store.create_run(recipes.load(recipe))
    before = job.recipe_path.read_bytes()
    assert say("resume", job.id, "--set", "training.batch_size=4") == 2
    assert "training.batch_size" in capsys.readouterr().err
    assert say("resume", job.id, "--set", "name=other") == 2
    assert job.recipe_path.read_bytes() == before
