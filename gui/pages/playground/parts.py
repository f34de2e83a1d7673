"""Small parts of the playground page: menus, the strip above the columns, the folded conversation, the legends."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from gui.look import style
from gui.look.language import tr
from gui.look.shown_texts import menu_text
from gui.pages.playground import choices
from gui.pages.playground.controller import Controller
from gui.pages.playground.history import headline
from gui.pages.playground.token_meter import Length, TokenMeter, parted
from gui.widgets.buttons import quiet
from gui.widgets.cards import NoticeStrip
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import FlowLayout, Line, hbox, vbox
from gui.widgets.text_view import Mark, TextView
from gui.workers.device_lock import Strip


class StripView(QWidget):
    """A notice with at most one action, and the last log lines of a worker below it."""

    acted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notice = NoticeStrip()
        self._notice.acted.connect(self.acted)
        self._log = Label("", "fixed", "muted", wrap=True, selectable=True)
        self._log.setAccessibleName(tr("The worker's last log lines"))
        vbox(self._notice, self._log, of=self, margins=(24, 12, 24, 12), spacing=8)
        self.hide()

    def show_strip(self, strip: Strip | None) -> None:
        """Show a strip; None hides it."""
        self.setVisible(strip is not None)
        if strip is not None:
            self._notice.show_notice(strip.text, strip.action, strip.icon, strip.token)
            self._log.show_text(strip.log)

    def text(self) -> str:
        """Return the text shown, or ""."""
        return "" if self.isHidden() else self._notice.text()

    def log(self) -> str:
        return self._log.text()

    def action_button(self) -> QWidget:
        return self._notice.action_button()


class FoldedConversation(QWidget):
    """The conversation on one line with its token meter, for narrow windows."""

    def __init__(self) -> None:
        super().__init__()
        style.set_background(self, "surface")
        self._headline = ElidedLabel("", "body_medium")
        self.meter = TokenMeter()
        self.button = quiet(tr("Show"))
        self.button.set_short()
        row = hbox((self._headline, 1), self.meter, self.button, margins=(24, 8, 16, 8), spacing=16)
        vbox(row, Line(), of=self, spacing=0)
        style.scale(self.meter, QWidget.setFixedWidth, 320)

    def show_conversation(self, text: str, length: Length, *, piecewise: bool) -> None:
        self._headline.setText(headline(text) or tr("No conversation yet"))
        self.meter.show_length(length, len(parted(text, length.cut_at)[1]), piecewise=piecewise)


class MarkLegend(QWidget):
    """A legend of marks: (kind, meaning) pairs, on as many lines as they need."""

    def __init__(self, meanings: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        flow = FlowLayout(self, 12)
        for kind, meaning in meanings:
            flow.addWidget(_meaning(kind, meaning))


class Legend(QWidget):
    """The legend of the columns, and why there is no interval."""

    def __init__(self) -> None:
        super().__init__()
        text = MarkLegend(
            [("new", tr("not in the base model’s summary")), ("attention", tr("not in the conversation"))]
        )
        self.reason = ElidedLabel(tr("One conversation, so no interval"), "label", "hint")
        self.reason.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        hbox((text, 3), (self.reason, 2), of=self, spacing=12)


def _meaning(kind: str, text: str) -> QWidget:
    """Return a marked word with its meaning beside it."""
    made, sample = QWidget(), TextView("abc", [Mark(0, 3, kind)], "label")
    style.scale(sample, QWidget.setFixedWidth, 26)
    hbox(sample, Label(text, "label", "muted"), of=made, spacing=12)
    return made


def adapter_menu(parent: QWidget, controller: Controller) -> QMenu:
    """Return a menu of all adapters; those that don't fit are disabled and show the reason."""
    menu = QMenu(parent)
    for choice in controller.adapter_choices():
        text = choice.reason or choices.entry(choice.adapter).about
        action = menu.addAction(f"{menu_text(choice.adapter.name)}   {menu_text(text)}")
        action.setEnabled(choice.fits)
        action.setData(choice.adapter.id)
    if menu.isEmpty():
        menu.addAction(tr("No adapters yet. Train or import one.")).setEnabled(False)
    return menu


def base_menu(parent: QWidget, controller: Controller) -> QMenu:
    """Return a menu of the base models."""
    menu = QMenu(parent)
    for base_id in controller.base_choices():
        action = menu.addAction(menu_text(choices.base_title(base_id)))
        action.setCheckable(True)
        action.setChecked(base_id == controller.base_id)
        action.setData(base_id)
    menu.addSeparator()
    unload = menu.addAction(tr("Unload the base model"), controller.unload)
    unload.setEnabled(controller.can_unload)
    return menu
