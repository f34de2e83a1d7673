"""The job `shrink` finds memory fallbacks for a run that was killed."""

from __future__ import annotations

import pytest

from engine.config import recipe as recipes
from engine.jobs.job import create_job
from engine.runs.memory_fallbacks import read
from engine.system.paths import jobs_folder
from engine.worker.planning import memory_estimate
from tests.helpers.tiny_runs import events_named, run_in_process, tiny_recipe

pytestmark = pytest.mark.torch


def test_fallbacks_of_a_killed_run_are_found_without_it(tmp_path, monkeypatch):
    # Tiny models are nothing beside Python.
    monkeypatch.setattr(memory_estimate, "RUNTIME_BYTES", 0)
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.micro_batch_tokens=4000")
    job = create_job(jobs_folder(), "shrink", {"step": 2}, recipe=recipes.dumps(recipe))
    [told] = [event["result"] for event in events_named(run_in_process(job), "result_made")]
    plans = read(told)

    assert plans[0].title.startswith("Micro-batch 8 to ")
    assert all(plan.memory_change < 0 for plan in plans)
    # Of activation checkpointing alone it is known without a measurement what it takes.
    assert {plan.title: plan.time_change for plan in plans if plan.time_change} == {
        "Checkpoint activations": 0.3333
    }
