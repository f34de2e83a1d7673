"""One row to be read: its conversation in turns, where the limit cuts it, and its reference summary."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.api import turns
from gui.look import style
from gui.look.format import number
from gui.pages.data.report import Row
from gui.widgets.buttons import IconButton, link
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import Label
from gui.widgets.line import Line
from gui.widgets.reading import ConversationView, ReadingText, Turn
from gui.widgets.scroll import Scroll


class Preview(QWidget):
    """A row.

    Signals: `step_wanted(±1)` for the neighbouring row, `try_wanted(Row)` to summarise it in the playground,
    `closed` where the preview is a drawer.
    """

    step_wanted = Signal(int)
    try_wanted = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        style.ground(self, "surface")
        self._row: Row | None = None
        self._make_parts()
        self._lay_out()
        self.show_row(None, 0, 0)

    def _make_parts(self) -> None:
        self._place = Label("", "figure_small", "ink2")
        self._back = IconButton("chevron-left", "Row before")
        self._forth = IconButton("chevron-right", "Next row")
        self._close = IconButton("close", "Close")
        self._back.clicked.connect(lambda: self.step_wanted.emit(-1))
        self._forth.clicked.connect(lambda: self.step_wanted.emit(1))
        self._close.clicked.connect(self.closed)
        self._tokens = Label("", "label", "ink2", wrap=True)
        self._conversation = ConversationView("body")
        self._summary_tokens = Label("", "label", "ink2")
        self._summary = ReadingText("", (), "body")
        self.try_button = link("Try it in the playground")
        self.try_button.clicked.connect(lambda: self.try_wanted.emit(self._row))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(Label("Conversation", "section"), 1)
        for part in (self._back, self._place, self._forth, self._close):
            head.addWidget(part)
        summary_head = QHBoxLayout()
        summary_head.addWidget(Label("Reference summary", "section"), 1)
        summary_head.addWidget(self._summary_tokens)
        self._content = Scroll((0, 0, 10, 0), spacing=8)
        column = self._content.column
        column.addWidget(self._tokens)
        column.addWidget(self._conversation)
        column.addSpacing(8)
        column.addWidget(Line())
        column.addSpacing(8)
        column.addLayout(summary_head)
        column.addWidget(self._summary)
        act = QHBoxLayout()
        act.addWidget(self.try_button)
        act.addStretch(1)
        column.addLayout(act)
        column.addStretch(1)
        self._empty = EmptyState("data", "No row chosen", "Choose one to read it and see where it is cut.")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 14, 14, 16)
        outer.setSpacing(8)
        outer.addLayout(head)
        outer.addWidget(self._content, 1)
        outer.addWidget(self._empty, 1)

    def set_drawer(self, is_drawer: bool) -> None:
        """Offer to close the preview where it stands over the page."""
        self._close.setVisible(is_drawer)

    def row(self) -> Row | None:
        """Return the row shown."""
        return self._row

    def tokens_text(self) -> str:
        """Return what is said of the conversation's length."""
        return self._tokens.text()

    def show_row(self, row: Row | None, count: int, limit: int) -> None:
        """Show a row out of `count`, cut at `limit` tokens; None shows that there is none."""
        self._row = row
        self._content.setVisible(row is not None)
        self._empty.setVisible(row is None)
        for part in (self._back, self._forth, self._place):
            part.setVisible(row is not None)
        if row is None:
            return
        self._place.setText(f"{number(row.number)} of {number(count)}")
        self._back.setEnabled(row.number > 1)
        self._forth.setEnabled(row.number < count)
        said = [Turn(turn.speaker, turn.text) for turn in turns(row.conversation)]
        cut_after = cut_turn(row, limit)
        words = f"{number(limit)} tokens, the rest is cut"
        self._conversation.set_turns(said, cut_after, words if cut_after is not None else "")
        self._tokens.setText(_length(row, len(said), cut_after))
        self._tokens.set_token("ink2" if cut_after is None else "copper")
        self._summary.set_text(row.summary or "No reference summary.")
        self._summary_tokens.setText(f"{number(row.summary_tokens)} tokens")


def _length(row: Row, said: int, cut_after: int | None) -> str:
    length = f"{number(row.conversation_tokens)} tokens, {number(said)} turns"
    if cut_after is None:
        return length
    return f"{number(row.conversation_tokens)} tokens. About {said - cut_after} of {said} turns are lost at this limit"


def cut_turn(row: Row, limit: int) -> int | None:
    """Return the first turn that `limit` tokens no longer hold, None if all are held.

    Letters stand in for tokens, since the tokens of single turns are not known here.
    """
    if row.conversation_tokens <= limit:
        return None
    lengths = [len(turn.speaker) + len(turn.text) + 3 for turn in turns(row.conversation)]
    room, used = sum(lengths) * limit / row.conversation_tokens, 0
    for at, length in enumerate(lengths):
        used += length
        if used > room:
            return at
    return None
