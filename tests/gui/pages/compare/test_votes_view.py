import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from gui.look import style
from gui.models.list_text import base_text
from gui.pages.compare.systems import Wanted
from gui.pages.compare.votes_view import VotesView
from tests.helpers.layout_problems import layout_problems
from tests.helpers.scored_runs import add_scored_run, bundled
from tests.helpers.votes_stage import KEYS, RUN_NAMES, add_runs, begin, press, settle, texts_in, vote_for_best

Key = Qt.Key


@pytest.fixture
def page(qtbot, home):
    made = qtbot.place(VotesView(), 1232, 860)
    yield made
    made.controller.close()


def names_of(page: VotesView) -> list[str]:
    return [each.name for each in page.controller.work.comparison.systems]


def shown(page: VotesView) -> str:
    stack = page._stack.currentWidget()
    parts = {"setup": page.setup, "vote": page.vote, "results": page.results}
    return next((name for name, part in parts.items() if part is stack), "")


def test_without_a_comparison_the_tab_says_so_and_a_run_that_is_gone_is_said(page):
    assert "No blind comparison yet" in list(texts_in(page))
    assert shown(page) == ""
    page.open_systems([Wanted(origin="no-such-run")])
    settle(page)
    assert "There is no run" in page.notice.text()


def test_the_start_names_what_is_compared_and_takes_voter_and_pairs(page):
    first, second = add_runs(2)
    page.open_systems([Wanted(origin=first.id)])
    settle(page)
    assert shown(page) == "setup"
    assert not page.setup.with_base.isEnabled()
    page.open_systems([Wanted(origin=first.id), Wanted(origin=second.id)])
    settle(page)
    assert shown(page) == "setup"
    said = "\n".join(texts_in(page.setup))
    assert all(name in said for name in RUN_NAMES[:2])
    assert "on the same 30 conversations" in said
    page.setup.pairs.setValue(12)
    page.setup.voter.setText("Bo")
    page.setup.with_base.setChecked(False)
    page.setup.start_button.click()
    settle(page)
    work = page.controller.work
    assert (work.voter, work.progress().goal, len(work.comparison.systems)) == ("Bo", 12, 2)
    assert shown(page) == "vote"


def test_runs_that_can_not_be_compared_are_said(page):
    one, other = add_runs(1, 30)[0], add_scored_run(bundled(40)[30:], adapter_name="other")
    page.open_systems([Wanted(origin=one.id), Wanted(origin=other.id)])
    settle(page)
    page.setup.start_button.click()
    settle(page)
    assert "Their conversations differ" in page.notice.text()
    assert shown(page) == "setup"


def test_keys_and_buttons_vote_and_lead_to_the_next_pair_and_a_held_key_votes_once(page):
    begin(page, add_runs(1))
    work = page.controller.work
    assert names_of(page) == ["starter", "LoRA, r 16"]
    repeating = {each.shortcut().toString() for each in page.vote.findChildren(QAction) if each.autoRepeat()}
    assert repeating == {"N", "PgDown", "PgUp"}
    for choice, key in KEYS.items():
        asked = work.question
        conversation = work.comparison.conversations[asked.conversation]
        assert page.vote.shown_texts() == (
            conversation.summaries[asked.left],
            conversation.summaries[asked.right],
        )
        page.controller._asked_at -= 20.0
        press(page, key)
        assert list(work.votes.votes.values())[-1].choice == choice
    assert page.vote.progress.text() == "3 of 30 pairs, about 9 minutes left"
    press(page, Key.Key_0)
    page.vote.buttons["right"].click()
    assert [each.choice for each in work.votes.votes.values()] == ["left", "right", "tie", "tie", "right"]


def test_backspace_takes_the_last_vote_back_with_its_note(page):
    begin(page, add_runs(1))
    press(page, Key.Key_1)
    before = page.vote.shown_texts()
    press(page, Key.Key_N)
    QTest.keyClicks(page.vote.note, "1 is too short = bad 2")
    assert len(page.controller.work.votes.votes) == 1
    press(page, Key.Key_Escape)
    assert page.vote.hasFocus()
    press(page, Key.Key_N)
    press(page, Key.Key_Return)
    assert page.vote.hasFocus()
    press(page, Key.Key_2)
    assert list(page.controller.work.votes.votes.values())[-1].note == "1 is too short = bad 2"
    assert page.vote.note.text() == ""
    press(page, Key.Key_Backspace)
    assert page.vote.shown_texts() == before
    assert page.vote.note.text() == "1 is too short = bad 2"
    page.vote.note.clear()
    press(page, Key.Key_Backspace)
    assert page.controller.work.votes.votes == {}
    assert not page.vote.undo_button.isEnabled()
    press(page, Key.Key_Backspace)
    assert shown(page) == "vote"


