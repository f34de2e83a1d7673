import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.config.data_options import DataOptions
from engine.errors import DataError
from engine.worker.dataset import dataset
from engine.worker.ingestion.sources import locate
from engine.worker.readers import open_table, text_folder
from engine.worker.runtime.channel import Channel

EXPORT = """\
31.12.23, 21:15 - Messages and calls are end-to-end encrypted.
31.12.23, 21:15 - Ann: Hi
31.12.23, 21:16 - Bob: <Media omitted>
31.12.23, 21:16 - Bob: Yo
"""


MARKDOWN = """\
---
title: Weekly
tags:
  - bread
---

**TL;DR:** They greet.

| Name | Role |
| ---- | :--: |
| Ann | Baker |

**Ann:** Hi
**Bob:** Yo | so
**Ann:** Bye
"""


@pytest.mark.parametrize(
    "short",
    [
        "**TL;DR:** They greet.\n",
        "TLDR: They greet.\n",
        "## TL;DR\n\nThey greet.\n",
        "# **TLDR**\nThey greet.\n",
    ],
)
def test_properties_and_tables_of_markdown_are_left_out_and_its_tldr_is_the_summary(tmp_path, short):
    (tmp_path / "a.md").write_text(MARKDOWN.replace("**TL;DR:** They greet.\n", short))
    table = open_table([tmp_path / "a.md"])
    assert [(record.values["conversation"], record.values["summary"]) for record in table] == [
        ("Ann: Hi\nBob: Yo | so\nAnn: Bye", "They greet.")
    ]
    assert table.remarks[:2] == (
        "a.md has properties or tables above the turns, which are skipped.",
        "a.md has a TL;DR, read as its summary.",
    )


@pytest.mark.parametrize(
    "text", ["Ann: Hi\n---\nBob: Yo", "Ann: a | b\nBob: Yo", "---\nAnn and Bob\n---\nAnn: Hi"]
)
def test_other_markdown_stands_as_it_is(tmp_path, text):
    (tmp_path / "a.md").write_text(text)
    assert [record.values["conversation"] for record in open_table([tmp_path / "a.md"])] == [text]


def test_text_that_is_too_long_for_a_row_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(text_folder, "MAX_BYTES", 20)
    (tmp_path / "a.txt").write_text("Ann: Hi")
    (tmp_path / "b.txt").write_text("Ann: Hi" * 9)
    table = open_table(sorted(tmp_path.iterdir()))
    assert [record.values["id"] for record in table] == ["a"]
    assert [(each.position, each.reason) for each in table.broken] == [
        ("b.txt, its one row", "b.txt has more than 20 bytes")
    ]


def test_texts_without_any_summary_are_a_source_where_nothing_else_is(tmp_path, channel):
    folder = tmp_path / "chats"
    folder.mkdir()
    for name in ("a.txt", "b.vtt"):
        (folder / name).write_text(EXPORT)
    assert locate(DataOptions(source=str(folder)), channel).files == {
        None: (folder / "a.txt", folder / "b.vtt")
    }
    (folder / "train.csv").write_text("dialogue,summary\na,b\n")
    assert locate(DataOptions(source=str(folder)), channel).files == {"train": (folder / "train.csv",)}


def test_a_zip_of_one_exported_chat_is_a_source(tmp_path, channel):
    with zipfile.ZipFile(tmp_path / "WhatsApp Chat.zip", "w") as archive:
        archive.writestr("_chat.txt", EXPORT)
        archive.writestr("00000001-PHOTO.jpg", b"a picture")
    (files,) = locate(DataOptions(source=str(tmp_path / "WhatsApp Chat.zip")), channel).files.values()
    assert [path.name for path in files] == ["_chat.txt"]


def test_summaries_below_their_conversations_are_told_and_read(tmp_path):
    text = "".join(f"Dialogue {n}:\nAnn: Hi {n}\nBob: Yo\nSummary: They greet, {n}.\n\n" for n in range(3))
    (tmp_path / "a.txt").write_text(text)
    table = open_table([tmp_path / "a.txt"])
    rows = [record.values for record in table]
    assert rows[1] == {"id": "a 2", "conversation": "Ann: Hi 1\nBob: Yo", "summary": "They greet, 1."}
    assert table.remarks == ("a.txt has summaries below its conversations, which are read.",)


SAID = "Ann: {0}?\nBob: Yes."


