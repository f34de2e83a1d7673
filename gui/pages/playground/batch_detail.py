"""One row of a batch in full: the conversation, its reference, and every summary with its scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.api import turns
from gui.look import style
from gui.look.language import tr
from gui.models.list_text import NOTHING_WRITTEN
from gui.pages.playground.batch import BatchRow, state_text
from gui.pages.playground.batch_table import scores_text
from gui.pages.playground.columns.column_results import Column
from gui.pages.playground.history.history_entry import headline
from gui.widgets.buttons import IconButton, quiet
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import hbox, vbox
from gui.widgets.line import Line
from gui.widgets.scroll import Scroll
from gui.widgets.text_view import ConversationView, ReadingText, Turn, preview, preview_text

HEIGHT = 240


class BatchDetail(QWidget):
    """Shows a row. `alone_wanted(BatchRow)` opens it as one conversation, where it can be rated; `closed` ends it."""

    alone_wanted = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row: BatchRow | None = None
        self._shown = ""
        self._title = ElidedLabel("", "section")
        self.alone_button = quiet(tr("Open alone"), "arrow-right")
        self.close_button = IconButton("close", tr("Close"))
        self.conversation = ConversationView("body")
        self._written = Scroll((0, 0, 10, 0), spacing=8)
        self._said = Scroll((0, 0, 10, 0), spacing=0)
        self._parts: list[tuple[Label, ReadingText]] = []
        self.alone_button.clicked.connect(lambda: self.alone_wanted.emit(self._row))
        self.close_button.clicked.connect(self.closed)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        head = hbox((self._title, 1), self.alone_button, self.close_button, spacing=8)
        self._said.column.addWidget(self.conversation)
        self._said.column.addStretch(1)
        self._texts = QVBoxLayout()
        self._texts.setSpacing(2)
        self._written.column.addLayout(self._texts)
        self._written.column.addStretch(1)
        vbox(Line(), head, (hbox((self._said, 2), (self._written, 3), spacing=24), 1), of=self, spacing=8)
        style.scale(self, QWidget.setFixedHeight, HEIGHT)

    def show_row(self, row: BatchRow | None) -> None:
        """Show a row, or the present state of it; None hides the pane."""
        self._row = row
        self.setVisible(row is not None)
        if row is None:
            return
        said = row.example.conversation
        if said != self._shown:
            self._shown = said
            self._title.setText(headline(said))
            shown = preview(said)
            rest = preview_text(shown, said)
            parts = [Turn(turn.speaker, turn.text) for turn in turns(shown)]
            self.conversation.set_turns([*parts, Turn("", rest)] if rest else parts)
            for side in (self._said, self._written):
                side.verticalScrollBar().setValue(0)
        self._show_texts(list(_texts(row)))

    def texts(self) -> list[tuple[str, str]]:
        """Return the heads and texts shown."""
        return [(head.text(), text.text()) for head, text in self._parts if text.isVisibleTo(self)]

    def _show_texts(self, texts: Sequence[tuple[str, str]]) -> None:
        while len(self._parts) < len(texts):
            part = (Label("", "head", "ink2", wrap=True), ReadingText(role="body"))
            self._parts.append(part)
            for widget in part:
                self._texts.addWidget(widget)
            self._texts.addSpacing(8)
        for at, (head, text) in enumerate(self._parts):
            head.setVisible(at < len(texts))
            text.setVisible(at < len(texts))
            if at < len(texts):
                head.setText(texts[at][0])
                text.set_text(texts[at][1])


def _texts(row: BatchRow) -> Iterator[tuple[str, str]]:
    """Yield head and text of the reference and of each summary."""
    if row.example.summary:
        yield tr("Reference summary"), row.example.summary
    for column in row.results.columns:
        found = scores_text(column.scores)
        yield (f"{column.entry.title}. {found}" if found else column.entry.title), _summary(column)


def _summary(column: Column) -> str:
    if column.status == "finished":
        return column.text or tr(NOTHING_WRITTEN)
    return state_text(column) or tr("not yet")
