import json
from pathlib import Path
from typing import Any

import pytest

from engine.api import StorageError
from gui.pages.data.column_mapping import turn_keys
from gui.pages.data.findings_view import FindingRow
from gui.pages.data.preview_table import Cut, RowView, cut_at, head
from gui.pages.data.report import Row, RowPreview, Shape, read, split_head

ROWS = [
    {"number": 1, "id": "r1", "conversation": "Ann: hi\nBo: yo", "summary": "They greet.", "conversation_tokens": 4,
     "summary_tokens": 3},
    {"number": 4, "id": "r2", "conversation": "Ann: a\nBo: b\nCy: c\nAnn: d", "summary": "",
     "conversation_tokens": 9, "summary_tokens": 0},
]  # fmt: skip

LIMITS = {"max_conversation_tokens": 4, "max_summary_tokens": 128}


@pytest.fixture
def result(tmp_path: Path) -> dict[str, Any]:
    """A check's result with two rows in each of two splits, and what it keeps beside."""
    lengths = {"median": 4, "p95": 9, "max": 9, "histogram": {"edges": [0, 5, 10], "counts": [1, 1]}}
    split = {
        "examples": 2,
        "rows": ROWS,
        "lengths": {"conversation": lengths, "summary": lengths},
        "turns": {"median": 3, "p95": 4, "max": 4},
        "speakers": {"median": 2, "p95": 3, "max": 3},
    }
    lines = [json.dumps(row | {"split": name}) + "\n" for name in ("train", "test") for row in ROWS]
    begins = [sum(map(len, lines[:at])) for at in range(4)]
    (tmp_path / "rows.jsonl").write_text("".join(lines))
    saved = {
        "findings": {
            "leaks": {"train": [1]},
            "duplicates": {"train": [4], "test": [4]},
            "long_summary": {"train": [1, 4]},
        },
        "lengths": {
            name: {"conversation": [[4, 1], [9, 1]], "summary": [[0, 1], [3, 1]]}
            for name in ("train", "test")
        },
        "summary_marks": 1,
        # Number, tokens of both texts, and by which numbers the conversation is known.
        "marks": {name: [[1, 4, 3, 1, 1], [4, 9, 0, 0, 0]] for name in ("train", "test")},
        "places": {"train": {"1": begins[0], "4": begins[1]}, "test": {"1": begins[2], "4": begins[3]}},
    }
    (tmp_path / "details.json").write_text(json.dumps(saved))
    shape = {"kind": "columns", "all": ["id", "dialogue"], "conversation": "dialogue", "summary": "id",
             "reason": "by its name", "id": "", "speaker": "", "text": "", "group": "", "split": "",
             "lists": "", "references": []}  # fmt: skip
    return {
        "source": "/data/chats",
        "licence": "MIT",
        "fingerprint": "f",
        "columns": shape,
        "tokens": {"exact": True, "words": "Counted."},
        "splits": {"train": split, "test": split},
        "leaks": [{"split": "test", "other": "train", "count": 1, "rows": [4], "other_rows": [1]}],
        "findings": [found("duplicates", "train", 1), found("long_summary", "train", 2),
                     found("leaks", "train", 1), found("duplicates", "test", 1)],
        "unlabelled": 0,
        "languages": {"conversation": {"code": "en", "share": 0.5}, "summary": {"code": "en", "share": 1.0}},
        "details": str(tmp_path),
    }  # fmt: skip


def found(kind: str, split: str, count: int) -> dict[str, Any]:
    return {"id": kind, "split": split, "count": count, "text": "", "what": "", "more": "", "then": ""}


def test_a_report_has_the_splits_in_their_order_with_rows_and_lengths(result):
    report = read(result)
    assert report.title == "chats"
    assert list(report.splits) == ["train", "test"]
    train = report.splits["train"]
    assert (train.examples, train.first_rows) == (2, (1, 4))
    assert (train.turns_median, train.speakers_median) == (3, 2)
    assert [row.id for row in report.first_rows()] == ["r1", "r2", "r1", "r2"]
    assert report.row("train", 3) is None
    assert report.shape.text == "A conversation per row. By its name."


def test_what_a_limit_cuts_is_counted_exactly_with_the_marks_around_summaries(result):
    train = read(result).splits["train"]
    assert [train.conversation.beyond(limit) for limit in (3, 4, 8, 9)] == [2, 1, 1, 0]
    assert [train.summary.beyond(limit) for limit in (3, 4)] == [1, 0]


def test_findings_of_one_kind_are_one_row_and_warnings_come_first(result):
    report = read(result)
    assert [(finding.title, finding.count) for finding in report.findings] == [
        ("Summary over the limit", 2), ("In more than one split", 1), ("Duplicate conversations", 2),
    ]  # fmt: skip
    assert [finding.detail for finding in report.findings] == [
        "2 in train", "1 of test also in train", "1 in train, 1 in test",
    ]  # fmt: skip
    assert report.numbers("test", report.findings[2], LIMITS) == (4,)
    assert report.numbers("train", report.findings[0], LIMITS) == ()
    assert report.numbers("train", report.findings[0], LIMITS | {"max_summary_tokens": 3}) == (1,)


