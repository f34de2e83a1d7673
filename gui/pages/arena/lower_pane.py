"""The pane below the table: charts and queue side by side (as tabs if narrow), or the recipe differences."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from engine.api import Curve, arenas
from gui.inputs.segmented_control import SegmentedControl
from gui.look.fonts import px
from gui.look.language import mark, tr
from gui.pages.arena.charts import FrontView, LossView
from gui.pages.arena.differences_view import DifferencesView
from gui.pages.arena.queue_view import QueueView

TABS = (("front", mark("Quality against cost")), ("losses", mark("Loss")), ("queue", mark("Queue")))
GAP = 24


class LowerPane(QWidget):
    """Lays out the parts; the page fills them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stack = QStackedWidget(self)
        self._charts = QWidget(self._stack)
        tabs = [(key, tr(title)) for key, title in TABS]
        self.tabs = SegmentedControl(tabs, short=True, name=tr("Below the table"), parent=self._charts)
        self._beside = QWidget(self._charts)
        self.front, self.losses = FrontView(self._beside), LossView(self._beside)
        self.queue = QueueView(self._beside)
        self.differences = DifferencesView(self._stack)
        self._parts: dict[str, QWidget] = {"front": self.front, "losses": self.losses, "queue": self.queue}
        self._narrow = False
        self._any_scored = self._any_losses = True
        self._lay_out()
        self.tabs.currentChanged.connect(lambda _key: self._show_parts())
        self.set_narrow(False)

    def _lay_out(self) -> None:
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._beside)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GAP)
        for part, stretch in ((self.front, 11), (self.losses, 9), (self.queue, 0)):
            self._row.addWidget(part, stretch)
        column = QVBoxLayout(self._charts)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.tabs)
        column.addWidget(self._beside, 1)
        for shown in (self._charts, self.differences):
            self._stack.addWidget(shown)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)

    def set_narrow(self, narrow: bool) -> None:
        """Show the parts as tabs, or side by side."""
        self._narrow = narrow
        self._show_parts()

    def show_results(
        self,
        rows: Sequence[arenas.Row],
        losses: Sequence[tuple[str, Curve]],
        entries: dict[str, arenas.Entry],
        chosen: str,
    ) -> None:
        """Show the comparable rows and the losses of the checked entries."""
        self._any_scored = bool(rows)
        self.front.show_rows(rows, chosen)
        self.losses.show_losses(losses, entries, chosen)
        self._any_losses = any(len(curve.steps) for _, curve in losses)
        self._show_parts()

    def choose(self, entry_id: str, row_id: str) -> None:
        """Highlight an entry in the queue, and the row that it is in, in both charts."""
        self.front.choose(row_id)
        self.losses.chart.choose(row_id)
        self.queue.view.choose(entry_id)

    def shows_differences(self) -> bool:
        """Return whether the differences are shown instead of charts and queue."""
        return self._stack.currentWidget() is self.differences

    def show_differences_instead(self, shows: bool) -> None:
        """Show the differences instead of charts and queue, or hide them."""
        self._stack.setCurrentIndex(1 if shows else 0)

    def _show_parts(self) -> None:
        """Hide the charts that have nothing to draw: first the scores, then the losses. The queue takes their space."""
        any_charts = self._any_scored or self._any_losses
        tabbed = self._narrow and any_charts
        has_something = {"front": self._any_scored, "losses": any_charts, "queue": True}
        current = self.tabs.current() if has_something[self.tabs.current()] else "losses"
        self.tabs.setVisible(tabbed)
        for key, part in self._parts.items():
            part.setVisible(has_something[key] and (not tabbed or key == current))
        fixed = not self._narrow and any_charts
        self.queue.setMaximumWidth(self.queue.room() if fixed else 16_777_215)
        self.queue.setMinimumWidth(self.queue.room() if fixed else px(240))
