import threading
import time

import pytest

from engine.config import known_plans
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.errors import RecipeError
from engine.jobs.events import Event
from engine.jobs.job import create_job
from engine.runs.memory_fallbacks import read
from engine.system.paths import jobs_folder
from engine.worker.jobs import plan
from engine.worker.planning import memory_estimate
from engine.worker.planning.planner import Planner
from engine.worker.runtime.channel import Channel
from tests.helpers.channel_events import events_of
from tests.helpers.tiny_runs import events_named, run_in_process, tiny_recipe


def changed(recipe: Recipe, *overrides: str) -> Recipe:
    return recipes.from_tables(recipes.overridden(recipe.as_tables(), overrides))


def test_a_recipe_without_a_local_base_model_is_planned(tmp_path, channel, monkeypatch):
    # Offline it could never be fetched.
    monkeypatch.delenv("HF_HUB_OFFLINE")
    recipe = changed(tiny_recipe(tmp_path, "t5"), "base_model.id=google/flan-t5-base")
    channel.job.recipe_path.write_text(recipes.dumps(recipe), encoding="utf-8")
    plan.run(channel, {})
    made = events_of(channel, "result_made")[0]["result"]
    assert (made["missing"], made["problems"]) == (["google/flan-t5-base"], [])


def test_a_folder_without_a_model_is_still_refused(tmp_path, channel):
    recipe = changed(tiny_recipe(tmp_path, "t5"), f'base_model.id="{tmp_path}"')
    channel.job.recipe_path.write_text(recipes.dumps(recipe), encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        plan.run(channel, {})
    assert caught.value.problems[0].field == "base_model.id"


def test_a_served_plan_answers_each_recipe_until_it_is_told_to_quit(tmp_path, channel):
    text = recipes.dumps(tiny_recipe(tmp_path, "llama"))
    serving = threading.Thread(target=plan.run, args=(channel, {"serve": True}))
    serving.start()
    try:
        channel.job.send("plan", request="1", recipe=text)
        first = wait_for(channel, "result_made")
        channel.job.send("plan", request="2", recipe=text.replace("epochs = 2", "epochs = -1"))
        failed = wait_for(channel, "request_failed")
    finally:
        channel.job.send("quit")
        serving.join()
    assert (first["request"], first["result"]["steps"]) == ("1", 6)
    assert failed["request"] == "2"
    assert failed["problems"][0]["field"] == "training.epochs"


def wait_for(channel: Channel, name: str) -> Event:
    while not (found := events_of(channel, name)):
        time.sleep(0.02)
    return found[0]


def test_only_plans_that_are_shown_are_known_at_the_next_start(tmp_path, channel):
    recipe = tiny_recipe(tmp_path, "t5")
    planner, asked = Planner(channel), {"command": "plan", "request": "1", "recipe": recipes.dumps(recipe)}
    plan.answer_request(channel, planner, asked)
    assert known_plans.load(recipe) is None
    plan.answer_request(channel, planner, asked | {"shown": True})
    known = known_plans.load(recipe)
    assert known is not None
    assert known["steps"] == 6
    assert "Ann" not in str(known)


@pytest.mark.torch
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
