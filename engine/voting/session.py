"""A comparison that is open for votes: the pair to ask next, and every change of its journal.

Knows nothing of windows, and nothing of the names of systems.
"""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import Any

from engine.errors import DataError
from engine.jobs.journal import Journal
from engine.voting.comparisons import ComparisonInfo, load
from engine.voting.votes import (
    MAX_NAME,
    MAX_NOTE,
    Choice,
    Plan,
    Question,
    Vote,
    identity,
    new_vote_id,
    read_votes,
)

# As many pairs as a person votes on in a quarter of an hour or so.
USUAL_PAIRS = 60
# A longer break is no time spent on a pair.
MAX_SECONDS = 300.0
MIN_TIMED = 3


@dataclass(frozen=True)
class Progress:
    """How many of a voter's pairs are done; `seconds_left` is None before their pace is known."""

    done: int
    goal: int
    total: int
    seconds_left: float | None


class Voting:
    """An open comparison. Every vote is saved at once; `close` it in the end.

    Methods that change it raise StorageError if the disk does not take the change; it is then not made.
    """

    def __init__(self, info: ComparisonInfo, voter: str) -> None:
        """Open a comparison for a voter. Raises StorageError if it is damaged or open elsewhere."""
        self.comparison = load(info)
        # Removes a last line that a killed process did not finish, so before the votes are read.
        self._journal = Journal(info.votes_path, identity(self.comparison), "The votes", info.name)
        try:
            self.votes = read_votes(info.votes_path, self.comparison)
        except BaseException:
            self._journal.close()
            raise
        self.set_voter(voter)

    def close(self) -> None:
        """Wait until all votes are on the disk and release the comparison. Raises StorageError if they can't be."""
        self._journal.close()

    @property
    def info(self) -> ComparisonInfo:
        """The comparison without its conversations."""
        return self.comparison.info

    def set_voter(self, name: str) -> None:
        """Switch to another voter, who is asked other pairs."""
        self.voter = " ".join(name.split())[:MAX_NAME] or "me"
        self._plan = Plan(self.comparison, self.voter)
        self._total = self._plan.total()
        self._mine = self.votes.of(self.voter)

    # Questions

    @property
    def question(self) -> Question | None:
        """The pair to ask now; None when the voter has done as many as they wanted, or all."""
        if len(self._mine) >= self.progress().goal:
            return None
        waiting = (
            each for each in self._plan if not each.identical and not self.votes.has(each.key(self.voter))
        )
        return next(waiting, None)

    def progress(self) -> Progress:
        """Return how far the voter is."""
        goal = min(self.votes.goals.get(self.voter, USUAL_PAIRS), self._total)
        done = len(self._mine)
        seconds = [min(vote.seconds, MAX_SECONDS) for vote in self._mine if vote.seconds]
        pace = statistics.median(seconds) if len(seconds) >= MIN_TIMED else None
        return Progress(done, goal, self._total, pace * max(0, goal - done) if pace else None)

    # Changes

    def vote(self, choice: Choice, note: str = "", seconds: float = 0.0) -> Vote:
        """Answer the question and return the vote. Raises DataError if nothing is asked."""
        question = self.question
        if question is None:
            raise DataError("No pairs are left to vote on.", "Raise the number of pairs.")
        vote = Vote(
            vote=new_vote_id(),
            voter=self.voter,
            conversation=question.conversation,
            left=question.left,
            right=question.right,
            choice=choice,
            note=note.strip()[:MAX_NOTE],
            seconds=round(min(seconds, MAX_SECONDS), 1),
        )
        self._record("voted", **asdict(vote))
        self._mine.append(vote)
        return vote

    def undo(self) -> Vote | None:
        """Take back the voter's last vote and return it, None without one; its pair is asked again."""
        if not self._mine:
            return None
        last = self._mine[-1]
        self._record("undone", voter=self.voter, vote=last.vote)
        return self._mine.pop()

    def set_goal(self, pairs: int) -> None:
        """Set the number of pairs that the voter wants to do."""
        wanted = max(1, min(pairs, self._total))
        if wanted != self.progress().goal:
            self._record("goal_set", voter=self.voter, pairs=wanted)

    def reveal(self) -> None:
        """Reveal the names. Raises DataError before the first vote."""
        if not self.votes.votes:
            raise DataError("There are no votes yet.", "Vote on a pair first.")
        if not self.votes.revealed:
            self._record("revealed", voter=self.voter)

    def _record(self, event: str, **facts: Any) -> None:
        self.votes.apply(self._journal.write(event, **facts))
