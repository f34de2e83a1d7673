"""An adapter's metrics beside ROUGE, folded by default. Knows score cards only."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from engine.api import ScoreCard, metrics
from gui.look.language import tr, translate
from gui.models.metric_text import amount, in_full, sign_of
from gui.widgets.buttons import link
from gui.widgets.labels import ElidedLabel, IconLabel, Label

RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class MetricRows(QWidget):
    """A link that unfolds rows: the base's value, the adapter's, and the verdict of their difference."""

    def __init__(self) -> None:
        super().__init__()
        self.toggle = link(tr("Further metrics"))
        self.toggle.clicked.connect(self._fold)
        self._place = QVBoxLayout()
        self.rows: QWidget | None = None
        self._unfolded = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.toggle, 0, Qt.AlignmentFlag.AlignLeading)
        column.addLayout(self._place)

    def show_card(self, card: ScoreCard | None) -> None:
        """Show another card; hidden if it has only ROUGE."""
        if self.rows is not None:
            self._place.removeWidget(self.rows)
            self.rows.hide()
            self.rows.deleteLater()
        self.rows = None
        known = [
            each
            for each in metrics.OTHER_METRICS
            if card is not None and each.name in card.measures and each not in metrics.HEADLINE
        ]
        self.setVisible(bool(known))
        if card is not None and known:
            self.rows = _grid(card, known)
            self.rows.setVisible(self._unfolded)
            self._place.addWidget(self.rows)

    def _fold(self) -> None:
        self._unfolded = not self._unfolded
        if self.rows is not None:
            self.rows.setVisible(self._unfolded)


def _grid(card: ScoreCard, known: list[metrics.Metric]) -> QWidget:
    made = QWidget()
    grid = QGridLayout(made)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(0, 1)
    for column, head in ((1, tr("Base")), (2, tr("Tuned"))):
        grid.addWidget(Label(head, "head", "ink2"), 0, column, RIGHT)
    for row, each in enumerate(known, start=1):
        own, base = card.measures[each.name], card.base_measures.get(each.name)
        between = card.measure_difference.get(each.name)
        text = in_full(each.name, own, base, between)
        sign = IconLabel(*sign_of(between), 14)
        sign.setAccessibleName(text)
        title = translate(each.title)
        cells: list[QWidget] = [
            ElidedLabel(title, "body", "ink2"),
            Label(amount(base["mean"], each.unit) if base else "", "figure", "ink2"),
            Label(amount(own["mean"], each.unit), "figure_medium", "ink"),
            sign,
        ]
        for column, cell in enumerate(cells):
            cell.setToolTip(text if column else f"{title}. {text}")
            grid.addWidget(cell, row, column, RIGHT if column in (1, 2) else Qt.AlignmentFlag.AlignVCenter)
    return made
