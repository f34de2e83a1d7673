"""Messages: English text that remembers its template and values, so that the window can say it in another language.

    say("Row {} of {} is empty.", 4, "train.csv")      a text with values
    say("{:,} row is empty.|{:,} rows are empty.", 9)   the form for one, and for other first values
    counted(9, "row")                                   the same for a number and its noun
    joined("; ", [say("no {}", "id"), "no rows"])       texts in a row
    listed(["id", "text", "label"], 2)                  the first of many names

A message is an English string wherever one is expected. JSON keeps the messages of a record beside its English texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Self

MESSAGES = "messages"
# What came from another process may be a stranger's: its template may neither look into values nor pad them.
_TEMPLATE = re.compile(r"(?:[^{}]|\{\{|\}\}|\{(?::,?0?\d?(?:\.\d)?[dfg%]?)?\})*+")


class Message(str):
    """A text with values; `template` has a place for each, "{}" or "{:,}", as in `str.format`.

    Of two forms with a bar between them the first is for a first value of 1; `form` is the one in use.
    """

    __slots__ = ("form", "template", "values")

    template: str
    form: str
    values: tuple[str | int | float, ...]

    def __new__(cls, template: str, *values: object) -> Self:
        """Fill in the values; what is neither text nor number becomes text. Raises ValueError, IndexError."""
        if not _TEMPLATE.fullmatch(template):
            raise ValueError(template)
        kept = tuple(value if isinstance(value, (str, int, float)) else str(value) for value in values)
        one, bar, many = template.partition("|")
        form = many if bar and kept[0] != 1 else one
        made = super().__new__(cls, form.format(*kept))
        made.template, made.values, made.form = template, kept, form
        return made

    def __str__(self) -> str:
        """Return the message itself, so that the text of an error raised with a message is that message."""
        return self

    def __reduce__(self) -> tuple[type[Message], tuple[object, ...]]:
        return Message, (self.template, *self.values)


def say(template: str, *values: object) -> str:
    return Message(template, *values)


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 step", "1,540 steps"."""
    return say(f"{{:,}} {one}|{{:,}} {many or one + 's'}", count)


def joined(separator: str, texts: Iterable[object]) -> str:
    """Return the texts that are not empty in a row."""
    kept = [text for text in texts if text]
    return str(kept[0]) if len(kept) == 1 else Message(separator.join("{}" for _ in kept), *kept)


def listed(names: Iterable[str], most: int = 5) -> str:
    """Return the first names in a row, and how many more there are."""
    first = list(names)
    rest = len(first) - most
    text = ", ".join(first[:most])
    return say("{} and {:,} more", text, rest) if rest > 0 else text


def to_json(value: Any, **options: Any) -> str:
    """Return JSON, a record with its messages as [template, values …]. Raises the errors of `json.dumps`."""
    found = {str(each): _packed(each) for each in _messages_in(value)} if isinstance(value, Mapping) else {}
    return json.dumps({**value, MESSAGES: list(found.values())} if found else value, **options)


def from_json(text: str | bytes) -> Any:
    """Return a value with its messages. Raises ValueError and RecursionError for damaged JSON."""
    value = json.loads(text)
    packed = value.pop(MESSAGES, ()) if isinstance(value, dict) else ()
    known = {str(each): each for each in map(_unpacked, packed)} if isinstance(packed, list) else {}
    return _with_messages(value, known) if known else value


def _messages_in(value: object) -> Iterator[Message]:
    if isinstance(value, Message):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _messages_in(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _messages_in(each)


def _packed(value: object) -> object:
    return [value.template, *map(_packed, value.values)] if isinstance(value, Message) else value


def _unpacked(value: object) -> object:
    """Return a packed message, or the value that it is."""
    match value:
        case [str(template), *values]:
            with suppress(ValueError, IndexError):
                return Message(template, *map(_unpacked, values))
    return value


def _with_messages(value: Any, known: Mapping[str, object]) -> Any:
    """Return a value with messages in place of their English texts."""
    if isinstance(value, str):
        return known.get(value, value)
    if isinstance(value, dict):
        return {name: _with_messages(each, known) for name, each in value.items()}
    return [_with_messages(each, known) for each in value] if isinstance(value, list) else value
