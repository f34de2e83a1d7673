import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from engine.api import Example, SummarizeOptions, labelling
from engine.labelling import sets
from gui.pages.labelling.labelling_text import PLAYGROUND
from gui.pages.playground.column_results import Column, ColumnModel, Feedback
from gui.pages.playground.history import HistoryEntry, HistoryStore, new_id
from tests.helpers.labelling_stage import BUS, CTRL, DOG, SHIFT, TEA, made_set, press, show, state


def test_a_conversation_is_shown_in_turns_and_its_summary_is_written_beside_it(opened):
    page = opened
    assert [(turn.speaker, turn.text) for turn in page.conversation.turns.turns()] == [
        ("Ann", "Tea at five?"),
        ("Bo", "Yes, at the old mill."),
    ]
    assert page.conversation.position.text() == "1 of 3"
    assert page.summary.edit.hasFocus()
    QTest.keyClicks(page.summary.edit, "Ann and Bo have tea.")
    press(page, Qt.Key.Key_Return, CTRL)
    assert state(page, 1) == "accepted"
    assert page.controller.work.item(1).text == "Ann and Bo have tea."
    assert page.conversation.position.text() == "2 of 3"
    assert page.summary.text() == ""
    assert page.toolbar.progress() == "1 of 3 accepted, 10 needed for a run"


def test_every_key_is_kept_before_the_next_one_and_nothing_is_accepted_without_words(opened):
    press(opened, Qt.Key.Key_Return, CTRL)
    assert state(opened, 1) == "open"
    assert opened.conversation.position.text() == "1 of 3"
    assert "There is no summary yet." in opened.summary.problem.text()
    path = opened.controller.work.folder / sets.JOURNAL
    for typed in ("T", "Te", "Tea"):
        QTest.keyClicks(opened.summary.edit, typed[-1])
        assert f'"text":"{typed}"' in path.read_text("utf-8")
    assert opened.summary.problem.text() == ""
    assert opened.summary.status() == "Not accepted. Saved as you type"
    opened.toolbar.order.chosen.emit("longest")
    assert (opened.conversation.position.text(), opened.summary.text()) == ("1 of 3", "Tea")


def test_keys_lead_to_other_conversations_and_skip_until_every_one_is_decided(opened):
    press(opened, Qt.Key.Key_PageDown, CTRL)
    press(opened, Qt.Key.Key_PageDown, CTRL)
    assert opened.conversation.position.text() == "3 of 3"
    press(opened, Qt.Key.Key_PageUp, CTRL)
    assert opened.conversation.position.text() == "2 of 3"
    opened.conversation.forward.click()
    assert opened.conversation.position.text() == "3 of 3"
    opened.controller.go(1)
    QTest.keyClicks(opened.summary.edit, "Tea.")
    press(opened, Qt.Key.Key_Return, CTRL)
    for _ in range(2):
        assert opened.strip.text() == ""
        press(opened, Qt.Key.Key_Return, CTRL, SHIFT)
    assert opened.toolbar.progress() == "1 of 3 accepted, 2 skipped, 10 needed for a run"
    assert opened.conversation.position.text() == "3 of 3"
    assert opened.summary.status() == "Skipped, not in the data set"
    assert opened.strip.text().startswith("All done.")


def test_undo_and_redo_go_through_conversations_by_keys(opened):
    QTest.keyClicks(opened.summary.edit, "Tea.")
    press(opened, Qt.Key.Key_Return, CTRL)
    press(opened, Qt.Key.Key_Return, CTRL, SHIFT)
    assert opened.conversation.position.text() == "3 of 3"
    assert opened.summary.undo_button.toolTip() == "Undo: skipped (Ctrl+Z)"
    press(opened, Qt.Key.Key_Z, CTRL)
    assert (opened.conversation.position.text(), state(opened, 2)) == ("2 of 3", "open")
    press(opened, Qt.Key.Key_Z, CTRL)
    assert (opened.conversation.position.text(), state(opened, 1)) == ("1 of 3", "open")
    press(opened, Qt.Key.Key_Z, CTRL)
    assert opened.summary.text() == ""
    assert not opened.summary.undo_button.isEnabled()
    for _ in range(2):
        press(opened, Qt.Key.Key_Z, CTRL, SHIFT)
    assert (opened.summary.text(), state(opened, 1)) == ("Tea.", "accepted")
    assert opened.summary.redo_button.toolTip() == "Redo: skipped (Ctrl+Shift+Z)"


