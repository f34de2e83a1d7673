"""The style of the application: colour scheme, palette, style sheet, metrics.

`apply` sets the style, `signals.changed` reports a change, and painting code reads `tokens()` or `color()`. Knows the
stock Qt widgets and the properties `kind` and `token`, not the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from shiboken6 import isValid

from gui.look import focus_rim, fonts
from gui.look.focus_rim import polish_again
from gui.look.proxy_style import TunesmithStyle
from gui.look.stylesheet import style_sheet
from gui.look.tokens import DARK, HIGH_DARK, HIGH_LIGHT, LIGHT, Tokens

SCHEMES = ("light", "dark", "system")
CONTRASTS = ("system", "high")


class _Signals(QObject):
    """`changed` reports a new scheme or text size."""

    changed = Signal()


class _State:
    tokens: Tokens = LIGHT
    scheme: str = "system"
    contrast: str = "system"
    following: bool = False


signals = _Signals()


def tokens() -> Tokens:
    """Return the colours in use."""
    return _State.tokens


def scheme() -> str:
    """Return the requested scheme: "light", "dark" or "system"."""
    return _State.scheme


def contrast() -> str:
    """Return the requested contrast: "system" or "high"."""
    return _State.contrast


def color(name: str, alpha: float = 1.0) -> QColor:
    """Return a token as a colour; `alpha` 0 to 1."""
    made = QColor(getattr(_State.tokens, name))
    made.setAlphaF(alpha)
    return made


def mixed(name: str, background: str, share: float) -> QColor:
    """Return a token blended over another by `share` (0 to 1), opaque: crossing lines must not darken."""
    over, under = QColor(getattr(_State.tokens, name)), QColor(getattr(_State.tokens, background))
    return QColor.fromRgbF(
        share * over.redF() + (1 - share) * under.redF(),
        share * over.greenF() + (1 - share) * under.greenF(),
        share * over.blueF() + (1 - share) * under.blueF(),
    )


def apply(
    app: QApplication, scheme: str = "system", text_scale: float = 1.0, contrast: str = "system"
) -> None:
    """Style the application.

    `scheme` is "light", "dark" or "system", `text_scale` 0.8 to 2.0, `contrast` "high" or "system".
    """
    if scheme not in SCHEMES:
        raise ValueError(f"scheme must be one of {', '.join(SCHEMES)}, not {scheme!r}")
    if contrast not in CONTRASTS:
        raise ValueError(f"contrast must be one of {', '.join(CONTRASTS)}, not {contrast!r}")
    _State.scheme, _State.contrast = scheme, contrast
    fonts.set_text_scale(text_scale)
    if not _State.following:
        app.styleHints().colorSchemeChanged.connect(_system_changed)
        app.styleHints().accessibility().contrastPreferenceChanged.connect(_system_changed)
        focus_rim.follow(app)
        _State.following = True
    _restyle(app)


def on_style_changed(restyle: Callable[[], None]) -> None:
    """Call a widget's bound method now and after every change of the style, for as long as the widget lives."""
    signals.changed.connect(restyle)
    restyle()


class _Kept(QObject):
    """What is set anew for a widget with every style."""

    def __init__(self, widget: QWidget, set_again: Callable[[Any], object]) -> None:
        super().__init__(widget)
        self._set_again = set_again
        on_style_changed(self._restyle)

    def _restyle(self) -> None:
        self._set_again(self.parent())


def scale(widget: QWidget, set_length: Callable[[Any, int], object], length: float) -> None:
    """Set a length as designed, scaled with the text size: `scale(field, QWidget.setFixedWidth, 120)`."""
    _Kept(widget, lambda kept: set_length(kept, fonts.px(length)))


def set_font(widget: QWidget, role: str) -> None:
    """Set the font of a role, which follows the text size."""
    _Kept(widget, lambda kept: kept.setFont(fonts.font(role)))


