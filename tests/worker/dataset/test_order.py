"""Which examples share a step."""

import pytest

from engine.adapters import library
from tests.helpers.tiny_runs import events_named, tiny_recipe, train_in_process

pytestmark = pytest.mark.torch


def adapter_of(events):
    return library.find(events_named(events, "adapter_saved")[-1]["adapter"])


def weights(events):
    return (adapter_of(events).folder / library.WEIGHTS_NAME).read_bytes()


def test_the_two_orders_are_not_the_same_and_the_metadata_says_which(tmp_path):
    _, by_length = train_in_process(tiny_recipe(tmp_path, "t5"))
    _, by_chance = train_in_process(tiny_recipe(tmp_path, "t5", "lora", "training.order=random"))

    assert weights(by_length) != weights(by_chance)
    for events, order in ((by_length, "lengths"), (by_chance, "random")):
        assert adapter_of(events).metadata.training.order == order
        assert adapter_of(events).recipe().training.order == order
