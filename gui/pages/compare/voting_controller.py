"""The open comparison, and what a person does with it. Knows no widget.

Comparisons are made and read off the GUI thread; votes are saved as they are given.
"""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.api import AppError, voting
from gui.core.background_tasks import BackgroundTasks
from gui.pages.compare.systems import Wanted


class VotingController(QObject):
    """Holds an open comparison.

    Signals: `changed` when anything to show has changed; `asked` when another pair is to be shown; `prepared` when
    runs were read and can be compared.
    """

    changed = Signal()
    asked = Signal()
    prepared = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.work: voting.Voting | None = None
        self.sources: list[voting.Source] = []
        self.results: voting.Results | None = None
        self.shows_results = False
        self.error: AppError | None = None
        self.voter = default_voter()
        self.is_busy = False
        self._asked_at = 0.0
        self._latest = 0
        self._background = BackgroundTasks(self)
        self._open_sets: list[voting.Voting] = []
        # The page is gone by then, and the comparison must not stay locked.
        self.destroyed.connect(partial(_release, self._open_sets))

    def wait(self) -> None:
        self._background.wait()

    # Making and opening comparisons

    def prepare(self, wanted: Sequence[Wanted]) -> None:
        """Read the summaries of runs, so that they can be compared."""
        self.close()
        self._run(lambda: [voting.source(each.origin, each.label) for each in wanted], self._take_sources)

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

        self._run(opened, self._take)

    def open(self, comparison_id: str) -> None:
        voter = self.voter
        if self.work is None or self.work.info.id != comparison_id:
            self.close()
            self._run(lambda: voting.Voting(voting.find(comparison_id), voter), self._take)

    def open_last(self) -> bool:
        """Open the comparison that was used last; return whether there is one."""
        found = voting.list_comparisons()
        if found:
            self.open(found[0].id)
        return bool(found)

    def _take(self, work: voting.Voting) -> None:
        self.sources = []
        self.work = work
        self._open_sets.append(work)
        self._ask()

    def _run(self, work: Callable[[], object], then: Callable[..., object]) -> None:
        """Do something off the GUI thread; its result counts unless something else was wanted meanwhile."""
        self.error, self.is_busy = None, True
        self._latest += 1
        latest = self._latest

        def take(result: object) -> None:
            if latest == self._latest:
                self.is_busy = False
                then(result)
            elif isinstance(result, voting.Voting):
                result.close()

        def fail(error: AppError) -> None:
            if latest == self._latest:
                self.is_busy = False
                self._fail(error)

        self.changed.emit()
        self._background.run(work, take, fail)

    def close(self) -> None:
        self._latest += 1
        work, self.work = self.work, None
        self.sources, self.results = [], None
        self.is_busy = self.shows_results = False
        self.error = None
        if work is not None:
            self._open_sets.remove(work)
            self._done(work.close)
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
        self._run(lambda: voting.results(work.comparison, work.votes), self._take_results)

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

    # Errors

    def _done(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except AppError as error:
            self._fail(error)
            return False
        self.error = None
        return True

    def _fail(self, error: AppError) -> None:
        self.error = error
        self.changed.emit()


def default_voter() -> str:
    """Return the name of the person at this computer, "" if it is unknown."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _release(held: list[voting.Voting]) -> None:
    for work in held:
        work.close()
