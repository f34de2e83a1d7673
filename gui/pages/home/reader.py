"""Reads what Home shows, off the GUI's thread: adapters, runs, sets of summaries, blind comparisons, recent data."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.api import (
    SAMPLE,
    Adapter,
    ScoreCard,
    labelling,
    library,
    paths,
    run_store,
    run_summaries,
    voting,
)
from gui.core.recent_files import RecentFiles
from gui.models.adapter_table import SCORE
from gui.pages.train.run_text import BeforeAndAfter, typical

MAX_ADAPTERS, MAX_DATA, MAX_SETS = 4, 5, 5


@dataclass(frozen=True)
class LastVerdict:
    """The newest scored adapter; `run_id` is "" if its run is gone, `shown` None if it kept no conversations."""

    adapter: Adapter
    card: ScoreCard
    run_id: str
    shown: BeforeAndAfter | None


@dataclass(frozen=True)
class DataSet:
    """Conversations that were used lately: `count` 0 if unknown; `set_id` of a set whose summaries are written."""

    source: str
    name: str
    count: int = 0
    set_id: str = ""
    written: int = 0

    @property
    def is_unfinished(self) -> bool:
        """Whether conversations wait for a summary."""
        return bool(self.set_id) and self.written < self.count


@dataclass(frozen=True)
class HomeContent:
    """All that Home shows but the queue; `newest` is the newest run, `data` the latest first."""

    adapters: tuple[Adapter, ...]
    verdict: LastVerdict | None
    newest: run_summaries.RunEntry | None
    data: tuple[DataSet, ...]
    has_votes: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing was begun yet."""
        return (
            not self.adapters and self.newest is None and not any(each.source != SAMPLE for each in self.data)
        )


def read(recent: str) -> HomeContent:
    """Read all; `recent` is the saved list of data that was checked. What can't be read is left out."""
    adapters = tuple(sorted(library.scan()[0], key=lambda adapter: adapter.metadata.made, reverse=True))
    scored = (
        (adapter, card)
        for adapter in adapters
        if (card := adapter.metadata.score_card) is not None and SCORE in card.difference
    )
    return HomeContent(
        adapters,
        next((_verdict(adapter, card) for adapter, card in scored), None),
        next(map(run_summaries.read_entry, run_store.list_jobs()), None),
        tuple(_data(recent, adapters)),
        bool(voting.list_comparisons()),
    )


def _verdict(adapter: Adapter, card: ScoreCard) -> LastVerdict:
    run_id = adapter.metadata.training.run
    folder = paths.runs_folder() / run_id
    if not run_id or not folder.is_dir():
        return LastVerdict(adapter, card, "", None)
    return LastVerdict(adapter, card, run_id, next(iter(typical(folder, 1)), None))


def _data(recent: str, adapters: tuple[Adapter, ...]) -> list[DataSet]:
    """Return recent data with what is known of it, and the sample at the end."""
    found: dict[str, DataSet] = {}
    with suppress(OSError):
        for about in labelling.list_sets()[:MAX_SETS]:
            known = labelling.written(about.source)
            if known is not None:
                set_, progress = known
                count = progress.total - progress.skipped
                found[about.source] = DataSet(about.source, set_.name, count, set_.id, progress.accepted)
    trained_on = [adapter.metadata.data for adapter in reversed(adapters) if adapter.metadata.data.source]
    counts = {facts.source: facts.train + facts.validation + facts.test for facts in trained_on}
    checked = RecentFiles()
    checked.restore_state(recent)
    named = {source: name for source, name in checked if source != SAMPLE}
    named = {source: Path(source).name for source in counts if source != SAMPLE} | named
    for source, name in named.items():
        found.setdefault(source, DataSet(source, name, counts.get(source, 0)))
    # What waits for summaries comes first, then what was checked last.
    listed = sorted(found.values(), key=lambda each: not each.is_unfinished)[: MAX_DATA - 1]
    return [*listed, DataSet(SAMPLE, "", counts.get(SAMPLE, 0))]
