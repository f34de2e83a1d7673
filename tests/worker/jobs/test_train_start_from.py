"""Runs that start from an adapter."""

import pytest

from tests.helpers.tiny_runs import adapter_of, events_named, tiny_recipe, train_in_process

pytestmark = pytest.mark.torch


@pytest.fixture
def first(reference_run):
    """Return a run whose adapter is in the library."""
    run = reference_run("lora")
    run.install()
    return run


def start_from(folder, first, *overrides, kind="t5", method="lora"):
    adapter = adapter_of(first.events)
    recipe = tiny_recipe(folder, kind, method, f'method.start_from="{adapter.id}"', *overrides)
    return train_in_process(recipe)[1]


def validation_losses(events):
    return [event["loss"] for event in events_named(events, "evaluated") if event["split"] == "validation"]


def test_going_on_from_an_adapter_starts_with_its_numbers_and_shows_the_base_as_the_base(tmp_path, first):
    second = start_from(tmp_path, first, "training.learning_rate=1e-9")

    def shown(events):
        return [event["summary"] for event in events_named(events, "sample_made") if event["step"] == 0]

    assert validation_losses(second)[-1] == pytest.approx(validation_losses(first.events)[-1], rel=1e-5)
    assert shown(second) == shown(first.events)
    assert base_loss(second) == base_loss(first.events)


@pytest.mark.parametrize(
    ("kind", "method", "override", "field"),
    [
        ("t5", "lora", "method.alpha=4096", "method.alpha"),
        ("t5", "lora", "method.rank=4", "method.rank"),
        ("t5", "lora", 'method.target_modules=["k"]', "method.target_modules"),
        ("t5", "full", "training.epochs=1", "method.start_from"),
        ("t5-tied", "lora", "training.epochs=1", None),
    ],
)
def test_an_adapter_that_means_something_else_is_refused(tmp_path, first, kind, method, override, field):
    ended = start_from(tmp_path, first, override, kind=kind, method=method)[-1]
    assert ended["outcome"] == "failed"
    assert ended["kind"] == "RecipeError", ended
    assert ended["field"] == (field or "")
    assert adapter_of(first.events).name in ended["message"]


def base_loss(events):
    return next(
        event["loss"]
        for event in events_named(events, "evaluated")
        if event["of"] == "base" and event["loss"]
    )
