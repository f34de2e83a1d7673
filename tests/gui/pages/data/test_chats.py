"""Chat exports on the data page: parted by pauses, and waiting for summaries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.api import chats
from gui.pages.data.page import DataPage
from gui.workers.worker_manager import WorkerManager

WAIT = 90_000


@pytest.fixture
def page(qtbot, home, styled) -> Iterator[DataPage]:
    manager = WorkerManager()
    made = DataPage(manager)
    qtbot.addWidget(made)
    made.resize(1232, 860)
    made.show()
    yield made
    manager.leave()


def test_a_chat_is_parted_by_pauses_which_can_be_chosen(page, qtbot, tmp_path: Path) -> None:
    text = "".join(f"0{day}.11.24, 10:00 - Ann: Day {day}\n" for day in range(1, 10))
    (tmp_path / "chat.txt").write_text(text)
    page.open(str(tmp_path / "chat.txt"))
    qtbot.waitUntil(lambda: page.report is not None and not page.checker.is_busy, timeout=WAIT)
    mapping = page.parts.source.mapping
    assert "next conversation begins after a pause of 4 hours" in mapping.reason.text()
    assert page.row_preview.rows[0]["conversation"] == "Ann: Day 1"
    state = page.parts.unlabelled
    assert state.text() == "These 9 conversations have no summaries yet."
    hidden = (page.use_button, page.label_button, page.parts.summaries, page.parts.too_few, mapping.summary)
    assert not any(part.isVisible() for part in hidden)
    assert page.report.findings == ()
    assert page.report.unlabelled == 9
    assert page.parts.figures.texts()[0] == "9 conversations"
    assert sum(page.report.sizes().values()) == 9
    assert not mapping.turn_button.isVisible()
    mapping.more_button.click()
    assert mapping.summary.isVisible()
    mapping.by_hand["pause"].set_key("0")
    mapping.by_hand["pause"].chosen.emit("0")
    qtbot.waitUntil(lambda: not page.checker.is_busy, timeout=WAIT)
    assert "Each chat is one conversation" in mapping.reason.text()
    assert page.row_preview.rows[0]["conversation"].endswith("Ann: Day 9")
    assert page.values()["columns"] == {"pause": "0"}


def test_a_transcript_in_which_no_one_is_named_is_said_in_red(page, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[str, ...]] = []
    monkeypatch.setattr(page.parts.remarks, "show_notice", lambda *given: shown.append(given))
    page._show_remarks(["a.srt is read as turns. SRT subtitles: 2 turns, 2 speakers."])
    page._show_remarks([f"a.srt is read as turns. SRT subtitles: 1 turn. {chats.NAMELESS}"])
    assert [given[2:] for given in shown] == [("info", "muted"), ("problem", "error")]
