"""An arena is started while the playground holds the base model: it goes first, and the playground loads again."""

import json

from gui.dialogs.queue_dialog import QueueDialog
from tests.helpers import scripted_summarizer
from tests.helpers.arenas import make_arena
from tests.helpers.playground_stage import CONVERSATION
from tests.helpers.story_window import click


def summarised(story, page):
    page.open_conversation(CONVERSATION)
    click(page.summarise_button)
    story.until(lambda: not page.controller.results.busy and page.summarise_button.isEnabled())
    return page.columns.base.text()


def test_the_queue_gets_the_device_that_an_idle_playground_holds(story, monkeypatch):
    monkeypatch.setenv(scripted_summarizer.VARIABLE, json.dumps({"": "The venue offers Thursday 21st."}))
    make_arena("lora", "ia3")
    window = story.open()
    playground = window.show_built("playground")
    assert summarised(story, playground) == "The venue offers Thursday 21st."
    assert "loaded in float32" in playground.header.subtitle()
    arena = window.show_built("arena")
    story.until(arena.start_button.isVisible)
    click(arena.start_button)
    story.until(lambda: "2 of 2 entries" in arena.header.subtitle())
    story.until(lambda: window.manager.current is None)
    window.show_page("playground")
    assert "not loaded" in playground.header.subtitle()
    assert summarised(story, playground) == "The venue offers Thursday 21st."


def test_summaries_that_are_being_written_are_named_and_can_be_stopped_in_the_queue(story, monkeypatch):
    monkeypatch.setenv(scripted_summarizer.VARIABLE, json.dumps({"": {"hang": True}}))
    make_arena("lora")
    window = story.open()
    playground = window.show_built("playground")
    playground.open_conversation(CONVERSATION)
    click(playground.summarise_button)
    story.until(lambda: window.manager.summarizer.state == "ready")
    arena = window.show_built("arena")
    story.until(arena.start_button.isVisible)
    click(arena.start_button)
    story.until(lambda: "In the queue: waits for Writing summaries" in arena.header.subtitle())
    window.open_queue()
    dialog = window.findChild(QueueDialog)
    story.until(dialog.isVisible)
    click(dialog.stop_button)
    story.until(lambda: "1 of 1" in arena.header.subtitle())
