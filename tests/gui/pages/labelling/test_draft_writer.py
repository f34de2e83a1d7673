from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest

from engine.api import labelling, recipe
from tests.helpers.labelling_stage import BASE_SAYS, CTRL, SHIFT, TUNED_SAYS, drafted, press, state
from tests.helpers.train_stage import BASICS, ENDLESS


def test_a_draft_of_the_newest_adapter_comes_on_one_key_and_is_no_summary_until_accepted(opened, qtbot):
    drafted(opened, qtbot)
    assert opened.summary.text() == TUNED_SAYS
    assert state(opened, 1) == "drafted"
    assert opened.summary.status() == "Not accepted yet: a draft of a1"
    assert opened.toolbar.progress() == "0 of 3 accepted, 1 draft, 10 needed for a run"
    assert opened.summary.edit.hasFocus()
    assert not opened.summary.edit.isReadOnly()
    QTest.keyClicks(opened.summary.edit, " Really.")
    press(opened, Qt.Key.Key_Return, CTRL)
    item = opened.controller.work.item(1)
    assert (item.state, item.written_by, item.draft.adapter) == ("accepted", "edited draft", "a1")


def test_all_open_conversations_are_drafted_and_who_works_on_one_is_left_alone(opened, qtbot):
    opened.controller.go(3)
    QTest.keyClicks(opened.summary.edit, "Rex ill.")
    opened.summary.edit.moveCursor(QTextCursor.MoveOperation.Start)
    opened.toolbar.draft_all_button.click()
    assert opened.toolbar.draft_all_button.text() == "Stop drafting"
    QTest.keyClicks(opened.summary.edit, "Eve says: ")
    qtbot.waitUntil(lambda: [state(opened, number) for number in (1, 2)] == ["drafted"] * 2)
    qtbot.waitUntil(lambda: opened.toolbar.draft_all_button.text() == "Draft all")
    assert opened.conversation.position.text() == "3 of 3"
    assert opened.summary.text() == "Eve says: Rex ill."
    assert opened.summary.edit.textCursor().position() == len("Eve says: ")


def test_drafts_of_all_go_on_while_another_is_accepted_until_a_stop_or_a_step_back(opened, workers, qtbot):
    workers.say({"a1": {"hang": True}})
    toolbar = opened.toolbar
    toolbar.draft_all_button.click()
    qtbot.waitUntil(lambda: opened.summary.text() == "The beg")
    assert opened.summary.edit.isReadOnly()
    opened.forward()
    assert opened.draft_writer.is_busy
    assert not opened.summary.edit.isReadOnly()
    assert not opened.summary.draft_button.isEnabled()
    QTest.keyClicks(opened.summary.edit, "The bus is late.")
    press(opened, Qt.Key.Key_Return, CTRL)
    assert state(opened, 2) == "accepted"
    opened.controller.go(1)
    assert opened.summary.text() == "The beg"
    assert opened.summary.edit.isReadOnly()

    ends = (toolbar.draft_all_button.click, opened.skip, opened.undo, opened.summary.draft_cancelled.emit)
    for end in ends:
        if not opened.draft_writer.is_busy:
            toolbar.draft_all_button.click()
            qtbot.waitUntil(lambda: opened.draft_writer.is_busy)
        end()
        assert toolbar.draft_all_button.text() == "Draft all"
        assert not opened.draft_writer.is_busy


def test_the_base_model_writes_drafts_too(opened, qtbot):
    opened.summary.writer.set_key("base:starter")
    opened.summary.writer.chosen.emit("base:starter")
    drafted(opened, qtbot, key=False)
    assert opened.summary.text() == BASE_SAYS
    assert opened.controller.work.item(1).draft == labelling.Draft(
        "starter", None, "The practice model", BASE_SAYS
    )


def test_a_draft_in_place_of_what_was_written_is_taken_back_by_undo(opened, qtbot):
    QTest.keyClicks(opened.summary.edit, "My own words")
    drafted(opened, qtbot)
    press(opened, Qt.Key.Key_Z, CTRL)
    assert opened.summary.text() == "My own words"
    assert "Redo: draft of a1" in opened.summary.redo_button.accessibleName()
    press(opened, Qt.Key.Key_Z, CTRL, SHIFT)
    assert opened.controller.work.item(1).draft is not None
    assert "Undo: draft of a1" in opened.summary.undo_button.accessibleName()


def test_a_draft_that_is_given_up_leaves_what_stood_there(opened, workers, qtbot):
    workers.say({"a1": {"hang": True}})
    QTest.keyClicks(opened.summary.edit, "My own words")
    press(opened, Qt.Key.Key_D, CTRL)
    qtbot.waitUntil(lambda: opened.summary.text() == "The beg")
    assert opened.summary.edit.isReadOnly()
    press(opened, Qt.Key.Key_Return, CTRL)
    assert state(opened, 1) == "open"
    press(opened, Qt.Key.Key_Escape)
    assert opened.summary.text() == "My own words"
    assert not opened.summary.edit.isReadOnly()


def test_a_draft_that_fails_says_why_and_a_worker_that_dies_loses_nothing(opened, workers, qtbot):
    workers.say({"a1": {"abort": True}})
    QTest.keyClicks(opened.summary.edit, "My own words")
    press(opened, Qt.Key.Key_D, CTRL)
    qtbot.waitUntil(lambda: "Your text is saved." in opened.strip.text())
    assert opened.summary.text() == "My own words"
    workers.say({"a1": {"fail": "The adapter is damaged."}})
    opened.strip.acted.emit()
    qtbot.waitUntil(lambda: opened.strip.text() == "The adapter is damaged.")
    assert state(opened, 1) == "open"
    opened.toolbar.draft_all_button.click()
    qtbot.waitUntil(lambda: opened.toolbar.draft_all_button.text() == "Draft all")
    assert [state(opened, number) for number in (1, 2, 3)] == ["open"] * 3


def test_a_run_has_the_device_until_it_is_paused_for_a_draft(opened, workers, qtbot):
    workers.run_script = ENDLESS
    run = workers.manager.start_run(recipe.from_tables(BASICS))
    qtbot.waitUntil(lambda: run.state.step > 1)
    qtbot.waitUntil(lambda: "using the device" in opened.strip.text())
    assert not opened.summary.draft_button.isEnabled()
    press(opened, Qt.Key.Key_D, CTRL)
    assert not opened.draft_writer.is_busy
    opened.strip.acted.emit()
    qtbot.waitUntil(lambda: opened.summary.text() == TUNED_SAYS)
    assert run.state.paused
