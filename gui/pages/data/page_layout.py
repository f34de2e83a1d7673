"""The layout of the data page: source on top, results below, one row at the right.

Shows and sizes the parts; the page connects them.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QStackedWidget, QWidget

from engine.api import SAMPLE, DataOptions, Problem, languages, questions
from gui.graphics.histogram import Histogram
from gui.inputs.choices import SegmentedControl
from gui.look import style
from gui.look.fonts import px, text_scale
from gui.look.format import number_text, percent
from gui.look.language import sentences, tr, translate
from gui.pages.data import report
from gui.pages.data.findings_view import Exclusions, FindingsView
from gui.pages.data.preview_table import BrokenRowsView, PreviewTable, RowsView, RowView
from gui.pages.data.report import Lengths, Report, SplitReport, split_name
from gui.pages.data.source_bar import SourceBar
from gui.pages.labelling.no_summaries import NoSummaries
from gui.shell.page import NARROW
from gui.widgets.buttons import Button, plain
from gui.widgets.cards import EmptyState, NoticeStrip
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import FlowBox, FlowLayout, Line, Scroll, Splitter, discard, fill, hbox, vbox
from gui.widgets.text_view import TextView

LOW_WINDOW, LOW_HISTOGRAM = 800, 128
USUAL = DataOptions(source=SAMPLE)


class DataPageLayout(Splitter):
    """The content below the header: an empty state, the first rows, or a report."""

    def __init__(self, exclusions: Exclusions, parent: QWidget | None = None) -> None:
        super().__init__("data", parent)
        self._is_narrow = False
        self._has_report = False
        self._left = Scroll((24, 14, 24, 16), spacing=14, parent=self)
        self._make_source(self._left.content)
        self._stack = QStackedWidget(self._left.content)
        self.sample_button = plain(tr("Open the sample"))
        self._empty = EmptyState(
            "data",
            tr("No conversations loaded"),
            tr("Choose files or a folder, paste text, or drop files here."),
            [self.sample_button],
            parent=self._stack,
        )
        found = self._found = QWidget(self._stack)
        self._glance = QWidget(found)
        self.figures = Figures()
        usual = USUAL.max_conversation_tokens, USUAL.max_summary_tokens
        self.conversations = LengthView(tr("Conversation length"), usual[0], self._glance)
        self.summaries = LengthView(tr("Summary length"), usual[1], self._glance)
        self._choose = QWidget(found)
        parts = [("findings", tr("Findings")), ("rows", tr("Rows")), ("columns", tr("Raw rows"))]
        self.part = SegmentedControl(parts, short=True, name=tr("Below"), parent=self._choose)
        splits = [(split, report.split_name(split)) for split in report.SPLITS]
        self.split = SegmentedControl(splits, short=True, name=tr("Split"), parent=self._choose)
        self._below = QStackedWidget(found)
        self.findings = FindingsView(exclusions, self._below)
        self.rows = RowsView(self._below)
        self.preview_table = PreviewTable(self._below)
        self.row_view = RowView(self)
        self._below.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        fill(self._below, self.findings, self.rows, self.preview_table)
        self.part.currentChanged.connect(self._show_part)
        vbox(
            self.figures,
            Line(),
            (hbox((self.conversations, 1), (self.summaries, 1), spacing=32), 1),
            of=self._glance,
            spacing=14,
        )
        hbox(self.part, 1, self.split, of=self._choose)
        vbox((self._glance, 3), self._choose, (self._below, 2), of=self._found, spacing=14)
        fill(self._stack, self._empty, self._found)
        # In a low window, or with large text, the page scrolls, so that nothing is clipped.
        column = self._left.column
        strips = (self.asked, self.question, self.unlabelled, self.too_few, self.remarks, self.broken_rows)
        fill(column, self.source, *strips, Line(), (self._stack, 1))
        fill(self, self._left, self.row_view)
        self.setStretchFactor(0, 1)
        self.show_nothing()
        style.on_style_changed(self._restyle)

    def _make_source(self, parent: QWidget) -> None:
        self.source = SourceBar(parent)
        self.asked, self.question = Question(parent), NoticeStrip(parent=parent)
        self.unlabelled = NoSummaries(parent)
        self.remarks, self.too_few = NoticeStrip(parent=parent), NoticeStrip(parent=parent)
        self.broken_rows = BrokenRowsView(parent)

    def _restyle(self) -> None:
        self.row_view.setMinimumWidth(px(300))
        self._below.setMinimumHeight(px(164))
        self.adapt(self.window().width())

    # Content

    def show_nothing(self) -> None:
        self._stack.setCurrentIndex(0)
        self._show_report_parts(False)

    def show_row_preview(self) -> None:
        """Show only the first rows, while the others are read or if they can't be."""
        self._stack.setCurrentIndex(1)
        self._show_report_parts(False)
        self._below.setCurrentWidget(self.preview_table)

    def show_report(self) -> None:
        self._stack.setCurrentIndex(1)
        self._show_report_parts(True)
        self._show_part(self.part.current())

    def _show_report_parts(self, shown: bool) -> None:
        self._has_report = shown
        self._glance.setVisible(shown)
        self._choose.setVisible(shown)
        self._place_row_view()

    def _show_part(self, key: str) -> None:
        parts: dict[str, QWidget] = {
            "findings": self.findings,
            "rows": self.rows,
            "columns": self.preview_table,
        }
        self._below.setCurrentWidget(parts[key])
        self.split.setVisible(key != "columns")

    def show_unlabelled(self, source: str, count: int) -> None:
        """Show that conversations wait for their summaries, and nothing of summaries then; 0 for others."""
        self.unlabelled.show_source(source, count)
        self.summaries.setVisible(not count)
        self.source.mapping.show_columns(not count)

    def limits(self) -> dict[str, int]:
        return _limits(self.conversations.limit, self.summaries.limit)

    def chosen_limits(self) -> dict[str, int]:
        return _limits(self.conversations.chosen, self.summaries.chosen)

    # Sizes

    def adapt(self, width: int) -> None:
        """Make the preview a drawer below a width of 1200, and the histograms low in a low window."""
        narrow = width < NARROW * text_scale()
        if narrow != self._is_narrow:
            self._is_narrow = narrow
            self._place_row_view()
        low = self.window().height() < LOW_WINDOW * text_scale()
        for view in (self.conversations, self.summaries):
            view.set_height(LOW_HISTOGRAM if low else 0)

    def open_row_view(self) -> None:
        """Show the preview, also as a drawer."""
        if self.row_view.isHidden():
            self.row_view.show()
            self._share_width()

    def close_row_view(self) -> None:
        """Hide the drawer; a preview beside the rows stays."""
        if self._is_narrow:
            self.row_view.hide()

    def _place_row_view(self) -> None:
        self.row_view.close_button.setVisible(self._is_narrow)
        self.row_view.setVisible(self._has_report and not self._is_narrow)
        self._share_width()

    def _share_width(self) -> None:
        wide = px(340 if self._is_narrow else 400)
        self.share([max(1, self.width() - wide), wide])


