import csv
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication

from engine.api import Example
from gui.models.grouped_table import CELL_ROLE
from gui.pages.playground.page import PlaygroundPage
from tests.helpers.background import wait_for
from tests.helpers.playground_stage import CONVERSATION, SUMMARIES, make_adapter

ROWS = [
    Example("r1", CONVERSATION, "The venue offers the 21st."),
    Example("r2", "Ann: =1+1 is two\nBo: Yes.", "They count."),
    Example("r3", "Cy: The bus is late.", "A bus is late."),
]


@pytest.fixture
def batch_page(page) -> PlaygroundPage:
    """The page with three conversations to be summarised by the base and one adapter."""
    page.offer_conversations("chats", ROWS)
    page.open(["a1"])
    page.mode.set_current("several")
    return page


def summarised(page: PlaygroundPage, qtbot) -> PlaygroundPage:
    page.summarise_button.click()
    qtbot.waitUntil(lambda: not page.batch_controller.is_busy)
    return page


def shown(page: PlaygroundPage) -> list[dict[str, str]]:
    """Return the table as it is read."""
    table = page.batch_controller.view.table
    return [
        {column.key: str(table.index(at, index).data()) for index, column in enumerate(table.columns)}
        for at in range(table.rowCount())
    ]


def test_the_conversations_at_hand_are_offered_with_the_columns_of_the_page(batch_page, home):
    view = batch_page.batch_controller.view
    assert [column.title for column in view.table.columns] == [
        "Conversation", "Base model, ROUGE-1", "a1-name, ROUGE-1",
    ]  # fmt: skip
    assert len(shown(batch_page)) == 3
    assert view.count.text() == "First 3 conversations"
    view.count.setValue(2)
    assert len(shown(batch_page)) == 2
    assert batch_page.decoding.isVisible()
    # Names are told apart by what differs in them.
    for adapter, rank in (("c1", 8), ("c2", 16)):
        make_adapter(adapter, name=f"starter · sample · LoRA r {rank}")
    batch_page.controller.open_adapters(["c1", "c2"])
    heads = [column.title for column in view.table.columns]
    assert heads[2:] == ["a1-name, ROUGE-1", "LoRA r 8, ROUGE-1", "LoRA r 16, ROUGE-1"]


@pytest.mark.usefixtures("styled")
def test_every_conversation_is_summarised_in_every_column_compared_and_exported(batch_page, qtbot, tmp_path):
    def places():
        QApplication.processEvents()
        buttons = (batch_page.mode, batch_page.add_button, batch_page.summarise_button)
        return [button.mapTo(batch_page, QPoint(0, 0)) for button in buttons]

    view, before = batch_page.batch_controller.view, places()
    batch_page.controller.add("a2")
    summarised(batch_page, qtbot)
    rows = shown(batch_page)
    assert [row["summary 1"] for row in rows] == [SUMMARIES["a1"]] * 3
    assert {view.table.index(at, 1).data(CELL_ROLE).note for at in range(3)} == {"50.0"}
    assert "chrF 60.0" in view.table.index(0, 2).data(Qt.ItemDataRole.ToolTipRole)
    head, base, tuned, _ = view.score_texts()
    assert head == "ROUGE-1 and chrF, mean and 95 % interval, on 3 conversations with a reference."
    assert base == "Base model: 50.0 (50.0 to 50.0). chrF 60.0 (60.0 to 60.0)"
    assert tuned.startswith("a1-name: 50.0 (50.0 to 50.0). Too few conversations to compare:")
    assert tuned.endswith("chrF 60.0 (60.0 to 60.0), +0.0 (0.0 to 0.0)")
    assert view.busy.isHidden()
    assert batch_page.summarise_button.isEnabled()
    # The header's buttons stay where they are.
    qtbot.waitUntil(lambda: not batch_page.unload_button.isHidden())
    assert places() == before

    batch_page.batch_controller.export(tmp_path / "out.csv")
    wait_for(batch_page.batch_controller)
    qtbot.waitUntil(lambda: "Exported" in view.notice.text())
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[1]["conversation"] == ROWS[1].conversation
    assert rows[0]["a1-name: summary"] == SUMMARIES["a1"]
    assert rows[0]["a1-name: rouge1"] == "0.5"


