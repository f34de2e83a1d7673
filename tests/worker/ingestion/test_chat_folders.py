"""Folders with chats of several kinds, and with files that are about them."""

import pytest

from engine.data import AUTO
from engine.errors import DataError
from tests.helpers.read_sources import all_examples, read_source

TALK = "[9:15] Ann: Hi\n[9:16] Bob: Yo\n"
MAIL = "From: {name} <{name}@example.org>\nMessage-ID: <{id}@x>\nDate: Fri, 5 Jan 2024 10:0{id}:00 +0000\n"
POSTS = "date,user,text\n" + "".join(f"2024-01-{day:02},user{day},Post {day}\n" for day in range(1, 12))
TURNS = "date,user,text\n" + "".join(f"2024-01-01 10:{n:02},{'ab'[n % 2]},Turn {n}\n" for n in range(12))


@pytest.mark.parametrize(
    ("names", "read_names"),
    [
        (("a.txt", "b.txt", "README.md", "LICENSE.txt"), ["a", "b"]),
        (("a.txt", "b.vtt", "paper.html", "run.log"), ["a", "b"]),
        (("bread.log", "oats.log", "about.md"), ["bread", "oats"]),
        (("a.md", "b.md"), ["a", "b"]),
        (("#bread.weechatlog", "#oats.weechatlog"), ["#bread", "#oats"]),
        (("2024-01-01", "2024-01-02"), ["2024-01-01", "2024-01-02"]),
    ],
)
def test_of_several_kinds_of_texts_the_first_is_read(names, read_names, tmp_path, channel):
    for name in names:
        (tmp_path / name).write_text(TALK)
    assert [example.id for example in all_examples(tmp_path, channel)] == read_names


def test_a_folder_of_mails_holds_threads_across_its_files(tmp_path, channel):
    for split in ("train", "test"):
        folder = tmp_path / split
        folder.mkdir()
        (folder / "1.eml").write_text(MAIL.format(name="Ann", id=1) + "\nShall we meet?\n")
        answer = MAIL.format(name="Bob", id=2) + "In-Reply-To: <1@x>\n\nYes.\n\n> Shall we meet?\n"
        (folder / "2.eml").write_text(answer)
    _, by_split = read_source(tmp_path, channel)
    assert {split: [each.conversation for each in found] for split, found in by_split.items()} == {
        "train": ["Ann: Shall we meet?\nBob: Yes."],
        "test": ["Ann: Shall we meet?\nBob: Yes."],
    }


def test_posts_of_many_are_no_chat_and_named_columns_are_a_tables(tmp_path, channel):
    (tmp_path / "posts.csv").write_text(POSTS)
    assert len(all_examples(tmp_path / "posts.csv", channel)) == 11
    (tmp_path / "chat.csv").write_text(TURNS)
    assert len(all_examples(tmp_path / "chat.csv", channel)) == 1
    assert len(all_examples(tmp_path / "chat.csv", channel, conversation="text", summary=AUTO)) == 12


def test_the_turns_of_several_tickets_are_not_read_as_one_chat(tmp_path, channel):
    rows = "".join(f"{n // 3},2024-01-01 10:{n:02},{'abc'[n % 3]},Turn {n}\n" for n in range(9))
    (tmp_path / "tickets.csv").write_text(f"ticket_id,created_at,author,body\n{rows}")
    with pytest.raises(DataError, match="No column looks like conversations"):
        all_examples(tmp_path / "tickets.csv", channel)
