"""The dialog "What works where": every method and variant on every kind of base model.

Shows `engine.config.support_matrix`.
"""

from __future__ import annotations

from PySide6.QtCore import QDate, Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from engine.api import Quantization, support_matrix
from gui.inputs.search_field import SearchField
from gui.inputs.segmented_control import SegmentedControl
from gui.look import style
from gui.look.fonts import px
from gui.look.language import locale, tr, translate
from gui.pages.train.method.support_table import SupportTable, proof_text
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import plain
from gui.widgets.labels import Label
from gui.widgets.line import Line

SIZE = (960, 680)


class SupportDialog(QDialog):
    """A table per quantization, and the reasons for the selected row."""

    def __init__(self, quantization: Quantization = "none", parent: QWidget | None = None) -> None:
        """Open at a quantization; fp4 was tested with nf4 and is shown there."""
        super().__init__(parent)
        self.setWindowTitle(tr("Supported combinations"))
        proof = support_matrix.read()
        self.table = SupportTable(proof)
        self.view = GroupedTableView(self.table, tr("Supported combinations"))
        self._weights = SegmentedControl(
            [(weights.id, translate(weights.title)) for weights in support_matrix.WEIGHT_FORMATS],
            name=tr("The base model's weights"),
        )
        self._search = SearchField(tr("Search methods"))
        self._made = Label(proof_text(proof, _date_text(proof.made_at)), "label", "ink2", wrap=True)
        self.reasons = Label("", "body", "ink2", wrap=True)
        self._lay_out()
        self._weights.currentChanged.connect(self._show)
        self._search.searched.connect(self._show)
        self.view.chosen.connect(self._explain)
        self._weights.set_current("nf4" if quantization == "fp4" else quantization)
        self._show()
        style.follow(self._restyle)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(Label(tr("Supported combinations"), "title"))
        column.addWidget(self._made)
        tools = QHBoxLayout()
        tools.setSpacing(16)
        tools.addWidget(self._weights)
        tools.addWidget(self._search, 1)
        column.addLayout(tools)
        column.addWidget(self.view, 1)
        column.addWidget(self.reasons)
        column.addWidget(Line())
        foot = QHBoxLayout()
        foot.setSpacing(16)
        examples = ". ".join(
            f"{translate(kind.title)}: {translate(kind.examples)}" for kind in support_matrix.KINDS
        )
        foot.addWidget(Label(f"{examples}.", "label", "ink3", wrap=True), 1)
        close = plain(tr("Close"))
        close.clicked.connect(self.accept)
        foot.addWidget(close, alignment=Qt.AlignmentFlag.AlignBottom)
        column.addLayout(foot)

    def look_at(self, method_id: str) -> None:
        """Select a method."""
        self.view.choose(method_id)

    def _show(self, _changed: str = "") -> None:
        weights = next(
            weights for weights in support_matrix.WEIGHT_FORMATS if weights.id == self._weights.current()
        )
        self.table.show_weights(weights, self._search.text().strip())
        self._explain(self.view.current())

    def _explain(self, row: support_matrix.Row | None) -> None:
        if row is None:
            self.reasons.setText(tr("Select a method to see why it does not work on some base models."))
            return
        on_all = tr(
            "{name} {verdict} on all of them.", name=translate(row.title), verdict=self.table.verdict(row)
        )
        self.reasons.setText(self.table.reasons(row) or on_all)

    def _restyle(self) -> None:
        self.resize(px(SIZE[0]), px(SIZE[1]))
        self.reasons.setMinimumHeight(px(44))


def _date_text(iso: str) -> str:
    found = QDate.fromString(iso, Qt.DateFormat.ISODate)
    return locale().toString(found, tr("d MMMM yyyy")) if found.isValid() else iso
