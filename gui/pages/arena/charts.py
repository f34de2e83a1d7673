"""The two charts of an arena: any two figures of the entries, and the losses of the checked entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from engine.api import Curve, arenas, escaping, method, metrics
from gui.inputs.combo_box import ComboBox
from gui.look import style
from gui.look.fonts import px
from gui.look.format import number_text
from gui.look.language import tr, translate
from gui.models.metric_text import ConfidenceInterval, confidence_interval
from gui.plots import scatter
from gui.plots.curves import Curves, line_of
from gui.plots.loss_plot import LossTools
from gui.plots.scatter import Axis, Point, Scatter
from gui.widgets.labels import Label
from gui.widgets.layouts import hbox, vbox

SCORE = arenas.SCORE
MEGABYTE = 1e6
FORGETTING = metrics.GENERAL_LOSS
# What a value is multiplied by where it is shown.
FACTORS: Mapping[metrics.Unit, float] = {"points": 100.0, "fraction": 100.0, "words": 1.0, "nats": 1.0}
Row = arenas.Row
BASELINE = "full"
FIRST_AXES = (arenas.SCORE, "parameters")
# The minimum width of a chart.
MIN_WIDTH, ROOM_FOR_COUNT = 264, 340


@dataclass(frozen=True)
class Figure:
    """One figure: its title in the list, its axis, its value of an entry (None if unknown), and that of the base."""

    title: str
    axis: Axis
    value: Callable[[Row], ConfidenceInterval | None]
    base: Callable[[Row], float | None] = lambda _row: None


def known_figures(rows: Sequence[Row]) -> dict[str, Figure]:
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


class FrontView(QWidget):
    """Two figures of each entry, chosen from costs and metrics. `picked(entry id)` reports a click on a point."""

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[Row] = ()
        self._chosen = ""
        self._figures = known_figures(())
        self.up, self.across = ComboBox(), ComboBox()
        self.up.setAccessibleName(tr("Figure on the vertical axis"))
        self.across.setAccessibleName(tr("Figure on the horizontal axis"))
        self.wanted_axes = FIRST_AXES
        self._offer_figures()
        style.scale(self, QWidget.setMinimumWidth, MIN_WIDTH)
        self.chart = Scatter()
        against = Label(tr("against"), "section", "text")
        head = hbox((self.up, 1), against, (self.across, 1), 0, spacing=8)
        vbox(head, (self.chart, 1), of=self, spacing=8)
        for box in (self.up, self.across):
            style.scale(box, QWidget.setMinimumWidth, 84)
            style.scale(box, QWidget.setMaximumWidth, 204)
            box.chosen.connect(lambda _key: self._choose_axes())
        self.chart.picked.connect(self.picked)

    def _offer_figures(self) -> None:
        items = [(key, figure.title) for key, figure in self._figures.items()]
        for box, wanted, first in zip((self.up, self.across), self.wanted_axes, FIRST_AXES, strict=True):
            box.set_items(items)
            box.set_key(wanted if wanted in self._figures else first)

    def show_rows(self, rows: Sequence[Row], chosen: str) -> None:
        self._rows, self._chosen = rows, chosen
        figures = known_figures(rows)
        if figures.keys() != self._figures.keys():
            self._figures = figures
            self._offer_figures()
        self._redraw()

    def choose(self, entry_id: str) -> None:
        self._chosen = entry_id
        self.chart.choose(entry_id)

    def axes(self) -> tuple[str, str]:
        return self.up.key(), self.across.key()

    def set_axes(self, up: str, across: str) -> None:
        """Choose the figures of both axes; one that no entry has waits for an arena with it."""
        self.wanted_axes = (up, across)
        self._offer_figures()
        self._redraw()

    def _choose_axes(self) -> None:
        self.wanted_axes = self.axes()
        self._redraw()

    def _redraw(self) -> None:
        up, across = (self._figures[key] for key in self.axes())
        points = [point for row in self._rows if (point := _point(row, up, across)) is not None]
        bases = {up.base(row) for row in self._rows} - {None}
        self.chart.show_points(
            points,
            bases.pop() if len(bases) == 1 else None,
            across=across.axis,
            up=up.axis,
            chosen=self._chosen,
        )


def _point(row: Row, up: Figure, across: Figure) -> Point | None:
    place, height = across.value(row), up.value(row)
    if place is None or height is None:
        return None
    name, short = map(escaping.in_one_line, (translate(row.name), short_name(row.entry)))
    return Point(row.id, name, short, place.mean, height)


def short_name(entry: arenas.Entry) -> str:
    """Return the short name of an entry."""
    title = entry.title.rpartition(" with ")[2]
    name = tr("Full") if title == method(BASELINE).title else translate(title)
    return f"{name} {entry.detail.partition(',')[0]}" if entry.detail.startswith("r ") else name


class LossView(QWidget):
    """The losses of the checked entries. `failed(text)` reports that a file could not be written."""

    failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        chart = self.chart = Curves()
        self.count = Label("", "label", "muted")
        saves = {"PNG": chart.save_png, "SVG": chart.save_svg, "CSV": chart.save_csv}
        self.tools = LossTools(saves, chart.show_all)
        self.tools.failed.connect(self.failed)
        self.tools.changed.connect(lambda: chart.set_look(self.tools.share(), log=self.tools.is_log()))
        head = hbox(Label(tr("Loss"), "section", "text"), self.count, 1, self.tools, spacing=8)
        vbox(head, (chart, 1), of=self, spacing=8)
        style.scale(self, QWidget.setMinimumWidth, MIN_WIDTH)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the count if the tools have no room for it."""
        super().resizeEvent(event)
        self.count.setVisible(self.width() >= px(ROOM_FOR_COUNT))

    def show_losses(
        self, losses: Sequence[tuple[str, Curve]], entries: dict[str, arenas.Entry], chosen: str
    ) -> None:
        lines = [
            line_of(entry_id, translate(entries[entry_id].name), short_name(entries[entry_id]), loss)
            for entry_id, loss in losses
            if entry_id in entries and len(loss.steps)
        ]
        self.count.setText(tr("{count} shown", count=number_text(len(lines))))
        self.chart.show_lines(lines, chosen)
