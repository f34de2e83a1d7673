import pytest
import torch

from engine.adapters import library
from engine.config import recipe as recipes
from engine.jobs.job import create_job
from engine.runs import run_store
from engine.runs.memory_fallbacks import read
from engine.system.paths import jobs_folder
from engine.worker.planning import fallback_search, memory_estimate
from engine.worker.runtime import devices
from engine.worker.training import step_gradients, training_loop
from tests.helpers.tiny_runs import completed, events_named, run_in_process, tiny_recipe, train_in_process

pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def _only_activations_weigh(monkeypatch):
    """Tiny models are nothing beside Python: leave that out of the plans, so that there is something to save."""
    monkeypatch.setattr(memory_estimate, "RUNTIME_BYTES", 0)


def planned(recipe):
    job = create_job(jobs_folder(), "plan", {}, recipe=recipes.dumps(recipe))
    return events_named(run_in_process(job), "result_made")[0]["result"]["memory_bytes"]


def time_change(plan):
    """Only of activation checkpointing alone it is known what it takes: one forward pass more."""
    return 0.3333 if plan.changes == fallback_search.CHECKPOINTED else None


def give_room(patch, size):
    patch.setattr(devices, "available_bytes", lambda _: size)


def test_a_run_that_will_not_fit_ends_before_its_first_step_with_plans_that_do(tmp_path, monkeypatch):
    recipe = tiny_recipe(tmp_path, "llama", "lora", "training.micro_batch_tokens=4000")
    whole = planned(recipe)
    give_room(monkeypatch, round(0.8 * whole))
    job, events = train_in_process(recipe)

    [told] = events_named(events, "memory_exceeded")
    assert not events_named(events, "step_finished")
    assert (events[-1]["outcome"], events[-1]["kind"]) == ("failed", "OutOfMemoryError")
    assert "plans that fit" in events[-1]["hint"]
    assert told["needed"] > told["available"] == round(0.8 * whole)
    plans = read(told)
    assert "training.micro_batch_tokens" in {name for plan in plans for name in plan.changes}
    for plan in plans:
        changed_recipe = run_store.changed(recipe, plan.changes, 0)
        needed = planned(changed_recipe)
        assert plan.memory_bytes == pytest.approx(needed, rel=0.01)
        assert plan.memory_bytes <= told["available"]
        assert plan.memory_change == pytest.approx(needed / whole - 1, abs=0.001)
        assert changed_recipe.training.batch_size == recipe.training.batch_size
        assert plan.time_change == time_change(plan)
    assert run_store.open_run(job).state.memory_exceeded == told


@pytest.mark.parametrize(
    ("needed", "killed", "text"),
    [
        (12_400_000_000, False, "needs 12.4 GB of memory; 8.0 GB is available"),
        (8_000_000_000, False, "needs more memory than 8.0 GB"),
        (8_000_000_000, True, "ran out of memory"),
    ],
)
def test_the_error_tells_only_numbers_that_are_known(needed, killed, text):
    facts = {"needed": needed, "available": 8_000_000_000, "plans": []}
    error = fallback_search.out_of_memory_error(facts, rank_killed=killed)
    assert text in error.message
    assert ("GB" in error.message) is not killed


def fail_in_step(patch, number, error):
    """Let a step of training raise an error as libraries do, once."""
    take, seen = training_loop.train_step, []

    def fail(*_, **__):
        raise error

    def step(*given):
        seen.append(given)
        with pytest.MonkeyPatch.context() as within:
            if len(seen) == number:
                within.setattr(step_gradients, "token_loss_sum", fail)
            return take(*given)

    patch.setattr(training_loop, "train_step", step)


# Other errors that mean the same are in tests/worker/test_main.py.
NO_MEMORY = RuntimeError(
    "[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you tried"
)


@pytest.mark.slow("engine/worker/planning/", "engine/worker/training/")
def test_a_step_that_fails_in_more_memory_than_was_planned_corrects_the_plans(tmp_path, monkeypatch):
    recipe = tiny_recipe(tmp_path, "llama", "lora", "training.micro_batch_tokens=4000")
    whole = planned(recipe)
    give_room(monkeypatch, 2 * whole)
    with monkeypatch.context() as patch:
        fail_in_step(patch, 1, NO_MEMORY)
        _, events = train_in_process(recipe)
    [told] = events_named(events, "memory_exceeded")
    assert told["needed"] == told["available"] == 2 * whole
    plans = read(told)
    assert [set(plan.changes) for plan in plans[:2]] == [
        {"training.micro_batch_tokens"},
        {"training.activation_checkpointing"},
    ]
    for plan in plans:
        assert plan.time_change == time_change(plan)
        changed_recipe = run_store.changed(recipe, plan.changes, 0)
        assert plan.memory_bytes == pytest.approx(2 * planned(changed_recipe), rel=0.01)