def test_what_is_found_is_said_in_the_language_that_is_preferred(result, german):
    report = read(result)
    assert report.shape.text == "Ein Gespräch je Zeile. Nach ihrem Namen."
    assert split_head("train", 2) == "Training (2)"
    finding = report.findings[0]
    assert (finding.id, finding.title, finding.detail) == (
        "long_summary", "Zusammenfassung über der Grenze", "2 in Training",
    )  # fmt: skip
    assert finding.explained == "Zusammenfassung über der Grenze. Läufe kürzen es."


def test_a_finding_has_room_for_what_its_buttons_say_in_any_language(result, german, qtbot, styled):
    row = qtbot.add(FindingRow(read(result).findings[0]))
    row.set_state(excluded=True, masked=False)
    assert row.act_button.text() == "Ausgelassen. Rückgängig"
    assert row.accessibleName() == "Zusammenfassung über der Grenze, 2 Zeilen, 2 in Training, ausgelassen"
    for button in (row.show_button, row.act_button):
        assert button.sizeHint().width() <= button.parentWidget().width()


def test_rows_of_several_findings_go_once_and_a_limit_that_was_moved_is_counted_anew(result):
    report = read(result)
    assert report.left_out((), LIMITS) == (0, True)
    assert report.left_out(("leaks",), LIMITS) == (1, True)
    assert report.left_out(("long_summary", "leaks"), LIMITS) == (1, True)
    assert report.left_out(("long_summary", "leaks"), LIMITS | {"max_summary_tokens": 3}) == (2, True)
    report = read(result)
    assert report.over("long_conversation", LIMITS) == {"train": 1, "test": 1}
    assert report.over("long_conversation", LIMITS | {"max_conversation_tokens": 9}) == {}
    assert report.left_out(("long_conversation",), LIMITS) == (2, True)
    assert report.left_out(("leaks", "long_conversation"), LIMITS) == (3, True)
    assert report.left_out(("leaks", "long_conversation"), LIMITS | {"max_conversation_tokens": 3}) == (
        4,
        True,
    )


def test_a_report_whose_details_are_gone_is_refused_and_rows_that_are_gone_are_none(result, tmp_path):
    report = read(result)
    (tmp_path / "rows.jsonl").unlink()
    assert report.row("train", 1) is None
    assert report.first_rows() == []
    (tmp_path / "details.json").unlink()
    with pytest.raises(StorageError, match=r"details\.json can't be used"):
        read(result)


def row(text: str, tokens: int, ends: tuple[int, ...] = ()) -> Row:
    return Row(1, "train", "r", text, "", tokens, 0, ends)


def test_the_cut_falls_where_the_tokens_end_or_the_first_turn_no_longer_fits():
    text = "\n".join(f"Ann: {'word ' * 4}" for _ in range(10))
    for limit, expected in ((100, None), (50, Cut(5)), (1, Cut(0))):
        assert cut_at(row(text, 100), limit, text) == expected
    text = "Ann: hi\nBo: yo\nand on\nCy: ok"
    cuts = (Cut(0), Cut(1), Cut(1), Cut(1, "yo"), Cut(1, "yo\nan"), Cut(2), None)
    for limit, expected in enumerate(cuts, 1):
        assert cut_at(row(text, 7, (3, 7, 9, 14, 17, 21, 28)), limit, text) == expected


def test_columns_are_headed_by_their_roles_and_keys_of_turns_are_found():
    roles = {"conversation": "messages", "summary": "s1", "speaker": "role", "text": "content", "group": "",
             "split": "", "references": "s2, s3", "id": ""}  # fmt: skip
    columns = ("role", "messages", "s1", "s2")
    cell = '[{"role": "user", "content": "hi"}, {"role": "bot", "con'
    look = RowPreview("x", "", columns, ({"messages": cell},), Shape("turns", columns, roles, ""), None)
    assert [head(look, column) for column in columns] == [
        "role", "messages: conversation", "s1: summary", "s2: further summaries",
    ]  # fmt: skip
    assert turn_keys(look) == ("role", "content")


def test_of_a_book_the_beginning_is_shown(qtbot, styled):
    view = qtbot.add(RowView())
    view.show_row(row("Ann: hi\n" * 100_000, 300_000), limit=400_000)
    assert sum(len(turn.text) for turn in view.conversation.turns()) < 20_000
    assert view.tokens.text() == "300,000 tokens. Showing the first 19,999 of 800,000 characters."
    view.show_row(row("Ann: hi", 3), limit=512)
    assert view.tokens.text() == "3 tokens, 1 turn"
