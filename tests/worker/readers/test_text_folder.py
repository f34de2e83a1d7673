"""Folders of text: a conversation as it stands, and one that is an export of chats as its turns."""

from pathlib import Path

from engine.worker.readers import open_table

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


def test_a_chat_export_gives_its_turns_and_says_what_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(EXPORT)
    (tmp_path / "a.summary.txt").write_text("[9:15] Ann: They meet.\n[9:16] Bob: They meet.\n")
    table = open_table([tmp_path / "a.summary.txt", tmp_path / "a.txt"])
    (record,) = table
    assert record.values == {
        "id": "a",
        "conversation": "Ann: Hi\nBob: Yo",
        "summary": "[9:15] Ann: They meet.\n[9:16] Bob: They meet.",
    }
    assert table.remarks == (
        "a.txt is read as turns. WhatsApp export: 2 turns of 2 speakers; 1 system line and 1 media tag left out.",
    )
