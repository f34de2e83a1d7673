"""The view of one conversation: it at the left, the columns beside it, decoding and history below.

Lays out and folds; knows neither the worker nor the sources of conversations.
"""

from __future__ import annotations

from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.look import style
from gui.look.fonts import px, text_scale
from gui.pages.playground.columns.column_view import MIN_WIDTH
from gui.pages.playground.columns.columns_view import ColumnsView
from gui.pages.playground.conversation.conversation_panel import ConversationPanel
from gui.pages.playground.history.history_view import HistoryView
from gui.pages.playground.parts import FoldedConversation, Legend
from gui.shell.page import NARROW
from gui.widgets.layouts import vbox
from gui.widgets.line import Line
from gui.widgets.scroll import Scroll
from gui.widgets.splitter import Splitter
from gui.widgets.undo_strip import UndoStrip

PANEL_WIDTH, MIN_PANEL_WIDTH, MIN_COLUMNS_HEIGHT = 368, 300, 240


class SingleView(QWidget):
    """The parts by name; `put_decoding` places the row of options, which two views share."""

    def __init__(self) -> None:
        super().__init__()
        self.panel = ConversationPanel()
        self.columns = ColumnsView()
        self.history = HistoryView()
        self.undo_strip = UndoStrip(foot=True)
        self.folded = FoldedConversation()
        self._is_narrow = False
        self._columns_shown = 0
        self._lay_out()
        self.folded.toggled.connect(self._toggle_conversation)
        style.on_style_changed(self._restyle)

    def _lay_out(self) -> None:
        # In a low window, or with large text, the right side scrolls, so that nothing is clipped.
        right = Scroll((0, 0, 10, 16), spacing=0)
        self.columns.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        right.column.addWidget(self.columns, 1)
        self._foot = vbox(Line(), Legend(), self.history, margins=(24, 0, 14, 0), spacing=12)
        right.column.addLayout(self._foot)
        self.splitter = Splitter("playground")
        self.splitter.addWidget(self.panel)
        self.splitter.addWidget(right)
        self.splitter.setStretchFactor(1, 1)
        vbox(self.folded, (self.splitter, 1), self.undo_strip, of=self, spacing=0)
        self.folded.hide()

    def _restyle(self) -> None:
        """Set fixed sizes for the current text size."""
        self.columns.setMinimumHeight(px(MIN_COLUMNS_HEIGHT))
        self.panel.setMinimumWidth(px(MIN_PANEL_WIDTH))
        self._columns_shown = 0
        self.adapt(self.window().width())

    def put_decoding(self, row: QWidget) -> None:
        """Place the row of decoding options below the legend."""
        self._foot.insertWidget(2, row)

    def show_length(self) -> None:
        """Copy the length of the panel to the folded conversation."""
        panel = self.panel
        self.folded.show_conversation(panel.conversation, panel.length, piecewise=panel.is_piecewise)

    def adapt(self, width: int) -> None:
        """Fold the conversation to a strip below a width of 1200."""
        narrow = width < NARROW * text_scale()
        if narrow != self._is_narrow:
            self._is_narrow = narrow
            self.folded.setVisible(narrow)
            self._open_conversation(not narrow)

    def share_width(self, columns: int) -> None:
        """Narrow the conversation, down to its minimum, before this many columns have to scroll."""
        if columns == self._columns_shown or self._is_narrow:
            return
        self._columns_shown = columns
        rest = self.width() - columns * px(MIN_WIDTH) - 3 * ColumnsView.MARGIN - columns
        wide = max(px(MIN_PANEL_WIDTH), min(px(PANEL_WIDTH), rest))
        self.splitter.share([wide, max(1, self.width() - wide)])

    def _toggle_conversation(self) -> None:
        self._open_conversation(self.panel.isHidden())

    def _open_conversation(self, is_open: bool) -> None:
        self.panel.setVisible(is_open)
        if is_open:
            wide = px(MIN_PANEL_WIDTH if self._is_narrow else PANEL_WIDTH)
            self.splitter.share([wide, max(1, self.width() - wide)])
        self.folded.set_open(is_open)
