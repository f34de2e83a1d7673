"""Votes as values, and the files that hold them: JSON lines, appended one by one.

Each line is self-contained: it names its comparison and voter and has a checksum, so that lines that were cut or edited
are found and left out, with their number and the reason. Knows nothing of strengths.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from engine.errors import StorageError
from engine.jobs.events import MAX_EVENT_BYTES, MAX_TIME
from engine.system.foreign_files import FileKind, read_bytes
from engine.system.validators import is_flag, is_number, is_text
from engine.voting.comparisons import Comparison

Choice = Literal["left", "right", "tie"]
MAX_NAME = 80
MAX_NOTE = 2_000
# Not part of the checksum: the journal adds them.
_ADDED = frozenset({"v", "time", "clock", "check"})
Key = tuple[str, int, int, int]


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
    repeated: bool = False
    time: float = 0.0

    @property
    def key(self) -> Key:
        """What was asked of whom."""
        return self.voter, self.conversation, self.left, self.right

    @property
    def preferred(self) -> int | None:
        """The index of the preferred system, None for a tie."""
        return {"left": self.left, "right": self.right, "tie": None}[self.choice]

    def facts(self) -> dict[str, Any]:
        """Return the vote as its line has it, without the time."""
        facts = asdict(self)
        del facts["time"]
        return facts


@dataclass(frozen=True)
class LeftOut:
    """A line of a file that is no vote of this comparison, and why."""

    line: int
    reason: str


@dataclass
class Votes:
    """The votes of a file in their order, without those that were taken back.

    `goals` are the numbers of pairs that voters want to do, `revealed` tells whether the names came out.
    """

    votes: dict[str, Vote] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
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

    def apply(self, record: Mapping[str, Any]) -> str:
        """Take in a valid line; return why it is left out, "" if it is not."""
        event = record["event"]
        if event == "voted":
            return self._add(_vote(record))
        if event == "undone":
            self._take_back(record["vote"])
        elif event == "goal_set":
            self.goals[record["voter"]] = record["pairs"]
        elif event == "revealed":
            self.revealed = True
        return ""

    def _add(self, vote: Vote) -> str:
        if vote.vote in self.votes or vote.vote in self.taken_back:
            return "it is a double"
        if vote.key in self._keys:
            return "its voter answered this pair before"
        self.votes[vote.vote] = vote
        self._keys.add(vote.key)
        return ""

    def _take_back(self, vote_id: str) -> None:
        self.taken_back.add(vote_id)
        vote = self.votes.pop(vote_id, None)
        if vote is not None:
            self._keys.discard(vote.key)

    def has(self, key: Key) -> bool:
        """Tell whether a pair was answered."""
        return key in self._keys


def new_vote_id() -> str:
    """Return the id of a new vote."""
    return secrets.token_hex(8)


def checksum(facts: Mapping[str, Any]) -> str:
    """Return a checksum over the event and the facts of a line; it finds accidents and edits, it is no signature."""
    kept = {name: value for name, value in facts.items() if name not in _ADDED}
    text = json.dumps(kept, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def identity(comparison: Comparison) -> dict[str, str]:
    """Return what names the comparison in each line."""
    return {"comparison": comparison.info.fingerprint[:16]}


def read_votes(path: Path, comparison: Comparison) -> Votes:
    """Return the votes of a file, and the lines that are left out; none if there is no file.

    Raises StorageError if it can't be read or is too large.
    """
    found = Votes()
    for number, line in enumerate(_lines(path), start=1):
        record, reason = _checked(line, comparison)
        if record is not None:
            reason = found.apply(record)
        if reason:
            found.left_out.append(LeftOut(number, reason))
    return found


def _lines(path: Path) -> Iterable[bytes]:
    try:
        return read_bytes(path, FileKind.VOTES).splitlines(keepends=True)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"{path} can't be read: {error.strerror}.") from error


def _checked(line: bytes, comparison: Comparison) -> tuple[dict[str, Any] | None, str]:
    """Return a line's record, or None and why it is left out."""
    try:
        record = json.loads(line) if len(line) <= MAX_EVENT_BYTES else None
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        return None, "it is cut or no line of votes"
    if not all(is_text(record.get(name)) for name in ("event", "comparison", "check")):
        return None, "it is no line of votes"
    if record["comparison"] != identity(comparison)["comparison"]:
        return None, "it belongs to another comparison"
    if record["check"] != checksum(record):
        return None, "it was changed after it was written"
    return (record, "") if _fits(record, comparison) else (None, "it has no valid vote")


def _fits(record: Mapping[str, Any], comparison: Comparison) -> bool:
    if not is_text(record.get("voter")) or not is_number(record.get("time", 0.0)):
        return False
    if abs(record.get("time", 0.0)) > MAX_TIME:
        return False
    event = record["event"]
    if event == "voted":
        return _is_vote(record, comparison)
    if event == "undone":
        return is_text(record.get("vote"))
    if event == "goal_set":
        return _is_index(record.get("pairs"), len(comparison.conversations) * len(comparison.systems) ** 2)
    return True


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
        and is_flag(record.get("repeated"))
    )


def _is_index(value: object, count: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < count


def _vote(record: Mapping[str, Any]) -> Vote:
    names = Vote.__dataclass_fields__
    return Vote(**{name: record[name] for name in names if name in record})
