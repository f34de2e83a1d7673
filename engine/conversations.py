"""Conversations as plain values: an example, its turns for display, and which columns of a table hold what.

Knows nothing of files, tokens or models, and imports neither torch nor datasets.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.errors import DataError

AUTO = "auto"
CONVERSATION_NAMES = (
    "dialogue", "dialog", "conversation", "transcript", "chat", "messages", "meeting", "source", "article",
    "document", "text", "input", "content",
)  # fmt: skip
SUMMARY_NAMES = (
    "summary", "reference_summary", "highlights", "abstract", "reference", "target", "output", "label",
    "labels", "response", "completion",
)  # fmt: skip
ID_NAMES = ("id", "fname", "dialogue_id", "dialog_id", "conversation_id", "example_id", "guid", "uuid")
LONGEST_SPEAKER = 40
TURN = re.compile(rf"^\s*([^\s:][^:\n]{{0,{LONGEST_SPEAKER - 1}}}?)\s*:(?:\s+(.*)|)$")


@dataclass(frozen=True)
class Example:
    """A conversation and its reference summary; `id` is the id column's value or the row number, from 1.

    `more_references` are further summaries of the same conversation.
    """

    id: str
    conversation: str
    summary: str
    more_references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Turn:
    """What one speaker says at a time; `speaker` is "" for text that no one is named for.

    `time` is when, as it was written where the turn was read, "" if that is not known.
    """

    speaker: str
    text: str
    time: str = ""


@dataclass(frozen=True)
class Columns:
    """The columns of a table, which two are used, and why these two."""

    all: tuple[str, ...]
    conversation: str
    summary: str
    reason: str
    id: str | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the choice in the shape of the data check's result."""
        return {
            "all": list(self.all),
            "conversation": self.conversation,
            "summary": self.summary,
            "reason": self.reason,
        }


def turns(conversation: str) -> tuple[Turn, ...]:
    """Return the turns of "Name: text" lines; a line without a name goes on with the turn before it."""
    found: list[tuple[str, list[str]]] = []
    for line in conversation.splitlines():
        match = TURN.match(line)
        if match:
            found.append((match[1].strip(), [(match[2] or "").strip()]))
        elif line.strip():
            if not found:
                found.append(("", []))
            found[-1][1].append(line.strip())
    return tuple(Turn(speaker, "\n".join(filter(None, lines))) for speaker, lines in found)


def as_text(said: Iterable[Turn]) -> str:
    """Return turns as the "Name: text" lines that `turns` reads.

    A line break within a turn stays, unless the line after it would be taken for another speaker's.
    """
    return "\n".join(_line(turn) if turn.speaker else turn.text for turn in said)


def _line(turn: Turn) -> str:
    first, *rest = turn.text.splitlines() or [""]
    if not any(map(TURN.match, rest)):
        return f"{turn.speaker}: {turn.text}"
    kept = "".join(f" {line.strip()}" if TURN.match(line) else f"\n{line}" for line in rest)
    return f"{turn.speaker}: {first}{kept}"


def speakers(conversation: str) -> tuple[str, ...]:
    """Return the names of those who speak, in the order of their first turns."""
    return tuple(dict.fromkeys(turn.speaker for turn in turns(conversation) if turn.speaker))


def choose_columns(names: Sequence[str], conversation: str = AUTO, summary: str = AUTO) -> Columns:
    """Return which columns to use: the named ones, or the likeliest by their names for "auto".

    Raises DataError with the field `data.conversation` or `data.summary` if a named column is missing or
    none is likely.
    """
    reasons = []
    chosen: dict[str, str] = {}
    for role, wanted, likely in (
        ("conversation", conversation, CONVERSATION_NAMES),
        ("summary", summary, SUMMARY_NAMES),
    ):
        others = [name for name in names if name not in chosen.values()]
        chosen[role] = _guess(role, others, likely, names) if wanted == AUTO else _named(role, wanted, names)
        why = "by its name" if wanted == AUTO else "as named"
        reasons.append(f'{role}: column "{chosen[role]}", {why}')
    if chosen["conversation"] == chosen["summary"]:
        raise DataError(
            "Conversation and summary can't be the same column.", _columns_there(names), "data.summary"
        )
    identity = next((name for name in names if name.lower() in ID_NAMES), None)
    return Columns(tuple(names), chosen["conversation"], chosen["summary"], "; ".join(reasons), identity)


def _named(role: str, wanted: str, names: Sequence[str]) -> str:
    if wanted in names:
        return wanted
    near = difflib.get_close_matches(wanted.lower(), [name.lower() for name in names], n=1)
    meant = next((name for name in names if near and name.lower() == near[0]), "")
    hint = f"Did you mean {meant}? " if meant else ""
    raise DataError(f'There is no column "{wanted}".', hint + _columns_there(names), f"data.{role}")


def _guess(role: str, free: Sequence[str], likely: Sequence[str], names: Sequence[str]) -> str:
    by_plain_name = {name.lower().strip().replace(" ", "_"): name for name in reversed(free)}
    for guess in likely:
        if guess in by_plain_name:
            return by_plain_name[guess]
    for guess in likely:
        for plain, name in by_plain_name.items():
            if guess in plain.split("_"):
                return name
    raise DataError(
        f"No column looks like the {role}.",
        f"{_columns_there(names)} Name one as data.{role}.",
        f"data.{role}",
    )


def _columns_there(names: Sequence[str]) -> str:
    return f"The columns are: {', '.join(names)}." if names else "The data has no columns."
