"""What a text file holds decides how it is read, whatever its name says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.config.data_options import DataOptions
from engine.errors import DataError
from engine.text.conversations import Example
from engine.worker.ingestion.loading import open_tables, read_rows
from engine.worker.ingestion.sources import locate
from engine.worker.runtime.channel import Channel

ROWS = [{"id": str(n), "dialogue": f"Ann: Hi {n}\nBob: Yo", "summary": f"They, {n}"} for n in range(12)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
HEADS = ",".join(ROWS[0])
TABLE = HEADS + "\n" + "".join(",".join(f'"{each}"' for each in row.values()) + "\n" for row in ROWS)
SAID = "Ann: Is the {n} train late today? Bob: Yes, by {n} minutes.\tThey wait {n} minutes longer.\n"
SIDE_BY_SIDE = "".join(SAID.format(n=n) for n in range(12))
TABBED = "dialogue\tsummary\n" + "".join(f"Ann: Hi, Bob: Yo {n}\tThey {n}\n" for n in range(12))


def read(path: Path, channel: Channel) -> list[Example]:
    options = DataOptions(source=str(path))
    _, by_split = read_rows(
        source := locate(options, channel),
        open_tables(source, options),
        options,
        channel,
        needs_summary=False,
    )
    return [each.example for examples in by_split.values() for each in examples]


@pytest.mark.parametrize("name", ["talks.txt", "talks", "talks.log", "talks.data", "TALKS.TXT"])
@pytest.mark.parametrize(
    "text",
    [
        LINES,
        json.dumps(ROWS),
        json.dumps({"data": ROWS}),
        TABLE,
        TABLE.replace(",", ";"),
        TABBED,
        SIDE_BY_SIDE,
    ],
)
def test_tables_and_json_are_read_under_any_name(
    name: str, text: str, tmp_path: Path, channel: Channel
) -> None:
    (tmp_path / name).write_text(text)
    examples = read(tmp_path / name, channel)
    assert len(examples) == 12
    assert all(each.summary.startswith("They") for each in examples)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "[12:30] Ann: Hi, Bob\n[12:31] Bob: Hi, Ann\n"),
        ("a.txt", "Hello, Bob\nHello, Ann\nSee you, then\n"),
        ("a.txt", "[Ann] Hi\n[Bob] Yo\n"),
        ("a.txt", "Ann\tHow are you today, my dear?\nBob\tWell, and you?\n" * 4),
        ("a", "Ann: Hi | Yo\nBob: So | so\n"),
        ("a.chat", "Ann: Hi\nBob: Yo\nAnn: Bye\n"),
    ],
)
def test_talk_stays_one_conversation(name: str, text: str, tmp_path: Path, channel: Channel) -> None:
    (tmp_path / name).write_text(text)
    assert len(read(tmp_path / name, channel)) == 1


def test_prose_with_another_ending_is_refused(tmp_path: Path, channel: Channel) -> None:
    (tmp_path / "main.c").write_text("int main(void)\n{\n  return 0;\n}\n")
    with pytest.raises(DataError, match="no kind of file that can be read"):
        locate(DataOptions(source=str(tmp_path / "main.c")), channel)


def test_text_files_with_tables_tell_their_splits_by_their_names(tmp_path: Path, channel: Channel) -> None:
    (tmp_path / "train.txt").write_text(LINES)
    (tmp_path / "test.txt").write_text(LINES)
    (tmp_path / "note.txt").write_text("About the data.\n")
    files = locate(DataOptions(source=str(tmp_path)), channel).files
    assert {split: [path.name for path in paths] for split, paths in files.items()} == {
        "train": ["train.txt"],
        "test": ["test.txt"],
    }
