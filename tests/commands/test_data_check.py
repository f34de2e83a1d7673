"""The verb `data`: its words, its JSON and its csv files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from engine.commands.data_check import lines
from tests.commands.conftest import Terminal


def split(examples: int) -> dict[str, Any]:
    spread = {"median": 2, "p95": 4, "max": 9}
    return {
        "examples": examples,
        "lengths": {"conversation": spread, "summary": spread},
        "turns": spread,
        "speakers": spread,
    }


def finding(name: str, of: str, rows: list[int], **parts: str) -> dict[str, Any]:
    said = {"what": "Something.", "more": "", "then": ""} | parts
    return {"id": name, "split": of, "count": len(rows), "rows": rows, "excluded": False, **said}


def result(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "source": "/data/chats",
        "columns": {"all": ["dialogue", "summary"], "reason": "conversation: by its name"},
        "languages": {"conversation": {"code": "en", "share": 1.0}, "summary": {"code": "en", "share": 1.0}},
        "splits": {"train": split(1000), "test": split(10)},
        "leaks": [],
        "findings": [],
        "exported": [],
    }
    return made | changes


def test_clean_data_is_told_in_a_table() -> None:
    told = lines(result())
    assert told[:3] == [
        "/data/chats",
        "Columns: dialogue, summary. Used as conversation: by its name.",
        "Language: en.",
    ]
    assert told[4].split() == [
        "Split",
        "Examples",
        "Conversation",
        "tokens",
        "Summary",
        "tokens",
        "Turns",
        "Speakers",
    ]
    assert told[5].startswith("train     1,000  2 · 4 · 9")
    assert told[-1] == "Nothing is wrong with them."


def test_leaks_are_told_by_where_the_copies_stand() -> None:
    leaks = [
        {"split": "test", "other": "train", "count": 42},
        {"split": "test", "other": "validation", "count": 4},
        {"split": "validation", "other": "train", "count": 47},
    ]
    expected = "42 test and 47 validation conversations stand in train, 4 test ones stand in validation."
    assert expected in lines(result(leaks=leaks))


def test_a_finding_is_told_once_with_its_rows_in_every_split_warnings_first() -> None:
    found = [
        finding("duplicates", "train", [3, 5, 8, 1003, 1200, 1300], more="2 more differ."),
        finding("email", "train", [1], then="Mask it."),
        finding("email", "test", [2, 4]),
        finding("empty_summary", "test", [7]),
    ]
    told = lines(result(findings=found))
    at = told.index("E-mail address (email)")
    assert told[at:] == [
        "E-mail address (email)",
        "  Something. Mask it.",
        "  1 row of train: 1.",
        "  2 rows of test: 2, 4.",
        "Duplicate conversations (duplicates)",
        "  Something.",
        "  6 rows of train: 3, 5, 8, 1,003 and 2 more. 2 more differ.",
        "Empty summary (empty_summary)",
        "  Something.",
        "  1 row of test: 7.",
        "",
        'Runs leave rows out with data.exclude = ["duplicates", "email"], or some of these.',
    ]


def test_two_languages_are_both_told() -> None:
    languages = {"conversation": {"code": "de", "share": 0.981}, "summary": {"code": "en", "share": 1.0}}
    assert lines(result(languages=languages))[2] == "Language: de (98.1% of a sample), summaries en."


def test_all_rows_are_in_the_json_and_in_the_files_of_an_export(terminal: Terminal, tmp_path: Path) -> None:
    rows = [
        {"dialogue": "=1+1: hi" if number else "A: own", "summary": f"s{number}"} for number in range(140)
    ]
    source = tmp_path / "train.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = terminal.run("data", source.name, "--export", "out", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    found = done.json[-1]
    assert "details" not in found
    counts: dict[str, int] = {}
    for entry in found["findings"]:
        assert entry["count"] == len(entry["rows"])
        counts[entry["id"]] = counts.get(entry["id"], 0) + entry["count"]
    assert counts["duplicates"] > 100
    assert sorted(found["exported"]) == sorted(str(tmp_path / "out" / f"{name}.csv") for name in counts)
    with (tmp_path / "out" / "duplicates.csv").open(encoding="utf-8-sig", newline="") as stream:
        table = list(csv.reader(stream))
    assert table[0] == ["row", "split", "id", "conversation", "summary"]
    assert len(table) - 1 == counts["duplicates"]
    assert {row[3] for row in table[1:]} == {"'=1+1: hi"}


def test_values_are_set_as_a_recipe_has_them(terminal: Terminal, tmp_path: Path) -> None:
    rows = "".join(f"Ann: {number};s\n" for number in range(30))
    (tmp_path / "a.csv").write_text(f"talk;summary\n{rows}broken\n", encoding="utf-8")
    refused = terminal.run("data", "a.csv", "--set", "data.conversation=talk", "--json", cwd=tmp_path)
    assert (refused.code, refused.problems[0]["field"]) == (2, "data.broken_rows")
    consent = ("--set", "data.conversation=talk", "--set", "data.broken_rows=leave_out")
    done = terminal.run("data", "a.csv", *consent, "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert sum(found["examples"] for found in done.json[-1]["splits"].values()) == 30
    assert "line 32" in done.named("notice")[0]["message"]
    wrong = terminal.run("data", "a.csv", "--set", "training.epochs=2", "--json", cwd=tmp_path)
    assert (wrong.code, wrong.problems[0]["field"]) == (2, "--set")
