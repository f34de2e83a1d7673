"""The tables of Home: the newest adapters, and the data used lately."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from engine.api import SAMPLE, Adapter
from gui.look.format import UNKNOWN, number_text, score
from gui.look.language import mark, tr, tr_count
from gui.models.adapter_table import SCORE, AdapterTable, verdict_cell
from gui.models.grouped_table import Cell, Column, GroupedTable, NameCell, ScoreCell, TextCell
from gui.models.list_text import data_text, when_text
from gui.models.metric_text import IntervalCell, confidence_interval
from gui.pages.home.reader import DataSet


class RecentAdapterTable(GroupedTable[Adapter]):
    """The newest adapters. Their scores are of unlike protocols, so they share a scale from 0, not a narrower one."""

    columns = (
        Column("name", mark("Adapter")),
        Column("score", mark("ROUGE-1, dashed: base"), 176, hidden_below=560),
        Column("verdict", mark("vs. base"), 156),
        Column("made", mark("Created"), 112, right=True, hidden_below=420),
    )

    def __init__(self) -> None:
        super().__init__()
        self._top = 1.0
        self._texts = AdapterTable(self)

    def put(self, adapters: Sequence[Adapter]) -> None:
        """Show adapters."""
        cards = [adapter.metadata.score_card for adapter in adapters]
        spreads = [
            spread[SCORE]
            for card in cards
            if card is not None
            for spread in (card.scores, card.base)
            if SCORE in spread
        ]
        ends = [confidence_interval(spread).ends[1] for spread in spreads]
        self._top = min(1.0, max(ends, default=1.0) * 1.1)
        self.set_rows(adapters)

    def key_of(self, item: Adapter) -> str:
        return item.id

    def accessible_text(self, item: Adapter) -> str:
        return self._texts.accessible_text(item)

    def cell(self, item: Adapter, key: str) -> Cell:
        if key == "name":
            return NameCell(item.name)
        if key == "score":
            return self._score(item)
        if key == "verdict":
            return verdict_cell(item)
        return TextCell(when_text(item.metadata.made, datetime.now(UTC)), "figure", right=True)

    def _score(self, adapter: Adapter) -> Cell:
        card = adapter.metadata.score_card
        if card is None or SCORE not in card.scores:
            return TextCell(UNKNOWN)
        spread, base = card.scores[SCORE], card.base.get(SCORE, {}).get("mean")
        bar = IntervalCell(confidence_interval(spread), 0.0, self._top, base)
        return ScoreCell(score(spread["mean"]), bar)


class DataTable(GroupedTable[DataSet]):
    """Data that was used lately, and how far its summaries are."""

    columns = (Column("name", mark("Data")), Column("state", mark("State"), 196, right=True))

    def key_of(self, item: DataSet) -> str:
        return item.source

    def accessible_text(self, item: DataSet) -> str:
        return f"{item.name or data_text(item.source)}, {state_text(item)}"

    def cell(self, item: DataSet, key: str) -> Cell:
        if key == "name":
            return NameCell(item.name or data_text(item.source))
        return TextCell(state_text(item), "figure", "warning" if item.is_unfinished else "muted", right=True)


def state_text(data: DataSet) -> str:
    """Return how far the summaries of a set are, or how many conversations there are."""
    count = number_text(data.count)
    if data.set_id:
        return tr("{written} of {count} written", written=number_text(data.written), count=count)
    if data.count:
        return tr_count(data.count, "{n} conversation", "{n} conversations")
    return tr("bundled") if data.source == SAMPLE else ""
