"""Folders of text: a conversation as it stands, and one that is an export of chats as its turns."""

import zipfile
from pathlib import Path

import pytest

from engine.config.data_options import DataOptions
from engine.worker.ingestion.sources import locate
from engine.worker.readers import open_table, text_folder
from engine.worker.runtime.channel import Channel

EXPORT = """\
31.12.23, 21:15 - Messages and calls are end-to-end encrypted.
31.12.23, 21:15 - Ann: Hi
31.12.23, 21:16 - Bob: <Media omitted>
31.12.23, 21:16 - Bob: Yo
"""


def test_plain_turns_stand_as_they_are_and_nothing_is_said_of_them(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ann: Hi\n\nBob: at\n10:30")
    table = open_table([tmp_path / "a.txt"])
    assert [record.values["conversation"] for record in table] == ["Ann: Hi\n\nBob: at\n10:30"]
    assert table.remarks == ()


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


def test_properties_and_tables_of_markdown_are_left_out_and_its_tldr_is_the_summary(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(MARKDOWN)
    table = open_table([tmp_path / "a.md"])
    assert [(record.values["conversation"], record.values["summary"]) for record in table] == [
        ("Ann: Hi\nBob: Yo | so\nAnn: Bye", "They greet.")
    ]
    assert table.remarks[:2] == (
        "a.md has properties or tables above the turns, which are left out.",
        "a.md has a TL;DR, which is read as its summary.",
    )


@pytest.mark.parametrize(
    "text", ["Ann: Hi\n---\nBob: Yo", "Ann: a | b\nBob: Yo", "---\nAnn and Bob\n---\nAnn: Hi"]
)
def test_other_markdown_stands_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.md").write_text(text)
    assert [record.values["conversation"] for record in open_table([tmp_path / "a.md"])] == [text]


def test_text_that_is_too_long_for_a_row_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_folder, "MAX_BYTES", 20)
    (tmp_path / "a.txt").write_text("Ann: Hi")
    (tmp_path / "b.txt").write_text("Ann: Hi" * 9)
    table = open_table(sorted(tmp_path.iterdir()))
    assert [record.values["id"] for record in table] == ["a"]
    assert [(each.position, each.reason) for each in table.broken] == [
        ("b.txt, its one row", "b.txt has more than 20 bytes")
    ]


def test_texts_without_any_summary_are_a_source_where_nothing_else_is(
    tmp_path: Path, channel: Channel
) -> None:
    folder = tmp_path / "chats"
    folder.mkdir()
    for name in ("a.txt", "b.vtt"):
        (folder / name).write_text(EXPORT)
    assert locate(DataOptions(source=str(folder)), channel).files == {
        None: (folder / "a.txt", folder / "b.vtt")
    }
    (folder / "train.csv").write_text("dialogue,summary\na,b\n")
    assert locate(DataOptions(source=str(folder)), channel).files == {"train": (folder / "train.csv",)}


def test_a_zip_of_one_exported_chat_is_a_source(tmp_path: Path, channel: Channel) -> None:
    with zipfile.ZipFile(tmp_path / "WhatsApp Chat.zip", "w") as archive:
        archive.writestr("_chat.txt", EXPORT)
        archive.writestr("00000001-PHOTO.jpg", b"a picture")
    (files,) = locate(DataOptions(source=str(tmp_path / "WhatsApp Chat.zip")), channel).files.values()
    assert [path.name for path in files] == ["_chat.txt"]


def test_summaries_below_their_conversations_are_told_and_read(tmp_path: Path) -> None:
    text = "".join(f"Dialogue {n}:\nAnn: Hi {n}\nBob: Yo\nSummary: They greet, {n}.\n\n" for n in range(3))
    (tmp_path / "a.txt").write_text(text)
    table = open_table([tmp_path / "a.txt"])
    rows = [record.values for record in table]
    assert rows[1] == {"id": "a 2", "conversation": "Ann: Hi 1\nBob: Yo", "summary": "They greet, 1."}
    assert table.remarks == ("a.txt has summaries below its conversations, which are read as that.",)
