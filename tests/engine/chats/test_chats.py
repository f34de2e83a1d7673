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


def test_whatsapp_of_android_gives_turns_and_keeps_its_own_lines_apart() -> None:
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
        "12/31/23, 9:16 PM",
        "12/31/23, 9:18 PM",
        "12/31/23, 9:20 PM",
    ]
    assert chat.reason == '8 lines are written "date, time - Name: text"'
    assert Counter(each.kind for each in chat.left_out) == {"system": 4, "media": 2}


IOS = f"""\
[31/12/2023, 21:15:07] Trip: {MARK}Messages and calls are end-to-end encrypted.
[31/12/2023, 21:15:08] Ann: {MARK}Ann added you
{MARK}[31/12/2023, 21:15:09] Ann: {MARK}image omitted
[31/12/2023, 21:15:10] ~{NARROW}Bob: Hello there
and more
[31/12/2023, 21:15:11] Ann: Hi {MARK}<This message was edited>
"""


def test_whatsapp_of_ios_marks_what_no_one_said() -> None:
    chat = chats.read(IOS)
    assert (chat.kind, chat.text) == ("whatsapp", "Bob: Hello there\nand more\nAnn: Hi")
    assert left_out(chat, "media") == ["image omitted"]
    assert left_out(chat, "system") == [
        "Trip: Messages and calls are end-to-end encrypted.",
        "Ann: Ann added you",
        "<This message was edited>",
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("31.12.23, 21:15 - ", "31.12.23, 21:16 - "),
        ("31.12.2023, 21:15 – ", "31.12.2023, 21:16 – "),
        ("31/12/23, 9:15\u202fp.\u00a0m. - ", "31/12/23, 9:16\u202fp.\u00a0m. - "),
        ("31/12/2023 à 21:15 - ", "31/12/2023 à 21:16 - "),
        ("31/12/2023 21:15 - ", "31/12/2023 21:16 - "),
        ("2023-12-31 21:15 - ", "2023-12-31 21:16 - "),
        ("31-12-2023 21:15 - ", "31-12-2023 21:16 - "),
        ("31. 12. 2023 21:15 - ", "31. 12. 2023 21:16 - "),
        ("2023/12/31 下午9:15 - ", "2023/12/31 下午9:16 - "),
        ("٣١/١٢/٢٠٢٣، ٩:١٥ م - ", "٣١/١٢/٢٠٢٣، ٩:١٦ م - "),
        ("[12/31/23, 9:15:07\u202fPM] ", "[12/31/23, 9:16:07\u202fPM] "),
        ("[31.12.23, 21:15:07] ", "[31.12.23, 21:16:07] "),
        ("[2023/12/31 21:15:07] ", "[2023/12/31 21:16:07] "),
        ("[31/12/2023 à 21:15:07] ", "[31/12/2023 à 21:16:07] "),
    ],
)
def test_whatsapp_is_read_with_the_dates_and_clocks_of_many_places(first: str, second: str) -> None:
    chat = chats.read(f"{first}Ann: Hi\n{second}Bea Lim: Yo\n")
    assert (chat.kind, chat.text) == ("whatsapp", "Ann: Hi\nBea Lim: Yo")


def test_kakaotalk_of_a_phone_has_a_comma_before_the_name() -> None:
    chat = chats.read("2023년 12월 31일 오후 9:15, Ann : 안녕\n2023년 12월 31일 오후 9:16, Bea : 네\n")
    assert (chat.kind, chat.text) == ("kakaotalk", "Ann: 안녕\nBea: 네")


@pytest.mark.parametrize(
    "tag",
    [
        "<Media omitted>",
        "<Medien ausgeschlossen>",
        "<Multimedia omitido>",
        "<Médias omis>",
        "<Mídia oculta>",
        "<Media weggelaten>",
        "<Без медиафайлов>",
        "image omitted",
        "Bild weggelassen",
        "imagen omitida",
        "image absente",
        "immagine omessa",
        "<attached: 00000012-PHOTO.jpg>",
        "Plan.pdf (Datei angehängt)",
        "null",
    ],
)
def test_tags_of_media_are_known_in_many_languages(tag: str) -> None:
    chat = chats.read(f"31.12.23, 21:15 - Ann: Hi\n31.12.23, 21:16 - Bob: {tag}\n")
    assert (chat.text, left_out(chat, "media")) == ("Ann: Hi", [tag])


