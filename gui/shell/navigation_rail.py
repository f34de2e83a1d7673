"""The navigation rail at the left: the rooms, the device meter, settings and help.

Knows keys, names and icons, not the rooms. Below a width of 1200 the window folds it to icons.
"""

from __future__ import annotations

import itertools

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.look import style
from gui.look.fonts import px
from gui.look.language import tr
from gui.shell.device_meter import INSET, DeviceMeter
from gui.widgets.buttons import ContentButton, IconButton
from gui.widgets.labels import ElidedLabel, IconLabel, Label
from gui.widgets.layouts import Line, hbox, vbox

WIDE, FOLDED = 208, 56


class RailItem(ContentButton):
    """One room in the rail: icon, name and badge ("62 %", "14")."""

    def __init__(self, icon_name: str, name: str, checkable: bool = True) -> None:
        super().__init__("rail")
        self.name, self.badge, self._is_folded = name, "", False
        self._bar, self._icon = QWidget(), IconLabel(icon_name)
        self._name, self._badge = ElidedLabel(name, "body_medium"), Label("", "figure_small")
        style.set_background(self._bar, "accent")
        self._bar.setFixedSize(3, 16)
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        parts = (self._bar, self._icon, (self._name, 1), self._badge)
        self._row = hbox(*parts, margins=(0, 0, 8, 0), spacing=9)
        self.lay_out(self._row)
        self.setCheckable(checkable)
        self.setAutoExclusive(checkable)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        # Lower in a window that is low for the size of the text.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.toggled.connect(self._show)
        self._show()

    def set_badge(self, text: str, busy: bool = False) -> None:
        """Show a short text at the right; `busy` shows it in the accent."""
        self.badge = text
        self._badge.setText(text)
        self._badge.set_token("accent" if busy else "muted")
        self._show()

    def set_folded(self, folded: bool) -> None:
        """Show only the icon; the name becomes the tooltip."""
        self._is_folded = folded
        self._row.setStretchFactor(self._icon, int(folded))
        self._show()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), px(36))

    def _show(self) -> None:
        self.setAccessibleName(f"{self.name} {self.badge}".strip())
        self.setToolTip(self.accessibleName() if self._is_folded else "")
        self._icon.set_icon(self._icon.icon_name, "accent" if self.isChecked() else "muted")
        self._name.set_token("text" if self.isChecked() else "muted")
        self._name.setHidden(self._is_folded)
        self._badge.setHidden(self._is_folded or not self.badge)
        self._bar.setVisible(self.isChecked())


class NavigationRail(QWidget):
    """The rail; `chosen(key)`, `device_wanted`, `settings_wanted` and `help_wanted` report clicks."""

    chosen = Signal(str)
    device_wanted = Signal()
    settings_wanted = Signal()
    help_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        style.set_background(self, "rail")
        self._items: dict[str, RailItem] = {}
        self._folded = False
        self._name = Label("Tunesmith", "section")
        self._mark = hbox(IconLabel("mark", "accent", 20), (self._name, 1), spacing=8)
        self.meter = DeviceMeter()
        self.meter.hide()
        self.meter.clicked.connect(self.device_wanted)
        self.settings = RailItem("settings", tr("Settings"), checkable=False)
        self.settings.clicked.connect(self.settings_wanted)
        self.help = IconButton("help", tr("Help"), press=self.help_wanted)
        self._column = vbox(self._mark, of=self, spacing=0)
        self._pages = vbox(spacing=4)
        self._column.addLayout(self._pages)
        self._column.addStretch(1)
        self._meter_line, self._foot_line = Line(), Line()
        self._meter_line.hide()
        self._meter_box = vbox(self._meter_line, self.meter, self._foot_line, spacing=8)
        self._column.addLayout(self._meter_box)
        self._foot = QVBoxLayout()
        self._foot_row = QHBoxLayout()
        self._foot.addLayout(self._foot_row)
        self._column.addLayout(self._foot)
        style.on_style_changed(self._restyle)

    def add_item(self, key: str, text: str, icon_name: str) -> RailItem:
        """Add a room at the end."""
        item = RailItem(icon_name, text)
        item.set_folded(self._folded)
        item.clicked.connect(lambda _checked=False, key=key: self.chosen.emit(key))
        before = list(self._items.values())
        self._items[key] = item
        self._pages.addWidget(item)
        item.show()
        chain = [*before[-1:], item, self.meter, self.settings, self.help]
        for first, second in itertools.pairwise(chain):
            QWidget.setTabOrder(first, second)
        return item

    def item(self, key: str) -> RailItem:
        """Return a room's item."""
        return self._items[key]

    def keys(self) -> list[str]:
        """Return the rooms' keys in order."""
        return list(self._items)

    def set_current(self, key: str) -> None:
        """Mark the room shown; none, if it has no item here."""
        for each, item in self._items.items():
            item.setAutoExclusive(False)
            item.setChecked(each == key)
            item.setAutoExclusive(True)

    def set_badge(self, key: str, text: str, busy: bool = False) -> None:
        """Show a badge at a room's item; `busy` draws it in the accent."""
        self._items[key].set_badge(text, busy)

    def above_meter(self, size: QSize) -> QPoint:
        """Return the screen position of a menu of this size above the device meter."""
        return self.meter.mapToGlobal(QPoint(0, -size.height() - 4))

    def set_device(
        self, name: str, device: str, used: float | None, total: float | None, load: float | None
    ) -> None:
        """Show the device: memory in bytes, `load` 0 to 1; None if unknown."""
        self.meter.set_device(name, device, used, total, load)
        self.meter.show()
        self._meter_line.show()

    def set_work(self, work: str, share: str, waiting: str, *, is_wrong: bool = False) -> None:
        """Show what computes on the device, how far it is, and what waits for it."""
        self.meter.set_work(work, share, waiting, is_wrong=is_wrong)

    def _restyle(self) -> None:
        """Take the width that the text needs."""
        self.set_folded(self._folded)

    def set_folded(self, folded: bool) -> None:
        """Show only icons (56 wide), or icons and names (208)."""
        self._folded = folded
        self.setFixedWidth(px(FOLDED if folded else WIDE))
        self._name.setVisible(not folded)
        self._mark.setContentsMargins(*2 * (px(18) if folded else 20, px(20)))
        self.meter.set_folded(folded)
        for item in (*self._items.values(), self.settings):
            item.set_folded(folded)
        left, right = (10, 11) if folded else (16, 18)
        self._pages.setContentsMargins(8, 12, 9 if folded else 10, 8)
        self._meter_box.setContentsMargins(left - INSET, 0, right - INSET, 6)
        for line in (self._meter_line, self._foot_line):
            line.setContentsMargins(INSET, 0, INSET, 0)
        self._foot.setContentsMargins(8, 0, 9 if folded else 14, 6)
        self._foot_row.setDirection(
            QHBoxLayout.Direction.TopToBottom if folded else QHBoxLayout.Direction.LeftToRight
        )
        for part in (self.settings, self.help):
            self._foot_row.removeWidget(part)
            self._foot_row.addWidget(part, alignment=Qt.AlignmentFlag.AlignHCenter) if (
                folded and part is self.help
            ) else self._foot_row.addWidget(part)

    def is_folded(self) -> bool:
        """Return whether only icons are shown."""
        return self._folded
