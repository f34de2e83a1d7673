"""A worker that was started ahead of its job does it to the bit as one does that was started for it."""

from __future__ import annotations

from pathlib import Path

from engine import library, runs
from engine.processes import Spare
from engine.supervisor import Supervisor
from tests.helpers.tiny_runs import tiny_recipe


def trained(folder: Path, spare: Spare | None) -> tuple[int | None, bytes, list[float]]:
    """Train; return the process that did it, the adapter's weights and the losses."""
    recipe = tiny_recipe(folder, "t5", "lora", "training.epochs=1")
    made = Supervisor(runs.create_run(recipe), spare=spare)
    made.start()
    events = list(made.follow())
    made.close()
    assert made.ending().outcome == "completed", made.ending()
    (saved,) = [event for event in events if event["event"] == "adapter_saved"]
    losses = [event["loss"] for event in events if event["event"] == "step_finished"]
    return made.pid, (Path(saved["path"]) / library.WEIGHTS_NAME).read_bytes(), losses


def test_both_learn_the_same(tmp_path):
    spare = Spare()
    try:
        pid, weights, losses = trained(tmp_path, spare)
        assert pid == spare.pid
    finally:
        spare.end()
    other, same_weights, same_losses = trained(tmp_path, None)

    assert other != pid
    assert len(losses) > 1
    assert losses == same_losses
    assert weights == same_weights
