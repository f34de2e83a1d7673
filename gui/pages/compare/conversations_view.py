"""Systems side by side, conversation by conversation: what each wrote, its scores, and one conversation in full."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from engine.api import (
    Example,
    added,
    escaping,
    report,
    run_comparison,
    run_text,
    turns,
    unsupported,
    write_csv,
)
from gui.core.background_tasks import BackgroundTasks
from gui.inputs.choices import SegmentedControl
from gui.inputs.fields import SearchField
from gui.look import style
from gui.look.fonts import px, text_scale
from gui.look.format import gain, number_text, score
from gui.look.language import mark, tr, tr_count, translate
from gui.models.example_table import ExampleTable, Row, chrf_text
from gui.models.list_text import NOTHING_WRITTEN
from gui.pages.compare.systems import Found
from gui.pages.playground.parts import MarkLegend
from gui.shell.page import NARROW
from gui.tables.grouped_view import GroupedTableView
from gui.tables.list_pane import save_list_state
from gui.widgets import file_dialogs
from gui.widgets.cards import ClosableNotice, EmptyState
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import FlowBox, Line, Scroll, Splitter, fill, hbox, vbox
from gui.widgets.text_view import Mark, TextView, Turn, preview, preview_text

ORDERS = {
    "gain": mark("Largest gain"),
    "loss": mark("Largest drop"),
    "disagreement": mark("Most different"),
    "given": mark("Scoring order"),
}
CSV_FILES = mark("Tables (*.csv);;All files (*)")


class ConversationsView(QWidget):
    """Shows the conversations that all systems summarised; `changed` reports another selection.

    `try_requested(adapter ids, example)` opens a conversation in the playground with the known adapters.
    """

    try_requested = Signal(list, object)
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Sequence[run_comparison.Scored] = ()
        self._rows: list[Row] = []
        self._background = BackgroundTasks(self)
        self.table = ExampleTable(self)
        self._stack = QStackedWidget(self)
        self.splitter = Splitter("examples", parent=self._stack)
        self._left = QWidget(self.splitter)
        self.search = SearchField(tr("Search conversations"), self._left)
        orders = [(key, tr(title)) for key, title in ORDERS.items()]
        self.orders = SegmentedControl(orders, short=True, name=tr("Order"), parent=self._left)
        self._list = QStackedWidget(self._left)
        self.view = GroupedTableView(self.table, tr("Conversations"), parent=self._list)
        self.summary = Label("", "label", "muted", self._left, wrap=True)
        self.notice = ClosableNotice(self._left)
        self.detail = ConversationDetail(self.splitter)
        save_list_state(self.view, self.search, orders=ORDERS)
        # At large text the orders are shortened, rather than to widen the page.
        self.orders.setMinimumWidth(1)
        tools = FlowBox([self.search, self.orders], 16)
        column = vbox(tools, self.summary, of=self._left, margins=(24, 16, 24, 16), spacing=12)
        self._nothing_found = EmptyState("search", tr("No conversation found"), tr("Change the search."))
        fill(self._list, self.view, self._nothing_found)
        fill(column, (self._list, 1), self.notice)
        style.scale(self._left, QWidget.setMinimumWidth, 320)
        fill(self.splitter, self._left, self.detail)
        self.splitter.setStretchFactor(0, 1)
        style.scale(self.detail, QWidget.setMinimumWidth, 300)
        self._empty = EmptyState(
            "data",
            tr("No scores per conversation"),
            tr("Only fully scored runs on the same conversations have them."),
        )
        fill(self._stack, self._empty, self.splitter)
        vbox(self._stack, of=self)
        self._connect()

    def _connect(self) -> None:
        self.orders.currentChanged.connect(self._sort)
        self.view.order_wanted.connect(self._sort)
        self.search.searched.connect(self._search)
        self.view.chosen.connect(self._choose)
        self.view.opened.connect(self.try_row)
        self.view.link_pressed.connect(lambda row, _column: self.try_row(row))

    # Display

    def show_found(self, found: Found) -> None:
        self._shown, self._rows = found.scored, found.rows
        self.notice.hide()
        self.table.set_rows_of(self._rows, [each.label for each in self._shown] or [""])
        self._stack.setCurrentWidget(self.splitter if self._rows else self._empty)
        others = run_comparison.other_bases(self._shown) if self._rows else []
        if others:
            first = translate(self._shown[0].label)
            unlike = tr_count(
                len(others),
                "{others} uses another base model than {first}, or runs it differently.",
                "{others} use another base model than {first}, or run it differently.",
                others=reduce(
                    lambda some, one: tr("{some} and {one}", some=some, one=one), map(translate, others)
                ),
                first=first,
            )
            shown = tr("Each gain is over the run's own base model; shown: {first}.", first=first)
            self.notice.say(f"{unlike} {shown}")
        self._show_list()

    def _show_summary(self) -> None:
        """Say how the scores moved on the conversations that are listed."""
        listed = self.table.items()
        total, count = number_text(len(self._rows)), number_text(len(listed))
        found = tr("{count} of {total} conversations found", count=count, total=total)
        parts = [f"{found}."] if len(listed) < len(self._rows) else []
        parts += [_summary_text(listed, self._shown)] if listed else []
        self.summary.setText(" ".join(parts))

    def _show_list(self) -> None:
        listed = self.table.rowCount() > 0
        self._list.setCurrentWidget(self.view if listed else self._nothing_found)
        if self.view.current() is None:
            self.view.choose_first()
        self._choose(self.view.current())
        self._show_summary()

    def _sort(self, order: str) -> None:
        self.table.sort_by(order)
        if order in ORDERS:
            self.orders.set_current(order)
        self.view.scrollToTop()
        self.view.choose_first()

    def _search(self, text: str) -> None:
        self.table.search(text.strip())
        self._show_list()

    def _choose(self, row: Row | None) -> None:
        self.detail.setVisible(row is not None)
        if row is not None and self._shown:
            first = self._shown[0]
            base, tuned = map(translate, run_text.side_heads(trains=first.trains))
            several = len(self._shown) > 1
            labels = [translate(each.label) for each in self._shown] if several else [tuned]
            self.detail.show_row(row, base, labels)
        self.changed.emit()

    def adapt(self, width: int) -> None:
        """Show the conversation below the table if the window is narrower than 1200."""
        narrow = width < NARROW * text_scale()
        wanted = Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal
        if wanted != self.splitter.orientation() or not self.splitter.sizes()[1]:
            self.splitter.setOrientation(wanted)
        room = self.height() if narrow else self.width()
        second = room // 2 if narrow else px(400)
        self.splitter.share([max(1, room - second), second])

    # Actions

    def can_try(self) -> bool:
        row = self.view.current()
        return row is not None and bool(row.conversation)

    def try_row(self, row: Row | None) -> None:
        if row is None or not row.conversation:
            return
        first, *more = row.references or ("",)
        adapters = [each.adapter for each in self._shown if each.adapter]
        self.try_requested.emit(adapters, Example(row.id, row.conversation, first, tuple(more)))

    def ask_to_export(self) -> None:
        name = f"{escaping.file_name(self._shown[0].label)}-conversations.csv"
        path = file_dialogs.save_file(self, "export", tr("Export the conversations"), name, tr(CSV_FILES))
        if path:
            self.export(path)

    def export(self, path: Path) -> None:
        """Write texts, summaries and all scores of every conversation to a CSV file."""
        shown, rows = self._shown, self._rows
        self._background.run(
            lambda: write_csv(path, *_table(shown, rows)),
            lambda _: self.notice.say(tr("Exported to {place}.", place=path), "check"),
            self.notice.show_error,
        )


def _table(shown: Sequence[run_comparison.Scored], rows: Sequence[Row]) -> Any:
    """Return the full table of one run, or the comparison of several."""
    return (
        report.conversations_table(shown[0].scores) if len(shown) == 1 else run_comparison.table(shown, rows)
    )


def _summary_text(rows: Sequence[Row], shown: Sequence[run_comparison.Scored]) -> str:
    """Return on how many conversations the score rose, fell and stayed the same."""
    rose, fell = sum(row.gain > 0 for row in rows), sum(row.gain < 0 for row in rows)
    counts = {
        "rose": number_text(rose),
        "fell": number_text(fell),
        "stayed": number_text(len(rows) - rose - fell),
    }
    return (
        tr("ROUGE-1 rose on {rose}, fell on {fell}, unchanged on {stayed}.", **counts)
        if len(shown) == 1
        else tr("On average, ROUGE-1 rose on {rose}, fell on {fell}, unchanged on {stayed}.", **counts)
    )


MARKED = {"other": mark("The other adapters"), "reference": mark("The reference")}
MEANINGS = {
    "other": mark("not in the other summary"),
    "others": mark("in no other adapter's summary"),
    "reference": mark("not in the reference"),
}


class ConversationDetail(Scroll):
    """Shows one conversation. Marks words that are not in the other summaries, or not in the reference.

    With several adapters, each is compared with the others, and the base with all of them.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(margins=(24, 16, 14, 24), spacing=8, parent=parent)
        pane = self.column.parentWidget()
        assert pane is not None
        style.set_background(pane, "surface")
        self._row: Row | None = None
        self._name = ElidedLabel("", "section", "text")
        self._about = ElidedLabel("", "figure_small", "muted")
        marked = [(key, tr(title)) for key, title in MARKED.items()]
        self.against = SegmentedControl(marked, short=True, name=tr("Marked against"))
        self.against.currentChanged.connect(lambda _: self._refresh())
        self.legends = {
            key: MarkLegend([("new", tr(meaning)), ("attention", tr("not in the conversation"))])
            for key, meaning in MEANINGS.items()
        }
        self.base = _Summary()
        self.adapters: list[_Summary] = []
        self._adapter_place = vbox(spacing=8)
        self.references: list[_Summary] = []
        self._reference_place = vbox(spacing=8)
        self.conversation = TextView(role="body")
        self._said = Label(tr("Conversation"), "head", "muted")
        against = hbox(Label(tr("Marked against"), "label", "muted"), self.against, 1, spacing=12)
        fill(self.column, self._name, self._about, against)
        fill(self.column, self._adapter_place, self.base, self._reference_place, *self.legends.values())
        fill(self.column, Line(), self._said, self.conversation, 1)

    @property
    def tuned(self) -> _Summary:
        return self.adapters[0]

    def show_row(self, row: Row, base: str, labels: Sequence[str]) -> None:
        """Show a conversation; `base` is the base model's name, `labels` the adapters' names in the row's order."""
        self._row = row
        self._name.setText(tr("Conversation {id}", id=row.id))
        self._about.setText(_about(row))
        self.base.set_head(f"{base}, {score(row.base_score)}")
        self.against.set_text("other", tr(MARKED["other"]) if len(row.sides) > 1 else base)
        _fill(self.adapters, self._adapter_place, len(row.sides))
        for part, label, side in zip(self.adapters, labels, row.sides, strict=False):
            gained = f", {gain(side.gain)}" if len(row.sides) > 1 else ""
            part.set_head(f"{label}, {score(side.score)}{gained}")
        self._show_references(row)
        self._said.setVisible(bool(row.conversation))
        shown = preview(row.conversation)
        said = [Turn(turn.speaker, turn.text) for turn in turns(shown)]
        rest = preview_text(shown, row.conversation)
        self.conversation.set_turns([*said, Turn("", rest)] if rest else said)
        self._refresh()
        self.verticalScrollBar().setValue(0)

    def _show_references(self, row: Row) -> None:
        _fill(self.references, self._reference_place, len(row.references))
        head = tr("Reference") if len(row.references) == 1 else tr("One of the references")
        for part, text in zip(self.references, row.references, strict=False):
            part.set_head(head)
            part.show_text(text, ())

    def _refresh(self) -> None:
        row = self._row
        if row is None:
            return
        against = self.against.current() if row.references else "other"
        legend = "others" if against == "other" and len(row.sides) > 1 else against
        for key, shown in self.legends.items():
            shown.setVisible(key == legend)
        self.against.setEnabled(bool(row.references))
        written = [side.summary for side in row.sides]
        for index, (part, text) in enumerate(zip(self.adapters, written, strict=False)):
            others = [*written[:index], *written[index + 1 :]] or [row.base]
            self._mark(part, text, others if against == "other" else row.references, row)
        self._mark(self.base, row.base, written if against == "other" else row.references, row)

    def _mark(self, part: _Summary, text: str, beside: Sequence[str], row: Row) -> None:
        part.show_text(text, marks(text, " ".join(beside), row.conversation))


