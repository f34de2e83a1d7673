"""Chooses the runs to compare. Runs are passed in; nothing is read."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from engine.api import run_comparison
from gui.look.format import number_text
from gui.look.language import tr, tr_count
from gui.pages.examples.candidate_table import CandidateTable
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import plain, primary
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import Label

MAX_RUNS = 6


class RunChooser(QWidget):
    """`chosen(list of candidates)` reports the runs to compare with the first; `cancelled` keeps the current ones."""

    chosen = Signal(list)
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = CandidateTable(self)
        self.view = GroupedTableView(self.table, tr("Runs to compare with"))
        self.compare_button = primary(tr("Compare"))
        self.cancel_button = plain(tr("Cancel"))
        self._count = Label("", "label", "ink2")
        self._nothing = EmptyState(
            "history",
            tr("No other run has scores per conversation"),
            tr("Finish another run on the same data."),
        )
        self._stack = QStackedWidget()
        for part in (self.view, self._nothing):
            self._stack.addWidget(part)
        self._lay_out()
        self.view.check_pressed.connect(self._toggle)
        self.view.opened.connect(self._toggle)
        self.compare_button.clicked.connect(self._choose)
        self.cancel_button.clicked.connect(self.cancelled)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(12)
        column.addWidget(Label(tr("Compare with other runs"), "section", "ink"))
        column.addWidget(self._stack, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        for button in (self.compare_button, self.cancel_button):
            foot.addWidget(button)
        foot.addWidget(self._count, 1)
        column.addLayout(foot)

    def offer(self, found: Sequence[run_comparison.Candidate], checked: Sequence[str]) -> None:
        """Offer runs; those in `checked` (run ids) are checked."""
        self.table.set_candidates(found, checked)
        self._stack.setCurrentWidget(self.view if found else self._nothing)
        self.view.choose_first()
        self._show_count()

    def _toggle(self, candidate: run_comparison.Candidate | None) -> None:
        if candidate is not None:
            self.table.toggle(candidate)
            self._show_count()

    def _show_count(self) -> None:
        count = len(self.table.chosen())
        too_many = count + 1 > MAX_RUNS
        self._count.setText(
            tr("At most {most} runs can be compared at once. Uncheck some.", most=number_text(MAX_RUNS))
            if too_many
            else tr_count(count, "{n} run compared with the first", "{n} runs compared with the first")
            if count
            else tr("None: only the first run is shown")
        )
        self.compare_button.setEnabled(not too_many)

    def _choose(self) -> None:
        self.chosen.emit(self.table.chosen())
