import csv
import json
import sqlite3
from contextlib import closing
from typing import Any

from engine.commands.data_check import lines


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
        "unlabelled": 0,
        "licence": "",
        "fingerprint": "9f3c",
        "excluded": {},
        "broken": [],
        "exported": [],
    }
    return made | changes


def test_too_few_examples_are_said_unless_their_summaries_are_still_to_be_written():
    few = {"train": split(24), "test": split(1)}
    said = lines(result(splits=few))
    assert "Only 24 conversations to train on; a model needs at least 30." in said
    assert "Only 1 conversation to test on; a verdict needs 10." in said
    for enough in (result(), result(splits=few, unlabelled=30), result(splits={"train": split(30)})):
        assert "Only" not in "\n".join(lines(enough))


def test_clean_data_is_told_in_a_table():
    printed = lines(result())
    assert printed[:4] == [
        "/data/chats",
        "Fingerprint of what runs would use: 9f3c.",
        "Columns: dialogue, summary. Used as conversation: by its name.",
        "Language: en.",
    ]
    assert printed[5].split() == [
        "Split", "Examples", "Conversation", "tokens", "Summary", "tokens", "Turns", "Speakers",
    ]  # fmt: skip
    assert printed[6].startswith("train     1,000  2 · 4 · 9")
    assert printed[-1] == "No problems found."


def test_a_finding_is_told_once_with_its_rows_in_every_split_warnings_first():
    found = [
        finding("duplicates", "train", [3, 5, 8, 1003, 1200, 1300], more="2 more differ."),
        finding("email", "train", [1], then="Mask it."),
        finding("email", "test", [2, 4]),
        finding("empty_summary", "test", [7]),
    ]
    printed = lines(result(findings=found))
    at = printed.index("E-mail address (email)")
    assert printed[at:] == [
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


def test_all_rows_are_in_the_json_and_in_the_files_of_an_export(terminal, tmp_path):
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
    assert table[0] == ["row", "split", "id", "conversation", "summary", "place"]
    assert len(table) - 1 == counts["duplicates"]
    assert {row[3] for row in table[1:]} == {"'=1+1: hi"}


def test_values_are_set_as_a_recipe_has_them(in_process, tmp_path):
    rows = "".join(f"Ann: {number};s\n" for number in range(30))
    (tmp_path / "a.csv").write_text(f"talk;summary\n{rows}broken\n", encoding="utf-8")
    refused = in_process.run("data", "a.csv", "--set", "data.conversation=talk", "--json", cwd=tmp_path)
    assert (refused.code, refused.problems[0]["field"]) == (2, "data.broken_rows")
    consent = ("--set", "data.conversation=talk", "--set", "data.broken_rows=leave_out")
    done = in_process.run("data", "a.csv", *consent, "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert sum(found["examples"] for found in done.json[-1]["splits"].values()) == 30
    assert "line 32" in done.named("notice")[0]["message"]
    wrong = in_process.run("data", "a.csv", "--set", "training.epochs=2", "--json", cwd=tmp_path)
    assert (wrong.code, wrong.problems[0]["field"]) == (2, "--set")


def test_of_several_tables_one_is_asked_for_with_a_command_for_each(in_process, tmp_path):
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        for name in ("talks", "others"):
            database.execute(f"CREATE TABLE {name} (dialogue, summary)")
            database.execute(f"INSERT INTO {name} VALUES ('Ann: hi', 'They greet.')")
        database.commit()
    asked = in_process.run("data", "a.db", cwd=tmp_path)
    assert asked.code == 2
    assert [line.rpartition(" ")[2] for line in asked.err.splitlines() if "--set" in line] == [
        "data.sheet=talks",
        "data.sheet=others",
    ]


def test_rows_that_can_not_be_read_are_all_listed_before_and_after_consent(in_process, tmp_path):
    rows = [f'{{"dialogue": "Ann: {number}", "summary": "s{number}"}}' for number in range(3000)]
    broken = range(7, 3000, 100)
    for place in broken:
        rows[place] = rows[place][:-4]
    (tmp_path / "a.jsonl").write_text("\n".join(rows), encoding="utf-8")
    places = [f"line {place + 1:,}" for place in broken]
    refused = in_process.run("data", "a.jsonl", "--export", "refused", cwd=tmp_path)
    assert (refused.code, refused.err.splitlines()[0][:42]) == (
        2,
        "data.broken_rows: a.jsonl can't be read: 3",
    )
    assert "--set data.broken_rows=leave_out" in refused.err
    told = refused.out[refused.out.index("Rows that can't be read:") :].splitlines()
    assert told[1] == "  line 8: it is not JSON: unterminated string starting at character 35"
    assert told[21] == "  and 10 more. --export FOLDER writes all to a file."
    consent = ("--set", "data.broken_rows=leave_out", "--export", "left_out", "--json")
    done = in_process.run("data", "a.jsonl", *consent, cwd=tmp_path)
    found = done.json[-1]
    assert sum(split["examples"] for split in found["splits"].values()) == 3000 - len(broken)
    assert [row["place"] for row in found["broken"]] == places
    assert str(tmp_path / "left_out" / "broken_rows.csv") in found["exported"]
    for folder in ("refused", "left_out"):
        with (tmp_path / folder / "broken_rows.csv").open(encoding="utf-8-sig", newline="") as stream:
            assert [row["place"] for row in csv.DictReader(stream)] == places


def test_a_link_keeps_its_name_and_links_in_a_circle_are_said(in_process, tmp_path):
    rows = "".join(f"Ann: {number},s\n" for number in range(12))
    (tmp_path / "0a1b2c").write_text(f"dialogue,summary\n{rows}", encoding="utf-8")
    (tmp_path / "talks.csv").symlink_to("0a1b2c")
    (tmp_path / "round.csv").symlink_to("round.csv")
    done = in_process.run("data", "talks.csv", "--json", cwd=tmp_path)
    assert (done.code, done.json[-1]["source"]) == (0, str(tmp_path / "talks.csv"))
    refused = in_process.run("data", "round.csv", "--json", cwd=tmp_path)
    assert refused.code == 2
    assert refused.problems[0]["message"].startswith(f"{tmp_path / 'round.csv'} is a link to round.csv")
