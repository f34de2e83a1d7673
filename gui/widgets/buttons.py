"""Buttons: primary (one a page), plain, quiet, icon and link, and menus of actions.

Handles their style and the icon's colour scheme, not what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QSize, Qt, SignalInstance
from PySide6.QtGui import QAction, QIcon, QKeyEvent
from PySide6.QtWidgets import QLayout, QMenu, QPushButton, QToolButton, QWidget

from gui.look import style
from gui.look.fonts import font
from gui.look.icons import icon, icon_size
from gui.look.shown_texts import plain_tooltip

Press = Callable[..., object] | SignalInstance
"""What pressing a button does."""
GAP = 4
_ICON_COLORS = {"primary": "on_accent", "plain": "muted", "quiet": "muted", "link": "accent"}


class Button(QPushButton):
    """A push button of a kind: "primary", "plain", "quiet" or "link". Make one with the functions below."""

    def __init__(
        self,
        kind: str,
        text: str,
        icon_name: str = "",
        parent: QWidget | None = None,
        press: Press | None = None,
    ) -> None:
        super().__init__(text, parent)
        if press is not None:
            self.clicked.connect(press)
        self._icon_name = icon_name
        self.setProperty("kind", kind)
        self.setAutoDefault(False)
        if kind == "link":
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        style.on_style_changed(self._restyle)

    def set_icon(self, icon_name: str) -> None:
        """Change the icon; "" removes it."""
        self._icon_name = icon_name
        self._restyle()

    def set_short(self) -> None:
        """Make the button 28 high, as in tool rows."""
        style.set_property(self, "short", "true")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            self.click()
        else:
            super().keyPressEvent(event)

    def _restyle(self) -> None:
        self.setFont(font("body_medium"))
        gap = GAP if self.text() else 0
        self.setIconSize(icon_size(gap=gap))
        if self._icon_name:
            self.setIcon(icon(self._icon_name, _ICON_COLORS[self.property("kind")], gap=gap))
        elif not self.icon().isNull():
            self.setIcon(QIcon())


class IconButton(QToolButton):
    """A button with only an icon, at least 28 by 28; `name` is its tooltip and accessible name."""

    def __init__(self, icon_name: str, name: str, press: Press | None = None) -> None:
        super().__init__()
        if press is not None:
            self.clicked.connect(press)
        self._icon_name = icon_name
        self._token = "muted"
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.set_name(name)
        style.on_style_changed(self._restyle)

    def set_name(self, name: str) -> None:
        self.setToolTip(plain_tooltip(name))
        self.setAccessibleName(name)

    def set_icon(self, icon_name: str, token: str | None = None) -> None:
        self._icon_name = icon_name
        self._token = token or self._token
        self._restyle()

    def _restyle(self) -> None:
        self.setIconSize(icon_size())
        self.setIcon(icon(self._icon_name, self._token))


class ContentButton(QPushButton):
    """A button as large as the layout of its parts, which let clicks through."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.setProperty("kind", kind)
        self.setAutoDefault(False)

    def lay_out(self, layout: QLayout) -> None:
        self.setLayout(layout)
        for part in self.findChildren(QWidget):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        layout = self.layout()
        return layout.totalSizeHint() if layout is not None else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        layout = self.layout()
        return layout.totalMinimumSize() if layout is not None else super().minimumSizeHint()


def primary(text: str, icon_name: str = "", press: Press | None = None) -> Button:
    """Return the page's one primary button."""
    return Button("primary", text, icon_name, press=press)


def plain(
    text: str, icon_name: str = "", parent: QWidget | None = None, press: Press | None = None
) -> Button:
    """Return a plain button."""
    return Button("plain", text, icon_name, parent, press=press)


def quiet(
    text: str, icon_name: str = "", parent: QWidget | None = None, press: Press | None = None
) -> Button:
    """Return a button without a rim, for rare actions."""
    return Button("quiet", text, icon_name, parent, press=press)


def link(text: str, parent: QWidget | None = None, press: Press | None = None) -> Button:
    """Return a button that looks like a link."""
    return Button("link", text, "", parent, press=press)


def make_menu(parent: QWidget, offered: Sequence[QAction]) -> QMenu:
    """Return a menu of actions that is deleted with them when it closes."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for each in offered:
        each.setParent(menu)
    menu.addActions(offered)
    return menu


def open_below(button: QWidget, menu: QMenu) -> None:
    """Open a menu below a button; it is deleted when it closes."""
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(below(button))


def below(button: QWidget) -> QPoint:
    """Return the screen position of a button's menu."""
    return button.mapToGlobal(QPoint(0, button.height() + 4))
