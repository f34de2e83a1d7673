"""Chat exports into turns: each application's text, what is left out of it, and text that is no export."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import chats
from engine.chats import Chat
from engine.text.conversations import turns

MARK = "\u200e"
NARROW = "\u202f"


def left_out(chat: Chat, kind: str) -> list[str]:
    return [each.text for each in chat.left_out if each.kind == kind]


ANDROID = """\
12/31/23, 9:15 PM - Messages and calls are end-to-end encrypted. Only people in this chat can read them.
12/31/23, 9:15 PM - Ann created group "Trip: Rome"
12/31/23, 9:16 PM - Ann: Shall we bring
bread
Note: no nuts
12/31/23, 9:17 PM - Bob Moss: <Media omitted>
12/31/23, 9:18 PM - +44 7700 900123: Yes: gladly
12/31/23, 9:19 PM - Bob Moss left
12/31/23, 9:20 PM - Ann: IMG-20231231-WA0001.jpg (file attached)
look at this
12/31/23, 9:21 PM - Ann: This message was deleted
"""


def test_whatsapp_of_android_gives_turns_and_keeps_its_own_lines_apart():
    chat = chats.read(ANDROID)
    assert chat.kind == "whatsapp"
    assert chat.text == (
        "Ann: Shall we bring bread Note: no nuts\n+44 7700 900123: Yes: gladly\nAnn: look at this"
    )
    assert left_out(chat, "media") == ["<Media omitted>", "IMG-20231231-WA0001.jpg (file attached)"]
    assert left_out(chat, "system") == [
        "Messages and calls are end-to-end encrypted. Only people in this chat can read them.",
        'Ann created group "Trip: Rome"',
        "Bob Moss left",
        "Ann: This message was deleted",
    ]
    assert [turn.time for turn in chat.turns] == [
        "12/31/23, 9:16 PM", "12/31/23, 9:18 PM", "12/31/23, 9:20 PM",
    ]  # fmt: skip
    assert chat.reason == '8 lines have the form "date, time - Name: text"'
    assert Counter(each.kind for each in chat.left_out) == {"system": 4, "media": 2}


IOS = f"""\
[31/12/2023, 21:15:07] Trip: {MARK}Messages and calls are end-to-end encrypted.
[31/12/2023, 21:15:08] Ann: {MARK}Ann added you
{MARK}[31/12/2023, 21:15:09] Ann: {MARK}image omitted
[31/12/2023, 21:15:10] ~{NARROW}Bob: Hello there
and more
[31/12/2023, 21:15:11] Ann: Hi {MARK}<This message was edited>
"""


def test_whatsapp_of_ios_marks_what_no_one_said():
    chat = chats.read(IOS)
    assert (chat.kind, chat.text) == ("whatsapp", "Bob: Hello there\nand more\nAnn: Hi")
    assert left_out(chat, "media") == ["image omitted"]
    assert left_out(chat, "system") == [
        "Trip: Messages and calls are end-to-end encrypted.",
        "Ann: Ann added you",
        "<This message was edited>",
    ]


@pytest.mark.parametrize("tag", ["<attached: 00000012-PHOTO.jpg>", "Plan.pdf (Datei angehängt)", "null"])
def test_what_stands_for_a_file_is_no_text(tag):
    chat = chats.read(f"31.12.23, 21:15 - Ann: Hi\n31.12.23, 21:16 - Bob: {tag}\n")
    assert (chat.text, left_out(chat, "media")) == ("Ann: Hi", [tag])


def test_words_that_only_resemble_a_tag_are_said():
    said = ["the image you omitted", "see a < b", "left (early)", "null and void", "Location: home"]
    chat = chats.read("".join(f"31.12.23, 21:15 - Ann: {text}\n" for text in said))
    assert ([turn.text for turn in chat.turns], chat.left_out) == (said, ())


SLACK = """\
Ann Lee  [9:15 AM]
Is the build green?
[9:16 AM]
5
Bob Moss  [9:20 AM]
Green now (edited)
:tada:
2
3 replies
Monday, March 4th
Ann Lee  [9:25 AM]
joined #general.
[9:26 AM]
today
"""


def test_slack_copied_keeps_reactions_replies_and_dividers_apart():
    chat = chats.read(SLACK)
    assert chat.kind == "slack"
    assert chat.text == "Ann Lee: Is the build green?\nAnn Lee: 5\nBob Moss: Green now\nAnn Lee: today"
    assert left_out(chat, "system") == [
        "(edited)",
        ":tada:",
        "2",
        "3 replies",
        "Monday, March 4th",
        "joined #general.",
    ]


def test_dashes_in_messages_of_discord_part_nothing():
    said = "Today at 9:15 AM\n— so\nand —\nbob"
    chat = chats.read(f"ann\n — \n{said}\n — \nToday at 9:16 AM\nyes\n")
    assert chat.text == "ann: — so\nand —\nbob: yes"


VTT = """\
WEBVTT

