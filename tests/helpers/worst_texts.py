"""Texts that patterns are slow on, and everything that reads a text of others."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from engine import chats
from engine.chats import html_exports
from engine.chats.chat import Log
from engine.chats.json_exports import messengers
from engine.chats.text_exports import FORMATS, MAIL, TAGGED_FORMATS, TextFormat
from engine.data import cells, text_kind
from engine.errors import DataError
from engine.scoring import faithfulness
from engine.text import conversations, pii, transcripts, unicode_checks, words

# What is repeated: nothing that a pattern looks for ends.
PIECES = (
    "a", " ", "\t", "\n", "1", ":", "[", "]", "<", ">", "(", ")", "{", "}", '"', "'", "-", "–", "—", "*", "_",
    "/", ".", ",", ";", "|", "\\", "@", "#", "&", "=", "~", "「", "•", "\u200b", "\u200e", "\u00a0", "\u202f",
    "é", "日", "ا", "🙂", "a ", "a  ", "  a", "a\t", "A ", "1 ", "1:", "a:", "a: ", "a: b\n", "a:\n", "a\n",
    "> a\n", "> ", ">>", "<a", "< ", "<a ", "<b>", "<!--", "</p ", "<br ", "<img ", "<blockquote>",
    "<legacyquote ", '<emoji alt="', "&lt", "&#1", "&#1;", "[a", "[a]", "[a] \n", "[1:2", "(1", "**a", "**a**",
    "*a ", ":a:", "::a", "a@", "@a ", "x@y.", "a.", "a. ", "1.", "1. ", "1,", "1/2/3 ", "1:2\n", "12:34 ",
    "12:34:56 ", "12:34 a\n", "12:34 a: b\n", "2024-01-01 ", "1. a: b\n", "a, ", "a - b\n", "From: a\n",
    "From a\n", "On a wrote: ", "-----\n", "--- a\n", '{"a":', "[[", "[1,", '"a",', "\\u", "a'b ", "a-b-",
    "http://a", "https://", "www.", "//a/", "+1 ", "+1-", "00 ", "DE12 ", "192.", "fe80:", "4111 ", "1 000 ",
    "e.g. ", "Mr. ", "?!", "“", "”", "<@U", "<http", "AM ", "at 1 ", "half past ",
)  # fmt: skip
# Those that have been the worst so far.
WORST = ("a", " ", "1", ":", "[", "<", "a ", '<emoji alt="', "<blockquote>", "12:34 ", "**a", '{"a":')
# A text may look like one of these at its beginning.
BEGINNINGS = (
    "Ann: hi\nBob: yo\nAnn: x\n",
    "[01.01.24, 10:00:00] Ann: hi\n[01.01.24, 10:01:00] Bob: ho\n",
    "12:00 <ann> hi\n12:01 <bob> ho\n",
    "Ann Lee  10:00 AM\nhi\nBob  10:01 AM\nho\n",
    "From: a@b.c\nTo: b@c.d\nSubject: x\nDate: Mon, 1 Jan 2024 10:00:00 +0000\n\nhello\n",
)


def _read_form(form: TextFormat, text: str) -> None:
    list(form.turns(text.splitlines(), Log()))


def _read_teams(text: str) -> None:
    entry = {
        "messageType": "message", "createdDateTime": "2024-01-01T10:00:00Z", "from": {"user": {"displayName": "Ann"}},
        "body": {"contentType": "html", "content": text},
    }  # fmt: skip
    chats.read(json.dumps([entry]))
    messengers.TEAMS.add_message(entry, Log(), {})


def _read_slack(text: str) -> None:
    chats.read(json.dumps([{"type": "message", "user": "U1", "ts": "1704103200.0", "text": text}]))


def _read_page(text: str) -> None:
    with suppress(DataError, ValueError):
        html_exports.plain_text(iter([text]))
    with suppress(DataError, ValueError):
        html_exports.format_of(text)


READERS: dict[str, Callable[[str], Any]] = {
    "a chat": chats.read,
    **{
        f"a chat that begins as {begin[:12]!r}": partial(lambda begin, text: chats.read(begin + text), begin)
        for begin in BEGINNINGS
    },
    **{
        f"{form.kind} {number}: {form.form}": partial(_read_form, form)
        for number, form in enumerate((*FORMATS, *(form for form, _ in TAGGED_FORMATS), MAIL))
    },
    "Teams": _read_teams,
    "Slack": _read_slack,
    "a page": _read_page,
    "the kind of a text": text_kind.suffix_of,
    "turns": conversations.turns,
    "summaries below their conversations": transcripts.part_summaries,
    "a cell": lambda text: (cells.as_list(text), cells.as_list(f"[{text}")),
    "personal data": pii.find,
    "sentences": lambda text: words.sentences(text, "en"),
    "words": lambda text: words.tokens(text, ""),
    "claims of a summary": lambda text: faithfulness.check_claims(text, "Ann: hi", "en"),
    "claims of a conversation": lambda text: faithfulness.check_claims("It is 5.", text, "en"),
    "characters": lambda text: (unicode_checks.invisible(text), unicode_checks.damaged(text)),
}


def read_all(pieces: tuple[str, ...], length: int) -> Iterator[str]:
    """Let everything read each piece repeated to a length; yield before each what it is."""
    for name, read in READERS.items():
        for piece in pieces:
            yield f"{name}, {piece!r} repeated"
            read(piece * (length // len(piece)))
    yield ""
