"""Whatever people say, written as an application exports or copies it, is read back as the same turns."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import chats
from engine.chats import Chat, Log, html_exports

Said = Sequence[tuple[str, str]]
# Two people in turn, in words that no application writes by itself.
NAME = st.sampled_from(["Ann", "Ann Lee", "Bea Lim", "Zoë", "José Núñez", "O'Neil", "安娜", "Аня"])
WORD = st.sampled_from(
    ["see", "you", "gladly", "tea?", "Brötchen", "42", "a.example", "好的", "да", "(later)", "don't", "🙂"]
)
TEXT = st.lists(WORD, min_size=2, max_size=6).map(" ".join).map(lambda text: f"so {text}")
SAID = st.tuples(st.lists(NAME, min_size=2, max_size=2, unique=True), st.lists(TEXT, min_size=4, max_size=7)).map(
    lambda drawn: [(drawn[0][number % 2], text) for number, text in enumerate(drawn[1])]
)  # fmt: skip


def nick(name: str) -> str:
    return name.replace(" ", "_")


def lines(form: str) -> Callable[[Said], str]:
    """Return what writes a message by a form, minute by minute."""
    return lambda said: "".join(
        form.format(name=name, nick=nick(name), text=text, minute=f"{10 + number}", number=number)
        for number, (name, text) in enumerate(said)
    )


WHATSAPP = (
    "12/31/23, 9:{minute} PM - ", "31.12.23, 21:{minute} - ", "31.12.2023, 21:{minute} – ", "2023-12-31 21:{minute} - ",
    "31/12/23, 9:{minute}\u202fp.\u00a0m. - ", "31/12/2023 à 21:{minute} - ", "31/12/2023 21:{minute} - ",
    "31-12-2023 21:{minute} - ", "31. 12. 2023 21:{minute} - ", "2023/12/31 下午9:{minute} - ",
    "٣١/١٢/٢٠٢٣، ٩:{minute} م - ", "[12/31/23, 9:{minute}:07\u202fPM] ", "[31.12.23, 21:{minute}:07] ",
    "[2023/12/31 21:{minute}:07] ", "[31/12/2023 à 21:{minute}:07] ", "Dec 31, 2023, 9:{minute}\u202fPM - ",
    "31 December 2023 at 9:{minute} PM - ",
)  # fmt: skip
# Ways in which captions name speakers.
CUES = ("{name}: {text}\n\n", ">> {name}: {text}\n\n", "[{name}] {text}\n\n", "{name}\n{text}\n\n")
FORMS: tuple[tuple[str, str], ...] = (
    *(("whatsapp", when + "{name}: {text}\n") for when in WHATSAPP),
    ("kakaotalk", "2023년 12월 31일 오후 9:{minute}, {name} : {text}\n"),
    ("kakaotalk", "2023. 12. 31. 오후 9:{minute}, {name} : {text}\n"),
    ("kakaotalk", "2023. 12. 31. 일요일\n2023. 12. 31. 오후 9:{minute}, {name} : {text}\n"),
    ("kakaotalk", "Dec 31, 2023 at 9:{minute} PM, {name} : {text}\n"),
    ("kakaotalk", "Sunday, December 31, 2023\nDecember 31, 2023, 9:{minute} PM, {name} : {text}\n"),
    ("kakaotalk", "[{name}] [오후 9:{minute}] {text}\n"),
    ("kakaotalk", "--------------- 2023년 12월 31일 일요일 ---------------\n[{name}] [오후 9:{minute}] {text}\n"),
    ("slack", "{name}  [9:{minute} AM]\n{text}\n"),
    ("slack", "{name}\n  9:{minute} AM\n{text}\n"),
    ("slack", "{name}\n  9:{minute}\n{text}\n"),
    ("slack", "{name}  9:{minute} AM\n{text}\n"),
    ("teams", "{name}\nYesterday 9:{minute} AM\n{text}\n"),
    ("teams", "[9:{minute} AM] {name}\n{text}\n\n"),
    ("discord", "{name} — Today at 9:{minute} AM\n{text}\n"),
    ("discord", "{name}\n — \nToday at 9:{minute} AM\n{text}\n"),
    ("discord", "{name}\n\n — 03/10/2023 9:{minute} PM\n{text}\n"),
    ("telegram", "{name}, [31.12.2023 21:{minute}]\n{text}\n\n"),
    ("telegram", "{name}, [31 Dec 2023 at 21:{minute}:07]:\n{text}\n\n"),
    ("transcript", "{name}  0:{minute}\n{text}\n\n"),
    ("transcript", "[00:01:{minute}] {name}: {text}\n"),
    ("transcript", "09:{minute} {name}: {text}\n"),
    ("transcript", "09:15:{minute} From {name} to Everyone : {text}\n"),
    ("transcript", "[21:{minute} 31/12/2023] {name}: {text}\n"),
    ("transcript", "{name} (00:{minute}): {text}\n"),
    ("transcript", "00:01:{minute}\t00:02:{minute}\t{name}\ts\t{text}\n"),
    ("transcript", "**{name}:** {text}\n"),
    ("transcript", "**{name}**: {text}\n"),
    ("transcript", "**{name}**\n\n{text}\n\n"),
    ("transcript", "### {name}\n\n{text}\n\n"),
    ("transcript", "[{name}] {text}\n"),
    ("transcript", "[{name} - 00:{minute}] {text}\n"),
    ("transcript", "({name}) {text}\n"),
    ("transcript", "{name}\n{text}\n\n"),
    ("transcript", "{number}. {name}: {text}\n"),
    ("transcript", "• {name}: {text}\n"),
    ("transcript", "{name} - {text}\n"),
    ("transcript", "{name}\t10:{minute}\t{text}\n"),
    ("transcript", "10:{minute} | {name} | {text}\n"),
    ("transcript", "{name} (00:{minute}):\n{text}\n\n"),
    ("transcript", '<SPEAKER ID={number} NAME="{name}">\n{text}\n'),
    ("transcript", "{nick}「{text}」\n"),
    ("irc", "[21:{minute}] <{nick}> {text}\n"),
    ("irc", "21:{minute} <@{nick}> {text}\n"),
    ("irc", "[2023-12-31 21:{minute}:07] <{nick}> {text}\n"),
    ("irc", "2023-12-31 21:{minute}:07\t{nick}\t{text}\n"),
    ("irc", "<{nick}> {text}\n"),
    ("line", "2023/12/31(Sun)\n21:{minute}\t{name}\t{text}\n"),
    ("line", "2023.12.31 日曜日\n午後9:{minute}\t{name}\t{text}\n"),
    ("viber", "[ 31/12/2023 9:{minute} PM ] {name}: {text}\n"),
    ("viber", "[31 December 2023 at 21:{minute}:07]: {name}: {text}\n"),
    ("imessage", "Dec 31, 2023  9:{minute}:07 PM\n{name}\n{text}\n\n"),
    ("imessage", "2023-12-31 21:{minute}:07 from {name} - +44 7700 900123\n\n{text}\n" + "-" * 52 + "\n"),
    ("signal", "[2023-12-31 21:{minute}:07] {name}: {text}\n"),
    ("google_chat", "{name}, Yesterday 9:{minute} AM\n{text}\n"),
    ("plain", "{name}: {text}\n"),
    *(("srt", "{minute}\n00:00:{minute},0 --> 00:00:{minute},9\n" + cue) for cue in CUES),
    ("srt", "0:00:{minute}.000,0:00:{minute}.900\n{name}: {text}\n\n"),
    ("srt", "[00:{minute}.000 --> 00:{minute}.900]  {name}: {text}\n"),
)  # fmt: skip


def discord_exporter(said: Said) -> str:
    rule = "=" * 40
    written = lines("[03/10/2023 9:{minute} PM] {name}\n{text}\n\n")(said)
    head = f"{rule}\nGuild: Bakers\nChannel: bread\n{rule}\n\n"
    return f"{head}{written}{rule}\nExported {len(said)} message(s)\n{rule}\n"


def webvtt(form: str) -> Callable[[Said], str]:
    return lambda said: "WEBVTT\n\n" + lines(form)(said)


VTT_TIMES = "00:{minute}.000 --> 00:{minute}.900\n"
WEBVTT = (
    *(VTT_TIMES + cue for cue in ("<v {name}>{text}</v>\n\n", *CUES)),
    '{number} "{name}" (291213132)\n' + VTT_TIMES + "{text}\n\n",
)


def mail(said: Said) -> str:
    head = "From: {name}\nSent: Sunday, December 31, 2023 9:{minute} PM\nTo: Cem\nSubject: Tea\n\n{text}\n\n"
    written = (head.format(name=name, text=text, minute=10 + at) for at, (name, text) in enumerate(said))
    return "".join(reversed(list(written)))


def of_json(
    message: Callable[[str, str, int], dict[str, Any]], whole: Callable[[list[Any]], Any]
) -> Callable[[Said], str]:
    """Return what writes messages as JSON, of a message by its name, text and minute."""
    return lambda said: json.dumps(
        whole([message(name, text, 10 + at) for at, (name, text) in enumerate(said)])
    )


JSON: tuple[tuple[str, Callable[[Said], str]], ...] = (
    ("slack", of_json(lambda name, text, at: {"type": "message", "user": name, "user_profile": {"real_name": name},
                                              "ts": f"{at}.0", "text": text}, lambda made: made[::-1])),
    ("telegram", of_json(lambda name, text, at: {"type": "message", "from": name, "date": f"2023-12-31T21:{at}:00",
                                                 "text": ["", {"type": "bold", "text": text}]},
                         lambda made: {"name": "Trip", "messages": made})),
    ("discord", of_json(lambda name, text, at: {"type": "Default", "timestamp": f"2023-12-31T21:{at}:00",
                                                "content": text, "author": {"name": "x", "nickname": name}},
                        lambda made: {"guild": {"name": "Bakers"}, "messages": made})),
    ("teams", of_json(lambda name, text, at: {"id": f"{at}", "messageType": "message", "attachments": [],
                                              "createdDateTime": f"2024-01-02T10:{at}:00.123Z",
                                              "from": {"application": None, "user": {"displayName": name}},
                                              "body": {"contentType": "html", "content": f"<div><p>{text}</p></div>"}},
                      lambda made: {"value": made[::-1]})),
)  # fmt: skip


SECONDS = 1704056400


def speech(words: Callable[[str, str, int], list[dict[str, Any]]], whole: Callable[[list[Any]], Any]) -> Any:
    return lambda said: json.dumps(
        whole([word for at, (name, text) in enumerate(said) for word in words(name, text, at)])
    )


def chatgpt(said: Said) -> str:
    nodes = {
        str(at): {"message": {"author": {"role": ("user", "assistant")[at % 2]}, "create_time": SECONDS + 60.0 * at,
                              "content": {"content_type": "text", "parts": [text]}},
                  "parent": str(at - 1) if at else None, "children": []}
        for at, (_, text) in enumerate(said)
    }  # fmt: skip
    return json.dumps([{"title": "Tea", "mapping": nodes, "current_node": str(len(said) - 1)}])


def matrix(said: Said) -> str:
    ids = {name: f"@{number}:a.org" for number, name in enumerate(dict(said))}
    members = [{"type": "m.room.member", "sender": each, "state_key": each, "origin_server_ts": 1,
                "content": {"displayname": name}} for name, each in ids.items()]  # fmt: skip
    spoken = [{"type": "m.room.message", "sender": ids[name], "origin_server_ts": (SECONDS + 60 * at) * 1000,
               "content": {"msgtype": "m.text", "body": text}} for at, (name, text) in enumerate(said)]  # fmt: skip
    return json.dumps({"room_name": "Tea", "messages": [*members, *spoken]})


def mojibake(text: str) -> str:
    return text.encode().decode("latin-1")


MORE_JSON: tuple[tuple[str, Callable[[Said], str]], ...] = (
    ("webex", of_json(lambda name, text, at: {"roomId": "r", "personEmail": "a@b.c", "personDisplayName": name,
                                              "text": text, "created": f"2024-01-02T10:{at}:00.000Z"},
                      lambda made: {"items": made[::-1]})),
    ("messenger", of_json(lambda name, text, at: {"sender_name": mojibake(name), "content": mojibake(text),
                                                  "timestamp_ms": (SECONDS + 60 * at) * 1000},
                          lambda made: {"participants": [{"name": "x"}], "messages": made[::-1]})),
    ("messenger", of_json(lambda name, text, at: {"senderName": name, "text": text, "isUnsent": False, "media": [],
                                                  "timestamp": (SECONDS + 60 * at) * 1000},
                          lambda made: {"participants": ["x"], "messages": made[::-1]})),
    ("google_chat", of_json(lambda name, text, at: {"creator": {"name": name, "user_type": "Human"}, "text": text,
                                                    "created_date": f"January 2, 2024 at 10:{at}:00\u202fAM UTC"},
                            lambda made: {"messages": made})),
    ("matrix", matrix),
    ("signal", of_json(lambda name, text, at: {"date": f"2024-01-02 10:{at}:00", "sender": name, "body": text,
                                               "quote": "", "reactions": []}, lambda made: made)),
    ("chatgpt", chatgpt),
    ("claude", of_json(lambda name, text, at: {"sender": ("human", "assistant")[at % 2], "text": text,
                                               "created_at": f"2024-01-02T10:{at}:00Z"},
                       lambda made: [{"name": "Tea", "chat_messages": made}])),
    ("turns", of_json(lambda name, text, at: {"speaker": name, "text": text, "time": f"2024-01-02T10:{at}:00"},
                      lambda made: {"title": "Tea", "turns": made})),
    ("speech", of_json(lambda name, text, at: {"speaker": name, "text": f" {text}", "start": at, "end": at + 1},
                       lambda made: {"segments": made})),
    ("speech", of_json(lambda name, text, at: {"speaker": name, "text": text, "start": at, "duration": 1},
                       lambda made: made)),
    ("speech", of_json(lambda name, text, at: {"speaker_name": name, "sentence": text, "startTime": f"00:{at}"},
                       lambda made: made)),
    ("speech", of_json(lambda name, text, at: {"speaker": name, "text": text, "start": at, "words": []},
                       lambda made: {"text": "x", "utterances": made})),
    ("speech", of_json(lambda name, text, at: {"speaker_name": name, "text": text, "start_time": at},
                       lambda made: {"data": {"transcript": {"sentences": made}}})),
    ("speech", of_json(lambda name, text, at: {"speaker_name": name, "transcript": text, "start_offset": at},
                       lambda made: {"speech": {"transcripts": made}})),
    ("speech", of_json(lambda name, text, at: {"ParticipantRole": name, "Content": text, "BeginOffsetMillis": at},
                       lambda made: {"Transcript": made})),
    ("speech", of_json(lambda name, text, at: {"speaker": name, "text": text, "offsetMilliseconds": at},
                       lambda made: {"phrases": made})),
    ("speech", of_json(lambda name, text, at: {"speaker": name, "offset": f"PT{at}S", "nBest": [{"display": text}]},
                       lambda made: {"recognizedPhrases": made})),
    ("speech", speech(lambda name, text, at: [{"word": word, "speakerLabel": name} for word in text.split()],
                      lambda made: {"results": [{"alternatives": [{"words": made, "confidence": 1}]}]})),
    ("speech", speech(lambda name, text, at: [{"text": word, "start": at, "speaker": name} for word in text.split()],
                      lambda made: {"text": "x", "words": made})),
    ("speech", of_json(lambda name, text, at: {"speaker": name, "elements": [{"value": text, "ts": at}]},
                       lambda made: {"monologues": made})),
    ("speech", speech(lambda name, text, at: [{"word": word, "start": at, "speaker": name} for word in text.split()],
                      lambda made: {"results": {"channels": [{"alternatives": [{"words": made}]}]}})),
    ("speech", speech(lambda name, text, at: [{"type": "pronunciation", "start_time": f"{at}", "speaker_label": name,
                                               "alternatives": [{"content": word}]} for word in text.split()],
                      lambda made: {"results": {"items": made}})),
    ("speech", speech(lambda name, text, at: [{"type": "word", "start_time": at + 0.1,
                                               "alternatives": [{"content": word, "speaker": name}]}
                                              for word in text.split()], lambda made: {"results": made})),
)  # fmt: skip
ROLES = {"chatgpt": ("User", "Assistant"), "claude": ("Human", "Assistant")}


def assert_read_back(chat: Chat, kind: str, written: str, said: Said) -> None:
    """Assert that a chat has the speakers, the texts and the times of what was written."""
    assert chat.kind == kind
    # What an exporter writes above and below the messages.
    assert {each.kind for each in chat.left_out} <= {"system"}
    names = [ROLES[kind][at % 2] if kind in ROLES else name for at, (name, _) in enumerate(said)]
    names = list(map(nick, names)) if kind == "irc" or "「" in written else names
    assert [(turn.speaker, turn.text) for turn in chat.turns] == [
        (name, text) for name, (_, text) in zip(names, said, strict=True)
    ]
    moments = [moment for moment, _ in chats.timed(chat.turns)]
    if kind == "speech" or not re.search(r"202[34]|٢٠٢٣|/23|\.23|17040", written):
        assert not any(moments)
        return
    assert [moment and moments[0] and moment - moments[0] for moment in moments] == [
        timedelta(minutes=at) for at in range(len(said))
    ]


@pytest.mark.parametrize(
    ("kind", "write"),
    [
        *((kind, lines(form)) for kind, form in FORMS), ("discord", discord_exporter),
        *(("webvtt", webvtt(form)) for form in WEBVTT), ("mail", mail), *JSON, *MORE_JSON,
    ],
)  # fmt: skip
@settings(max_examples=15)
@given(said=SAID)
def test_what_was_said_is_read_back(kind, write, said):
    written = write(said)
    assert_read_back(chats.read(written), kind, written, said)


@pytest.mark.parametrize(
    "names", [("sender", "text", "date"), ("Absender", "Nachricht", "Zeit"), ("发送者", "内容", "时间")]
)
@given(said=SAID)
@settings(max_examples=15)
def test_a_chat_in_a_table_is_read_back(names, said):
    rows = [
        dict(zip(names, (name, text, f"2023-12-31 21:{10 + at}:07"), strict=True))
        for at, (name, text) in enumerate(said)
    ]
    export, log = chats.table_export(rows), Log()
    assert export is not None
    assert_read_back(Chat(export.kind, tuple(export.turns(rows, {}, log)), (), ""), "table", "2023", said)


PAGES = (
    ("telegram", ('<div class="message default"><div class="date" title="31.12.2023 21:{minute}:07"></div>'
     '<div class="from_name">{name}</div><div class="text">{text}</div></div>'), '<div class="history">', False),
    ("discord", ('<div class="chatlog__message-group"><div class="chatlog__message"><span class="chatlog__author">'
     '{name}</span><span class="chatlog__timestamp" title="Sunday, December 31, 2023 9:{minute} PM"></span>'
     '<div class="chatlog__content">{text}</div></div></div>'), "<div>", False),
    ("messenger", ('<div class="_a6-g"><div class="_a6-h">{name}</div><div class="_a6-p">{text}</div>'
     '<div class="_a6-o">Dec 31, 2023 9:{minute}:07 pm</div></div>'), "<div>", True),
    ("messenger", ('<div class="message"><div class="message_header"><span class="user">{name}</span>'
     '<span class="meta">Sunday, December 31, 2023 at 9:{minute}pm UTC+01</span></div></div><p>{text}</p>'),
     '<div class="thread">Ann, Bob', True),
    ("messenger", ('<div class="message"><div class="message_header"><span class="user">{name}</span>'
     '<span class="meta">Sunday, 31 December 2023 at 21:{minute} UTC</span></div></div><p>{text}</p>'),
     '<div class="thread">Ann, Bob', False),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "form", "around", "is_reversed"), PAGES)
@settings(max_examples=15)
@given(said=SAID)
def test_a_page_is_read_back(kind, form, around, is_reversed, said):
    messages = [form.format(name=name, text=text, minute=10 + at) for at, (name, text) in enumerate(said)]
    page = f"<html><body>{around}{''.join(messages[::-1] if is_reversed else messages)}</div></body></html>"
    found, log = html_exports.format_of(page), Log()
    assert found is not None
    (thread,) = html_exports.threads([page], found, log)
    assert_read_back(Chat(found.kind, tuple(thread), tuple(log.left_out), ""), kind, page, said)


def test_every_kind_of_chat_is_read_back():
    written = {kind for kind, *_ in (*FORMS, *JSON, *MORE_JSON, *PAGES)} | {"webvtt", "mail", "table"}
    assert written == {*chats.TITLES} - {"text"}
