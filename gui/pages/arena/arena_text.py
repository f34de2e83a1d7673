"""An arena's progress, standing, scoring protocol and base score as text. Knows no widget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from engine.api import arenas
from gui.look.format import NO_INTERVAL, interval, number_text, score
from gui.look.language import tr, tr_count
from gui.models.folder_readers import Snapshot
from gui.models.list_text import COUNTED_VERDICTS, VERDICTS, decoding_text, row_text, seeds_text


def summary_text(found: Snapshot) -> str:
    """Return the progress of an arena: "SAMSum. 9 of 14 entries scored, on the same 819 conversations, greedy"."""
    assert found.arena is not None
    refused = arenas.by_state(list(found.statuses)).get("refused", 0)
    scored = len(found.statuses) - len(arenas.unscored(found.statuses, found.groups))
    parts = [
        tr(
            "{scored} of {total} entries scored",
            scored=number_text(scored),
            total=number_text(len(found.statuses)),
        )
    ]
    if found.groups:
        parts.append(_alike_text(found))
    if refused:
        parts.append(tr_count(refused, "{n} can't run", "{n} can't run"))
    return f"{found.arena.name}. {', '.join(parts)}"


def _alike_text(found: Snapshot) -> str:
    """Return the protocol of the first group's entries, which may be all."""
    protocol = found.groups[0].protocol
    count, decoding = int(protocol.get("examples") or 0), decoding_text(protocol)
    if len(found.groups) == 1:
        return tr_count(
            count,
            "on the same conversation, {decoding}",
            "on the same {n} conversations, {decoding}",
            decoding=decoding,
        )
    return tr_count(
        count,
        "most on the same conversation, {decoding}",
        "most on the same {n} conversations, {decoding}",
        decoding=decoding,
    )


@dataclass(frozen=True)
class Headline:
    """The answer of an arena in short: what scores highest, and how the entries compare; `token` is its colour."""

    title: str
    text: str
    token: str


def headline(found: Snapshot) -> Headline | None:
    """Return what the report of an arena says first, None while no entry is scored."""
    if not found.groups:
        return None
    group = found.groups[0]
    stands, first = arenas.standing(group), group.rows[0]
    best = _best_text(stands, len(group.rows))
    base = _range_text(*stands.bases)
    values = first.scores[arenas.SCORE]
    scores = tr("ROUGE-1 {score} ({interval})", score=score(values["mean"]), interval=_interval(values))
    over = seeds_text(first)
    scores = tr("{scores} over {seeds}", scores=scores, seeds=over) if over else scores
    scores = tr("{scores}, the base model {base}.", scores=scores, base=base)
    texts = (
        scores if stands.any_better else f"{best}: {scores}",
        _counts_text(tr("Against the base model"), stands.against_base),
        _counts_text(tr("Against full fine-tuning"), stands.against_full),
        _smallest_text(stands.smallest),
    )
    title = best if stands.any_better else tr("No entry is measurably better than the base model")
    token = VERDICTS[arenas.verdict_of(first.against_base)][2] if stands.any_better else "text"
    return Headline(title, " ".join(filter(None, texts)), token)


def _best_text(stands: arenas.Standing, rows: int) -> str:
    names = reduce(
        lambda one, other: tr("{one} and {other}", one=one, other=other), map(row_text, stands.best)
    )
    if stands.lead == "only":
        return tr("{name} is the only entry scored", name=names)
    if stands.lead == "shared":
        return tr("{names} score highest, with no measurable difference", names=names)
    if stands.lead == "measured":
        return tr("{name} scores highest", name=names)
    if len(stands.best) == rows:
        return tr("{names} score alike", names=names)
    return tr("{names} score alike, above all others", names=names)


def _counts_text(against: str, counts: Mapping[Any, int]) -> str:
    shown = ", ".join(
        f"{number_text(count)} {tr(COUNTED_VERDICTS[verdict])}" for verdict, count in counts.items()
    )
    return f"{against}: {shown}." if shown else ""


def _smallest_text(row: arenas.Row | None) -> str:
    if row is None:
        return ""
    count = number_text(round(row.cost("parameters") or 0.0))
    return tr("Smallest adapter not measurably worse: {name}, {count}.", name=row_text(row), count=count)


def _interval(values: Mapping[str, float]) -> str:
    low, high = values.get("low"), values.get("high")
    return tr(NO_INTERVAL) if low is None or high is None else interval(low, high)


def _range_text(low: float, high: float) -> str:
    one, other = score(low), score(high)
    return one if one == other else tr("{low} to {high}", low=one, high=other)


def base_score_text(found: Snapshot) -> str:
    """Return the base model's score; a range if its quantized forms score differently."""
    means = sorted({row.base[arenas.SCORE]["mean"] for group in found.groups for row in group.rows})
    if not means:
        return ""
    low, high = score(means[0]), score(means[-1])
    if low == high:
        return tr("Base model {score}, dashed", score=low)
    return tr("Base model {low} to {high}, dashed", low=low, high=high)
