"""The pairs that voters are asked, their votes, and the files that hold these: JSON lines, appended one by one.

Every pair of systems is met about equally often, each on conversations in an order of its own. All of it follows from
the seed of the comparison and the voter's name. Damaged lines, and lines of another comparison, are skipped.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, islice
from pathlib import Path
from typing import Any, Literal, get_args

from engine.errors import StorageError
from engine.jobs.events import MAX_EVENT_BYTES
from engine.messages import say
from engine.system.foreign_files import FileKind, parse_json, read_bytes
from engine.system.validators import is_number, is_text
from engine.voting.comparisons import Comparison

Choice = Literal["left", "right", "tie"]
MAX_NAME = 80
MAX_NOTE = 2_000
Key = tuple[str, int, frozenset[int]]
"""What was asked of whom: voter, conversation, two systems on whichever side."""


@dataclass(frozen=True)
class Question:
    """A pair of summaries; `left` and `right` are indices of systems.

    `identical`: both wrote the same, which is a tie that nobody is asked about.
    """

    conversation: int
    left: int
    right: int
    identical: bool = False

    def key(self, voter: str) -> Key:
        """Return what identifies the question when it is asked of a voter."""
        return voter, self.conversation, frozenset((self.left, self.right))


class Plan:
    """The questions of one voter, drawn as far as they are needed."""

    def __init__(self, comparison: Comparison, voter: str) -> None:
        self._comparison = comparison
        self._draw = random.Random(f"{comparison.info.seed} {voter}")
        self._drawn: list[Question] = []
        self._more = self._questions()

    def total(self) -> int:
        """Return the number of pairs that can be asked."""
        comparison, pairs = self._comparison, list(combinations(range(len(self._comparison.systems)), 2))
        return sum(
            not comparison.are_identical(index, *pair)
            for index in range(len(comparison.conversations))
            for pair in pairs
        )

    def __iter__(self) -> Iterator[Question]:
        """Yield all questions in order, identical summaries among them."""
        index = 0
        while True:
            if index == len(self._drawn):
                self._drawn.extend(islice(self._more, 1))
            if index == len(self._drawn):
                return
            yield self._drawn[index]
            index += 1

    def _questions(self) -> Iterator[Question]:
        """Yield every conversation of every pair of systems once, a round of all pairs after the other."""
        pairs = list(combinations(range(len(self._comparison.systems)), 2))
        conversations = range(len(self._comparison.conversations))
        orders = {pair: self._draw.sample(conversations, len(conversations)) for pair in pairs}
        for turn in conversations:
            for pair in self._draw.sample(pairs, len(pairs)):
                conversation = orders[pair][turn]
                if self._comparison.are_identical(conversation, *pair):
                    yield Question(conversation, *pair, identical=True)
                else:
                    left, right = self._draw.sample(pair, 2)
                    yield Question(conversation, left, right)


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

    `goals` are the numbers of pairs that voters want to do, `revealed` tells whether the names are shown.
    """

    votes: dict[str, Vote] = field(default_factory=dict)
    goals: dict[str, int] = field(default_factory=dict)
    revealed: bool = False
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
            if vote.vote not in self.votes and not self.has(vote.key):
                self.votes[vote.vote] = vote
                self._keys.add(vote.key)
        elif event == "undone":
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
        raise StorageError(say("{} can't be read: {}.", path, error.strerror)) from error


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


# As numbers


@dataclass(frozen=True)
class Outcome:
    """The outcome of a pair on a conversation: `score` is 1.0 if the first is preferred, 0.5 for a tie, else 0.0."""

    conversation: int
    first: int
    second: int
    score: float


@dataclass(frozen=True)
class Probability:
    """A probability with its 95 % interval."""

    mean: float
    low: float
    high: float

    def turned(self) -> Probability:
        """Return the probability of the opposite."""
        return Probability(1.0 - self.mean, 1.0 - self.high, 1.0 - self.low)
