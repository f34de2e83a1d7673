"""The overview of a check: a row of figures, and two histograms with their limits."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.api import languages
from gui.graphics.histogram import Histogram
from gui.look.fonts import px
from gui.look.format import number_text, percent
from gui.look.language import tr, translate
from gui.pages.data.report import Lengths, Report, SplitReport, split_name
from gui.widgets.flow_layout import FlowLayout
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import hbox, vbox
from gui.widgets.text_view import TextView

SHOWN_PAST_P95 = 1.8


class FigureCell(QWidget):
    """A number with its label below."""

    def __init__(self, value: str, text: str, tooltip: str = "") -> None:
        super().__init__()
        vbox(Label(value, "figure_large"), Label(text, "label", "muted"), of=self, spacing=0)
        self.setToolTip(tooltip)
        self.setAccessibleName(f"{value} {text}")


class Figures(QWidget):
    """The row of figures: examples of each split, turns, speakers, the language, and the number of rows left out."""

    def __init__(self) -> None:
        super().__init__()
        self._row = FlowLayout(self, 24)
        self._left_out: FigureCell | None = None

    def show_report(self, report: Report) -> None:
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        sizes = (
            {tr("conversation" if report.unlabelled == 1 else "conversations"): report.unlabelled}
            if report.unlabelled
            else {split_name(name): size for name, size in report.sizes().items()}
        )
        for name, size in sizes.items():
            self._row.addWidget(FigureCell(number_text(size), name))
        self._left_out = None
        first = next(iter(report.splits.values()), None)
        if first is not None:
            self._add_texts(first)
        code, share = report.language
        if code:
            text = tr("{share} of conversations", share=percent(share, 1))
            self._row.addWidget(FigureCell(translate(languages.name(code)), text))

    def show_left_out(self, count: int, is_sure: bool) -> None:
        """Show the number of excluded rows; with 0 the cell is hidden."""
        if self._left_out is not None:
            self._row.removeWidget(self._left_out)
            self._left_out.hide()
            self._left_out.deleteLater()
            self._left_out = None
        if count:
            text = tr("excluded") if is_sure else tr("excluded, at most")
            why = "" if is_sure else tr("Rows over both limits count twice until you check the data again.")
            self._left_out = FigureCell(number_text(count), text, why)
            self._row.addWidget(self._left_out)
            self._left_out.show()
        self._keep_height()

    def _add_texts(self, split: SplitReport) -> None:
        origin = tr("All conversations of {split}.", split=split_name(split.name))
        for value, text in (
            (number_text(split.turns_median), tr("turns, median")),
            (number_text(split.speakers_median), tr("speakers, median")),
        ):
            self._row.addWidget(FigureCell(value, text, origin))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Update the height for all lines, after the current layout pass."""
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._keep_height)

    def _keep_height(self) -> None:
        """Set the height for all lines, so that the widget below does not overlap the last."""
        self.setMinimumHeight(self._row.heightForWidth(self.width()))

    def texts(self) -> list[str]:
        return [cell.accessibleName() for cell in self.findChildren(FigureCell) if not cell.isHidden()]


class LengthView(QWidget):
    """One histogram with its title above and the fraction that would be cut below.

    A limit that begins at 0 follows the data until its handle is moved. `limit_changed(tokens)`: while it moves.
    """

    limit_changed = Signal(int)

    def __init__(self, title: str, limit: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lengths: Lengths | None = None
        self._chosen = limit
        self._head = Label(title, "section")
        self._facts = ElidedLabel("", "figure_small", "muted")
        self._facts.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.histogram = Histogram(title)
        self.histogram.set_limit(limit)
        # Takes the available height and requests none.
        self.histogram.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.histogram.limitChanged.connect(self._on_limit)
        self._cut = TextView(role="body", token="muted")
        vbox(hbox(self._head, (self._facts, 1)), (self.histogram, 1), self._cut, of=self, spacing=8)

    @property
    def limit(self) -> int:
        return int(self.histogram.limit() or 0)

    @property
    def chosen(self) -> int:
        """The limit as a recipe has it: 0 while it follows the data."""
        return self._chosen

    def follow(self, limit: int) -> None:
        """Set the limit that follows from the data, unless it was chosen."""
        if not self._chosen:
            self.histogram.set_limit(limit)

    def show_lengths(self, lengths: Lengths) -> None:
        self._lengths = lengths
        facts = tr(
            "median {median}, max {most}", median=number_text(lengths.median), most=number_text(lengths.most)
        )
        self._facts.setText(facts)
        edges, counts = lengths.edges, lengths.counts
        width = edges[1] - edges[0] if len(edges) > 1 else 1.0
        maximum = max(lengths.p95 * SHOWN_PAST_P95, min(self.limit, lengths.most) * 1.05)
        self.histogram.set_counts(
            counts[: max(1, min(len(counts), round(maximum / width) + 1))], width, edges[0]
        )
        self._say()

    def set_height(self, height: int) -> None:
        """Set a fixed height of the drawing; 0 for all available height."""
        self.histogram.setMinimumHeight(px(height or 140))
        self.histogram.setMaximumHeight(px(height) if height else 16_777_215)
        # A height-for-width layout uses the size hint, and the drawing has none.
        self.setMinimumHeight(self.minimumSizeHint().height())

    def text(self) -> str:
        return self._cut_text().replace("<b>", "").replace("</b>", "")

    def _on_limit(self, limit: int) -> None:
        self._chosen = limit
        self._say()
        self.limit_changed.emit(limit)

    def _say(self) -> None:
        self._cut.set_markup(self._cut_text())

    def _cut_text(self) -> str:
        if self._lengths is None:
            return ""
        total, count = self._lengths.exact.total, self._lengths.beyond(self.limit)
        if not count:
            return tr("<b>None</b> of {total} would be cut.", total=number_text(total))
        return tr(
            "<b>{share}</b> would be cut: {count} of {total}.",
            share=percent(count / total, 1),
            count=number_text(count),
            total=number_text(total),
        )
