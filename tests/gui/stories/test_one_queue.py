"""Everything that computes long waits in one queue: its order is changed, and it survives the window."""

import json
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.api import Example, recipe, run_store
from gui.dialogs.queue_dialog import QueueDialog
from gui.models.run_table import WaitingRun
from gui.shell.device_meter import DeviceMeter
from tests.helpers import scripted_summarizer
from tests.helpers.arenas import make_arena
from tests.helpers.homes import add_adapter, make_recipe
from tests.helpers.labelling_stage import BUS, TEA, made_set
from tests.helpers.playground_stage import CONVERSATION
from tests.helpers.story_window import click
from tests.helpers.train_stage import BASICS, COMPLETE, ENDLESS


def open_queue(window) -> QueueDialog:
    # A click on the device meter opens this menu, for which these platforms can't grab the keyboard.
    menu = window.device_menu()
    assert [each.text() for each in menu.actions()] == ["Queue…", "This computer", "Other computers"]
    menu.actions()[0].trigger()
    dialog = window.findChildren(QueueDialog)[-1]
    QTest.qWaitForWindowExposed(dialog)
    return dialog


def listed(dialog) -> list[str]:
    return [dialog.list.item(row).text() for row in range(dialog.list.count())]


def start(window, name: str, tables: dict[str, Any] | None = None) -> None:
    page = window.show_built("train")
    page.edit(recipe.from_tables(BASICS | (tables or {}) | {"name": name}))
    click(page.panel.start_button)


def names() -> set[str]:
    return {run_store.name_of(job.id) for job in run_store.list_jobs()}


def is_training(story, window) -> None:
    story.until(lambda: window.manager.current is not None and window.manager.current.state.step > 0)


def test_of_three_starts_two_wait_one_is_taken_out_and_the_window_closes_and_opens(story):
    story.scripts["train"] = ENDLESS
    window = story.open()
    button = window.show_built("train").panel.start_button
    assert button.text() == "Start"
    start(window, "first")
    is_training(story, window)
    for name in ("second", "third", "fourth"):
        start(window, name)
        assert button.text() == "Add to queue"
    assert "fourth was added to the queue: it waits for third." in window.built("train").right.notice.text()
    window.system_load.start()
    story.until(lambda: "first" in window.rail.findChild(DeviceMeter).accessibleName())
    assert "3 waiting" in window.rail.findChild(DeviceMeter).accessibleName()

    runs = window.built("train").runs
    assert [(each.name, each.reason) for each in runs.table.items() if isinstance(each, WaitingRun)] == [
        ("second", "waits for first"),
        ("third", "waits for second"),
        ("fourth", "waits for third"),
    ]
    window.show_page("library")
    dialog = open_queue(window)
    assert listed(dialog) == ["second\nwaits for first", "third\nwaits for second", "fourth\nwaits for third"]
    dialog.list.setFocus()
    dialog.list.setCurrentRow(2)
    QTest.keyClick(dialog.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(dialog.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    dialog.list.setCurrentRow(1)
    QTest.keyClick(dialog.list, Qt.Key.Key_Delete)
    assert listed(dialog) == ["fourth\nwaits for first", "third\nwaits for fourth"]
    click(dialog.close_button)

    window.close()
    assert "2 more start when you reopen Tunesmith." in window.quit_dialog.waiting.text()
    window.quit_dialog.cancel_button.click()
    story.close(window)
    story.scripts["train"] = COMPLETE
    window = story.open()
    started: list[str] = []
    window.manager.run_started.connect(lambda run: started.append(run.recipe.name))
    story.until(lambda: started == ["fourth", "third"] and window.manager.current is None)
    assert names() == {"first", "third", "fourth"}
    assert window.manager.device_queue.waiting == []


@pytest.mark.slow("gui/pages/", "gui/workers/", "gui/dialogs/")
def test_an_export_an_arena_summaries_and_drafts_wait_in_one_order(story, monkeypatch, tmp_path):
    monkeypatch.setenv(scripted_summarizer.VARIABLE, json.dumps({"": "Short.", "a": "Short."}))
    add_adapter("a", recipe=make_recipe(base="starter"))
    make_arena("lora", "ia3")
    story.scripts |= {
        "train": ENDLESS,
        "export": [
            [
                "emit",
                {"event": "result_made", "result": {"path": str(tmp_path), "bytes": 5_000, "verified": None}},
            ]
        ],
    }
    window = story.open()
    start(window, "first")
    is_training(story, window)

    library = window.show_built("library")
    story.until(library.panel.export_button.isVisible)
    monkeypatch.setattr(library.import_export.dialogs, "path_for_folder", lambda *_: tmp_path / "merged")
    menu = library.export_menu(library.panel.adapter())
    next(each for each in menu.actions() if each.text() == "As a plain model…").trigger()
    assert "waits for first" in library.pane.undo_strip.text()

    arena = window.show_built("arena")
    story.until(arena.start_button.isVisible)
    assert arena.start_button.text() == "Add to queue"
    click(arena.start_button)
    story.until(lambda: "In the queue: waits for Exporting a" in arena.header.subtitle())

    playground = window.show_built("playground")
    playground.offer_conversations("chats.csv", [Example("1", CONVERSATION, "")])
    playground.mode.set_current("several")
    assert playground.summarise_button.text() == "Add to queue"
    click(playground.summarise_button)
    assert playground.batch_controller.is_busy

    labelling = window.show_built("labelling")
    labelling.controller.open(made_set(TEA, BUS))
    story.until(lambda: labelling.toolbar.draft_all_button.text() == "Add drafts to queue")
    click(labelling.toolbar.draft_all_button)
    assert labelling.toolbar.draft_all_button.text() == "Remove from the queue"

    kinds = [each.kind for each in window.manager.device_queue.waiting]
    assert kinds == ["export", "arena", "batch", "drafts"]
    story.scripts["train"] = COMPLETE
    story.close(window)
    window = story.open()
    queue = window.manager.device_queue
    story.until(lambda: len(run_store.list_jobs()) == 3 and window.manager.current is None)
    story.until(lambda: not queue.waiting and queue.now() is None)
    assert queue.problems == []
    assert window.built("playground").batch_controller.batch.done == 1
    work = window.built("labelling").controller.work
    assert [item.state for item in work.items] == ["drafted", "drafted"]
