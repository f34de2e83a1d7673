"""The headline of an arena, as its report says it: what scores highest, and how the entries compare."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from gui.look.tooltips import plain_tooltip
from gui.models.arena_reader import Snapshot
from gui.pages.arena.arena_text import headline
from gui.widgets.labels import Label
from gui.widgets.layouts import vbox


class HeadlineView(QWidget):
    """Two texts, hidden while no entry is scored; in a low window the second is the tooltip of the first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = Label("", "section", "ink", self, wrap=True)
        self.text = Label("", "body", "ink2", self, wrap=True, selectable=True)
        vbox(self.title, self.text, of=self, spacing=2)
        self.hide()

    def show_headline(self, found: Snapshot) -> None:
        """Show the headline of an arena as read."""
        told = headline(found)
        if told is not None:
            self.title.setText(told.title)
            self.title.set_token(told.token)
            self.text.setText(told.text)
            self.title.setToolTip(plain_tooltip(told.text))
        self.setVisible(told is not None)

    def set_short(self, short: bool) -> None:
        """Leave out the second text."""
        self.text.setVisible(not short)
