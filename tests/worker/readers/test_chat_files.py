import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DataError
from engine.worker.readers import open_table
from engine.worker.runtime.channel import Channel
from tests.helpers import table_files
from tests.helpers.channel_events import notice_messages
from tests.helpers.read_sources import all_examples, preview, read_source

# 2024-01-01 10:00
BEGINNING = 1_704_103_200
HOUR = 3600
USUAL_PAUSE = "a pause of 4 h starts a new conversation"
MEMBERS = [
    {"id": "U1", "name": "ann.l", "profile": {"display_name": "Ann"}},
    {"id": "U2", "name": "bob", "profile": {"display_name": "", "real_name": "Bob Ray"}},
]


def conversations(source: Path, channel: Channel, **columns: str) -> dict[str, str]:
    """Return the conversations of a source without splits, by their names."""
    shape, found = read_source(source, channel, needs_summary=True, columns=columns)
    assert (shape.conversation, shape.summary) == ("conversation", "summary")
    assert {each.summary for each in found[None]} == {""}
    return {each.id: each.conversation for each in found[None]}


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return path


def slack(user: str, hours: float, text: str, **more: Any) -> dict[str, Any]:
    """Return a message of Slack, some hours after the beginning."""
    seconds = f"{BEGINNING + hours * HOUR:.6f}"
    return {"type": "message", "user": user, "ts": seconds, "text": text, **more}


def workspace(folder: Path) -> Path:
    """Write an export of a workspace: two channels, one with a conversation across midnight."""
    write(folder / "users.json", MEMBERS)
    write(folder / "channels.json", [{"id": "C1", "name": "dev-team"}])
    joined = slack("U3", 0.1, "<@U3> has joined", subtype="channel_join")
    late = slack("U2", 13.9, "Still here")
    write(folder / "dev-team" / "2024-01-01.json", [slack("U1", 0, "Tea, <@U2>?"), joined, late])
    file = slack("U1", 14.2, "Good night", files=[{"name": "plan.pdf"}])
    write(folder / "dev-team" / "2024-01-02.json", [file])
    write(folder / "test" / "2024-01-01.json", [slack("U2", 1, "Lunch?"), slack("U1", 1.5, "Yes")])
    return folder


EXPECTED = {
    "dev-team 2024-01-01 10:00": "Ann: Tea, @Bob Ray?",
    "dev-team 2024-01-01 23:54": "Bob Ray: Still here\nAnn: Good night",
    "test 2024-01-01 11:00": "Bob Ray: Lunch?\nAnn: Yes",
}
TOLD = (
    "2 chats are read as turns. Slack messages: 5 turns, 2 speakers, 3 conversations; "
    "1 system line and 1 media tag left out."
)


def test_a_workspace_of_slack_is_read_channel_by_channel_with_its_members_names(tmp_path, channel):
    assert conversations(workspace(tmp_path / "export"), channel) == EXPECTED
    assert notice_messages(channel) == [TOLD]


def test_a_zip_of_a_workspace_is_the_same(tmp_path, channel):
    folder = workspace(tmp_path / "export")
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for path in folder.rglob("*.json"):
            archive.write(path, path.relative_to(folder))
    assert conversations(tmp_path / "export.zip", channel) == EXPECTED


def test_what_holds_no_messages_beside_chats_is_left_out_and_named(tmp_path, channel):
    folder = workspace(tmp_path / "export")
    write(folder / "notes.json", [{"a": 1}])
    assert conversations(folder, channel) == EXPECTED
    assert notice_messages(channel) == ["Skipped, no chat messages: notes.json.", TOLD]


def telegram(hours: int, sender: str, text: str, **more: Any) -> dict[str, Any]:
    day, hour = divmod(hours, 24)
    date = f"2024-01-{day + 1:02}T{hour:02}:00:00"
    return {"type": "message", "date": date, "from": sender, "text": text, **more}


TRIP = {
    "name": "Trip",
    "type": "personal_chat",
    "messages": [
        {"type": "service", "actor": "Ann", "action": "create_group", "date": "2024-01-01T09:00:00", "text": ""},
        telegram(10, "Ann", "Off?"),
        telegram(11, "Bob", "", media_type="sticker"),
        telegram(16, "Bob", "Yes"),
    ],
}  # fmt: skip
WORK = {"name": "Work", "type": "private_group", "messages": [telegram(40, "Cem", "Done")]}


