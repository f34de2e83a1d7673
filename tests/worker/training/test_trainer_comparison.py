"""The benchmark against Trainer still drives the training loop: it takes the place of parts of it to keep the time."""

import pytest

from tests.helpers.tiny_runs import tiny_recipe
from tests.helpers.trainer_comparison import Tunesmith, make_stage

pytestmark = pytest.mark.torch


def test_tunesmiths_side_trains_an_epoch_and_times_it(tmp_path):
    side = Tunesmith(make_stage(tiny_recipe(tmp_path, "t5")), tmp_path, batch_size=8)
    found = side.turn()
    assert found["seconds"] > 0
    assert found["computed"] >= side.tokens
