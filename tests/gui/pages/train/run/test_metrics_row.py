"""The figures of a run that is under way."""

from __future__ import annotations

import pytest

from engine.jobs.run_state import RunState
from gui.pages.train.run.metrics_row import total_epochs


@pytest.mark.parametrize(
    ("step", "epoch", "total", "epochs"),
    [(0, 0.0, 200, 3), (40, 0.5, 200, 2.5), (200, 13.3, 200, 13.3), (10, 1.0, 30, 3)],
)
def test_the_epochs_of_a_run_are_those_of_its_steps(step, epoch, total, epochs):
    state = RunState(started={"total_steps": total}, step=step, epoch=epoch)
    assert total_epochs(state, recipe_epochs=3) == pytest.approx(epochs)
