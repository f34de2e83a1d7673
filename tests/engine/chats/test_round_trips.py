"""Whatever people say, written as an application exports or copies it, is read back as the same turns."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import chats

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


def lines(form: str) -> Callable[[Said], str]:
    """Return what writes a message by a form, minute by minute."""
    return lambda said: "".join(
        form.format(name=name, text=text, minute=f"{10 + number}", number=number)
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
FORMS: tuple[tuple[str, str], ...] = (
    *(("whatsapp", when + "{name}: {text}\n") for when in WHATSAPP),
    ("kakaotalk", "2023년 12월 31일 오후 9:{minute}, {name} : {text}\n"),
    ("kakaotalk", "2023. 12. 31. 오후 9:{minute}, {name} : {text}\n"),
    ("kakaotalk", "2023. 12. 31. 일요일\n2023. 12. 31. 오후 9:{minute}, {name} : {text}\n"),
    ("kakaotalk", "Dec 31, 2023 at 9:{minute} PM, {name} : {text}\n"),
    ("kakaotalk", "Sunday, December 31, 2023\nDecember 31, 2023, 9:{minute} PM, {name} : {text}\n"),
    ("kakaotalk", "[{name}] [오후 9:{minute}] {text}\n"),
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
    ("srt", "{minute}\n00:00:{minute},0 --> 00:00:{minute},9\n{name}: {text}\n\n"),
)  # fmt: skip


def discord_exporter(said: Said) -> str:
    rule = "=" * 40
    written = lines("[03/10/2023 9:{minute} PM] {name}\n{text}\n\n")(said)
    head = f"{rule}\nGuild: Bakers\nChannel: bread\n{rule}\n\n"
    return f"{head}{written}{rule}\nExported {len(said)} message(s)\n{rule}\n"


def webvtt(said: Said) -> str:
    return "WEBVTT\n\n" + lines("00:{minute}.000 --> 00:{minute}.900\n<v {name}>{text}</v>\n\n")(said)


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


@pytest.mark.parametrize(
    ("kind", "write"),
    [
        *((kind, lines(form)) for kind, form in FORMS),
        ("discord", discord_exporter),
        ("webvtt", webvtt),
        *JSON,
    ],
)
@settings(max_examples=15, deadline=None)
@given(said=SAID)
def test_what_was_said_is_read_back(kind, write, said):
    chat = chats.read(write(said))
    assert chat.kind == kind
    # What an exporter writes above and below the messages.
    assert {each.kind for each in chat.left_out} <= {"system"}
    assert [(turn.speaker, turn.text) for turn in chat.turns] == said
    assert all(turn.time for turn in chat.turns)
