import pytest
from PySide6.QtCore import QModelIndex

from engine.api import StorageError, recipe
from gui.dialogs.queue_dialog import QueueDialog
from tests.helpers.train_stage import BASICS, ENDLESS


@pytest.fixture
def dialog(stage, qtbot):
    """A queue behind a run: two exports that nobody starts."""
    stage.scripts["train"] = ENDLESS
    model = stage.page.start_run(recipe.from_tables(BASICS))
    for name in ("a", "b"):
        stage.manager.device_queue.add("export", name, {})
    made = qtbot.show(QueueDialog(stage.manager))
    qtbot.waitUntil(lambda: model.state.step > 0)
    return made


def listed(dialog) -> list[str]:
    return [dialog.list.item(row).text() for row in range(dialog.list.count())]


def test_each_says_what_it_waits_for_and_is_moved_paused_and_taken_out(dialog, stage):
    queue = stage.manager.device_queue
    assert listed(dialog) == ["Exporting a\nwaits for A run", "Exporting b\nwaits for Exporting a"]
    dialog.pause_button.click()
    assert dialog.pause_button.text() == "Continue queue"
    assert listed(dialog)[0] == "Exporting a\nwaits: the queue is paused"
    dialog.pause_button.click()
    assert not queue.paused
    assert not dialog.up_button.isEnabled()
    dialog.down_button.click()
    assert listed(dialog) == ["Exporting b\nwaits for A run", "Exporting a\nwaits for Exporting b"]
    assert dialog.list.currentRow() == 1
    assert not dialog.down_button.isEnabled()

    # What a drop does: of a row before another one, or behind the last.
    queue.add("export", "c", {})
    for row, before, order in ((2, 0, "cba"), (0, 3, "bac"), (0, 2, "abc")):
        dialog.list.model().moveRow(QModelIndex(), row, QModelIndex(), before)
        assert "".join(each.name for each in queue.waiting) == order
        assert [text[len("Exporting ")] for text in listed(dialog)] == list(order)
    # A start of the recipe that runs waits, too.
    stage.page.edit(recipe.from_tables(BASICS))
    assert stage.page.panel.start_button.text() == "Add to queue"
    stage.page.panel.start_button.click()
    assert stage.page.right.notice.text() == "A run was added to the queue: it waits for Exporting c."
    assert listed(dialog)[-1] == "A run\nwaits for Exporting c"

    dialog.list.setCurrentRow(0)
    for left in (3, 2, 1, 0):
        dialog.remove_button.click()
        assert dialog.list.count() == left
    assert dialog.empty.isVisible()
    assert not dialog.remove_button.isEnabled()


def test_the_run_is_paused_and_stopped_from_here(dialog, stage, qtbot):
    model = stage.manager.current
    qtbot.waitUntil(dialog.pause_run_button.isEnabled)
    assert dialog.now_row.accessibleName().startswith("A run")
    dialog.pause_run_button.click()
    qtbot.waitUntil(lambda: dialog.pause_run_button.text() == "Continue")
    assert dialog.now_row.accessibleName() == "A run paused"
    dialog.pause_run_button.click()
    qtbot.waitUntil(lambda: not model.state.paused)
    dialog.stop_button.click()
    qtbot.waitUntil(lambda: not model.running)
    qtbot.waitUntil(lambda: "This version can't run" in dialog.notice.text())
    assert dialog.now_row.accessibleName().strip() == "Nothing is running."
    assert not dialog.stop_button.isVisible()


def test_a_run_that_can_not_be_reached_is_said_and_this_computer_checked(dialog, stage, monkeypatch, qtbot):
    def fail() -> None:
        raise StorageError("The disk is full.", "Free some space.")

    monkeypatch.setattr(stage.manager.current, "stop", fail)
    dialog.stop_button.click()
    assert dialog.notice.text() == "The disk is full. Free some space."
    with qtbot.waitSignal(dialog.check_wanted):
        dialog.check_button.click()
    assert not dialog.isVisible()