def test_memory_that_fails_in_training_ends_with_plans_and_the_chosen_one_goes_on(tmp_path, monkeypatch):
    recipe = tiny_recipe(
        tmp_path, "llama", "lora", "training.micro_batch_tokens=4000", "training.checkpoint_every=2"
    )
    with monkeypatch.context() as patch:
        fail_in_step(patch, 4, NO_MEMORY)
        job, events = train_in_process(recipe)
    [told] = events_named(events, "memory_exceeded")
    assert events[-1]["kind"] == "OutOfMemoryError"
    assert told["step"] == 3
    assert run_store.last_step(job) == 2
    batches, *_ = read(told)
    assert batches.title == f"Micro-batch 8 to {batches.rows[1]}"

    changed = run_store.change(job, batches.changes)
    _, resumed = completed(job)

    assert events_named(resumed, "run_resumed")[0]["step"] == 2
    assert [event["step"] for event in events_named(resumed, "step_finished")] == [3, 4, 5, 6]
    assert any("Micro-batch" in each["message"] for each in events_named(resumed, "notice"))
    assert run_store.open_run(job).state.memory_exceeded is None
    adapter = library.find(events_named(resumed, "adapter_saved")[-1]["adapter"])
    assert [(each.step, each.field, each.after) for each in adapter.metadata.training.changes] == [
        (2, "training.micro_batch_tokens", changed.training.micro_batch_tokens)
    ]
    assert adapter.recipe() == changed


SHORT = ("training.max_steps=3", "training.checkpoint_every=1")


@pytest.mark.slow("engine/worker/planning/", "engine/worker/training/")
def test_a_step_that_fails_has_the_same_gradients_in_a_smaller_micro_batch(tmp_path, monkeypatch):
    recipe = tiny_recipe(
        tmp_path, "llama", "lora", "training.micro_batch_tokens=4000", "method.dropout=0", *SHORT
    )
    _, uninterrupted = train_in_process(recipe)
    with monkeypatch.context() as patch:
        fail_in_step(patch, 2, MemoryError())
        job, events = train_in_process(recipe)
    run_store.change(job, read(events_named(events, "memory_exceeded")[0])[0].changes)
    resumed = run_in_process(job)
    for one, other in zip(
        events_named(resumed, "step_finished"), events_named(uninterrupted, "step_finished")[1:], strict=True
    ):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-4)


@pytest.mark.slow("engine/worker/planning/", "engine/worker/training/")
def test_a_plan_with_an_8_bit_optimizer_takes_over_what_adamw_has_gathered(tmp_path, monkeypatch):
    recipe = tiny_recipe(tmp_path, "llama", "full", *SHORT)
    with monkeypatch.context() as patch:
        fail_in_step(patch, 2, MemoryError())
        job, _ = train_in_process(recipe)
    _, uninterrupted = train_in_process(recipe)
    run_store.change(job, {"training.optimizer": "adamw_8bit"})
    _, resumed = completed(job)
    for one, other in zip(
        events_named(resumed, "step_finished"), events_named(uninterrupted, "step_finished")[1:], strict=True
    ):
        assert one["learning_rate"] == other["learning_rate"]
        assert one["loss"] == pytest.approx(other["loss"], rel=0.02)


@pytest.mark.slow("engine/worker/planning/", "engine/worker/training/")
def test_a_base_in_4_bits_goes_on_from_the_checkpoint(tmp_path, monkeypatch):
    recipe = tiny_recipe(tmp_path, "llama", "lora", *SHORT)
    with monkeypatch.context() as patch:
        fail_in_step(patch, 2, MemoryError())
        job, _ = train_in_process(recipe)
    run_store.change(job, fallback_search.FOUR_BITS)
    _, resumed = completed(job)
    assert events_named(resumed, "run_resumed")[0]["step"] == 1
    adapter = library.find(events_named(resumed, "adapter_saved")[-1]["adapter"])
    assert adapter.metadata.base_model.quantization == "nf4"


def test_where_one_change_is_not_enough_several_are_offered_as_one(tmp_path, monkeypatch):
    recipe = tiny_recipe(tmp_path, "llama", "lora", "training.micro_batch_tokens=4000")
    both = {"training.activation_checkpointing": True, "training.micro_batch_tokens": 100}
    alone = [planned(run_store.changed(recipe, {name: value}, 0)) for name, value in both.items()]
    together = planned(run_store.changed(recipe, both, 0))
    assert together < 0.95 * min(alone)
    give_room(monkeypatch, round((together + min(alone)) / 2))
    _, events = train_in_process(recipe)
    [plan] = read(events_named(events, "memory_exceeded")[0])
    assert len(plan.changes) > 1


def test_where_nothing_fits_that_is_said(tmp_path, monkeypatch):
    give_room(monkeypatch, 1000)
    # One row at a time already: there is little to search.
    _, events = train_in_process(tiny_recipe(tmp_path, "llama", "lora", "training.micro_batch_tokens=50"))
    assert events_named(events, "memory_exceeded")[0]["plans"] == []
    assert events[-1]["kind"] == "OutOfMemoryError"
    assert "smaller base model" in events[-1]["hint"]


def test_a_base_that_does_not_fit_is_offered_in_fewer_bits_alone(tmp_path, monkeypatch):
    from engine.worker.modeling import base_models

    def fail(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(base_models, "load", fail)
    _, events = train_in_process(tiny_recipe(tmp_path, "llama", "lora", "training.micro_batch_tokens=50"))
    [told] = events_named(events, "memory_exceeded")
    assert [plan.changes for plan in read(told)] == [fallback_search.FOUR_BITS]
    assert events[-1]["kind"] == "OutOfMemoryError"


def test_a_shortage_once_the_adapter_is_saved_offers_nothing_that_trains(tmp_path, monkeypatch):
    from engine.worker.evaluation.evaluator import Evaluator

    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr(Evaluator, "score", fail)
    _, events = train_in_process(tiny_recipe(tmp_path, "llama"))
    assert not events_named(events, "memory_exceeded")
    assert (events[-1]["outcome"], events[-1]["kind"]) == ("failed", "OutOfMemoryError")