class _HiddenParts(QObject):
    """Keeps what is hidden in a window out of a change of the style sheet until it is shown.

    Qt restyles each widget that counts as polished, and tells those without a style of their own.
    """

    def __init__(self) -> None:
        super().__init__()
        # The parts that are hidden themselves, each with what was left out of it.
        self._left_out: dict[QWidget, list[QWidget]] = {}

    def leave_out(self, app: QApplication) -> None:
        self._left_out = {part: found for part, found in self._left_out.items() if isValid(part)}
        for window in app.topLevelWidgets():
            for part in _hidden_parts(window) if window.isVisible() else ():
                if part not in self._left_out:
                    found = [each for each in (part, *part.findChildren(QWidget)) if _is_polished(each)]
                    self._left_out[part] = found
                    _mark(found, left_out=True)
                    part.installEventFilter(self)

    def _take_in(self, part: QWidget) -> list[QWidget]:
        found = [*filter(isValid, self._left_out.pop(part, ()))]
        part.removeEventFilter(self)
        _mark(found, left_out=False)
        return found

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Restyle a part before it is painted."""
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget):
            for widget in self._take_in(watched):
                polish_again(widget)
                QCoreApplication.sendEvent(widget, QEvent(QEvent.Type.StyleChange))
        return False


def _mark(widgets: Iterable[QWidget], *, left_out: bool) -> None:
    for each in widgets:
        each.setAttribute(Qt.WidgetAttribute.WA_WState_Polished, not left_out)
        each.setAttribute(Qt.WidgetAttribute.WA_SetStyle, left_out)


def _hidden_parts(shown: QWidget) -> Iterator[QWidget]:
    """Yield the widgets in a shown one that are hidden, without those in them."""
    for each in shown.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
        if each.isHidden():
            yield each
        elif not each.isWindow():
            yield from _hidden_parts(each)


def _is_polished(widget: QWidget) -> bool:
    return widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished) and not widget.isVisible()


_hidden = _HiddenParts()


def set_background(widget: QWidget, token: str) -> None:
    """Set a container's background token (background, rail, surface, sunken) without changing its children."""
    widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    set_property(widget, "background", token)


def set_property(widget: QWidget, name: str, value: str | bool) -> None:
    """Set a property that the style sheet uses, and restyle the widget if it changed."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    if not widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        return  # polishing early would forget the font
    polish_again(widget)


def _system_changed() -> None:
    app = QApplication.instance()
    if "system" in (_State.scheme, _State.contrast) and isinstance(app, QApplication):
        _restyle(app)


def _tokens(app: QApplication) -> Tokens:
    """Return the colours that are requested, or that the system wants."""
    hints = app.styleHints()
    is_dark = _State.scheme == "dark" or (
        _State.scheme == "system" and hints.colorScheme() == Qt.ColorScheme.Dark
    )
    is_high = (
        _State.contrast == "high"
        or hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast
    )
    if is_high:
        return HIGH_DARK if is_dark else HIGH_LIGHT
    return DARK if is_dark else LIGHT


def _restyle(app: QApplication) -> None:
    _State.tokens = _tokens(app)
    if app.property("tunesmith_style") is None:
        app.setStyle(TunesmithStyle())
        app.setProperty("tunesmith_style", True)
    # Before anything is left out: widgets inherit it.
    app.setFont(fonts.font("body"))
    _hidden.leave_out(app)
    app.setPalette(palette(_State.tokens))
    QToolTip.setFont(fonts.font("label_medium"))
    # Qt takes many times as long to put one sheet in the place of another as to remove it and set the other one.
    app.setStyleSheet("")
    app.setStyleSheet(style_sheet(_State.tokens, fonts.px))
    signals.changed.emit()


def palette(table: Tokens) -> QPalette:
    """Return the palette of a table of tokens, for what the style sheet leaves to Qt."""
    made = QPalette()
    role = QPalette.ColorRole
    for part, token in (
        (role.Window, table.background),
        (role.WindowText, table.text),
        (role.Base, table.surface),
        (role.AlternateBase, table.sunken),
        (role.Text, table.text),
        (role.Button, table.surface),
        (role.ButtonText, table.text),
        (role.BrightText, table.on_accent),
        (role.PlaceholderText, table.hint),
        (role.Highlight, table.accent_soft),
        (role.HighlightedText, table.text),
        (role.Accent, table.accent_fill),
        (role.Link, table.accent),
        (role.LinkVisited, table.accent),
        (role.ToolTipBase, table.text),
        (role.ToolTipText, table.background),
        (role.Light, table.surface),
        (role.Midlight, table.hover),
        (role.Mid, table.edge),
        (role.Dark, table.outline),
        (role.Shadow, table.text),
    ):
        made.setColor(part, QColor(token))
    for part in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, part, QColor(table.off))
    return made
