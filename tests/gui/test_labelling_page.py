"""The labelling page with real sets on the disk and a real worker process that writes drafts from a script."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QTextEdit, QWidget

from engine.api import Example, Job, labelling, recipe
from engine.labelling import sets
from gui.engine import Engine
from gui.pages.labelling_page import PLAYGROUND, LabellingPage
from tests.helpers import scripted_summarizer, scripted_worker
from tests.helpers.homes import add_adapter, make_recipe

WAIT = 60_000
TEA = "Ann: Tea at five?\nBo: Yes, at the old mill."
BUS = "Cy: The bus is late again.\nDee: Then we meet at the station, half past six.\nCy: Fine."
DOG = "Eve: Rex is ill.\nFay: Oh no."
BASE_SAYS = "Ann and Bo have tea at five."
TUNED_SAYS = "Ann and Bo have tea at the old mill at 17:30."
TABLES = {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}


class Workers:
    """An engine whose drafts come from a table, whose readings answer with a set, and whose runs follow a script."""

    def __init__(self, monkeypatch) -> None:
        self._monkeypatch = monkeypatch
        self.reading: list[Any] = []
        self.run_script: list[Any] = []
        self.engine = Engine(self._command)
        self.say({"": BASE_SAYS, "a1": TUNED_SAYS})

    def say(self, summaries: dict[str, Any]) -> None:
        """Answer with these from the next worker on."""
        self._monkeypatch.setenv(scripted_summarizer.VARIABLE, json.dumps(summaries))

    def _command(self, job: Job) -> list[str]:
        kind = job.request()["kind"]
        if kind == "summarize":
            return scripted_summarizer.command(job)
        models = [["emit", {"event": "result_made", "result": {"models": [{"id": "starter"}]}}]]
        scripts = {"train": self.run_script, "label_data": self.reading}
        scripted_worker.give_script(job, scripts.get(kind, models))
        return scripted_worker.command(job)


@pytest.fixture
def workers(qtbot, home, monkeypatch, styled):
    made = Workers(monkeypatch)
    yield made
    if made.engine.current:
        made.engine.current.force()
    made.engine.leave()


@pytest.fixture
def page(workers, qtbot):
    add_adapter("a1", follows=make_recipe(base="starter"))
    made = LabellingPage(workers.engine)
    qtbot.addWidget(made)
    made.resize(1072, 800)
    made.show()
    made.shown()
    qtbot.waitExposed(made)
    yield made
    made.desk.close()


def made_set(*conversations: str, name: str = "Chats") -> str:
    examples = [Example(f"c{number}", text, "") for number, text in enumerate(conversations, 1)]
    return labelling.create(name, f"/data/{name}.csv", examples).id


@pytest.fixture
def opened(page, qtbot) -> LabellingPage:
    """The page with three conversations."""
    return show(page, qtbot, made_set(TEA, BUS, DOG))


def show(page: LabellingPage, qtbot, set_id: str) -> LabellingPage:
    with qtbot.waitSignal(page.desk.opened, timeout=WAIT):
        page.desk.open(set_id)
    return page


def press(page: QWidget, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    held = Qt.KeyboardModifier.NoModifier
    for modifier in modifiers:
        held |= modifier
    QTest.keyClick(page.focusWidget(), key, held)


CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def state(page: LabellingPage, number: int) -> str:
    return page.desk.work.item(number).state


# Writing


def test_a_conversation_is_shown_in_turns_and_its_summary_is_written_beside_it(opened):
    page = opened
    assert [(turn.speaker, turn.text) for turn in page.conversation.shown_turns()] == [
        ("Ann", "Tea at five?"),
        ("Bo", "Yes, at the old mill."),
    ]
    assert page.conversation.place() == "1 of 3"
    assert page.summary.edit.hasFocus()
    QTest.keyClicks(page.summary.edit, "Ann and Bo have tea.")
    press(page, Qt.Key.Key_Return, CTRL)
    assert state(page, 1) == "accepted"
    assert page.desk.work.item(1).text == "Ann and Bo have tea."
    assert page.conversation.place() == "2 of 3"
    assert page.summary.text() == ""
    assert page.tools.progress() == "1 of 3 accepted"


def test_what_is_typed_is_kept_without_an_act(opened, qtbot):
    QTest.keyClicks(opened.summary.edit, "Tea")
    path = opened.desk.work.folder / sets.JOURNAL
    qtbot.waitUntil(lambda: path.exists() and '"text":"Tea"' in path.read_text("utf-8"), timeout=WAIT)
    assert opened.summary.text() == "Tea"
    assert opened.summary.status() == "Not accepted yet: kept as you type"


def test_what_is_typed_is_kept_when_the_page_is_left(opened):
    QTest.keyClicks(opened.summary.edit, "Tea")
    opened.hide()
    assert opened.desk.work.item(1).text == "Tea"


def test_nothing_is_accepted_without_words_and_the_page_says_so_beside_the_text(opened):
    press(opened, Qt.Key.Key_Return, CTRL)
    assert state(opened, 1) == "open"
    assert opened.conversation.place() == "1 of 3"
    assert "There is no summary yet." in opened.summary.problem.text()
    QTest.keyClicks(opened.summary.edit, "Tea.")
    opened.desk.keep()
    assert opened.summary.problem.text() == ""


def test_a_conversation_is_skipped_and_the_last_one_stays_in_front(opened):
    for _ in range(3):
        press(opened, Qt.Key.Key_Return, CTRL, SHIFT)
    assert opened.tools.progress() == "0 of 3 accepted, 3 skipped"
    assert opened.conversation.place() == "3 of 3"
    assert opened.summary.status() == "Skipped, not part of the data set"


def test_the_page_says_when_every_conversation_is_decided(opened):
    QTest.keyClicks(opened.summary.edit, "Tea.")
    press(opened, Qt.Key.Key_Return, CTRL)
    press(opened, Qt.Key.Key_Return, CTRL, SHIFT)
    assert opened.strip.text() == ""
    press(opened, Qt.Key.Key_Return, CTRL, SHIFT)
    assert opened.strip.text().startswith("Every conversation is decided.")


def test_undo_and_redo_go_through_conversations_by_keys(opened):
    QTest.keyClicks(opened.summary.edit, "Tea.")
    press(opened, Qt.Key.Key_Return, CTRL)
    press(opened, Qt.Key.Key_Return, CTRL, SHIFT)
    assert opened.conversation.place() == "3 of 3"
    assert opened.summary.undo_button.toolTip() == "Undo: skipped (Ctrl+Z)"
    press(opened, Qt.Key.Key_Z, CTRL)
    assert (opened.conversation.place(), state(opened, 2)) == ("2 of 3", "open")
    press(opened, Qt.Key.Key_Z, CTRL)
    assert (opened.conversation.place(), state(opened, 1)) == ("1 of 3", "open")
    press(opened, Qt.Key.Key_Z, CTRL)
    assert opened.summary.text() == ""
    assert not opened.summary.undo_button.isEnabled()
    for _ in range(2):
        press(opened, Qt.Key.Key_Z, CTRL, SHIFT)
    assert (opened.summary.text(), state(opened, 1)) == ("Tea.", "accepted")
    assert opened.summary.redo_button.toolTip() == "Redo: skipped (Ctrl+Shift+Z)"


def test_undo_works_from_anywhere_on_the_page(opened):
    QTest.keyClicks(opened.summary.edit, "Tea.")
    opened.summary.skip_button.setFocus()
    press(opened, Qt.Key.Key_Z, CTRL)
    assert opened.summary.text() == ""


def test_keys_lead_to_other_conversations_and_back(opened):
    press(opened, Qt.Key.Key_PageDown, CTRL)
    press(opened, Qt.Key.Key_PageDown, CTRL)
    assert opened.conversation.place() == "3 of 3"
    press(opened, Qt.Key.Key_PageUp, CTRL)
    assert opened.conversation.place() == "2 of 3"
    opened.conversation.forward.click()
    assert opened.conversation.place() == "3 of 3"


def test_the_page_keys_move_the_conversation_while_the_summary_is_written(page, qtbot):
    show(page, qtbot, made_set("\n".join(f"Ann: number {number}" for number in range(200))))
    bar = page.conversation.reading.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0, timeout=WAIT)
    press(page, Qt.Key.Key_PageDown)
    assert bar.value() > 0
    press(page, Qt.Key.Key_PageUp)
    assert bar.value() == 0
    assert page.summary.edit.hasFocus()


def test_an_accepted_summary_that_is_changed_waits_again(opened):
    QTest.keyClicks(opened.summary.edit, "Tea.")
    press(opened, Qt.Key.Key_Return, CTRL)
    press(opened, Qt.Key.Key_PageUp, CTRL)
    QTest.keyClicks(opened.summary.edit, "!")
    opened.desk.keep()
    assert state(opened, 1) == "open"


def test_a_full_disk_is_said_and_what_was_typed_stays(opened, monkeypatch):
    QTest.keyClicks(opened.summary.edit, "Tea.")
    with monkeypatch.context() as patch:
        patch.setattr("os.write", _full)
        press(opened, Qt.Key.Key_Return, CTRL)
        assert "can't be written" in opened.strip.text()
    assert opened.summary.text() == "Tea."
    press(opened, Qt.Key.Key_Return, CTRL)
    assert (state(opened, 1), opened.strip.text()) == ("accepted", "")


def _full(*_arguments):
    raise OSError(28, "No space left on device")


# Hints


def test_what_the_conversation_does_not_say_is_marked_as_it_is_written(opened, qtbot):
    QTest.keyClicks(opened.summary.edit, "Ann and Carl have tea at 17:30")
    qtbot.waitUntil(lambda: len(opened.summary.edit.claims()) == 2, timeout=WAIT)
    assert opened.summary.hints()[2] == "Not in the conversation: Carl, 17:30"
    assert len(opened.summary.edit.extraSelections()) == 2
    assert opened.summary.edit.extraSelections()[0].cursor.selectedText() == "Carl"


def test_marks_stand_in_the_right_place_behind_signs_of_two_units(opened, qtbot):
    opened.summary.edit.setPlainText("\N{GRINNING FACE}\N{GRINNING FACE} Carl comes")
    qtbot.waitUntil(lambda: len(opened.summary.edit.claims()) == 1, timeout=WAIT)
    assert opened.summary.edit.extraSelections()[0].cursor.selectedText() == "Carl"


def test_the_length_is_told_while_it_is_written(opened, qtbot):
    assert opened.summary.hints()[0] == "No words yet"
    QTest.keyClicks(opened.summary.edit, "Ann and Bo have tea at five")
    qtbot.waitUntil(lambda: opened.summary.hints()[0] == "7 words, about 8 tokens", timeout=WAIT)
    assert opened.summary.hints()[1] == "Usual are 3 to 13 words"


# Drafts


def drafted(page: LabellingPage, qtbot, *, key: bool = True) -> None:
    if key:
        press(page, Qt.Key.Key_D, CTRL)
    else:
        page.summary.draft_button.click()
    qtbot.waitUntil(lambda: not page.drafter.is_writing, timeout=WAIT)


def test_a_draft_of_the_newest_adapter_comes_on_one_key_and_is_no_summary_until_accepted(opened, qtbot):
    drafted(opened, qtbot)
    assert opened.summary.text() == TUNED_SAYS
    assert state(opened, 1) == "drafted"
    assert opened.summary.status() == "Not accepted yet: a draft of a1"
    assert opened.tools.progress() == "0 of 3 accepted, 1 draft"
    assert opened.summary.edit.hasFocus()
    assert not opened.summary.edit.isReadOnly()
    QTest.keyClicks(opened.summary.edit, " Really.")
    press(opened, Qt.Key.Key_Return, CTRL)
    item = opened.desk.work.item(1)
    assert (item.state, item.written_by, item.draft.adapter) == ("accepted", "edited draft", "a1")


def test_the_base_model_writes_drafts_too(opened, qtbot):
    opened.summary.writer.set_key("base starter")
    opened.summary.writer.chosen.emit("base starter")
    drafted(opened, qtbot, key=False)
    assert opened.summary.text() == BASE_SAYS
    assert opened.desk.work.item(1).draft == labelling.Draft("starter", None, "The bundled model", BASE_SAYS)


def test_a_draft_in_place_of_what_was_written_is_taken_back_by_undo(opened, qtbot):
    QTest.keyClicks(opened.summary.edit, "My own words")
    drafted(opened, qtbot)
    press(opened, Qt.Key.Key_Z, CTRL)
    assert opened.summary.text() == "My own words"
    assert opened.summary.steps.texts() == ["Written"]
    press(opened, Qt.Key.Key_Z, CTRL, SHIFT)
    assert opened.summary.steps.texts() == ["Draft of a1", "Written"]


def test_a_draft_that_is_given_up_leaves_what_stood_there(opened, workers, qtbot):
    workers.say({"a1": {"hang": True}})
    QTest.keyClicks(opened.summary.edit, "My own words")
    press(opened, Qt.Key.Key_D, CTRL)
    qtbot.waitUntil(lambda: opened.summary.text() == "The beg", timeout=WAIT)
    assert opened.summary.edit.isReadOnly()
    press(opened, Qt.Key.Key_Return, CTRL)
    assert state(opened, 1) == "open"
    press(opened, Qt.Key.Key_Escape)
    assert opened.summary.text() == "My own words"
    assert not opened.summary.edit.isReadOnly()


def test_going_on_gives_a_draft_up(opened, workers, qtbot):
    workers.say({"a1": {"hang": True}})
    press(opened, Qt.Key.Key_D, CTRL)
    qtbot.waitUntil(lambda: opened.drafter.text == "The beg", timeout=WAIT)
    press(opened, Qt.Key.Key_PageDown, CTRL)
    assert opened.conversation.place() == "2 of 3"
    assert (opened.summary.text(), opened.drafter.is_writing) == ("", False)
    assert opened.desk.work.item(1).text == ""


def test_a_draft_that_fails_says_why(opened, workers, qtbot):
    workers.say({"a1": {"fail": "The adapter is damaged."}})
    drafted(opened, qtbot)
    assert opened.strip.text() == "The adapter is damaged."
    assert state(opened, 1) == "open"


def test_a_worker_that_dies_loses_nothing_and_is_asked_again(opened, workers, qtbot):
    workers.say({"a1": {"abort": True}})
    QTest.keyClicks(opened.summary.edit, "My own words")
    press(opened, Qt.Key.Key_D, CTRL)
    qtbot.waitUntil(lambda: "What you have written is kept." in opened.strip.text(), timeout=WAIT)
    assert opened.summary.text() == "My own words"
    workers.say({"a1": TUNED_SAYS})
    opened.strip.acted.emit()
    qtbot.waitUntil(lambda: opened.summary.text() == TUNED_SAYS, timeout=WAIT)


def test_a_run_has_the_device_until_it_is_paused_for_a_draft(opened, workers, qtbot):
    workers.run_script = [["steps", {"count": 4000, "per_second": 40}]]
    run = workers.engine.start_run(recipe.from_tables(TABLES))
    qtbot.waitUntil(lambda: run.state.step > 1, timeout=WAIT)
    qtbot.waitUntil(lambda: "holds the device" in opened.strip.text(), timeout=WAIT)
    assert not opened.summary.draft_button.isEnabled()
    press(opened, Qt.Key.Key_D, CTRL)
    assert not opened.drafter.is_writing
    opened.strip.acted.emit()
    qtbot.waitUntil(lambda: opened.summary.text() == TUNED_SAYS, timeout=WAIT)
    assert run.state.paused


def test_the_writer_of_the_last_draft_writes_the_next_one_in_another_sitting(opened, qtbot, page):
    opened.drafter.choose("base starter")
    drafted(opened, qtbot)
    set_id = opened.desk.work.about.id
    opened.desk.close()
    opened.drafter.choose("adapter a1")
    show(opened, qtbot, set_id)
    assert opened.summary.writer.key() == "base starter"


# Order, sittings, sets


def test_the_longest_conversation_comes_first_where_that_is_chosen(opened):
    opened.tools.order.set_key("longest")
    opened.tools.order.chosen.emit("longest")
    assert opened.conversation.place() == "2 of 3"
    assert "hardest" in opened.tools.order.toolTip()


def test_skipped_conversations_can_be_gone_through_again(opened):
    press(opened, Qt.Key.Key_PageDown, CTRL)
    press(opened, Qt.Key.Key_Return, CTRL, SHIFT)
    opened.tools.shown.set_key("skipped")
    opened.tools.shown.chosen.emit("skipped")
    assert opened.conversation.place() == "2 of 3"
    assert opened.tools.shown.currentText() == "Skipped (1)"
    QTest.keyClicks(opened.summary.edit, "Late bus.")
    press(opened, Qt.Key.Key_Return, CTRL)
    assert opened.tools.progress() == "1 of 3 accepted"


def test_another_order_keeps_what_was_just_typed(opened):
    QTest.keyClicks(opened.summary.edit, "Tea")
    opened.tools.order.chosen.emit("longest")
    assert opened.conversation.place() == "1 of 3"
    assert opened.summary.text() == "Tea"
    assert opened.desk.work.item(1).text == "Tea"


def test_the_next_sitting_begins_where_this_one_ended(opened, qtbot):
    press(opened, Qt.Key.Key_PageDown, CTRL)
    QTest.keyClicks(opened.summary.edit, "The bus")
    set_id = opened.desk.work.about.id
    opened.desk.close()
    assert opened.header.title() == "Write summaries"
    show(opened, qtbot, set_id)
    assert opened.conversation.place() == "2 of 3"
    assert opened.summary.text() == "The bus"
    opened.desk.skip()
    assert opened.header.subtitle().endswith(", 2 sittings")


def test_the_set_that_was_worked_on_last_is_opened_and_others_can_be_chosen(opened, qtbot):
    other = made_set(DOG, name="Calls")
    show(opened, qtbot, other)
    assert opened.header.title() == "Calls"
    assert opened.sets.isVisibleTo(opened)
    assert {opened.sets.itemText(at) for at in range(opened.sets.count())} == {"Calls", "Chats"}
    first = next(about.id for about in labelling.list_sets() if about.name == "Chats")
    with qtbot.waitSignal(opened.desk.opened, timeout=WAIT):
        opened.sets.chosen.emit(first)
    assert opened.header.title() == "Chats"


def test_a_set_that_is_open_elsewhere_is_not_opened_and_the_page_says_so(page, qtbot):
    set_id = made_set(TEA)
    elsewhere = labelling.LabellingSet(set_id)
    page.desk.open(set_id)
    qtbot.waitUntil(lambda: "is open elsewhere" in page.strip.text(), timeout=WAIT)
    assert page.desk.work is None
    elsewhere.close()


def test_a_set_is_free_for_others_once_its_page_is_gone(workers, qtbot):
    set_id = made_set(TEA)
    page = LabellingPage(workers.engine)
    show(page, qtbot, set_id)
    with qtbot.waitSignal(page.destroyed, timeout=WAIT):
        page.deleteLater()
    labelling.LabellingSet(set_id).close()


# From a source, from the playground, and on to a run


def test_a_source_is_read_into_a_set_and_what_was_left_out_is_said(page, workers, qtbot):
    result = {"set": made_set(TEA, BUS), "left_out": {"empty": 1, "repeated": 0, "beyond": 0}}
    workers.reading = [["emit", {"event": "result_made", "result": result}]]
    with qtbot.waitSignal(page.desk.opened, timeout=WAIT):
        page.open_source({"source": "/data/chats.csv", "conversation": "auto", "summary": "auto"})
    assert page.conversation.place() == "1 of 2"
    assert page.strip.text() == "Conversations left out: 1 without words."
    assert not page.reader.is_busy


def test_a_source_that_cannot_be_read_says_why(page, workers, qtbot):
    workers.reading = [
        ["fail", {"message": "There is nothing at /data/chats.csv.", "hint": "Check the path."}]
    ]
    page.open_source({"source": "/data/chats.csv"})
    assert page.reader.is_busy
    qtbot.waitUntil(lambda: not page.reader.is_busy, timeout=WAIT)
    assert page.strip.text() == "There is nothing at /data/chats.csv. Check the path."
    assert page.desk.work is None
    page.open_conversations([Example("", TEA, "")])
    qtbot.waitUntil(lambda: page.desk.work is not None, timeout=WAIT)
    assert page.strip.text() == ""


def test_a_reading_can_be_given_up(page, workers, qtbot):
    workers.reading = [["wait_for_stop", {}]]
    page.open_source({"source": "/data/chats.csv"})
    thread = page.reader._thread
    page.reader.stop()
    assert not page.reader.is_busy
    qtbot.waitUntil(thread.isFinished, timeout=WAIT)
    assert page.strip.text() == ""


def test_conversations_of_the_playground_join_one_set_and_the_wanted_one_is_in_front(page, qtbot):
    with qtbot.waitSignal(page.desk.opened, timeout=WAIT):
        page.open_conversations([Example("1", BUS, ""), Example("2", TEA, "They have tea.")])
    assert page.conversation.place() == "1 of 2"
    assert state(page, 2) == "accepted"
    page.open_conversations([Example("1", DOG, ""), Example("2", BUS, "")])
    assert page.conversation.place() == "3 of 3"
    page.open_conversations([Example("1", BUS, "")])
    assert page.conversation.place() == "1 of 3"
    assert [about.source for about in labelling.list_sets()] == [PLAYGROUND]


def test_accepted_summaries_are_used_for_the_next_run_once_there_are_enough(page, qtbot):
    show(page, qtbot, made_set(*(f"Ann: number {number}" for number in range(12))))
    wanted: list[dict[str, Any]] = []
    page.use_requested.connect(wanted.append)
    for number in range(9):
        QTest.keyClicks(page.summary.edit, f"Number {number}.")
        press(page, Qt.Key.Key_Return, CTRL)
    assert not page.use_button.isEnabled()
    assert page.use_button.toolTip() == "A run needs 10 accepted summaries: 1 to go."
    QTest.keyClicks(page.summary.edit, "Number 9.")
    press(page, Qt.Key.Key_Return, CTRL)
    page.use_button.click()
    (values,) = wanted
    assert (values["conversation"], values["summary"]) == ("conversation", "summary")
    rows = (Path(values["source"]) / "summaries.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(row)["summary"] for row in rows] == [f"Number {number}." for number in range(10)]


def test_without_a_set_the_page_says_where_conversations_come_from(page):
    back: list[int] = []
    page.back_requested.connect(lambda: back.append(1))
    page.open_last()
    assert page.header.title() == "Write summaries"
    assert not page.use_button.isEnabled()
    page.back_button.click()
    assert back == [1]


def test_every_control_has_a_name_for_screen_readers(opened):
    for kind in (QAbstractButton, QComboBox, QTextEdit):
        for control in opened.findChildren(kind):
            if control.isVisibleTo(opened) and not control.objectName().startswith("qt_"):
                named = control.accessibleName() or (isinstance(control, QAbstractButton) and control.text())
                assert named, control