def written(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def examples(folder: Path, channel: Channel) -> dict[str, list[tuple[str, str]]]:
    selection = dataset.select(DataOptions(source=str(folder)), channel, needs=())
    found: dict[str, list[tuple[str, str]]] = {}
    for split, rows in selection.rows.items():
        found[split] = sorted((row.example.conversation, row.example.summary) for row in rows)
    return found


def names(conversation: str, summary: str) -> dict[str, str]:
    """Return three conversations and their summaries, each name with the letter of the pair in it."""
    files = {conversation.format(letter): SAID.format(letter) for letter in "abc"}
    return files | {summary.format(letter): f"Sum {letter}." for letter in "abc"}


def test_numbered_folders_of_summaries_hold_several_references(tmp_path, channel):
    files = names("transcript/{}.txt", "summary_1/{}.txt")
    files |= {f"summary_{n}/{letter}.txt": f"Sum {letter} {n}." for letter in "ab" for n in (2, 3)}
    selection = dataset.select(DataOptions(source=str(written(tmp_path, files))), channel, needs=())
    rows = [row.example for split in selection.rows.values() for row in split]
    assert sorted((row.conversation, row.summary, *row.more_references) for row in rows) == [
        (SAID.format("a"), "Sum a.", "Sum a 2.", "Sum a 3."),
        (SAID.format("b"), "Sum b.", "Sum b 2.", "Sum b 3."),
        (SAID.format("c"), "Sum c."),
    ]


@pytest.mark.parametrize(
    ("conversation", "summary"),
    [
        ("{}.txt", "{}.summary.txt"), ("{}.txt", "{}.sum.txt"), ("{}.txt", "{}_summary.txt"),
        ("{}.txt", "{}-abstract.md"), ("dialogues/{}.txt", "summaries/{}.txt"),
        ("Transcripts/{}.txt", "Reference/{}.txt"), ("chats/{}.txt", "summaries/{}_summary.txt"),
        ("source/{}.txt", "target/{}.txt"), ("inputs/week/{}.txt", "abstracts/week/{}.txt"),
    ],
)  # fmt: skip
def test_pairs_are_found(tmp_path, channel, conversation, summary):
    found = examples(written(tmp_path, names(conversation, summary)), channel)
    assert sorted(pair for split in found.values() for pair in split) == [
        (SAID.format(letter), f"Sum {letter}.") for letter in "abc"
    ]


def test_splits_may_lie_above_or_below_such_folders(tmp_path, channel):
    files = names("train/dialogues/{}.txt", "train/summaries/{}.txt")
    files |= names("dialogues/test/{}.txt", "summaries/test/{}.txt")
    found = examples(written(tmp_path, files), channel)
    wanted = [(SAID.format(letter), f"Sum {letter}.") for letter in "abc"]
    assert (found["train"], found["test"]) == (wanted, wanted)


def test_a_summary_without_a_conversation_is_broken(tmp_path):
    files = names("dialogues/{}.txt", "summaries/{}.txt") | {"summaries/x.txt": "Alone."}
    table = open_table(sorted(written(tmp_path, files).rglob("*.txt")))
    assert len(list(table)) == 3
    ((position, reason),) = [(each.position, each.reason) for each in table.broken]
    assert position.startswith("x.txt")
    assert reason == "the conversation x.txt is missing"


@pytest.mark.parametrize("name", ["week_sum.txt", "summary.txt", "call-ref.txt"])
def test_a_text_that_is_only_called_so_is_a_conversation(tmp_path, name):
    written(tmp_path, {name: SAID, "other.txt": SAID})
    assert not text_folder.is_summary(tmp_path / name)


@pytest.mark.parametrize(("said", "told"), [("src", "tgt"), ("source", "target")])
def test_lines_of_two_files_are_pairs(tmp_path, channel, said, told):
    files = {f"train.{said}": "Ann: 1? Bob: Yes.\nAnn: 2?\n", f"train.{told}": "S1\nS2\n"}
    files |= {f"test.{said}": "Ann: 3?\n", f"test.{told}": "S3\n"}
    found = examples(written(tmp_path, files), channel)
    assert found["train"] == [("Ann: 1? Bob: Yes.", "S1"), ("Ann: 2?", "S2")]
    assert found["test"] == [("Ann: 3?", "S3")]


def test_files_with_other_numbers_of_lines_are_refused_by_name(tmp_path, channel):
    written(tmp_path, {"a.src": "Ann: 1?\nAnn: 2?\n", "a.tgt": "S1\n"})
    with pytest.raises(DataError, match=r"a\.tgt can't be read: it has fewer lines than a\.src: 1"):
        examples(tmp_path, channel)
