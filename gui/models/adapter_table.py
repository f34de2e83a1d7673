"""The library's table model: adapters filtered, sorted, and grouped by data and scoring protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from PySide6.QtCore import QObject

from engine.api import Adapter, ScoreCard, metrics
from gui.look.format import bytes_text, score
from gui.look.language import mark, tr, tr_count, translate
from gui.models.grouped_table import (
    Cell,
    Column,
    GroupedTable,
    Heading,
    LinkCell,
    NameCell,
    TextCell,
    score_cell,
    verdict_cell,
)
from gui.models.list_text import (
    base_text,
    data_text,
    method_text,
    protocol_source,
    protocol_text,
    when_text,
)
from gui.models.metric_text import as_text, axis_around, confidence_interval, in_full

CHRF = metrics.CHRF
# So many can be compared at once.
FEWEST, MOST = 2, 6
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
        Column("verdict", mark("vs. base"), 152),
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

    def tags(self, adapter: Adapter) -> tuple[str, ...]:
        """Return the tags of an adapter: the program's first, then the user's own."""
        known = [tr("in use")] if adapter.id in self._in_use else []
        known += [tr("imported")] if adapter.metadata.origin == "imported" else []
        known += [tr("baseline")] if adapter.metadata.method.id == "full" else []
        known += [tr("stopped early")] if adapter.metadata.training.stopped else []
        return (*known, *adapter.metadata.tags)

    def name_of(self, item: Adapter) -> str:
        return item.name

    def cell(self, item: Adapter, key: str) -> Cell:
        metadata = item.metadata
        if key == "name":
            return NameCell(item.name, self.tags(item))
        if key == "method":
            return TextCell(method_text(metadata), token="text")
        if key == "score":
            return self._score(item)
        if key == "verdict":
            return adapter_verdict(item)
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
        return score_cell(card.scores[SCORE], group.axis, group.base)

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


def adapter_verdict(adapter: Adapter) -> Cell:
    """Return the paired verdict of an adapter's ROUGE-1."""
    card = adapter.metadata.score_card
    return verdict_cell(None if card is None or SCORE not in card.scores else card.difference.get(SCORE, {}))


Show = Literal["all", "scored", "imported"]
SHOWN: tuple[Show, ...] = ("all", "scored", "imported")
SCORE = "rouge1"
# What a heading names of a protocol where another group has the same title; split, count and decoding it names always.
# Each has the type of its values: protocols of others may hold anything.
PARTING: dict[str, tuple[type, Callable[[Any], str]]] = {
    "max_conversation_tokens": (
        int,
        lambda most: tr_count(most, "conversations up to {n} token", "conversations up to {n} tokens"),
    ),
    "max_new_tokens": (
        int,
        lambda most: tr_count(most, "summaries up to {n} token", "summaries up to {n} tokens"),
    ),
    "shots": (int, lambda shots: tr_count(shots, "{n} example in the prompt", "{n} examples in the prompt")),
    "prompt": (str, lambda prompt: tr("prompt “{beginning}”", beginning=f"{' '.join(prompt.split())[:24]}…")),
}
# The key of what an imported adapter does not say; "" includes all.
UNSAID = "?"


@dataclass(frozen=True)
class Group:
    """Comparable adapters, or adapters without scores; `axis` is the range of their scores, 0 to 1."""

    title: str
    facts: str
    adapters: tuple[Adapter, ...]
    axis: tuple[float, float] = (0.0, 1.0)
    base: float | None = None


@dataclass(frozen=True)
class Narrowed:
    """What the list is narrowed to; "" includes all. `data`, `base` and `method` are keys of `PROPERTIES`."""

    search: str = ""
    data: str = ""
    base: str = ""
    method: str = ""

    def includes(self, adapter: Adapter) -> bool:
        """Return whether an adapter has the chosen properties, and every word of the search."""
        chosen = (getattr(self, name) for name in PROPERTIES)
        return all(
            not wanted or of_adapter(adapter)[0] == wanted
            for wanted, of_adapter in zip(chosen, PROPERTIES.values(), strict=True)
        ) and matches(adapter, self.search)


# An adapter's data, base model and method, each as key and text.
PROPERTIES: dict[str, Callable[[Adapter], tuple[str, str]]] = {
    "data": lambda adapter: (adapter.metadata.data.source or UNSAID, data_text(adapter.metadata.data.source)),
    "base": lambda adapter: (
        adapter.metadata.base_model.id or UNSAID,
        base_text(adapter.metadata.base_model.id),
    ),
    "method": lambda adapter: (
        adapter.metadata.method.title or adapter.metadata.method.id,
        translate(adapter.metadata.method.title) or adapter.metadata.method.id,
    ),
}


