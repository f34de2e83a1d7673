import csv
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog

from engine.api import Supervisor, create_job
from gui.look.format import percent
from gui.pages.data.page import DataPage
from gui.workers.worker_manager import WorkerManager
from tests.helpers import scripted_worker
from tests.helpers.table_files import write

LIMITS = {"max_conversation_tokens": 512, "max_summary_tokens": 128}


def chat(number: int, words: int = 4) -> dict[str, str]:
    talk = f"Ann: number {number}\nBo: " + "well " * words
    return {"id": f"c{number}", "dialogue": talk, "summary": f"Ann says {number}.", "title": f"Chat {number}"}


def said(page) -> list[str]:
    return [f"{turn.speaker}: {turn.text}" for turn in page.parts.row_view.conversation.turns()]


@pytest.fixture(scope="module")
def chats(tmp_path_factory) -> Path:
    """A folder of three splits: train has a duplicate and a long conversation, test leaks into it."""
    folder = tmp_path_factory.mktemp("data") / "chats"
    folder.mkdir()
    write(folder / "train.jsonl", [chat(1), chat(2, words=900), *map(chat, range(3, 20)), chat(1)])
    write(folder / "validation.jsonl", [chat(30), chat(31)])
    write(folder / "test.jsonl", [chat(3), chat(41)])
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
    supervisor.detach()
    return made[0]


@pytest.fixture
def shown(page, chats, result) -> DataPage:
    """The page with the chats checked."""
    page.parts.source.set_source(str(chats))
    page.show_result(result, {**page.parts.source.values(), **LIMITS})
    return page


def checked(page: DataPage, qtbot, source: str) -> None:
    page.open(source)
    assert page.checker.is_busy
    qtbot.waitUntil(lambda: not page.checker.is_busy)


def test_a_folder_of_splits_is_shown_whole_and_what_a_check_kept_goes_with_the_next(page, qtbot, chats):
    handed: list[Any] = []
    page.rows_checked.connect(lambda name, rows: handed.append((name, len(rows))))
    checked(page, qtbot, str(chats))
    assert handed == [("chats", 24)]
    assert page.header.title() == "chats"
    assert "The practice model" in page.parts.source.tokenizer.currentText()
    assert page.parts.figures.texts()[:3] == ["20 train", "2 validation", "2 test"]
    assert page.parts.rows.count() == 20
    assert page.parts.row_view.row().id == "c1"
    titles = {row.finding.title: row.finding.count for row in page.parts.findings.rows()}
    assert titles == {
        "In more than one split": 1, "Conversation over the limit": 1, "Duplicate conversations": 1,
    }  # fmt: skip
    assert page.parts.conversations.text() == f"{percent(0.05, 1)} would be cut: 1 of 20."

    first = page.report.details.folder
    assert (first / "rows.jsonl").exists()
    page.check()
    qtbot.waitUntil(lambda: not page.checker.is_busy)
    second = page.report.details.folder
    assert second != first
    assert not first.exists()
    # A mapping that can't be is said beside what was chosen.
    mapping = page.parts.source.mapping
    mapping.by_hand["last_turn"].set_key("summary")
    mapping.by_hand["last_turn"].chosen.emit("summary")
    qtbot.waitUntil(lambda: not page.checker.is_busy)
    assert "contains no lists of turns" in mapping.fields["last_turn"].problem()
    assert mapping.fields["last_turn"].isVisible()
    assert not page.use_button.isVisible()
    page.manager.leave()
    assert not second.exists()


def test_what_is_shown_can_be_used_for_the_next_run(shown, chats):
    page = shown
    wanted: list[dict[str, Any]] = []
    page.use_requested.connect(wanted.append)
    page.parts.source.source.setText("something else, not checked")
    page.use_button.click()
    assert wanted == [
        {
            "source": str(chats), "conversation": "auto", "summary": "auto", "columns": {},
            "broken_rows": "refuse", "exclude": [], "mask": [], "max_conversation_tokens": 512,
            "max_summary_tokens": 0,
        }
    ]  # fmt: skip


