"""The table of scores: of the base model, of what was trained, and how they differ. Knows no run and no adapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject

from engine.api import metrics
from gui.look.format import UNKNOWN
from gui.look.language import mark, tr, translate
from gui.models.grouped_table import Cell, Column, GroupedTable, IconTextCell, ScoreCell, TextCell
from gui.models.metric_text import (
    VERDICT_TEXTS,
    amount,
    as_text,
    confidence_interval,
    interval_text,
    sign_of,
)

Spread = Mapping[str, Any]


@dataclass(frozen=True)
class ScoreRow:
    """A metric with its means and intervals; None for what was not measured."""

    metric: metrics.Metric
    base: Spread | None
    own: Spread | None
    difference: Spread | None = None

    @property
    def id(self) -> str:
        """The metric's name, the key in the table."""
        return self.metric.name


def score_rows(
    wanted: Sequence[metrics.Metric],
    base: Mapping[str, Spread],
    own: Mapping[str, Spread],
    differences: Mapping[str, Spread],
) -> list[ScoreRow]:
    """Return the rows of metrics, each with what is known of it."""
    return [
        ScoreRow(each, base.get(each.name), own.get(each.name), differences.get(each.name)) for each in wanted
    ]


class ScoreTable(GroupedTable[ScoreRow]):
    """Points have a bar from 0 to 100 with the 95 % interval, on which the base model's mean is dashed."""

    def __init__(self, heads: tuple[str, str] | None = None, parent: QObject | None = None) -> None:
        """`heads` are those of the two sides, the base model and the tuned one by default."""
        super().__init__(parent)
        base, own = heads or (tr("Base"), tr("Tuned"))
        self.columns: tuple[Column, ...] = (
            Column("title", mark("Score"), least=104),
            Column("base", base, 96, right=True, as_is=True, hidden_below=520),
            Column("own", own, as_is=True, least=116),
            Column("difference", mark("Difference"), 96, right=True),
            Column("interval", mark("Interval"), 136, right=True, hidden_below=520),
        )

    def cell(self, item: ScoreRow, key: str) -> Cell:
        unit = item.metric.unit
        if key == "title":
            return TextCell(translate(item.metric.title), token="text")
        if key not in ("base", "own"):
            return _difference(item.difference, unit, key)
        found = item.base if key == "base" else item.own
        text = amount(found["mean"], unit) if found else UNKNOWN
        if key == "own" and found and unit == "points":
            middle = item.base["mean"] if item.base else None
            return ScoreCell(text, confidence_interval(found), base=middle)
        return (
            TextCell(text, "figure", right=True) if key == "base" else TextCell(text, "figure_medium", "text")
        )

    def accessible_text(self, item: ScoreRow) -> str:
        title, unit = translate(item.metric.title), item.metric.unit
        verdict = str((item.difference or {}).get("verdict", ""))
        said = tr(VERDICT_TEXTS[verdict]) if verdict in VERDICT_TEXTS else ""
        if item.own is None:
            return f"{title} {UNKNOWN}"
        if unit == "points":
            return as_text(title, confidence_interval(item.own), said)
        texts = (f"{title} {amount(item.own['mean'], unit)}", interval_text(item.own, unit), said)
        return ", ".join(filter(None, texts))

    def explanation(self, item: ScoreRow, key: str) -> str:
        return translate(item.metric.help) if key == "title" else ""


def _difference(found: Spread | None, unit: metrics.Unit, key: str) -> Cell:
    if not found:
        return TextCell(UNKNOWN, "figure", right=True)
    if key == "interval":
        has_one = found.get("low") is not None
        text = interval_text(found, unit, signed=True) if has_one else tr("no interval")
        return TextCell(text, "figure_small", right=True)
    icon, token = sign_of(found)
    return IconTextCell(
        icon, amount(found["mean"], unit, signed=True), token, right=True, role="figure_medium"
    )
