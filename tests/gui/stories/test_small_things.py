"""What is done between runs: a stopped run is scored, two runs are compared, the playground goes on after a restart."""

from engine.api import library
from gui.widgets.buttons import Button
from tests.helpers.homes import add_adapter, make_recipe, score_card
from tests.helpers.story_window import click
from tests.helpers.train_stage import BEGUN, SAVED

STOPPED = [*BEGUN, ["steps", {"count": 12, "per_second": 400}], ["emit", SAVED], ["wait_for_stop", None]]


def test_a_run_that_was_stopped_is_scored_with_one_click(story):
    adapter = add_adapter(SAVED["adapter"], recipe=make_recipe(base="starter", source="sample"))
    story.scripts["train"] = STOPPED
    story.scripts["evaluate"] = [["emit", {"event": "result_made", "result": {}}]]
    window = story.open()
    train = window.show_built("train")
    story.until(train.panel.start_button.isEnabled)
    click(train.panel.start_button)
    story.until(lambda: train.model is not None and train.model.state.adapter)
    click(train.buttons.stop)
    story.until(lambda: train.run_view.card is not None)
    buttons = {each.text(): each for each in train.run_view.card.findChildren(Button)}
    assert train.buttons.try_it.isVisible()
    assert train.buttons.export.isVisible()
    # What the job would write.
    library.add_score(adapter, score_card(0.52, examples=40))
    click(buttons["Score now"])
    listed = window.built("library")
    assert window.current_key() == "library"
    story.until(lambda: listed.pane.undo_strip.text() == f"Scored {SAVED['adapter']}.")
    story.until(lambda: train.run_view.card.is_scored)
    card = train.run_view.card
    assert card.accessibleName() == "Better than the base model"
    assert "40 test conversations" in card.accessibleDescription()
    assert "Score now" not in {each.text() for each in card.findChildren(Button)}


def test_the_playground_goes_on_where_it_was_after_a_restart(story):
    for name in ("first", "second", "deleted"):
        add_adapter(name, recipe=make_recipe(base="google/flan-t5-base"))
    window = story.open()
    playground = window.show_built("playground")
    playground.open(["second", "first", "deleted"])
    playground.open_conversation("Ann: Tea at four?\nBen: Yes.", "They have tea.", "Row 12")
    story.close(window)
    library.delete(next(each for each in library.scan()[0] if each.name == "deleted"))
    playground = story.open().show_built("playground")
    assert playground.panel.conversation == "Ann: Tea at four?\nBen: Yes."
    assert playground.panel.reference == "They have tea."
    assert playground.panel.about().startswith("Row 12")
    assert playground.controller.base_id == "google/flan-t5-base"
    assert playground.controller.results.adapters == ["second", "first"]
