"""A run is killed, the window is closed and opened again, and the run goes on to its end."""

from gui.models.run_table import SHOWN
from gui.pages.train.run_notices import FailureCard
from gui.pages.train.verdict_card import VerdictCard
from tests.helpers.homes import add_checkpoint
from tests.helpers.story_window import click
from tests.helpers.systems import WINDOWS
from tests.helpers.train_stage import BEGUN, COMPLETE, texts

CHECKPOINT = {"event": "checkpoint_saved", "path": "", "bytes": 9, "step": 10}
KILLED = [*BEGUN, ["steps", {"count": 12, "per_second": 400}], ["emit", CHECKPOINT], ["killed", None]]
RESUMED = [["emit", {"event": "run_resumed", "step": 10, "path": ""}], *COMPLETE]


def test_a_killed_run_is_resumed_in_the_next_window(story):
    story.scripts["train"] = KILLED
    window = story.open()
    train = window.show_built("train")
    story.until(train.panel.start_button.isEnabled)
    click(train.panel.start_button)
    story.until(lambda: isinstance(train.run_view.card, FailureCard))
    said = texts(train.run_view.card)
    assert "Crashed at step 12" in said
    assert ("exit code 1" if WINDOWS else "was ended from outside (SIGKILL)") in said
    assert "memory" not in said.lower()
    run = train.model
    # A scripted worker tells of a checkpoint and makes none.
    add_checkpoint(run.job, 10, run.recipe)
    story.close(window)

    story.scripts["train"] = RESUMED
    window = story.open()
    train = window.show_built("train")
    runs = train.runs
    story.until(lambda: [entry.can_resume for entry in runs.table.runs()] == [True])
    assert [runs.table.count(show) for show in SHOWN] == [1, 0, 1]
    runs.view.choose(run.id)
    story.until(train.buttons.resume.isVisible)
    click(train.buttons.resume)
    story.until(lambda: isinstance(train.run_view.card, VerdictCard))
    assert train.model.id == run.id
    assert train.model.state.attempt == 2
    assert list(train.model.state.loss.steps)[-1] == 40
    story.until(lambda: [runs.table.count(show) for show in SHOWN] == [1, 1, 0])