def test_a_chat_of_telegram_is_called_as_it_calls_itself(tmp_path, channel):
    assert conversations(write(tmp_path / "result.json", TRIP), channel) == {
        "Trip 2024-01-01 10:00": "Ann: Off?",
        "Trip 2024-01-01 16:00": "Bob: Yes",
    }
    (told,) = notice_messages(channel)
    assert told == (
        'result.json ("Trip") is read as turns. Telegram messages: 2 turns, 2 speakers, 2 conversations; '
        "1 system line and 1 media tag left out."
    )


def test_of_an_account_all_chats_are_read(tmp_path, channel):
    account = {
        "about": "Here is your data.",
        "contacts": {"about": "…", "list": [{"first_name": "Zed"}]},
        "chats": {"about": "…", "list": [TRIP, {"name": "Empty", "type": "bot_chat", "messages": []}]},
        "left_chats": {"about": "…", "list": [WORK]},
    }
    assert list(conversations(write(tmp_path / "result.json", account), channel)) == [
        "Trip 2024-01-01 10:00", "Trip 2024-01-01 16:00", "Work 2024-01-02 16:00",
    ]  # fmt: skip


def discord(name: str) -> dict[str, Any]:
    author = {"id": "1", "name": "ann", "nickname": "Ann"}
    message = {"type": "Default", "timestamp": "2024-01-01T10:00:00+00:00", "content": "Hi", "author": author}
    return {"guild": {"name": "Bakers"}, "channel": {"name": name}, "messages": [message]}


def test_names_of_channels_say_no_split(tmp_path, channel):
    for name in ("test", "dev"):
        write(tmp_path / "chats" / f"Bakers - {name} [7].json", discord(name))
    assert conversations(tmp_path / "chats", channel) == {
        "dev 2024-01-01 10:00": "Ann: Hi",
        "test 2024-01-01 10:00": "Ann: Hi",
    }


WHATSAPP = """\
31.12.23, 21:15 - Messages and calls are end-to-end encrypted.
31.12.23, 23:58 - Ann: Happy
01.01.24, 00:01 - Bob: New year
01.01.24, 12:00 - Ann: SleepInhibitor?
"""


def test_a_chat_written_in_lines_is_parted_the_same_way(tmp_path, channel):
    (tmp_path / "chat.txt").write_text(WHATSAPP)
    assert conversations(tmp_path / "chat.txt", channel) == {
        "chat 2023-12-31 23:58": "Ann: Happy\nBob: New year",
        "chat 2024-01-01 12:00": "Ann: SleepInhibitor?",
    }


def test_the_pause_can_be_another_one_or_none(tmp_path, channel):
    (tmp_path / "chat.txt").write_text(WHATSAPP)
    assert list(conversations(tmp_path / "chat.txt", channel, pause="24")) == ["chat 2023-12-31 23:58"]
    assert conversations(tmp_path / "chat.txt", channel, pause="0") == {
        "chat": "Ann: Happy\nBob: New year\nAnn: SleepInhibitor?"
    }
    source = write(tmp_path / "result.json", TRIP)
    assert list(conversations(source, channel, pause="6")) == [
        "Trip 2024-01-01 10:00",
        "Trip 2024-01-01 16:00",
    ]
    assert list(conversations(source, channel, pause="6.5")) == ["Trip 2024-01-01 10:00"]


@pytest.mark.parametrize("pause", ["soon", "-1", "nan", "1e9"])
def test_a_pause_that_is_no_number_of_hours_is_refused(tmp_path, channel, pause):
    with pytest.raises(DataError, match=f"A pause can.t be {pause} hours long") as caught:
        conversations(write(tmp_path / "a.json", TRIP), channel, pause=pause)
    assert caught.value.field == "data.columns"


def test_a_pause_for_data_without_chats_is_refused(tmp_path, channel):
    source = write(tmp_path / "a.json", [{"conversation": "Ann: Hi", "summary": ""}])
    with pytest.raises(DataError, match="contains no chat export to split"):
        conversations(source, channel, pause="4")


