"""From the first start through the guide to a finished run, which the next start knows."""

from gui.models.run_table import SHOWN
from gui.pages.train.verdict_card import VerdictCard
from tests.helpers.story_window import click
from tests.helpers.train_stage import texts


def test_the_guide_leads_to_a_finished_run_and_comes_only_once(story):
    window = story.open(guides=True)
    guide = window.built("welcome")
    assert window.current_key() == "welcome"
    assert guide.data.isVisible()
    click(guide.onward_button)
    click(guide.methods.buttons["full"])
    assert guide.recipe().method.id == "full"
    click(guide.onward_button)
    story.until(lambda: "1,540 steps" in guide.steps["run"].text())
    click(guide.onward_button)

    train = window.built("train")
    assert window.current_key() == "train"
    story.until(lambda: isinstance(train.run_view.card, VerdictCard))
    assert "Better than the base model" in texts(train.run_view.card)
    name = train.header.title()
    assert name == "starter · sample · Full fine-tuning"
    story.until(lambda: [entry.name for entry in train.runs.table.runs()] == [name])
    story.close(window)

    again = story.open(guides=True)
    assert again.current_key() == "train"
    table = again.built("train").runs.table
    story.until(lambda: [entry.name for entry in table.runs()] == [name])
    assert [table.count(show) for show in SHOWN] == [1, 1, 0]
