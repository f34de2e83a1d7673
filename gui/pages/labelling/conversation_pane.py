"""The left pane: the conversation in turns, its number, and the buttons to its neighbours."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.api import labelling, turns
from gui.look import style
from gui.look.format import number_text
from gui.look.language import tr
from gui.pages.labelling import labelling_text
from gui.widgets.buttons import IconButton
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import hbox, vbox
from gui.widgets.scroll import Scroll
from gui.widgets.text_view import ConversationView, Turn


class ConversationPane(QWidget):
    """Shows a conversation. `back_wanted` and `forward_wanted` request another one."""

    back_wanted = Signal()
    forward_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        style.ground(self, "surface")
        self._shown = ("", "")
        self.position = Label("", "figure_small", "ink2")
        self.back = IconButton("chevron-left", tr("Previous conversation"))
        self.forward = IconButton("chevron-right", tr("Next conversation, leave this one unchanged"))
        self.back.clicked.connect(self.back_wanted)
        self.forward.clicked.connect(self.forward_wanted)
        self._about = ElidedLabel("", "label", "ink2")
        self.turns = ConversationView()
        self.reading = Scroll((0, 0, 10, 0), spacing=0)
        self._lay_out()

    def _lay_out(self) -> None:
        head = hbox(
            (Label(tr("Conversation"), "section"), 1), self.back, self.position, self.forward, spacing=4
        )
        self.reading.column.addWidget(self.turns)
        self.reading.column.addStretch(1)
        column = vbox(head, self._about, of=self, margins=(24, 14, 14, 16), spacing=8)
        column.addSpacing(4)
        column.addWidget(self.reading, 1)

    def show_item(self, item: labelling.Item, total: int, can_go_back: bool) -> None:
        """Show a conversation out of `total`."""
        self.position.setText(
            tr("{number} of {total}", number=number_text(item.number), total=number_text(total))
        )
        self.back.setEnabled(can_go_back)
        if (item.id, item.conversation) != self._shown:
            self._shown = (item.id, item.conversation)
            self._about.setText(labelling_text.about_conversation(item))
            said = turns(item.conversation)
            self.turns.set_turns([Turn(turn.speaker, turn.text) for turn in said])
            self.reading.verticalScrollBar().setValue(0)

    def turn_pages(self, pages: int) -> None:
        """Scroll the conversation by pages, each a little less than the visible height."""
        bar = self.reading.verticalScrollBar()
        bar.setValue(bar.value() + round(pages * bar.pageStep() * 0.85))
