"""The toolbar: progress, which conversations are listed, and in which order."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from engine.api import labelling
from gui.core import actions
from gui.graphics.bars import Bar
from gui.inputs.combo_box import ComboBox
from gui.look import style
from gui.look.fonts import px
from gui.look.format import number_text
from gui.look.language import mark, tr
from gui.pages.labelling import labelling_text
from gui.pages.labelling.item_navigation import ORDERS
from gui.widgets.buttons import quiet
from gui.widgets.flow_layout import FlowLayout
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import hbox, vbox

# What the progress needs beside the tools; with less it stands above them.
PROGRESS_WIDTH = 300
SHOWN_TITLES = {
    "to_do": mark("To do"),
    "drafted": mark("Drafts"),
    "accepted": mark("Accepted"),
    "skipped": mark("Skipped"),
    "all": mark("All"),
}


class LabellingToolbar(QWidget):
    """Progress at the left, choosers at the right; `list_wanted(on)` shows or hides the list."""

    list_wanted = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._progress = ElidedLabel("", "label", "muted")
        self.bar = Bar()
        self.shown = ComboBox([(key, tr(title)) for key, title in SHOWN_TITLES.items()])
        self.order = ComboBox([(key, tr(title)) for key, (title, _) in ORDERS.items()])
        for at, (_, purpose) in enumerate(ORDERS.values()):
            self.order.setItemData(at, tr(purpose), Qt.ItemDataRole.ToolTipRole)
        self._lists = False
        self.list_button = quiet("")
        self.list_button.setToolTip(
            f"{tr('All conversations of this set')} ({actions.keys_text('labelling.to_list')})"
        )
        self.list_button.clicked.connect(lambda: self.list_wanted.emit(not self._lists))
        self.add_button = quiet(tr("Add conversations…"))
        self.add_button.setToolTip(tr("Read more conversations from a file into this set"))
        self.draft_all_button = quiet("")
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(24, 10, 24, 10)
        self._box.setSpacing(12)
        self._box.addLayout(vbox(self._progress, self.bar, spacing=4), 1)
        self._tools = QWidget(self)
        tools = FlowLayout(self._tools)
        for button in (self.add_button, self.draft_all_button, self.list_button):
            tools.addWidget(button)
        for title, choice in ((tr("S&how"), self.shown), (tr("&Order"), self.order)):
            tools.addWidget(_labelled(title, choice, self._tools))
        self._box.addWidget(self._tools)
        style.on_style_changed(self._restyle)

    def _restyle(self) -> None:
        self.shown.setFixedWidth(px(150))
        self.order.setFixedWidth(px(210))
        self._turn()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the choosers below the progress in a narrow window."""
        super().resizeEvent(event)
        self._turn()

    def _turn(self) -> None:
        narrow = self.width() < self._tools.sizeHint().width() + px(PROGRESS_WIDTH)
        direction = QBoxLayout.Direction
        self._box.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)

    def show_progress(self, found: labelling.Progress) -> None:
        self._progress.setText(labelling_text.progress(found))
        self.bar.set_fraction((found.accepted + found.skipped) / found.total if found.total else 0.0)
        self.bar.setAccessibleName(tr("Accepted or skipped"))
        counts = {
            "to_do": found.open + found.drafted,
            "drafted": found.drafted,
            "accepted": found.accepted,
            "skipped": found.skipped,
            "all": found.total,
        }
        for at, (key, title) in enumerate(SHOWN_TITLES.items()):
            self.shown.setItemText(at, f"{tr(title)} ({number_text(counts[key])})")

    def show_drafting(self, *, drafts_all: bool, waits: bool, must_wait: bool, possible: bool) -> None:
        """Show whether all open conversations are being drafted, wait for it, or can be."""
        begin = tr("Add drafts to queue") if must_wait else tr("Draft all")
        stop = tr("Stop drafting") if drafts_all else tr("Remove from the queue")
        self.draft_all_button.setText(stop if drafts_all or waits else begin)
        self.draft_all_button.setEnabled(drafts_all or waits or possible)

    def show_choices(self, shown: str, order: str, *, lists: bool) -> None:
        self._lists = lists
        self.list_button.setText(tr("Hide list") if lists else tr("Show list"))
        self.shown.set_key(shown)
        self.order.set_key(order)
        self.order.setToolTip(tr(ORDERS[order][1]))

    def progress(self) -> str:
        return self._progress.text()


def _labelled(title: str, choice: ComboBox, parent: QWidget) -> QWidget:
    """Return a chooser with its label, which stay together."""
    pair = QWidget(parent)
    label = Label(title, "label", "muted")
    label.setBuddy(choice)
    choice.setAccessibleName(title.replace("&", ""))
    choice.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    hbox(label, choice, of=pair, margins=(8, 0, 0, 0), spacing=8)
    return pair