def test_limits_follow_the_data_until_they_are_moved_and_go_into_the_recipe(shown):
    page, summaries = shown, shown.parts.summaries
    assert (summaries.limit, page.values()["max_summary_tokens"]) == (64, 0)
    summaries.histogram.set_limit(40)
    summaries.histogram.limitChanged.emit(40)
    assert page.values()["max_summary_tokens"] == 40
    summaries.follow(640)
    assert summaries.limit == 40
    page.parts.rows.choose(1)
    assert "Cuts " in page.parts.row_view.tokens.text()
    for _ in range(2):
        key = QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_PageDown, Qt.KeyboardModifier.NoModifier)
        page.parts.conversations.histogram.keyPressEvent(key)
    assert page.values()["max_conversation_tokens"] == 512 - 32
    assert page.parts.conversations.text() == f"{percent(0.05, 1)} would be cut: 1 of 20."
    for _ in range(40):
        page.parts.conversations.histogram.keyPressEvent(key)
    assert page.parts.conversations.text() == f"{percent(1, 1)} would be cut: 20 of 20."
    assert "24 rows, 20 in train" in finding(page, "long_conversation").accessibleName()


def test_a_finding_leads_to_its_rows_by_split_which_are_exported_and_left_out(shown, tmp_path, monkeypatch):
    page, rows = shown, shown.parts.rows
    tried: list[Any] = []
    page.try_requested.connect(lambda _adapters, example: tried.append(example))
    page.parts.row_view.try_button.click()
    assert tried[0].summary == "Ann says 1."
    finding(page, "long_conversation").show_button.click()
    assert page.parts.part.current() == "rows"
    assert rows.numbers() == (2,)
    assert page.parts.row_view.row().id == "c2"
    rows.all_button.click()
    page.parts.row_view.step_wanted.emit(1)
    page.parts.row_view.step_wanted.emit(1)
    assert page.parts.row_view.row().id == "c3"

    finding(page, "leaks").show_button.click()
    assert rows.which() == "In more than one split: 1 of test also in train."
    assert (page.parts.split.texts()[0], rows.numbers()) == ("Train (1)", (3,))
    path = tmp_path / "leaks.csv"
    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.getSaveFileName", lambda *_: (str(path), ""))
    rows.export_button.click()
    assert "c3" in path.read_text(encoding="utf-8-sig")
    assert str(path) in page.parts.remarks.text()
    rows.all_button.click()
    assert rows.count() == 20
    page.parts.split.set_current("test")
    assert rows.count() == 2

    row = finding(page, "duplicates")
    assert row.act_button.text() == "Exclude"
    row.act_button.click()
    assert row.act_button.text() == "Excluded. Undo"
    assert page.values()["exclude"] == ["duplicates"]
    assert "1 excluded" in page.parts.figures.texts()
    row.act_button.click()
    assert page.values()["exclude"] == []
    assert not any("excluded" in text for text in page.parts.figures.texts())


def test_rows_over_a_limit_are_those_of_the_limit_as_it_is_now(shown, tmp_path, monkeypatch):
    page = shown
    finding(page, "long_conversation").show_button.click()
    histogram = page.parts.conversations.histogram

    def drag(limit: int) -> None:
        histogram.set_limit(limit)
        histogram.limitChanged.emit(limit)
        histogram.limitSettled.emit(limit)

    rows = page.parts.rows
    assert (list(rows.numbers()), rows.which()) == ([2], "Conversation over the limit: 1 in train.")
    drag(2000)
    assert (list(rows.numbers()), rows.which()) == ([], "Conversation over the limit: none.")
    drag(8)
    # The duplicate and the one that stands in test as well are at hand, the others are not.
    assert list(rows.numbers()) == [1, 2, 3, 20]
    more = "16 more exceed the limit. Check again to list them."
    assert rows.which() == f"Conversation over the limit: 20 in train, 2 in validation, 2 in test. {more}"
    target = tmp_path / "rows.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    rows.export_button.click()
    with target.open(encoding="utf-8-sig", newline="") as stream:
        written = [(row["split"], row["row"]) for row in csv.DictReader(stream)]
    assert [number for split, number in written if split == "train"] == ["1", "2", "3", "20"]


