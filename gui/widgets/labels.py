"""Labels by font role and colour, eliding labels, and figures.

Knows font roles and tokens, not what the text means: any may hold names and paths of others.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from engine.api import escaping, run_names
from gui.core import actions
from gui.look import style
from gui.look.fonts import font
from gui.look.icons import pixmap
from gui.look.language import tr
from gui.look.shown_texts import elided_name, plain_tooltip
from gui.widgets.layouts import FlowLayout, hbox, vbox


class Label(QLabel):
    """Plain text in a font role and a colour token (text, muted, hint, accent, warning, error, off)."""

    def __init__(
        self,
        text: str = "",
        role: str = "body",
        token: str = "text",
        parent: QWidget | None = None,
        wrap: bool = False,
        selectable: bool = False,
    ) -> None:
        super().__init__(escaping.escaped(text), parent)
        self._role = role
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        if selectable:
            self.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
        self.set_token(token)
        style.on_style_changed(self._restyle)

    def setText(self, text: str) -> None:
        super().setText(escaping.escaped(text))

    def show_text(self, text: str) -> None:
        """Show a text; without one, hide."""
        self.setText(text)
        self.setVisible(bool(text))

    def set_token(self, token: str) -> None:
        style.set_property(self, "token", token)

    def set_role(self, role: str) -> None:
        self._role = role
        self._restyle()

    def _restyle(self) -> None:
        self.setFont(font(self._role))


class ElidedLabel(Label):
    """One line, elided if it does not fit; the full text is then the tooltip."""

    def __init__(
        self,
        text: str = "",
        role: str = "body",
        token: str = "text",
        parent: QWidget | None = None,
        elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(escaping.in_one_line(text), role, token, parent)
        self._elide = elide
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:
        super().setText(escaping.in_one_line(text))
        self.updateGeometry()
        self._explain()

    def sizeHint(self) -> QSize:
        measured = QFontMetrics(self.font())
        return QSize(measured.horizontalAdvance(self.text()) + 2, measured.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(24, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._explain()

    def _explain(self) -> None:
        self.setToolTip(plain_tooltip(self.text()) if self.sizeHint().width() > self.width() else "")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text, measured = self.text(), self.fontMetrics()
        if run_names.SEPARATOR in text:
            shown = elided_name(text, measured, self.width())
        else:
            shown = measured.elidedText(text, self._elide, self.width())
        painter.drawText(self.contentsRect(), self.alignment() | Qt.TextFlag.TextSingleLine, shown)
        painter.end()


class Figure(QWidget):
    """A number in a row of figures: its label, the number, and a line below."""

    def __init__(self, label: str, value: str = "–", foot: str = "") -> None:
        super().__init__()
        self._label = Label(label, "label", "muted")
        self._value = Label(value, "figure_large", "text")
        self._foot = Label(foot, "label", "hint")
        vbox(self._label, self._value, self._foot, of=self, spacing=2)
        self.setAccessibleName(f"{label} {value} {foot}")

    def set_value(self, value: str, foot: str | None = None) -> None:
        """Set the number and, unless None, the line below."""
        self._value.setText(value)
        if foot is not None:
            self._foot.setText(foot)
        self.setAccessibleName(f"{self._label.text()} {value} {self._foot.text()}")

    def set_label(self, label: str) -> None:
        self._label.setText(label)

    def value(self) -> str:
        return self._value.text()


class Tag(Label):
    """A word on a tag's background: "in use", "imported"."""

    def __init__(self, text: str) -> None:
        super().__init__(escaping.in_one_line(text), "small_medium", "muted")
        self.setProperty("kind", "tag")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)


class IconLabel(QLabel):
    """An icon in a token's colour; the text beside it names it."""

    def __init__(
        self, icon_name: str, token: str = "muted", size: int = 16, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.icon_name, self._token, self._size = icon_name, token, size
        style.on_style_changed(self._restyle)

    def set_icon(self, icon_name: str, token: str | None = None) -> None:
        self.icon_name = icon_name
        self._token = token or self._token
        self._restyle()

    def _restyle(self) -> None:
        self.setPixmap(pixmap(self.icon_name, self._token, self._size, self.devicePixelRatioF()))


class ShortcutsLine(QWidget):
    """Every shortcut of a scope with its action; wraps in a narrow window."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        flow = FlowLayout(self, 12)
        for each in actions.in_scope(scope):
            flow.addWidget(_key(actions.native(each.keys[0]), tr(each.title)))


def _key(key: str, title: str) -> QWidget:
    made = QWidget()
    hbox(Tag(key), Label(title, "label", "hint"), of=made, spacing=6)
    return made
