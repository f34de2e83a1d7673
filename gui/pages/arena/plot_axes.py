"""The figures of entries that an axis of the arena's plot can show: costs, scores, other metrics, forgetting, votes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.api import arenas, metrics
from gui.look.language import tr, translate
from gui.models.intervals import ConfidenceInterval, confidence_interval
from gui.plots import scatter
from gui.plots.scatter import Axis

Row = arenas.Row
SCORE = arenas.SCORE
MEGABYTE = 1e6
FORGETTING = metrics.GENERAL_LOSS
# What a value is multiplied by where it is shown.
FACTORS: Mapping[metrics.Unit, float] = {"points": 100.0, "fraction": 100.0, "words": 1.0, "nats": 1.0}


@dataclass(frozen=True)
class Figure:
    """One figure: its title in the list, its axis, its value of an entry (None if unknown), and that of the base."""

    title: str
    axis: Axis
    value: Callable[[Row], ConfidenceInterval | None]
    base: Callable[[Row], float | None] = lambda _row: None


def known(rows: Sequence[Row]) -> dict[str, Figure]:
    """Return the figures that any entry has, by key; ROUGE-1 and the costs are always there."""
    always = {SCORE, *arenas.COSTS}
    return {
        key: figure
        for key, figure in _all().items()
        if key in always or any(figure.value(row) is not None for row in rows)
    }


def _all() -> dict[str, Figure]:
    scores = {name: _metric(name) for name in metrics.METRICS if name != FORGETTING}
    forgetting = Figure(
        tr("forgetting"),
        Axis(tr("nats forgotten"), "lower", 1.0),
        lambda row: confidence_interval(row.forgetting) if row.forgetting else None,
        lambda row: 0.0 if row.forgetting else None,
    )
    spread = Figure(tr("spread between seeds"), Axis(tr("spread between seeds"), "lower", 100.0), _spread)
    preferred = Figure(tr("blind votes"), Axis(tr("% preferred"), "higher", 100.0), _preferred)
    return {
        **_costs(),
        SCORE: scores.pop(SCORE),
        "spread": spread,
        FORGETTING: forgetting,
        "preferred": preferred,
        **scores,
    }


def _costs() -> dict[str, Figure]:
    parameters = Axis(tr("trainable parameters"), "lower", log=True)
    return {
        "parameters": Figure(parameters.name, parameters, lambda row: _plain(row.cost("parameters"))),
        "memory": Figure(
            tr("peak memory"),
            Axis(tr("MB at peak"), "lower"),
            lambda row: _plain(row.cost("memory"), MEGABYTE),
        ),
        "minutes": Figure(
            tr("training minutes"),
            Axis(tr("training minutes"), "lower"),
            lambda row: _plain(row.cost("minutes")),
        ),
        "bytes": Figure(tr("adapter size"), Axis(tr("MB on disk"), "lower"), _adapter_size),
    }


def _metric(name: str) -> Figure:
    metric = metrics.METRICS[name]
    title = translate(metric.title)
    axis = scatter.SCORE if name == SCORE else Axis(title, metric.good, FACTORS[metric.unit])

    def value(row: Row) -> ConfidenceInterval | None:
        found = _of(row.scores, row.metrics, name)
        return confidence_interval(found) if found else None

    def base(row: Row) -> float | None:
        found = _of(row.base, row.base_metrics, name)
        return found["mean"] if found else None

    return Figure(title, axis, value, base)


def _of(scores: Mapping[str, Any], others: Mapping[str, Any], name: str) -> dict[str, float] | None:
    found: dict[str, float] | None = scores.get(name) or others.get(name)
    return found


def _plain(value: float | None, unit: float = 1.0) -> ConfidenceInterval | None:
    return None if value is None else ConfidenceInterval(value / unit)


def _adapter_size(row: Row) -> ConfidenceInterval | None:
    run = row.status.run
    return _plain(run.adapter_bytes if run is not None and run.trainable_parameters else None, MEGABYTE)


def _spread(row: Row) -> ConfidenceInterval | None:
    return _plain(row.seeds.spread.get(SCORE)) if row.seeds is not None else None


def _preferred(row: Row) -> ConfidenceInterval | None:
    if row.preferred is None:
        return None
    found = row.preferred.preferred
    return ConfidenceInterval(found.mean, found.low, found.high)