def test_what_can_not_be_checked_is_said_beside_the_source_or_the_column(page, qtbot, chats, tmp_path):
    source = page.parts.source
    assert not page.use_button.isVisible()
    page.check()
    assert source.source_field.problem() == "No source yet. Enter one."
    source.take_files([chats, chats / "train.jsonl"])
    assert "is a folder among files" in source.source_field.problem()
    assert not page.checker.is_busy
    checked(page, qtbot, str(tmp_path / "nowhere.csv"))
    assert "doesn't exist" in source.source_field.problem()
    assert not page.use_button.isVisible()
    said = [
        {"dialogue": f"Ann: hi {n}", "a": f"Ann says hi {n} times.", "b": f"It is said {n} times."}
        for n in range(3)
    ]
    checked(page, qtbot, str(write(tmp_path / "odd.jsonl", said)))
    assert "summary" in source.mapping.fields["summary"].problem()
    assert source.source_field.problem() == ""


def test_a_check_makes_room_for_the_next_which_inherits_no_decisions(shown, qtbot, chats, tmp_path):
    page = shown
    finding(page, "duplicates").act_button.click()
    page.open(str(chats))
    first = page.checker.active_job.thread
    path = write(tmp_path / "few.jsonl", [chat(number) for number in range(20)])
    checked(page, qtbot, str(path))
    qtbot.waitUntil(first.isFinished)
    assert page.header.title() == "few.jsonl"
    assert page.values()["exclude"] == []
    assert page.parts.too_few.text() == (
        "Only 16 conversations to train on; a model needs at least 30. Only 2 conversations to test on; "
        "a verdict needs 10."
    )
    page.open(str(chats))
    thread = page.checker.active_job.thread
    page.checker.stop()
    assert not page.checker.is_busy
    qtbot.waitUntil(thread.isFinished)
    assert page.report is None


def test_below_1200_the_preview_is_a_drawer(shown):
    page = shown
    assert page.parts.row_view.isVisible()
    page.adapt(1024)
    assert page.parts.row_view.isHidden()
    page.parts.rows.choose(3)
    assert page.parts.row_view.isVisible()
    page.parts.row_view.close_button.click()
    assert page.parts.row_view.isHidden()


def test_summaries_can_be_written_for_what_is_checked_and_for_what_was_begun_before(shown, chats):
    wanted: list[Any] = []
    shown.label_requested.connect(lambda *asked: wanted.append(asked))
    assert not shown.parts.unlabelled.isVisible()
    shown.exclusions.exclude("duplicates", True)
    shown.exclusions.mask("email", True)
    shown.label_button.click()
    ((values, base_model),) = wanted
    assert (values["source"], values["exclude"], values["mask"]) == (str(chats), ["duplicates"], ["email"])
    assert values["max_conversation_tokens"] == shown.parts.conversations.limit
    assert base_model == shown.parts.source.tokenizer.key()
    shown.parts.source.source.setText("")
    shown.label_button.click()
    assert wanted[1][0].get("source") is None


def test_nothing_is_fetched_from_the_hub_to_write_summaries_before_it_was_asked_about(page, monkeypatch):
    asked: list[Any] = []
    monkeypatch.setattr(page.downloads, "request", lambda *arguments: asked.append(arguments))
    wanted: list[dict[str, Any]] = []
    page.label_requested.connect(lambda values, _base: wanted.append(values))
    page.parts.source.set_source("someone/talk")
    page.label_button.click()
    assert (len(asked), wanted) == (1, [])


def finding(page: DataPage, kind: str) -> Any:
    (row,) = [row for row in page.parts.findings.rows() if row.finding.id == kind]
    return row


def test_the_first_rows_are_shown_with_their_roles_before_the_check_is_complete(page, qtbot, tmp_path):
    path = write(tmp_path / "many.jsonl", [chat(number) for number in range(3000)])
    seen: list[tuple[bool, bool]] = []
    page.checker.previewed.connect(
        lambda _event: seen.append((page.report is None, page.row_preview is not None))
    )
    checked(page, qtbot, str(path))
    assert seen == [(True, True)]
    assert page.parts.preview_table.headings() == [
        "id: name", "dialogue: conversation", "summary: summary", "title",
    ]  # fmt: skip
    assert page.parts.source.mapping.reason.text().startswith("A conversation per row. Conversation: column")