def test_a_row_is_looked_at_alone_and_can_be_commented_on(batch_page, qtbot):
    view = batch_page.batch_controller.view
    view.count.setValue(1)
    summarised(batch_page, qtbot)
    head, _base, tuned = view.score_texts()
    assert head == "ROUGE-1 and chrF on one conversation with a reference, so no interval."
    assert tuned == "a1-name: 50.0. chrF 60.0"
    batch_page.panel.alone_button.click()
    assert not batch_page.shows_several
    assert batch_page.panel.conversation == CONVERSATION
    assert batch_page.panel.reference == "The venue offers the 21st."
    assert batch_page.columns.view("a1").text() == SUMMARIES["a1"]
    batch_page.columns.view("a1").tools.thumbs["up"].click()
    assert batch_page.controller.history.items[0].good
    batch_page.mode.set_current("several")
    assert batch_page.batch_controller.batch.done == 1


def test_the_selected_row_is_read_rated_and_copied_beside_the_table(batch_page, qtbot):
    view, panel, columns = batch_page.batch_controller.view, batch_page.panel, batch_page.columns
    batch_page.open_conversation("Di: Mine", "My reference")
    batch_page.mode.set_current("several")
    assert panel.conversation == CONVERSATION
    assert panel.reference_edit.isReadOnly()
    assert not columns.base.act.isVisible()
    assert batch_page.history.isHidden()
    summarised(batch_page, qtbot)
    view.view.choose("3")
    assert (panel.conversation, panel.reference) == (ROWS[2].conversation, ROWS[2].summary)
    assert columns.view("a1").text() == SUMMARIES["a1"]
    batch_page.copy_button.click()
    assert "> Cy: The bus is late" in QGuiApplication.clipboard().text()
    for thumb in ("up", "down"):
        columns.view("a1").tools.thumbs[thumb].click()
    rated = batch_page.controller.history.items
    assert [(item.conversation, item.is_rated) for item in rated] == [(ROWS[2].conversation, True)]
    # The conversation from before, which nobody has left.
    batch_page.mode.set_current("one")
    assert (panel.conversation, panel.reference) == ("Di: Mine", "My reference")
    assert columns.view("a1").text() == ""


def test_a_search_shows_what_it_finds_and_keeps_what_was_written(batch_page, qtbot):
    view = batch_page.batch_controller.view
    summarised(batch_page, qtbot)
    view.search.setText("BUS late")
    view.search.returnPressed.emit()
    assert [row["summary 1"] for row in shown(batch_page)] == [SUMMARIES["a1"]]
    assert batch_page.panel.conversation == ROWS[2].conversation
    view.search.clear()
    assert batch_page.batch_controller.batch.done == 3
    view.search.setText("nobody says this")
    view.search.returnPressed.emit()
    assert shown(batch_page) == []
    assert batch_page.columns.isHidden()


def test_a_batch_is_cancelled_and_gone_on_with(batch_page, workers, qtbot):
    workers.say(SUMMARIES | {"a1": {"hang": True}})
    batch_page.summarise_button.click()
    batch = batch_page.batch_controller.batch
    qtbot.waitUntil(lambda: batch.rows[0].results.columns[1].status == "running")
    assert not batch_page.summarise_button.isEnabled()
    assert batch_page.batch_controller.view.busy.isVisible()
    batch_page.batch_controller.view.cancel_button.click()
    assert batch_page.batch_controller.view.notice.text() == "Cancelled after 0 of 3 conversations."
    qtbot.waitUntil(batch_page.summarise_button.isEnabled)
    batch_page.controller.summarizer.close()
    qtbot.waitUntil(lambda: not batch_page.controller.summarizer.alive)
    workers.say(SUMMARIES)
    batch_page.batch_controller.view.notice.action_button().click()
    qtbot.waitUntil(lambda: batch.done == 3)
    assert not batch.can_go_on


