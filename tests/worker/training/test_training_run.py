import json

import pytest

from engine.worker.training.training_run import Progress
from tests.helpers.repository import GOLDEN

pytestmark = pytest.mark.torch

STORED = json.loads((GOLDEN / "run_state_v1.json").read_text(encoding="utf-8"))


def test_the_state_that_0_1_0_stored_is_read():
    progress = Progress.from_dict(STORED)
    known = {name: value for name, value in STORED.items() if name != "order"}
    new = {"deterministic": None, "fitting_tokens": 0, "skipped_steps": 0}
    assert progress.as_dict() == known | new
    assert Progress.from_dict(progress.as_dict()) == progress


def test_an_unknown_best_is_left_out_since_json_has_no_infinity():
    stored = Progress(threads=2).as_dict()
    assert "best_loss" not in stored
    assert Progress.from_dict(stored) == Progress(threads=2)