def is_shown(adapter: Adapter, show: Show) -> bool:
    """Return whether a filter includes an adapter."""
    if show == "scored":
        return adapter.metadata.score_card is not None
    return show == "all" or adapter.metadata.origin == "imported"


def matches(adapter: Adapter, text: str) -> bool:
    """Return whether every word of a search is in an adapter's names, base model, method, data, tags or notes."""
    metadata = adapter.metadata
    found = " ".join(
        [
            adapter.name,
            adapter.id,
            base_text(metadata.base_model.id),
            metadata.base_model.id,
            method_text(metadata),
            metadata.method.id,
            data_text(metadata.data.source),
            metadata.origin,
            tr("imported") if metadata.origin == "imported" else "",
            metadata.notes,
            *metadata.tags,
        ]
    ).casefold()
    return all(word in found for word in text.casefold().split())


def grouped(adapters: Iterable[Adapter], order: str = "made", *, descending: bool = True) -> list[Group]:
    """Return adapters in groups, the newest first, and those without scores at the end."""
    scored: dict[Any, list[Adapter]] = {}
    trained: list[Adapter] = []
    imported: list[Adapter] = []
    for adapter in adapters:
        if adapter.score_group is not None:
            scored.setdefault(adapter.score_group, []).append(adapter)
        else:
            (imported if adapter.metadata.origin == "imported" else trained).append(adapter)
    alike: dict[str, list[Adapter]] = {}
    for found in scored.values():
        alike.setdefault(_title(found[0]), []).append(found[0])
    groups = [
        _scored_group(_ordered(found, order, descending), alike[_title(found[0])])
        for found in scored.values()
    ]
    groups.sort(key=lambda group: max(adapter.metadata.made for adapter in group.adapters), reverse=True)
    for title, found in (
        (tr("Trained, not scored yet"), trained),
        (tr("Imported, not scored yet"), imported),
    ):
        if found:
            groups.append(Group(title, "", tuple(_ordered(found, order, descending))))
    return groups


def _title(scored: Adapter) -> str:
    card = scored.metadata.score_card
    assert card is not None
    return tr(
        "{data} with {base}",
        data=data_text(protocol_source(card, scored.metadata)),
        base=base_text(scored.metadata.base_model.id),
    )


def _parting(own: Mapping[str, Any], alike: Sequence[Adapter]) -> list[str]:
    """Return what a protocol has and those of other groups with the same title have not."""
    cards = [adapter.metadata.score_card for adapter in alike]
    return [
        text(own[key])
        for key, (kind, text) in PARTING.items()
        if isinstance(own.get(key), kind)
        and any(card is not None and card.protocol.get(key) != own[key] for card in cards)
    ]


def _scored_group(adapters: Sequence[Adapter], alike: Sequence[Adapter]) -> Group:
    metadata = adapters[0].metadata
    card = metadata.score_card
    assert card is not None
    base = card.base.get(SCORE, {}).get("mean")
    facts = [*_parting(card.protocol, alike), protocol_text(card.protocol)]
    facts += [tr("base {score}", score=score(base))] if base is not None else []
    return Group(
        title=_title(adapters[0]),
        facts=", ".join(facts),
        adapters=tuple(adapters),
        axis=axis_of([adapter.metadata.score_card for adapter in adapters], SCORE),
        base=base,
    )


def axis_of(cards: Iterable[ScoreCard | None], name: str) -> tuple[float, float]:
    """Return an axis range with every interval of a score and the base's mean, with a margin."""
    ends: list[float] = []
    for card in cards:
        own = {**card.measures, **card.scores} if card is not None else {}
        if card is not None and name in own:
            base = {**card.base_measures, **card.base}
            ends += confidence_interval(own[name]).ends
            ends += [base[name]["mean"]] if name in base else []
    return axis_around(ends)


def _mean(adapter: Adapter) -> float:
    card = adapter.metadata.score_card
    return card.scores[SCORE]["mean"] if card is not None and SCORE in card.scores else -1.0


def chrf_mean(adapter: Adapter) -> float | None:
    """Return an adapter's chrF, None where it was not scored or by an earlier version."""
    card = adapter.metadata.score_card
    found = card.measures.get(metrics.CHRF.name) if card is not None else None
    return float(found["mean"]) if found else None


ORDERS: dict[str, Callable[[Adapter], Any]] = {
    "name": lambda adapter: adapter.name.casefold(),
    "method": lambda adapter: method_text(adapter.metadata).casefold(),
    "score": _mean,
    "chrf": lambda adapter: -1.0 if (found := chrf_mean(adapter)) is None else found,
    "size": lambda adapter: adapter.size_bytes,
    "made": lambda adapter: adapter.metadata.made,
}


def _ordered(adapters: Sequence[Adapter], order: str, descending: bool) -> list[Adapter]:
    return sorted(adapters, key=ORDERS[order], reverse=descending)
