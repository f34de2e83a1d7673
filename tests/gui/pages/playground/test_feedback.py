"""What a person thinks of summaries: given in the columns, kept with the try, and made training data of."""

import json
from dataclasses import replace

from engine.api import STARTER, SummarizeOptions
from gui.pages.playground.column_results import Feedback
from gui.pages.playground.history import HistoryEntry, collect, from_results
from gui.pages.playground.page import PlaygroundPage
from tests.helpers.playground_stage import CONVERSATION, SUMMARIES, filled_results, tried

UP = Feedback("up")


def made(conversation: str, **feedback: Feedback) -> HistoryEntry:
    results = filled_results()
    results.conversation = conversation
    found = from_results(results, "Reference.", {"id": STARTER}, SummarizeOptions())
    for name, given in feedback.items():
        found = found.with_feedback(None if name == "base" else name, given)
    return found


def test_thumbs_corrections_and_notes_are_given_taken_back_and_kept_with_the_try(page, qtbot):
    page.open_conversation(CONVERSATION)
    assert page.columns.base.tools.isHidden()
    tried(page, qtbot, "a1")
    view, history = page.columns.view("a1"), page.controller.history
    assert view.tools.isVisible()
    view.tools.thumbs["up"].click()
    assert history.items[0].good[0].entry.adapter == "a1"
    assert page.history.export_button.isVisible()
    view.tools.thumbs["down"].click()
    assert history.items[0].columns[1].feedback.thumb == "down"
    view.tools.thumbs["down"].click()
    assert not history.items[0].is_rated
    assert not page.history.export_button.isVisible()

    # A correction that is the summary is none, and Escape gives up.
    view.tools.pen.click()
    assert view.notes.summary_edit.toPlainText() == SUMMARIES["a1"]
    view.notes.done_button.click()
    view.tools.pen.click()
    view.notes.summary_edit.setPlainText("Other.")
    view.notes.close_edit()
    assert not view.notes.is_open
    assert not history.items[0].is_rated
    view.tools.pen.click()
    view.notes.summary_edit.setPlainText("It is the 21st.")
    view.notes.note_edit.setText("no filler")
    view.notes.done_button.click()
    assert view.notes.texts() == ("It is the 21st.", "no filler")
    assert view.text() == SUMMARIES["a1"]

    other = qtbot.add(PlaygroundPage(page._manager))
    other.history.list.clicked.emit(other.history.table.index(0, 0))
    assert other.columns.view("a1").notes.texts() == ("It is the 21st.", "no filler")
    view.tools.thumbs["up"].click()
    tried(page, qtbot, "a1")
    assert not page.columns.view("a1").tools.thumbs["up"].isChecked()
    assert [item.is_rated for item in history.items] == [False, True]


def test_tries_are_searched_told_apart_by_comments_cleared_and_offered_back(page):
    controller = page.controller
    for topic in ("tea", "cake", "rain", "buses", "dogs"):
        controller.history.add(made(f"Ann: about {topic}\nBo: ok", **({"a1": UP} if topic == "rain" else {})))
    controller.changed.emit()
    assert page.history.search.isVisible()
    page.history.search.setText("about BUS")
    page.history.search.returnPressed.emit()
    assert [tried.headline for tried in page.history.table.items()] == ["Ann, Bo: about buses"]
    page.history.search.clear()
    page.history.which.set_current("rated")
    assert [tried.headline for tried in page.history.table.items()] == ["Ann, Bo: about rain"]

    page.history.clear_button.click()
    assert page.history.entries() == []
    assert page.undo_strip.text() == "5 entries were deleted."
    page.undo_strip.acted.emit()
    assert [tried.good[0].entry.adapter for tried in page.history.entries() if tried.good] == ["a1"]


def test_the_good_ones_become_rows_that_say_who_wrote_them(page, tmp_path):
    page.controller.history.add(
        made("Ann: Hi\nBo: Hello", a1=replace(UP, edited="Ann greets Bo.", note="short"))
    )
    page.controller.history.add(made(CONVERSATION, base=UP))
    wanted: list[str] = []
    page.data_requested.connect(wanted.append)
    page.export_good_ones(tmp_path / "nowhere" / "good.jsonl")
    assert "can't be written" in page.undo_strip.text()
    path = tmp_path / "good.jsonl"
    page.export_good_ones(path)
    newest, oldest = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert (newest["conversation"], newest["written_by"], newest["draft_adapter"]) == (
        CONVERSATION, "draft", None,
    )  # fmt: skip
    assert (oldest["summary"], oldest["written_by"]) == ("Ann greets Bo.", "edited draft")
    assert (oldest["draft_base_model"], oldest["draft_adapter"], oldest["note"]) == (STARTER, "a1", "short")
    assert page.undo_strip.text() == f"2 good summaries were written: {path}"
    page.undo_strip.acted.emit()
    assert wanted == [str(path)]


def test_of_several_good_ones_of_a_conversation_a_corrected_one_or_the_newest_is_taken():
    found = collect(
        [
            made(CONVERSATION, base=UP),
            made(CONVERSATION, a1=replace(UP, edited="Better."), base=UP),
            made("Ann: Hi", a1=UP, base=Feedback("down")),
            made("Ann: Bye", a1=Feedback("", "only a note")),
        ]
    )
    assert [(item.text, item.number) for item in found.items] == [
        ("Better.", 1),
        ("The venue offers Friday at 16:30.", 2),
    ]
    assert found.text == (
        "2 good summaries were written, one for each conversation; "
        "2 other good ones of the same conversations skipped"
    )