def test_a_batch_says_how_long_it_still_takes_by_the_worker_s_clock(batch_page, workers, monkeypatch):
    batch = batch_page.batch_controller.batch
    workers.manager.summarizer.state = "ready"
    monkeypatch.setattr(workers.manager.summarizer, "summarize", lambda *_: "r")
    batch.start({"id": "starter"}, batch.options, None)
    assert batch.progress() == (0.0, "0 of 3 conversations")

    def written(index: int, adapter: str | None, at: float) -> dict[str, Any]:
        facts = {"event": "summary_finished", "request": "r", "index": index, "adapter": adapter}
        return facts | {"summary": "So.", "tokens": 2, "seconds": 1.0, "clock": at}

    for event in (written(0, None, 10.0), written(0, "a1", 70.0), written(1, None, 130.0)):
        workers.manager.summarizer.events.emit([event])
    share, how_far = batch.progress()
    assert (share, how_far) == (0.5, "1 of 3 conversations, about 3 min left")
    batch.cancel()
    workers.manager.summarizer.state = "off"


def test_a_dead_worker_keeps_what_was_done(batch_page, workers, qtbot):
    workers.say(SUMMARIES | {"a1": {"abort": True}})
    summarised(batch_page, qtbot)
    notice = batch_page.batch_controller.view.notice.text()
    assert "SIGABRT" in notice
    assert notice.endswith("Finished summaries are saved.")
    # Of the conversation that is shown alone, nothing was asked.
    assert batch_page.strip.text() == ""
    assert batch_page.batch_controller.batch.can_go_on
    workers.say(SUMMARIES)
    batch_page.batch_controller.view.notice.action_button().click()
    qtbot.waitUntil(lambda: batch_page.batch_controller.batch.done == 3)


def found(split: str | None, *rows: Example) -> dict[str, Any]:
    table = [
        {"id": each.id, "conversation": each.conversation, "summary": each.summary, "more_references": []}
        for each in rows
    ]
    return {"event": "conversations_read", "split": split, "conversations": table}


def test_files_are_read_split_by_split(batch_page, workers, qtbot, tmp_path):
    left_out = {"empty": 1, "too_long": 0, "beyond": 2}
    workers.reading = [
        ["emit", found("test", ROWS[2])],
        ["emit", found("train", *ROWS[:2])],
        ["emit", {"event": "result_made", "result": {"conversations": 3, "left_out": left_out}}],
    ]
    (tmp_path / "chats.jsonl").write_text("{}")
    drop(batch_page, tmp_path / "chats.jsonl")
    assert batch_page.batch_controller.view.busy.isVisible()
    qtbot.waitUntil(lambda: len(batch_page.batch_controller.batch.rows) == 1)
    source = batch_page.batch_controller.view.source
    assert [source.itemText(at) for at in range(2)] == ["chats.jsonl (test) (1)", "chats.jsonl (train) (2)"]
    assert batch_page.batch_controller.view.notice.text().startswith(
        "Skipped: 1 without conversation, 2 beyond"
    )
    source.set_key("chats.jsonl (train)")
    source.chosen.emit("chats.jsonl (train)")
    assert [row.example for row in batch_page.batch_controller.batch.rows] == ROWS[:2]


def drop(page: PlaygroundPage, *files) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    page.dropEvent(
        QDropEvent(
            QPointF(10, 10), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )  # fmt: skip


def test_files_that_can_not_be_read_are_named(batch_page, workers, qtbot, tmp_path):
    workers.reading = [["fail", {"message": "chats.jsonl is damaged.", "hint": "Repair it."}]]
    (tmp_path / "chats.jsonl").write_text("{}")
    drop(batch_page, tmp_path / "chats.jsonl")
    qtbot.waitUntil(
        lambda: batch_page.batch_controller.view.notice.text() == "chats.jsonl is damaged. Repair it."
    )
