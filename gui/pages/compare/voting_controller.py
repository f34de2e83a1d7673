"""The open comparison, and what a person does with it. Knows no widget.

Comparisons are made and read off the GUI thread; votes are saved as they are given.
"""

from __future__ import annotations

import getpass
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.api import AppError, voting
from gui.core.open_work import OpenWork
from gui.pages.compare.systems import Wanted


class VotingController(OpenWork[voting.Voting]):
    """Holds an open comparison.

    Signals: `asked` when another pair is to be shown; `prepared` when runs were read and can be compared.
    """

    asked = Signal()
    prepared = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.sources: list[voting.Source] = []
        self.results: voting.Results | None = None
        self.shows_results = False
        self.voter = default_voter()
        self._asked_at = 0.0

    # Making and opening comparisons

    def prepare(self, wanted: Sequence[Wanted]) -> None:
        """Read the summaries of runs, so that they can be compared."""
        self.close()
        self._read(lambda: [voting.source(each.origin, each.label) for each in wanted], self._take_sources)

    def _take_sources(self, sources: list[voting.Source]) -> None:
        self.sources = sources
        self.prepared.emit()
        self.changed.emit()

    def start(self, *, with_base: bool, pairs: int) -> None:
        """Open the comparison of the prepared runs; a new one is made if there is none yet."""
        sources, voter = self.sources, self.voter

        def opened() -> voting.Voting:
            work = voting.Voting(voting.compare(sources, with_base=with_base), voter)
            work.set_goal(pairs)
            return work

        self._read(opened, self._take, voting.Voting.close)

    def open(self, comparison_id: str) -> None:
        voter = self.voter
        if self.work is None or self.work.info.id != comparison_id:
            self.close()
            self._read(
                lambda: voting.Voting(voting.find(comparison_id), voter), self._take, voting.Voting.close
            )

    def open_last(self) -> bool:
        """Open the comparison that was used last; return whether there is one."""
        found = voting.list_comparisons()
        if found:
            self.open(found[0].id)
        return bool(found)

    def _take(self, work: voting.Voting) -> None:
        self.sources = []
        self._hold(work)
        self._ask()

    def close(self) -> None:
        self.sources, self.results = [], None
        self.shows_results = False
        self._leave()
        self.changed.emit()

    def delete(self) -> Path | None:
        work = self.work
        if work is None:
            return None
        self.close()
        try:
            return voting.delete(work.info)
        except AppError as error:
            self._fail(error)
            return None

    # Voting

    @property
    def question(self) -> voting.Question | None:
        """The pair that is asked, None without one."""
        return self.work.question if self.work is not None and not self.shows_results else None

    def vote(self, choice: voting.Choice, note: str) -> None:
        """Answer the pair; the next one is asked once the vote is saved."""
        work, seconds = self.work, time.monotonic() - self._asked_at
        if work is None or self.question is None:
            return
        if self._done(lambda: work.vote(choice, note, seconds)):
            self._ask()

    def undo(self) -> str | None:
        """Take back the last vote, whose pair is asked again, and return its note; None without one."""
        work, found = self.work, []
        if work is None or self.shows_results:
            return None
        if self._done(lambda: found.append(work.undo())) and found[0] is not None:
            self._ask()
            return found[0].note
        return None

    def set_voter(self, name: str) -> None:
        self.voter = name
        if self.work is not None:
            self.work.set_voter(name)
            self.shows_results = False
            self._ask()

    def reveal(self) -> None:
        work = self.work
        if work is not None and self._done(work.reveal):
            self.shows_results = True
            self._count()
            self.changed.emit()

    def go_on(self, more: int) -> None:
        work = self.work
        if work is not None and self._done(lambda: work.set_goal(work.progress().done + more)):
            self.shows_results = False
            self._ask()

    def start_clock(self) -> None:
        self._asked_at = time.monotonic()

    def _ask(self) -> None:
        """Show the next pair; a voter who is through sees the names."""
        if self.work is not None and not self.shows_results and self.work.question is None:
            self.reveal()
        self.start_clock()
        self.asked.emit()
        self.changed.emit()

    def _count(self) -> None:
        """Compute the results off the GUI thread, if the names came out."""
        self.results = None
        work = self.work
        if work is None or not work.votes.revealed:
            return
        self._read(lambda: voting.results(work.comparison, work.votes), self._take_results)

    def _take_results(self, found: voting.Results | None) -> None:
        self.results = found
        self.changed.emit()

    # Files

    def export_pairs(self, path: Path) -> int:
        """Write the preference pairs and return how many there are; 0 with an error."""
        work, counts = self.work, [0]
        if work is not None:
            self._done(lambda: counts.append(voting.export(work.comparison, work.votes, path)))
        return counts[-1]


def default_voter() -> str:
    """Return the name of the person at this computer, "" if it is unknown."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
