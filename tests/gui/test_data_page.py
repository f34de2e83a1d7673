"""The data page with real checks of real files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QKeyEvent

from engine.api import Supervisor, create_job
from gui.engine import Engine
from gui.look.format import percent
from gui.pages.data_page import DataPage

WAIT = 90_000
LIMITS = {"max_conversation_tokens": 512, "max_summary_tokens": 128}


def write_rows(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def chat(number: int, words: int = 4) -> dict[str, str]:
    talk = f"Ann: number {number}\nBo: " + "well " * words
    return {"id": f"c{number}", "dialogue": talk, "summary": f"Ann says {number}.", "title": f"Chat {number}"}


@pytest.fixture(scope="module")
def chats(tmp_path_factory) -> Path:
    """A folder of three splits: train has a duplicate and a long conversation, test leaks into it."""
    folder = tmp_path_factory.mktemp("data") / "chats"
    folder.mkdir()
    write_rows(folder / "train.jsonl", [chat(1), chat(2, words=900), *map(chat, range(3, 20)), chat(1)])
    write_rows(folder / "validation.jsonl", [chat(30), chat(31)])
    write_rows(folder / "test.jsonl", [chat(3), chat(41)])
    return folder


@pytest.fixture(scope="module")
def result(tmp_path_factory, chats) -> dict[str, Any]:
    """What a real check finds in the chats, made once."""
    job = create_job(
        tmp_path_factory.mktemp("jobs"),
        "check_data",
        {"data": {"source": str(chats)}, "base_model": "starter"},
    )
    supervisor = Supervisor(job)
    supervisor.start()
    made = [event["result"] for event in supervisor.follow() if event["event"] == "result_made"]
    supervisor.leave()
    return made[0]


@pytest.fixture
def page(qtbot, home, styled):
    engine = Engine()
    made = DataPage(engine)
    qtbot.addWidget(made)
    made.resize(1232, 860)
    made.show()
    yield made
    engine.leave()


@pytest.fixture
def shown(page, chats, result) -> DataPage:
    """The page with the chats checked."""
    page.source.set_source(str(chats))
    page.show_result(result, {**page.source.values(), **LIMITS})
    return page


def checked(page: DataPage, qtbot, source: str) -> None:
    """Check a source and wait for the end."""
    page.open(source)
    assert page.checker.is_busy
    qtbot.waitUntil(lambda: not page.checker.is_busy, timeout=WAIT)


def test_a_folder_of_splits_is_shown_whole(page, qtbot, chats):
    checked(page, qtbot, str(chats))

    assert page.header.title() == "chats"
    assert "The bundled model" in page.source.tokenizer.currentText()
    assert page.figures.texts()[:3] == ["20 train", "2 validation", "2 test"]
    assert page.rows.count() == 20
    assert page.preview.row().id == "c1"
    titles = {row.finding.title: row.finding.count for row in page.findings.rows()}
    assert titles == {
        "In more than one split": 1,
        "Conversation over the limit": 1,
        "Duplicate conversations": 1,
    }
    assert page.conversations.words() == f"{percent(0.05, 1)} would be cut: 1 of 20."


def test_what_is_shown_can_be_used_for_the_next_run(shown, chats):
    page = shown
    wanted: list[dict[str, Any]] = []
    page.use_requested.connect(wanted.append)
    page.source.source.setText("something else, not checked")
    page.use_button.click()
    assert wanted == [
        {
            "source": str(chats),
            "conversation": "auto",
            "summary": "auto",
            "max_conversation_tokens": 512,
            "max_summary_tokens": 128,
        }
    ]


def test_columns_are_chosen_by_hand(page, qtbot, chats):
    checked(page, qtbot, str(chats))
    assert page.source.summary.currentText() == "summary (auto)"
    page.source.summary.set_key("title")
    page.source.summary.chosen.emit("title")
    qtbot.waitUntil(lambda: not page.checker.is_busy, timeout=WAIT)
    assert page.preview.row().summary == "Chat 1"
    assert page.values()["summary"] == "title"


def test_a_limit_moves_by_keys_and_goes_into_the_recipe(shown):
    page = shown
    page.show_row("train", 2)
    assert "are lost at this limit" in page.preview.tokens_text()
    for _ in range(2):
        key = QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_PageDown, Qt.KeyboardModifier.NoModifier)
        page.conversations.histogram.keyPressEvent(key)
    assert page.values()["max_conversation_tokens"] == 512 - 32
    assert page.conversations.words().startswith(f"{percent(0.05, 1)} would be cut: about 1 of 20")


def test_a_finding_leads_to_its_row(shown):
    page = shown
    (long_one,) = [row for row in page.findings.rows() if row.finding.id == "long_conversation"]
    long_one.button.click()
    assert page.part.current() == "rows"
    assert page.preview.row().id == "c2"
    page.preview.step_wanted.emit(1)
    assert page.preview.row().id == "c3"


def test_another_split_shows_its_own_rows(shown):
    page = shown
    page.split.set_current("test")
    assert page.rows.count() == 2
    assert page.preview.row().id == "c3"


def test_a_row_can_be_tried_and_rows_are_handed_on(page, result):
    handed: list[Any] = []
    tried: list[Any] = []
    page.rows_checked.connect(lambda name, rows: handed.append((name, len(rows))))
    page.try_requested.connect(tried.append)
    page.show_result(result, LIMITS)
    page.preview.try_button.click()
    assert handed == [("chats", 24)]
    assert tried[0].summary == "Ann says 1."


def test_nothing_there_is_said_beside_the_source(page, qtbot, tmp_path):
    checked(page, qtbot, str(tmp_path / "nowhere.csv"))
    assert "nothing at" in page.source.source_field.problem()
    assert not page.use_button.isEnabled()


def test_a_column_that_is_missing_is_said_beside_it(page, qtbot, tmp_path):
    path = write_rows(tmp_path / "odd.jsonl", [{"dialogue": "Ann: hi", "other": "x"}] * 3)
    checked(page, qtbot, str(path))
    assert "summary" in page.source.summary_field.problem()
    assert page.source.source_field.problem() == ""


def test_no_source_is_no_check(page):
    assert not page.use_button.isEnabled()
    page.check()
    assert page.source.source_field.problem() == "There is no source yet. Name one."
    assert not page.checker.is_busy


def test_a_check_can_be_given_up(page, qtbot, chats):
    page.open(str(chats))
    thread = page.checker.thread_in_hand
    page.checker.stop()
    assert not page.checker.is_busy
    qtbot.waitUntil(thread.isFinished, timeout=WAIT)
    assert page.report is None


def test_a_second_check_takes_the_place_of_the_first(page, qtbot, chats, tmp_path):
    page.open(str(chats))
    first = page.checker.thread_in_hand
    path = write_rows(tmp_path / "few.jsonl", [chat(number) for number in range(30)])
    checked(page, qtbot, str(path))
    qtbot.waitUntil(first.isFinished, timeout=WAIT)
    assert page.header.title() == "few.jsonl"


def test_a_dropped_file_is_checked(page, qtbot, tmp_path):
    path = write_rows(tmp_path / "drop.jsonl", [chat(number) for number in range(30)])
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    drop = QDropEvent(
        QPointF(10, 10),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    page.dropEvent(drop)
    qtbot.waitUntil(lambda: page.report is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: not page.checker.is_busy, timeout=WAIT)
    assert page.header.title() == "drop.jsonl"


def test_below_1200_the_preview_is_a_drawer(shown):
    page = shown
    assert page.preview.isVisible()
    page.adapt(1024)
    assert page.preview.isHidden()
    page.rows.choose(3)
    assert page.preview.isVisible()
    page.preview.closed.emit()
    assert page.preview.isHidden()


def test_conversations_without_summaries_lead_to_where_those_are_written(page, qtbot, tmp_path):
    source = str(write_rows(tmp_path / "talk.jsonl", [{"dialogue": chat(n)["dialogue"]} for n in range(4)]))
    wanted: list[dict[str, Any]] = []
    page.label_requested.connect(wanted.append)
    checked(page, qtbot, source)
    assert page.report is None
    assert page.unlabelled.isVisible()
    page.unlabelled.acted.emit()
    assert wanted == [{"source": source, "conversation": "auto", "summary": "auto"}]


def test_summaries_can_be_written_for_what_is_checked_and_for_what_was_begun_before(shown, chats):
    wanted: list[dict[str, Any]] = []
    shown.label_requested.connect(wanted.append)
    assert not shown.unlabelled.isVisible()
    shown.label_button.click()
    shown.source.source.setText("")
    shown.label_button.click()
    assert [values.get("source") for values in wanted] == [str(chats), None]


def test_nothing_is_fetched_from_the_hub_to_write_summaries_before_it_was_asked_about(page, monkeypatch):
    asked: list[Any] = []
    monkeypatch.setattr(page._downloads, "check", lambda *arguments: asked.append(arguments))
    wanted: list[dict[str, Any]] = []
    page.label_requested.connect(wanted.append)
    page.source.set_source("someone/talk")
    page.label_button.click()
    assert (len(asked), wanted) == (1, [])