def test_a_full_disk_is_said_and_what_was_typed_stays(opened, monkeypatch):
    QTest.keyClicks(opened.summary.edit, "Tea.")
    with monkeypatch.context() as patch:
        patch.setattr("os.write", _full)
        press(opened, Qt.Key.Key_Return, CTRL)
        assert "can't be written" in opened.strip.text()
    assert opened.summary.text() == "Tea."
    press(opened, Qt.Key.Key_Return, CTRL)
    assert (state(opened, 1), opened.strip.text()) == ("accepted", "")


def test_what_the_disk_does_not_take_goes_to_no_other_conversation(opened, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("os.write", _full)
        QTest.keyClicks(opened.summary.edit, "Tea.")
        press(opened, Qt.Key.Key_PageDown, CTRL)
        opened.items.view.chosen.emit(3)
        assert opened.conversation.position.text() == "1 of 3"
    press(opened, Qt.Key.Key_PageDown, CTRL)
    assert [item.text for item in opened.controller.work.items] == ["Tea.", "", ""]
    assert opened.conversation.position.text() == "2 of 3"


def _full(*_arguments):
    raise OSError(28, "No space left on device")


def test_the_length_is_told_and_what_the_conversation_does_not_say_marked_as_it_is_written(opened, qtbot):
    edit, hints = opened.summary.edit, opened.summary.hints
    assert hints()[0] == "No text yet"
    QTest.keyClicks(edit, "Ann and Carl have tea at 17:30")
    qtbot.waitUntil(lambda: len(edit.claims) == 2)
    assert hints()[2] == "Not in the conversation: Carl, 17:30"
    assert [each.cursor.selectedText() for each in edit.extraSelections()] == ["Carl", "17:30"]
    # Emoji are two code units.
    edit.setPlainText("\N{GRINNING FACE}\N{GRINNING FACE} Carl comes")
    qtbot.waitUntil(lambda: len(edit.claims) == 1)
    assert edit.extraSelections()[0].cursor.selectedText() == "Carl"
    edit.setPlainText("Ann and Bo have tea at five")
    qtbot.waitUntil(lambda: not hints()[2])
    assert not edit.extraSelections()
    assert hints()[0] == "7 words, about 8 tokens"


def test_skipped_conversations_can_be_gone_through_again(opened):
    press(opened, Qt.Key.Key_PageDown, CTRL)
    press(opened, Qt.Key.Key_Return, CTRL, SHIFT)
    opened.toolbar.shown.set_key("skipped")
    opened.toolbar.shown.chosen.emit("skipped")
    assert opened.conversation.position.text() == "2 of 3"
    assert opened.toolbar.shown.currentText() == "Skipped (1)"
    QTest.keyClicks(opened.summary.edit, "Late bus.")
    press(opened, Qt.Key.Key_Return, CTRL)
    assert opened.toolbar.progress() == "1 of 3 accepted, 10 needed for a run"


def test_the_next_sitting_begins_where_this_one_ended(opened, qtbot):
    press(opened, Qt.Key.Key_PageDown, CTRL)
    QTest.keyClicks(opened.summary.edit, "The bus")
    set_id = opened.controller.work.about.id
    opened.controller.close()
    assert opened.header.title() == "Write summaries"
    show(opened, qtbot, set_id)
    assert opened.conversation.position.text() == "2 of 3"
    assert opened.summary.text() == "The bus"
    opened.controller.skip()
    assert opened.header.subtitle().endswith(", 2 sessions")


def test_the_set_that_was_worked_on_last_is_opened_and_others_can_be_chosen(opened, qtbot):
    other = made_set(DOG, name="Calls")
    show(opened, qtbot, other)
    assert opened.header.title() == "Calls"
    assert opened.sets.isVisibleTo(opened)
    assert {opened.sets.itemText(at) for at in range(opened.sets.count())} == {"Calls", "Chats"}
    first = next(about.id for about in labelling.list_sets() if about.name == "Chats")
    with qtbot.waitSignal(opened.controller.opened):
        opened.sets.chosen.emit(first)
    assert opened.header.title() == "Chats"


def test_a_set_that_is_open_elsewhere_is_not_opened_and_the_page_says_so(page, qtbot):
    set_id = made_set(TEA)
    elsewhere = labelling.LabellingSet(set_id)
    page.controller.open(set_id)
    qtbot.waitUntil(lambda: "is open in another program" in page.strip.text())
    assert page.controller.work is None
    elsewhere.close()


def test_a_source_is_read_into_a_set_and_what_was_left_out_is_said(page, workers, qtbot):
    left_out = {"excluded": {"email": 1}, "empty": 1, "repeated": 0, "beyond": 0}
    result = {"set": made_set(TEA, BUS), "left_out": left_out, "brought": 0}
    workers.reading = [["emit", {"event": "result_made", "result": result}]]
    with qtbot.waitSignal(page.controller.opened):
        page.open_source({"source": "/data/chats.csv", "conversation": "auto", "summary": "auto"})
    assert page.conversation.position.text() == "1 of 2"
    assert page.strip.text() == ("Skipped: 1 excluded in Data sets (e-mail address: 1), 1 empty.")
    assert not page.reader.is_busy


def test_a_source_that_cannot_be_read_says_why(page, workers, qtbot):
    workers.reading = [["fail", {"message": "/data/chats.csv doesn't exist.", "hint": "Check the path."}]]
    page.open_source({"source": "/data/chats.csv"})
    assert page.reader.is_busy
    qtbot.waitUntil(lambda: not page.reader.is_busy)
    assert page.strip.text() == "/data/chats.csv doesn't exist. Check the path."
    assert page.controller.work is None
    page.open_conversations([Example("", TEA, "")])
    qtbot.waitUntil(lambda: page.controller.work is not None)
    assert page.strip.text() == ""


def test_conversations_of_the_playground_join_one_set_and_the_wanted_one_is_in_front(page, qtbot):
    with qtbot.waitSignal(page.controller.opened):
        page.open_conversations([Example("1", BUS, ""), Example("2", TEA, "They have tea.")])
    assert page.conversation.position.text() == "1 of 2"
    assert state(page, 2) == "accepted"
    for conversations, place in (((DOG, BUS), "3 of 3"), ((BUS,), "1 of 3")):
        with qtbot.waitSignal(page.controller.opened):
            page.open_conversations([Example("", text, "") for text in conversations])
        assert page.conversation.position.text() == place
    assert [about.source for about in labelling.list_sets()] == [PLAYGROUND]


def tried(conversation: str, *columns: Column) -> HistoryEntry:
    return HistoryEntry(new_id(1e9), 1e9, conversation, "", {"id": "starter"}, SummarizeOptions(), columns)


def test_the_playgrounds_history_becomes_a_set_with_what_was_corrected_accepted(page, qtbot):
    page.open_last()
    page.playground_button.click()
    qtbot.waitUntil(lambda: "Summarise a conversation in the playground first." in page.strip.text())
    history = HistoryStore()
    rating = Feedback(thumb="up", edited="Both have tea.")
    good = Column(ColumnModel("a1", "tuned"), text="They have tea.", feedback=rating)
    for one in (tried(BUS, Column(ColumnModel(None, "base"), text="A bus.")), tried(TEA, good)):
        history.add(one)
    with qtbot.waitSignal(page.controller.opened):
        page.playground_button.click()
    found = {item.conversation: item for item in page.controller.work.items}
    assert set(found) == {BUS, TEA}
    assert (found[BUS].text, found[BUS].state) == ("", "open")
    assert (found[TEA].text, found[TEA].state, found[TEA].written_by) == (
        "Both have tea.", "accepted", "edited draft",
    )  # fmt: skip
    assert found[TEA].draft.adapter == "a1"
    assert page.strip.text() == "1 summary corrected in the playground is accepted."


def test_a_later_correction_replaces_what_no_one_has_written_here(page, qtbot):
    history = HistoryStore()
    entry = tried(TEA, Column(ColumnModel("a1", "tuned"), text="Theirs.", feedback=Feedback(thumb="up")))
    history.add(entry)
    for edited, found in (("", "Theirs."), ("Mine.", "Mine."), ("Mine, again.", "Mine, again.")):
        history.replace(entry.with_feedback("a1", Feedback("down" if edited else "up", edited=edited)))
        page.shown()
        with qtbot.waitSignal(page.controller.opened):
            page.open_conversations([Example("", TEA, "")])
        qtbot.waitUntil(lambda found=found: page.controller.work.item(1).text == found)
        assert page.controller.work.item(1).state == ("accepted" if edited else "drafted")
    # A correction counts in every set with the conversation.
    show(page, qtbot, made_set(BUS, TEA, DOG))
    assert [item.state for item in page.controller.work.items] == ["open", "accepted", "open"]


def test_accepted_summaries_are_used_for_the_next_run_once_there_are_enough(page, qtbot):
    show(page, qtbot, made_set(*(f"Ann: number {number}" for number in range(12))))
    wanted: list[dict[str, Any]] = []
    page.use_requested.connect(wanted.append)
    for number in range(4):
        QTest.keyClicks(page.summary.edit, f"Number {number}.")
        press(page, Qt.Key.Key_Return, CTRL)
    assert not page.use_button.isEnabled()
    assert page.use_button.toolTip() == "A run needs 5 accepted summaries: 1 more."
    assert page.toolbar.progress() == "4 of 12 accepted, 10 needed for a run"
    QTest.keyClicks(page.summary.edit, "Number 4.")
    press(page, Qt.Key.Key_Return, CTRL)
    assert "A run learns little" in page.strip.text()
    with qtbot.waitSignal(page.use_requested):
        page.use_button.click()
        assert not page.use_button.isEnabled()
    assert page.use_button.isEnabled()
    (values,) = wanted
    assert Path(values["source"]).name == "Chats, 5 summaries"
    rows = (Path(values["source"]) / "summaries.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(row)["summary"] for row in rows] == [f"Number {number}." for number in range(5)]


def test_conversations_of_a_file_are_added_to_the_set(opened, qtbot, monkeypatch, tmp_path):
    file = tmp_path / "more.jsonl"
    file.write_text("{}", encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(file)], ""))
    read: list[list[Path]] = []
    monkeypatch.setattr(opened.additions, "read", read.append)
    opened.toolbar.add_button.click()
    assert read == [[file]]
    more = [Example("4", "Ann: tea again?\nBob: yes.", ""), Example("5", TEA, "")]
    opened.additions.found.emit([("more.jsonl", more)], "Skipped: 1 too long.")
    assert opened.controller.work.progress().total == 4
    assert opened.controller.item.conversation == more[0].conversation
    assert opened.strip.text() == "Skipped: 1 too long."


def test_without_a_set_the_page_says_where_conversations_come_from(page):
    wanted: list[str] = []
    page.view_requested.connect(wanted.append)
    page.open_last()
    assert page.header.title() == "Write summaries"
    assert not page.use_button.isEnabled()
    page.data_button.click()
    assert wanted == ["data"]