def test_words_that_only_resemble_a_tag_are_said() -> None:
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


def test_slack_copied_keeps_reactions_replies_and_dividers_apart() -> None:
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


@pytest.mark.parametrize("clock", ["{}:{} AM", "{}:{}"])
def test_slack_copied_with_times_on_lines_of_their_own(clock: str) -> None:
    times = [clock.format(9, minute) for minute in (15, 20)]
    chat = chats.read(f"Ann Lee\n  {times[0]}\nHi?\n9:16\nagain\nBob Moss\n  {times[1]}\nYo\n")
    assert (chat.kind, chat.text) == ("slack", "Ann Lee: Hi?\nAnn Lee: again\nBob Moss: Yo")


def test_slack_copied_with_times_behind_the_names() -> None:
    chat = chats.read("Ann Lee  9:15 AM\nmeet at 9:30 AM\nBob Moss  9:20 AM\nYo\n")
    assert (chat.kind, chat.text) == ("slack", "Ann Lee: meet at 9:30 AM\nBob Moss: Yo")


def test_teams_copied_with_days_and_times_below_the_names() -> None:
    chat = chats.read("Lee, Ann\nYesterday 9:15 AM\nSee the plan?\nBob Moss\n10/3/2023 9:20 AM\nYes\n")
    assert (chat.kind, chat.text) == ("teams", "Lee, Ann: See the plan?\nBob Moss: Yes")


def test_teams_copied() -> None:
    text = "[Yesterday 9:15 AM] Lee, Ann\nSee the plan?\n\n[9:20 AM] Bob Moss\nYes: fine\n\nlike 1\n"
    chat = chats.read(text)
    assert (chat.kind, chat.text) == ("teams", "Lee, Ann: See the plan?\nBob Moss: Yes: fine")
    assert left_out(chat, "system") == ["like 1"]


@pytest.mark.parametrize("between", [" — ", "\n — \n", "\n\n — "])
def test_discord_copied(between: str) -> None:
    text = f"ann{between}Today at 9:15 AM\nanyone up?\nbob{between}03/10/2023 9:20 PM\nyes\nImage\n"
    chat = chats.read(text)
    assert (chat.kind, chat.text, left_out(chat, "media")) == (
        "discord",
        "ann: anyone up?\nbob: yes",
        ["Image"],
    )


def test_dashes_in_messages_of_discord_part_nothing() -> None:
    said = "Today at 9:15 AM\n— so\nand —\nbob"
    chat = chats.read(f"ann\n — \n{said}\n — \nToday at 9:16 AM\nyes\n")
    assert chat.text == "ann: — so\nand —\nbob: yes"


def test_discord_exported_as_text() -> None:
    line = "=" * 40
    text = (
        f"{line}\nGuild: Bakers\nChannel: bread\n{line}\n\n[03/10/2023 9:15 PM] ann\nHello\n\n"
        "{Attachments}\nhttps://cdn.discordapp.com/attachments/1/2/bread.png\n\n"
        f"[03/10/2023 9:16 PM] bob\nYo\n{line}\nExported 2 message(s)\n{line}\n"
    )
    chat = chats.read(text)
    assert (chat.kind, chat.text) == ("discord", "ann: Hello\nbob: Yo")
    assert len(left_out(chat, "media")) == 2


@pytest.mark.parametrize("when", ["[31.12.2023 21:15]", "[31 Dec 2023 at 21:15:07]:", "[12/31/23 9:15 PM]"])
def test_telegram_copied(when: str) -> None:
    chat = chats.read(f"Ann Lee, {when}\nHello\n\nBob, {when}\n[ Photo ]\nLook\n")
    assert (chat.kind, chat.text) == ("telegram", "Ann Lee: Hello\nBob: Look")
    assert left_out(chat, "media") == ["[ Photo ]"]


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


def test_webvtt_with_voices_joins_what_one_says() -> None:
    chat = chats.read(VTT)
    assert (chat.kind, chat.text) == ("webvtt", "Ann Lee: Hello & welcome.\nTo the call.\nBob: Thanks!")
    assert [turn.time for turn in chat.turns] == ["00:00:01.000", "00:00:02.000"]
    assert (left_out(chat, "media"), left_out(chat, "system")) == (["[Applause]"], ["NOTE made by hand"])