def _about(row: Row) -> str:
    if len(row.sides) == 1:
        side = row.sides[0]
        text = tr(
            "ROUGE-1 {base} to {tuned}, {gain} points",
            base=score(side.base_score),
            tuned=score(side.score),
            gain=gain(side.gain),
        )
        return "; ".join(filter(None, (text, chrf_text(side))))
    gains = [side.gain for side in row.sides]
    text = tr(
        "ROUGE-1 of the base {base}, gains {least} to {most}",
        base=score(row.base_score),
        least=gain(min(gains)),
        most=gain(max(gains)),
    )
    chrf_gains = [side.chrf_gain for side in row.sides if side.chrf_gain is not None]
    if len(chrf_gains) < len(row.sides):
        return text
    least, most = gain(min(chrf_gains)), gain(max(chrf_gains))
    return f"{text}; {tr('chrF gains {least} to {most}', least=least, most=most)}"


def _fill(parts: list[_Summary], layout: QVBoxLayout, count: int) -> None:
    """Show as many parts as needed; make missing ones."""
    while len(parts) < count:
        parts.append(_Summary())
        layout.addWidget(parts[-1])
    for at, part in enumerate(parts):
        part.setVisible(at < count)


class _Summary(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._head = Label("", "head", "muted")
        self.text = TextView()
        vbox(self._head, (self.text, 0, Qt.AlignmentFlag.AlignTop), of=self, margins=(0, 4, 0, 4), spacing=2)

    def set_head(self, text: str) -> None:
        self._head.setText(text)

    def show_text(self, text: str, marks: tuple[Mark, ...]) -> None:
        self.text.set_text(text or tr(NOTHING_WRITTEN), marks)


def marks(text: str, beside: str, conversation: str) -> tuple[Mark, ...]:
    """Return marks on words that are not in `beside`, and on claims that are not in a known conversation."""
    new = [Mark(start, end - start) for start, end in added(text, beside)]
    claims = unsupported(text, conversation) if conversation else ()
    return (*new, *(Mark(claim.start, claim.end - claim.start, "attention") for claim in claims))
