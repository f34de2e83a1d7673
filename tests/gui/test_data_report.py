"""The result of a data check in the page's words."""

from __future__ import annotations

from typing import Any

import pytest

from gui.pages.data.preview import cut_turn
from gui.pages.data.report import Histogram, Row, read


def result(**changes: Any) -> dict[str, Any]:
    """Return a check's result with one split of two rows."""
    lengths = {"median": 4, "p95": 9, "max": 9, "histogram": {"edges": [0, 5, 10], "counts": [1, 1]}}
    rows = [
        {"number": 1, "id": "r1", "conversation": "Ann: hi\nBo: yo", "summary": "They greet.", "conversation_tokens": 4,
         "summary_tokens": 3},
        {"number": 4, "id": "r2", "conversation": "Ann: a\nBo: b\nCy: c\nAnn: d", "summary": "",
         "conversation_tokens": 9, "summary_tokens": 0},
    ]  # fmt: skip
    split = {
        "examples": 2,
        "rows": rows,
        "lengths": {"conversation": lengths, "summary": lengths},
        "turns": {"median": 3, "p95": 4, "max": 4},
        "speakers": {"median": 2, "p95": 3, "max": 3},
    }
    made: dict[str, Any] = {
        "source": "/data/chats",
        "licence": "MIT",
        "fingerprint": "f",
        "columns": {
            "all": ["id", "dialogue"],
            "conversation": "dialogue",
            "summary": "id",
            "reason": "by name",
        },
        "tokens": {"exact": True, "words": "Counted."},
        "splits": {"train": split, "test": split},
        "leaks": [],
        "findings": [],
    }
    return made | changes


def test_a_report_has_the_splits_in_their_order_with_rows_and_lengths():
    report = read(result())
    assert report.title == "chats"
    assert list(report.splits) == ["train", "test"]
    train = report.splits["train"]
    assert (train.examples, train.rows[1].number, train.rows[1].id) == (2, 4, "r2")
    assert (train.turns_median, train.speakers_median) == (3, 2)
    assert train.conversation.most == 9


def test_the_sample_has_a_name():
    assert read(result(source="sample")).title == "Sample conversations"


def test_findings_of_one_kind_are_one_row_and_warnings_come_first():
    findings = [
        {"id": "duplicates", "split": "train", "text": "", "count": 476, "rows": [380, 678, 830, 1003, 1574]},
        {"id": "long_conversation", "split": "train", "text": "", "count": 1, "rows": [7]},
        {"id": "long_conversation", "split": "test", "text": "", "count": 2, "rows": [6, 19]},
    ]
    findings.append({"id": "leaks", "split": "train", "text": "", "count": 89, "rows": [8]})
    leaks = [{"split": "test", "other": "train", "count": 42, "rows": [5, 6], "other_rows": [8]}]
    report = read(result(findings=findings, leaks=leaks))
    assert [(finding.title, finding.count) for finding in report.findings] == [
        ("In more than one split", 42),
        ("Conversation over the limit", 3),
        ("Duplicate conversations", 476),
    ]
    assert report.findings[0].detail == "42 of test also in train"
    assert report.findings[0].first == (("test", 5), ("test", 6))
    assert report.findings[1].detail == "train, row 7; test, rows 6, 19"
    assert report.findings[1].counts == {"train": 1, "test": 2}
    assert report.findings[2].detail == "train, rows 380, 678, 830, 1,003 and 472 more"
    assert report.findings[1].first == (("train", 7), ("test", 6), ("test", 19))


@pytest.mark.parametrize(("limit", "expected"), [(0, 10), (9, 6), (14, 3), (19, 0), (100, 0)])
def test_texts_beyond_a_limit_are_counted_with_a_share_of_its_bin(limit, expected):
    histogram = Histogram((0, 10, 20), (4, 6))
    assert histogram.beyond(limit) == pytest.approx(expected, abs=0.5)


def test_the_first_turn_that_no_longer_fits_is_found():
    text = "\n".join(f"Ann: {'word ' * 4}" for _ in range(10))
    row = Row(1, "r", text, "", conversation_tokens=100, summary_tokens=0)
    assert cut_turn(row, 100) is None
    assert cut_turn(row, 50) == 5
    assert cut_turn(row, 1) == 0
