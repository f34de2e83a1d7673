"""The findings of a check, worst first, one row each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gui.look import style
from gui.look.format import number
from gui.look.type import px
from gui.pages.data.report import Finding
from gui.widgets.buttons import link
from gui.widgets.fields import IconLabel
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.line import Line
from gui.widgets.scroll import Scroll

ROW_HEIGHT = 40
COUNT_WIDTH, ACTION_WIDTH = 72, 96


class FindingRow(QWidget):
    """One finding: sign, title, where, how many, and the way to its first row if that can be shown."""

    show_wanted = Signal()

    def __init__(self, finding: Finding, can_show: bool) -> None:
        super().__init__()
        self.finding = finding
        warns = finding.severity == "warning"
        self.button = link("Show row")
        self.button.clicked.connect(self.show_wanted)
        self.button.setVisible(can_show)
        count = Label(number(finding.count), "figure_medium")
        count.setFixedWidth(px(COUNT_WIDTH))
        count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 8, 0)
        row.setSpacing(12)
        row.addWidget(IconLabel("warning" if warns else "info", "copper" if warns else "ink2"))
        row.addWidget(Label(finding.title, "body_medium"))
        row.addWidget(ElidedLabel(finding.detail, "body", "ink2"), 1)
        row.addWidget(count)
        action = QWidget()
        action.setFixedWidth(px(ACTION_WIDTH))
        holder = QHBoxLayout(action)
        holder.setContentsMargins(0, 0, 0, 0)
        holder.addStretch(1)
        holder.addWidget(self.button)
        row.addWidget(action)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row, 1)
        column.addWidget(Line())
        self.setFixedHeight(px(ROW_HEIGHT))
        self.setAccessibleName(f"{finding.title}, {number(finding.count)} rows, {finding.detail}")


class FindingsView(QWidget):
    """All findings; `row_wanted(split, number)` asks to show the first row of one."""

    row_wanted = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[FindingRow] = []
        self._nothing = Label("Nothing to report. No leaks, no duplicates, no empty rows.", "body", "ink2")
        self._scroll = Scroll((0, 0, 10, 0), spacing=0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._nothing)
        column.addWidget(self._scroll, 1)
        style.follow(self.update)

    def rows(self) -> list[FindingRow]:
        """Return the rows."""
        return list(self._rows)

    def show_findings(self, findings: Sequence[Finding], shown: dict[str, int]) -> None:
        """Show findings; `shown` says how many rows of each split can be looked at."""
        while (item := self._scroll.column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._rows = [self._row(finding, shown) for finding in findings]
        for row in self._rows:
            self._scroll.column.addWidget(row)
        self._scroll.column.addStretch(1)
        self._nothing.setVisible(not findings)
        self._scroll.setVisible(bool(findings))

    def _row(self, finding: Finding, shown: dict[str, int]) -> FindingRow:
        place = next(((split, at) for split, at in finding.first if at <= shown.get(split, 0)), None)
        row = FindingRow(finding, place is not None)
        if place is not None:
            row.show_wanted.connect(lambda: self.row_wanted.emit(*place))
        return row
