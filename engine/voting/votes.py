"""Votes as values, and the files that hold them: JSON lines, appended one by one.

Each line names its comparison and voter, so that files of several people can be counted together. Damaged lines, and
lines of another comparison, are skipped. Knows nothing of strengths.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from engine.errors import StorageError
from engine.jobs.events import MAX_EVENT_BYTES
from engine.system.foreign_files import FileKind, parse_json, read_bytes
from engine.system.validators import is_number, is_text
from engine.voting.comparisons import Comparison

Choice = Literal["left", "right", "tie"]
MAX_NAME = 80
MAX_NOTE = 2_000
Key = tuple[str, int, frozenset[int]]
"""What was asked of whom: voter, conversation, two systems on whichever side."""


@dataclass(frozen=True)
class Vote:
    """A voter's answer to a pair; `left` and `right` are indices of systems, `seconds` is the time it took."""

    vote: str
    voter: str
    conversation: int
    left: int
    right: int
    choice: Choice
    note: str = ""
    seconds: float = 0.0

    @property
    def key(self) -> Key:
        """What was asked of whom."""
        return self.voter, self.conversation, frozenset((self.left, self.right))

    @property
    def preferred(self) -> int | None:
        """The index of the preferred system, None for a tie."""
        return {"left": self.left, "right": self.right, "tie": None}[self.choice]


@dataclass
class Votes:
    """The votes of a file in their order, without those that were taken back.

    `goals` are the numbers of pairs that voters want to do, `revealed` tells whether the names came out.
    """

    votes: dict[str, Vote] = field(default_factory=dict)
    goals: dict[str, int] = field(default_factory=dict)
    revealed: bool = False
    taken_back: set[str] = field(default_factory=set)
    _keys: set[Key] = field(default_factory=set, init=False)

    @property
    def voters(self) -> list[str]:
        """The names of the voters, in order of their first vote."""
        return list(dict.fromkeys(vote.voter for vote in self.votes.values()))

    def of(self, voter: str) -> list[Vote]:
        """Return the votes of one voter, oldest first."""
        return [vote for vote in self.votes.values() if vote.voter == voter]

    def apply(self, record: Mapping[str, Any]) -> None:
        """Take in a valid line. A second vote on a pair by its voter is skipped; earlier versions asked some twice."""
        event = record["event"]
        if event == "voted":
            vote = Vote(**{name: record[name] for name in Vote.__dataclass_fields__})
            if vote.vote not in self.votes and vote.vote not in self.taken_back and not self.has(vote.key):
                self.votes[vote.vote] = vote
                self._keys.add(vote.key)
        elif event == "undone":
            self.taken_back.add(record["vote"])
            taken = self.votes.pop(record["vote"], None)
            if taken is not None:
                self._keys.discard(taken.key)
        elif event == "goal_set":
            self.goals[record["voter"]] = record["pairs"]
        elif event == "revealed":
            self.revealed = True

    def has(self, key: Key) -> bool:
        """Tell whether a pair was answered."""
        return key in self._keys


def new_vote_id() -> str:
    """Return the id of a new vote."""
    return secrets.token_hex(8)


def identity(comparison: Comparison) -> dict[str, str]:
    """Return what names the comparison in each line."""
    return {"comparison": comparison.info.fingerprint[:16]}


def read_votes(path: Path, comparison: Comparison) -> Votes:
    """Return the votes of a file on a comparison; none if there is no file.

    Raises StorageError if it can't be read or is too large.
    """
    found = Votes()
    for line in _lines(path):
        try:
            record = parse_json(line) if len(line) <= MAX_EVENT_BYTES else None
        except ValueError:
            continue
        if isinstance(record, dict) and _fits(record, comparison):
            found.apply(record)
    return found


def _lines(path: Path) -> Iterable[bytes]:
    try:
        return read_bytes(path, FileKind.VOTES).splitlines(keepends=True)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"{path} can't be read: {error.strerror}.") from error


def _fits(record: Mapping[str, Any], comparison: Comparison) -> bool:
    """Tell whether a line is valid and belongs to a comparison."""
    if record.get("comparison") != identity(comparison)["comparison"] or not is_text(record.get("voter")):
        return False
    event = record.get("event")
    if event == "voted":
        return _is_vote(record, comparison)
    if event == "undone":
        return is_text(record.get("vote"))
    if event == "goal_set":
        return _is_index(record.get("pairs"), len(comparison.conversations) * len(comparison.systems) ** 2)
    return event == "revealed"


def _is_vote(record: Mapping[str, Any], comparison: Comparison) -> bool:
    systems = len(comparison.systems)
    return (
        all(is_text(record.get(name)) for name in ("vote", "note"))
        and 0 < len(record["voter"]) <= MAX_NAME
        and len(record["note"]) <= MAX_NOTE
        and _is_index(record.get("conversation"), len(comparison.conversations))
        and all(_is_index(record.get(side), systems) for side in ("left", "right"))
        and record["left"] != record["right"]
        and record.get("choice") in get_args(Choice)
        and is_number(record.get("seconds"))
    )


def _is_index(value: object, count: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < count