def test_no_name_is_anywhere_before_the_end(page):
    jobs = add_runs(2)
    begin(page, jobs, pairs=8)
    secrets = {
        *names_of(page), "practice model", *RUN_NAMES[:2], *(job.id for job in jobs), "adapter-0",
        "adapter-1",
    }  # fmt: skip
    for _ in range(7):
        said = list(texts_in(page))
        assert not [text for text in said for secret in secrets if secret.casefold() in text.casefold()]
        press(page, Key.Key_1)
    press(page, Key.Key_1)
    settle(page)
    assert shown(page) == "results"
    said = list(texts_in(page))
    names = [base_text(name) for name in names_of(page)]
    assert all(any(name in text for text in said) for name in names)
    page.results.go_on_button.click()
    settle(page)
    assert shown(page) == "vote"
    said = list(texts_in(page))
    assert not [text for text in said for name in names_of(page) if name.casefold() in text.casefold()]


def test_the_result_names_the_better_system_with_its_interval(page):
    begin(page, add_runs(1), pairs=40)
    assert vote_for_best(page) == 30
    assert shown(page) == "results"
    said = page.results.texts
    assert said[0] == "LoRA, r 16 is preferred to the base model (the practice model)"
    assert "This pair: 30 for LoRA, r 16, 0 for the base model (the practice model), 0 ties." in said[1]
    assert "30 votes by 1 voter" in said[2]
    assert said[3].startswith("LoRA, r 16, Preferred 98\xa0%, Interval ")
    assert said[3].endswith(RUN_NAMES[0])
    assert not page.results.go_on_button.isEnabled()
    assert page.results.pairs_button.property("kind") == "primary"


def test_finish_is_possible_after_the_first_vote(page):
    begin(page, add_runs(1))
    assert not page.finish_button.isEnabled()
    press(page, Key.Key_1)
    page.finish_button.click()
    settle(page)
    assert page.results.texts[0].startswith("Too few votes to compare")
    assert page.results.go_on_button.text() == "Vote on 20 more pairs"
    assert page.results.go_on_button.property("kind") == "primary"
    assert page.results.pairs_button.property("kind") == "plain"
    page.results.go_on_button.click()
    settle(page)
    assert page.vote.progress.text() == "1 of 21 pairs"


def test_preference_pairs_are_exported(page, tmp_path, monkeypatch):
    begin(page, add_runs(1), pairs=5)
    page.vote.note.setText("Names a place that nobody said")
    vote_for_best(page)
    assert any("LoRA, r 16 preferred: Names a place" in text for text in page.results.texts)
    page.export_pairs(tmp_path / "missing" / "pairs.jsonl")
    assert "can't be written" in page.notice.text()
    path = tmp_path / "pairs.jsonl"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    page.results.pairs_button.click()
    assert "5 preference pairs exported" in page.undo_strip.text()
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert all(set(row) == {"prompt", "chosen", "rejected"} for row in rows)
    assert all("Summarize the following conversation" in row["prompt"] for row in rows)


def test_a_deleted_comparison_comes_back_with_undo(page):
    begin(page, add_runs(1))
    press(page, Key.Key_1)
    page._delete()
    settle(page)
    assert page.controller.work is None
    page.undo_strip.acted.emit()
    settle(page)
    assert len(page.controller.work.votes.votes) == 1


@pytest.mark.usefixtures("styled")
def test_parts_stack_in_a_narrow_window_and_at_twice_the_text_size(page, qapp):
    begin(page, add_runs(1))
    assert page.vote.splitter.orientation() == Qt.Orientation.Horizontal
    page.resize(700, 860)
    assert page.vote.splitter.orientation() == Qt.Orientation.Vertical
    page.resize(1232, 860)
    style.apply(qapp, "light", text_scale=2.0)
    page.resize(1230, 860)
    assert page.vote.splitter.orientation() == Qt.Orientation.Vertical


@pytest.mark.usefixtures("styled")
@pytest.mark.parametrize(("code", "width", "scale"), [("en", 1232, 1.0), ("de", 968, 2.0)])
def test_nothing_is_cut_off(speak, qapp, qtbot, home, width, scale, code):
    speak(code)
    style.apply(qapp, "light", scale)
    page = qtbot.place(VotesView(), width, 800)
    page.open_systems([Wanted(origin=job.id) for job in add_runs(2)])
    settle(page)
    found = [f"setup: {fault}" for fault in layout_problems(page)]
    page.setup.pairs.setValue(12)
    page.setup.start_button.click()
    settle(page)
    vote_for_best(page, most=4)
    found += [f"vote: {fault}" for fault in layout_problems(page)]
    vote_for_best(page)
    found += [f"results: {fault}" for fault in layout_problems(page)]
    page.controller.close()
    assert found == []