def test_webvtt_with_names_before_a_colon() -> None:
    cues = ["Ann: Hello", "and: welcome", "Bob: Hi"]
    text = "".join(f"\n00:0{number}.000 --> 00:0{number}.900\n{cue}\n" for number, cue in enumerate(cues))
    assert chats.read(f"WEBVTT\n{text.replace('and:', 'and')}").text == "Ann: Hello\nand welcome\nBob: Hi"


def test_names_at_the_beginning_of_turns_alone_are_found() -> None:
    cues = ["ANN: Hello", "to all", "and", "everyone", "BOB: Hi", "there", "ANN: Well", "then", "and now"]
    text = "".join(
        f"{number}\n00:00:0{number},0 --> 00:00:0{number},9\n{cue}\n\n" for number, cue in enumerate(cues)
    )
    assert chats.read(text).speakers == ("ANN", "BOB")


def test_srt_without_names_is_one_turn_of_no_one() -> None:
    chat = chats.read(
        "1\n00:00:01,000 --> 00:00:02,000\n<i>Hello</i>\n\n2\n00:00:02,000 --> 00:00:03,000\nthere\n"
    )
    assert (chat.kind, chat.text, chat.speakers) == ("srt", "Hello\nthere", ())


@pytest.mark.parametrize(
    "text",
    [
        "Ann Lee  0:03\nHi\n\nBob  0:10\nYo\n",
        "[00:01:02] Ann Lee: Hi\n[00:01:04] Bob: Yo\n",
        "09:15 Ann Lee: Hi\n09:16 Bob: Yo\n",
        "[21:15] <Ann Lee> Hi\n[21:16] <Bob> Yo\n",
        "09:15:07 From Ann Lee to Everyone : Hi\n09:15:09 From Bob to Everyone:\n\tYo\n",
    ],
)
def test_transcripts_with_times_before_or_behind_the_names(text: str) -> None:
    chat = chats.read(text)
    assert (chat.kind, chat.text) == ("transcript", "Ann Lee: Hi\nBob: Yo")


def test_plain_turns_stay_what_they_are() -> None:
    text = "Ann: see you at\n10:30\nBob: [9:15] works, too"
    chat = chats.read(text)
    assert (chat.kind, chat.is_export, chat.turns) == ("plain", False, turns(text))


@pytest.mark.parametrize(
    "text", ["", " \n", "No names here.\nAt 12:30 it rained.", "{}", "[1, 2", "WEBVTT\n\n"]
)
def test_text_that_is_no_export_is_text(text: str) -> None:
    chat = chats.read(text)
    assert (chat.kind, chat.is_export, chat.turns) == ("text", False, turns(text))


@pytest.mark.parametrize(
    "quoted",
    ["31.12.23, 21:15 - Cem: Hi", "Cem, [31.12.2023 21:15]\nHi", "10:30 works: yes\n11:30 works: no"],
)
def test_a_chat_that_quotes_another_stays_what_it_is(quoted: str) -> None:
    assert chats.read(f"Ann: look what he wrote\n{quoted}\nBob: wow\nAnn: yes\nBob: hm").kind == "plain"


def test_one_time_in_an_article_makes_no_export() -> None:
    article = "The town.\n" * 20 + "31.12.23, 21:15 - Ann: Hi\n" + "The end.\n"
    assert not chats.read(article).is_export


def test_a_long_export_is_known_by_its_beginning() -> None:
    chat = chats.read(ANDROID * 1000)
    assert (chat.kind, len(chat.turns), len(chat.left_out)) == ("whatsapp", 3000, 6000)


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
def test_lists_and_prose_are_no_transcript(text: str) -> None:
    assert not chats.read(text).is_export


LINES = [line for text in (ANDROID, IOS, SLACK, VTT) for line in text.splitlines()]
PIECE = st.sampled_from(
    [*LINES, "[", "{", '{"messages": [', ": ", " - ", " --> ", MARK, "<v ", ""]
) | st.text(max_size=20)


@given(st.lists(PIECE, max_size=12), st.sampled_from(["\n", "\r\n", "", "\r"]))
def test_any_text_ends_in_a_chat_in_which_all_is_said_or_left_out(pieces: list[str], end: str) -> None:
    chat = chats.read(end.join(pieces))
    assert all(turn.text for turn in chat.turns) or not chat.is_export
    assert all(each.text for each in chat.left_out)