def test_the_preview_shows_the_conversations_and_how_they_are_made(tmp_path, channel):
    event = preview(write(tmp_path / "result.json", TRIP), channel)
    assert event["problem"] is None
    assert event["shape"]["reason"] == USUAL_PAUSE
    assert event["rows"][0] == {"id": "Trip 2024-01-01 10:00", "conversation": "Ann: Off?", "summary": ""}


def test_a_broken_entry_is_named_and_the_others_read(tmp_path, channel):
    source = write(tmp_path / "a.json", [slack("U1", 0, "Hi"), "x", slack("U1", 1, "Yo")])
    found = all_examples(source, channel, broken_rows="leave_out")
    assert [each.conversation for each in found] == ["U1: Hi\nU1: Yo"]
    assert any("row 2: it is text instead of an object" in notice for notice in notice_messages(channel))


def test_members_that_can_not_be_read_leave_ids_and_say_so(tmp_path, channel):
    folder = workspace(tmp_path / "export")
    (folder / "users.json").write_text("[{")
    found = conversations(folder / "test", channel)
    assert found == {"test 2024-01-01 11:00": "U2: Lunch?\nU1: Yes"}
    assert notice_messages(channel)[0] == "users.json can't be read, so speakers are named by id."


def test_a_chat_in_which_no_one_says_anything_is_refused_with_what_is_in_it(tmp_path, channel):
    silent = {**TRIP, "messages": [TRIP["messages"][0], TRIP["messages"][2]]}
    with pytest.raises(DataError, match=r"result\.json contains no messages") as caught:
        conversations(write(tmp_path / "result.json", silent), channel)
    assert caught.value.hint.endswith("0 turns; 1 system line and 1 media tag left out.")


TALK = "Ann: Is train {0} late today?\nBob: Yes, by {0} minutes."


@pytest.mark.parametrize(
    ("rows", "is_talk"),
    [
        ("0\t1200\tSo we start.\n1200\t4100\tYes.\n", True),
        ("0\t1200\tSo we start.\n0\t4100\tYes.\n", True),
        ("40\t1200\tSo we start.\n0\t4100\tYes.\n", False),
        ("\t1200\tSo we start.\n0\t4100\tYes.\n", False),
    ],
)
def test_a_recording_in_a_table_is_one_conversation(tmp_path, channel, rows, is_talk):
    (tmp_path / "a.tsv").write_text(f"start\tend\ttext\n{rows}")
    found = [each.conversation for each in all_examples(tmp_path / "a.tsv", channel)]
    assert found == (["So we start.\nYes."] if is_talk else ["So we start.", "Yes."])


ROWS = [
    {"input": {"conversation": TALK.format(number)}, "answers": [{"text": f"Train {number} is late."}]}
    for number in range(30)
]
COLUMNS = ["input", "answers", "input.conversation", "answers[0].text"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.parquet"])
def test_places_are_columns_and_are_found(tmp_path, channel, name):
    shown = preview(table_files.write(tmp_path / name, ROWS), channel)
    assert shown["columns"] == COLUMNS
    assert 'conversation: column "input.conversation", by its name' in shown["shape"]["reason"]
    summaries = [each.summary for each in all_examples(tmp_path / name, channel)]
    assert summaries == [f"Train {number} is late." for number in range(len(ROWS))]


def test_place_is_named_by_hand(tmp_path, channel):
    rows = [{"a": {"x": "One text.", "y": "Another one."}} for _ in range(3)]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    schema, found = read_source(tmp_path / "a.json", channel, conversation="a.y", summary="a.x")
    assert (schema.conversation, schema.summary) == ("a.y", "a.x")
    assert found[None][0].conversation == "Another one."


def test_list_with_more_objects_later_is_told(tmp_path):
    later = {"input": {"conversation": "x"}, "answers": [{"text": "first"}, {"text": "second"}]}
    table = open_table([table_files.write(tmp_path / "a.jsonl", [*ROWS, later, later])])
    *_, last = table
    assert (last.values["answers[0].text"], last.line) == ("first", len(ROWS) + 2)
    assert table.remarks == (
        'Some rows have several objects in "answers"; "answers[0].text" reads the first.',
    )