NOTE made by hand

1
00:00:01.000 --> 00:00:02.000 align:start
<v Ann Lee>Hello &amp; <i>welcome</i>.</v>

2
00:00:02.000 --> 00:00:03.000
<v Ann Lee>To the call.</v>
<v.loud Bob>Thanks!</v>

00:00:03.000 --> 00:00:04.000
[Applause]
"""


def test_webvtt_with_voices_joins_what_one_says():
    chat = chats.read(VTT)
    assert (chat.kind, chat.text) == ("webvtt", "Ann Lee: Hello & welcome.\nTo the call.\nBob: Thanks!")
    assert [turn.time for turn in chat.turns] == ["00:00:01.000", "00:00:02.000"]
    assert (left_out(chat, "media"), left_out(chat, "system")) == (["[Applause]"], ["NOTE made by hand"])


def test_plain_turns_stay_what_they_are():
    text = "Ann: see you at\n10:30\nBob: [9:15] works, too"
    chat = chats.read(text)
    assert (chat.kind, chat.is_export, chat.turns) == ("plain", False, turns(text))


@pytest.mark.parametrize(
    "text", ["", " \n", "No names here.\nAt 12:30 it rained.", "{}", "[1, 2", "WEBVTT\n\n"]
)
def test_text_that_is_no_export_is_text(text):
    chat = chats.read(text)
    assert (chat.kind, chat.is_export, chat.turns) == ("text", False, turns(text))


@pytest.mark.parametrize(
    "quoted",
    ["31.12.23, 21:15 - Cem: Hi", "Cem, [31.12.2023 21:15]\nHi", "10:30 works: yes\n11:30 works: no"],
)
def test_a_chat_that_quotes_another_stays_what_it_is(quoted):
    assert chats.read(f"Ann: look what he wrote\n{quoted}\nBob: wow\nAnn: yes\nBob: hm").kind == "plain"


def test_one_time_in_an_article_makes_no_export():
    article = "The town.\n" * 20 + "31.12.23, 21:15 - Ann: Hi\n" + "The end.\n"
    assert not chats.read(article).is_export


@pytest.mark.parametrize(
    "text",
    [
        "[x] buy milk\n[ ] bake bread\n[x] call Ann",
        "(a) the first\n(b) the second\n(c) the third",
        "[1] One source.\n[2] Another source.\n[3] A third.",
        "[Lee 2020] On bread.\n[Moss 2021] On rye.\n[Kim 2022] On oats.\n[Ray 2023] On spelt.\n[Ott 2024] On wheat.",
        "Bread - a loaf\nRye - a grain\nOats - a grain\nSpelt - another",
        "The oven\nIt is warm.\nThe bread\nIt is fresh.\nThe end\nIt is late.",
        "We met - at last - in June.\nIt rained - of course - and we went in.",
        "Q. one\nA. two\nB. three\nC. four\nQ. five\nA. six\nB. seven\nC. eight",
        "A. one\nB. two\nC. three\nD. four\nA. five",
        "<p>Hi there.</p>\n<p>Hello.</p>\n<b>So.</b>\n<p>Hi there.</p>",
        "10:30 coffee\n11:00 bread\n12:00 lunch",
        "http://example.org\nhttp://example.net\nhttp://example.com\nhttp://example.edu",
    ],
)
def test_lists_and_prose_are_no_transcript(text):
    assert not chats.read(text).is_export


LINES = [line for text in (ANDROID, IOS, SLACK, VTT) for line in text.splitlines()]
PIECE = st.sampled_from(
    [*LINES, "[", "{", '{"messages": [', ": ", " - ", " --> ", MARK, "<v ", ""]
) | st.text(max_size=20)


@given(st.lists(PIECE, max_size=12), st.sampled_from(["\n", "\r\n", "", "\r"]))
def test_any_text_ends_in_a_chat_in_which_all_is_said_or_left_out(pieces, end):
    chat = chats.read(end.join(pieces))
    assert all(turn.text for turn in chat.turns) or not chat.is_export
    assert all(each.text for each in chat.left_out)
