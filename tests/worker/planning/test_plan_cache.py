from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.config import recipe as recipes
from engine.jobs.job import create_job
from engine.system.paths import jobs_folder, results_folder
from engine.worker.planning import plan_cache, planner
from tests.helpers.tiny_runs import events_named, run_in_process, tiny_recipe, train_in_process

SIZES = {
    "adapter_bytes": 10, "sized_by_training": False, "bits_per_parameter": None, "memory": {"weights": 3},
    "memory_bytes": 3, "micro_batch": {"rows": 1, "input_length": 2, "label_length": 3, "learned_tokens": 3},
    "replicas": 2, "micro_batch_tokens": 2048,
}  # fmt: skip


@pytest.fixture
def recipe(tmp_path):
    return tiny_recipe(tmp_path, "t5")


def cache_path(recipe, data="data", base="base", device="cpu"):
    return plan_cache.path(recipe, data, base, torch.device(device))


def planned(recipe):
    job = create_job(jobs_folder(), "plan", {}, recipe=recipes.dumps(recipe))
    return events_named(run_in_process(job), "result_made")[0]["result"]


def test_cached_sizes_are_found_for_the_same_and_for_nothing_else(recipe, tmp_path):
    plan_cache.save(cache_path(recipe), SIZES)
    assert plan_cache.load(cache_path(recipe)) == SIZES
    assert plan_cache.load(cache_path(replace(recipe, given_name="Another name"))) == SIZES
    assert plan_cache.load(cache_path(tiny_recipe(tmp_path / "elsewhere", "t5"))) == SIZES
    others = [
        cache_path(recipe, data="other"),
        cache_path(recipe, base="other"),
        cache_path(recipe, device="meta"),
        cache_path(tiny_recipe(tmp_path, "t5", "lora", "training.batch_size=3")),
        cache_path(tiny_recipe(tmp_path, "t5", "prompt_tuning")),
    ]
    assert [plan_cache.load(other) for other in others] == [None] * len(others)


def test_a_run_uses_the_plan_of_its_form(recipe, monkeypatch):
    plan = planned(recipe)
    monkeypatch.setattr(planner.Planner, "examine", lambda *_: pytest.fail("planned again"))
    [started] = events_named(train_in_process(recipe)[1], "run_started")
    assert {name: started[name] for name in SIZES} == {name: plan[name] for name in SIZES}


@pytest.mark.slow("engine/worker/planning/")
def test_the_adapter_that_a_run_starts_from_is_examined_each_time(recipe, tmp_path):
    adapter = events_named(train_in_process(recipe)[1], "adapter_saved")[0]
    follower = tiny_recipe(tmp_path, "t5", "lora", f'method.start_from="{adapter["adapter"]}"')
    assert not planned(follower)["problems"]
    config = Path(adapter["path"]) / "adapter_config.json"
    config.write_text(config.read_text().replace('"r": 16', '"r": 8'))
    _, events = train_in_process(follower)
    assert events[-1]["outcome"] == "failed"
    assert not events_named(events, "run_started")
    assert [event["stage"] for event in events_named(events, "stage_entered")] == ["read_data", "load_base"]


def test_a_plan_with_a_problem_is_not_cached(tmp_path):
    plan = planned(tiny_recipe(tmp_path, "t5", "lora", "method.rank=64"))
    assert plan["problems"]
    assert not list(results_folder().glob("plan-*"))
