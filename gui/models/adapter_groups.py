"""Filters, groups and sorts adapters. Knows no Qt.

Scores are comparable only under one protocol and one base model, so each such pair is a group with its own axis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from engine.api import Adapter, ScoreCard, metrics
from gui.look.format import score
from gui.look.language import tr, tr_count, translate
from gui.models.intervals import confidence_interval
from gui.models.list_text import base_text, data_text, method_text, protocol_source, protocol_text

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
    "shots": (
        int,
        lambda shots: tr_count(shots, "{n} example in the prompt", "{n} examples in the prompt"),
    ),
    "prompt": (
        str,
        lambda prompt: tr("prompt “{beginning}”", beginning=f"{' '.join(prompt.split())[:24]}…"),
    ),
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
    "data": lambda adapter: (
        adapter.metadata.data.source or UNSAID,
        data_text(adapter.metadata.data.source),
    ),
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
    if not ends:
        return 0.0, 1.0
    air = max(0.002, (max(ends) - min(ends)) * 0.08)
    return min(ends) - air, max(ends) + air


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