def test_rows_of_no_known_shape_are_mapped_by_hand(page, qtbot, tmp_path):
    rows = [
        {"no": str(number // 3), "was": "so it is", "by": "Ann", "gist": f"They talk, {number // 3}"}
        for number in range(90)
    ]
    checked(page, qtbot, str(write(tmp_path / "odd.jsonl", rows)))
    mapping = page.parts.source.mapping
    assert page.report is None
    assert "conversation" in mapping.fields["conversation"].problem()
    assert page.parts.preview_table.isVisible()
    mapping.more_button.click()
    mapping.conversation.set_key("was")
    mapping.summary.set_key("gist")
    mapping.by_hand["speaker"].set_key("by")
    mapping.by_hand["group"].set_key("no")
    mapping.by_hand["group"].chosen.emit("no")
    qtbot.waitUntil(lambda: not page.checker.is_busy)
    assert said(page)[:2] == ["Ann: so it is"] * 2
    assert page.values()["columns"] == {"speaker": "by", "group": "no"}
    assert mapping.reason.text().startswith("A turn per row")


def test_personal_data_is_masked_in_the_preview_and_in_the_recipe(page, qtbot, tmp_path):
    rows = [chat(number) for number in range(30)]
    rows[4]["dialogue"] = "Ann: write to ann@example.org\nBo: I will"
    checked(page, qtbot, str(write(tmp_path / "mail.jsonl", rows)))
    row = finding(page, "email")
    row.show_button.click()
    assert "ann@example.org" in page.parts.row_view.personal.text()
    row.act_button.click()
    assert "write to [e-mail]" in "\n".join(said(page))
    assert page.parts.row_view.personal.text() == "1 passage masked."
    assert page.values()["mask"] == ["email"]
    assert row.act_button.text() == "Masked. Undo"
    row.act_button.click()
    assert "ann@example.org" in "\n".join(said(page))
    assert [action.text() for action in row.menu().actions()] == [
        "Export these rows as CSV…",
        "Exclude these rows",
    ]


def test_a_pasted_table_is_checked_like_a_file(page, qtbot, home):
    text = "dialogue,summary\n" + "".join(f'"Ann: {n}\nBo: yes",Ann says {n}.\n' for n in range(30))
    page.parts.source.paste_button.click()
    panel = page.parts.source.paste
    panel.edit.setPlainText(" ")
    panel.take_button.click()
    assert "clipboard contains no text" in panel.field.problem()
    panel.edit.setPlainText(text)
    panel.take_button.click()
    assert panel.isHidden()
    qtbot.waitUntil(lambda: page.report is not None and not page.checker.is_busy)
    assert Path(page.values()["source"]).parent.is_relative_to(home)
    assert sum(split.examples for split in page.report.splits.values()) == 30


def silent(job) -> list[str]:
    scripted_worker.give_script(job, [["wait_for_stop", None]])
    return scripted_worker.command(job)


@pytest.fixture
def waiting_page(qtbot, home):
    manager = WorkerManager(silent)
    made = qtbot.show(DataPage(manager))
    yield made
    manager.leave()


def test_asking_the_hub_can_be_cancelled_and_is_when_another_source_is_named(waiting_page):
    waiting_page.open("someone/talk")
    question = waiting_page.parts.question
    assert "Asking the hub about someone/talk" in question.text()
    assert question.action_button().text() == "Cancel"
    question.action_button().click()
    assert not question.isVisible()
    assert not waiting_page.downloads.is_checking
    waiting_page.open("someone/talk")
    assert waiting_page.downloads.is_checking
    waiting_page.parts.source.set_source("someone/else")
    assert not waiting_page.downloads.is_checking


def test_a_check_says_how_long_it_still_takes(waiting_page):
    entered = {"event": "stage_entered", "stage": "check_rows", "clock": 1.0}
    progress = {"event": "stage_progressed", "done": 0, "total": 9000, "unit": "rows", "clock": 1.0}
    waiting_page.checker._follow([entered, progress, progress | {"done": 1000, "clock": 21.0}])
    busy = waiting_page.parts.source.busy
    assert busy.accessibleName() == "Checking the conversations 1,000 of 9,000 rows, about 3 min left"