def _limits(conversations: int, summaries: int) -> dict[str, int]:
    return {"max_conversation_tokens": conversations, "max_summary_tokens": summaries}


class Question(QFrame):
    """One question about the source; `answered(option, value)` is emitted with the chosen answer."""

    answered = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        style.set_background(self, "notice")
        self._text = Label("", "body", "text", wrap=True)
        self.buttons: list[Button] = []
        self._answers = FlowBox(self.buttons)
        self._column = vbox(self._text, self._answers, of=self, margins=(12, 8, 12, 8), spacing=8)

    def ask(self, problems: Sequence[Problem]) -> str:
        """Ask the first problem that is a question, with its answers; return its field, "" if none is one."""
        problem = next((each for each in problems if questions.answers(each)), None)
        if problem is None:
            self.hide()
            return ""
        self._show(problem)
        return problem.field

    def _show(self, problem: Problem) -> None:
        self._text.setText(sentences(problem.message, problem.hint))
        self.buttons = [self._button(problem.field, answer) for answer in questions.answers(problem)]
        discard(self._answers)
        self._answers = FlowBox(self.buttons)
        self._column.addWidget(self._answers)
        self.show()

    def _button(self, field: str, answer: questions.Answer) -> Button:
        button = plain(translate(answer.text))
        option = field.removeprefix("data.")
        button.clicked.connect(lambda: self.answered.emit(option, answer.value))
        return button

    def text(self) -> str:
        return self._text.text()


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
                discard(widget)
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
            discard(self._left_out)
            self._left_out = None
        if count:
            text = tr("excluded") if is_sure else tr("excluded, at most")
            why = "" if is_sure else tr("Rows over both limits count twice until you check again.")
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
