"""The library's table model: adapters grouped by data and scoring protocol."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from PySide6.QtCore import QObject

from engine.api import Adapter, ScoreCard, metrics
from gui.look.format import UNKNOWN, bytes_text, score
from gui.look.language import mark, tr
from gui.models.adapter_groups import SCORE, Group, Narrowed, Show, chrf_mean, grouped, is_shown
from gui.models.cells import Cell, IconTextCell, LinkCell, NameCell, ScoreCell, TextCell
from gui.models.grouped_table import Column, GroupedTable, Heading
from gui.models.intervals import IntervalCell, as_text, confidence_interval
from gui.models.list_text import UNKNOWN_VERDICT, VERDICTS, method_text, when_text
from gui.models.metric_text import in_full

CHRF = metrics.CHRF
# Sorted in descending order first.
FALLING = {"made", "score", CHRF.name, "size"}

FULL_VERDICTS = {"no measurable difference": mark("No measurable difference")}
SAID = {
    "better": mark("better than base"),
    "worse": mark("worse than base"),
    "no measurable difference": mark("no measurable difference"),
    "too few to tell": mark("too few conversations to tell"),
}


class AdapterTable(GroupedTable[Adapter]):
    """Adapters by group; `set_adapters` takes all of them, `show` decides which are listed."""

    columns = (
        Column("name", mark("Adapter"), order="name"),
        Column("method", mark("Method"), 136, order="method", hidden_below=1000),
        Column("score", mark("ROUGE-1, 95 % interval"), 168, order="score"),
        Column("verdict", mark("Paired with base"), 152),
        Column(CHRF.name, CHRF.title, 72, right=True, order=CHRF.name, hidden_below=1080, as_is=True),
        Column("size", mark("Size"), 88, right=True, order="size", hidden_below=860),
        Column("made", mark("Created"), 112, right=True, order="made", hidden_below=560),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._adapters: list[Adapter] = []
        self._groups: dict[str, Group] = {}
        self._in_use: frozenset[str] = frozenset()
        self._show: Show = "all"
        self._narrowed = Narrowed()
        self.order, self.descending = "made", True

    def set_adapters(self, adapters: Iterable[Adapter]) -> None:
        """Take in all adapters of the library."""
        self._adapters = list(adapters)
        self._refill()

    def adapters(self) -> list[Adapter]:
        """Return all adapters, whether they are listed or not."""
        return list(self._adapters)

    def show_only(self, show: Show, narrowed: Narrowed) -> None:
        """List only what a filter, the chosen properties and a search let through."""
        self._show, self._narrowed = show, narrowed
        self._refill()

    def sort_by(self, order: str) -> None:
        """Sort within the groups; the same order again reverses it."""
        self.descending = not self.descending if order == self.order else order in FALLING
        self.order = order
        self._refill()

    def set_in_use(self, ids: Iterable[str]) -> None:
        """Mark the adapters that a running job uses."""
        self._in_use = frozenset(ids)
        if self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, len(self.columns) - 1))

    def count(self, show: Show) -> int:
        """Return how many adapters a filter includes, with the chosen properties and the search."""
        return sum(is_shown(adapter, show) and self._narrowed.includes(adapter) for adapter in self._adapters)

    def _refill(self) -> None:
        shown = [
            adapter
            for adapter in self._adapters
            if is_shown(adapter, self._show) and self._narrowed.includes(adapter)
        ]
        rows: list[Heading | Adapter] = []
        self._groups = {}
        for group in grouped(shown, self.order, descending=self.descending):
            rows.append(Heading(group.title, group.facts))
            rows.extend(group.adapters)
            self._groups.update((adapter.id, group) for adapter in group.adapters)
        self.set_rows(rows)

    def key_of(self, item: Adapter) -> str:
        return item.id

    def tags(self, adapter: Adapter) -> tuple[str, ...]:
        """Return the tags of an adapter: the program's first, then the user's own."""
        known = [tr("in use")] if adapter.id in self._in_use else []
        known += [tr("imported")] if adapter.metadata.origin == "imported" else []
        known += [tr("baseline")] if adapter.metadata.method.id == "full" else []
        known += [tr("stopped early")] if adapter.metadata.training.stopped else []
        return (*known, *adapter.metadata.tags)

    def cell(self, item: Adapter, key: str) -> Cell:
        metadata = item.metadata
        if key == "name":
            return NameCell(item.name, self.tags(item))
        if key == "method":
            return TextCell(method_text(metadata), token="text")
        if key == "score":
            return self._score(item)
        if key == "verdict":
            return verdict_cell(item)
        figures = {
            CHRF.name: (score(chrf_mean(item)), "text"),
            "size": (bytes_text(item.size_bytes), "text"),
            "made": (when_text(metadata.made, datetime.now(UTC)), "muted"),
        }
        text, token = figures[key]
        return TextCell(text, "figure", token, right=True)

    def _score(self, adapter: Adapter) -> Cell:
        card = adapter.metadata.score_card
        if card is None or SCORE not in card.scores:
            return LinkCell(tr("Score now"))
        group = self._groups[adapter.id]
        spread = card.scores[SCORE]
        return ScoreCell(
            score(spread["mean"]), IntervalCell(confidence_interval(spread, "muted"), *group.axis, group.base)
        )

    def accessible_text(self, item: Adapter) -> str:
        card = item.metadata.score_card
        parts = [item.name, *self.tags(item), method_text(item.metadata)]
        if card is not None and SCORE in card.scores:
            verdict = card.difference.get(SCORE, {}).get("verdict", "")
            verdict_text = tr(SAID[verdict]) if verdict in SAID else ""
            parts.append(as_text("ROUGE-1", confidence_interval(card.scores[SCORE]), verdict_text))
            parts += [f"{CHRF.title} {score(chrf_mean(item))}"] if CHRF.name in card.measures else []
        else:
            parts.append(tr("not scored yet"))
        parts += [bytes_text(item.size_bytes), when_text(item.metadata.made, datetime.now(UTC))]
        return ", ".join(parts)

    def explanation(self, item: Adapter, key: str) -> str:
        card = item.metadata.score_card
        if key in ("score", CHRF.name) and card is not None:
            return _scores_in_full(card)
        if key != "verdict" or card is None:
            return ""
        verdict = card.difference.get(SCORE, {}).get("verdict", "")
        return tr(FULL_VERDICTS[verdict]) if verdict in FULL_VERDICTS else ""


def _scores_in_full(card: ScoreCard) -> str:
    """Return chrF in full, which old cards lack, and why there is no interval if there is none."""
    alone = "low" not in card.scores.get(SCORE, {"low": 0.0})
    own, base, difference = (
        source.get(CHRF.name) for source in (card.measures, card.base_measures, card.measure_difference)
    )
    chrf = f"{CHRF.title}: {in_full(CHRF.name, own, base, difference)}" if own else ""
    return "\n".join(filter(None, (tr("One conversation, so no interval") if alone else "", chrf)))


def verdict_cell(adapter: Adapter) -> Cell:
    """Return the paired verdict of an adapter's ROUGE-1."""
    card = adapter.metadata.score_card
    if card is None or SCORE not in card.scores:
        return TextCell(UNKNOWN)
    icon, text, token = VERDICTS.get(card.difference.get(SCORE, {}).get("verdict", ""), UNKNOWN_VERDICT)
    return IconTextCell(icon, tr(text), token)
