"""One step of the guide: a number or a check, its title, its setting, and its choices while it is open."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from gui.look import icons, style
from gui.look.fonts import font, px
from gui.look.language import tr
from gui.widgets.buttons import link
from gui.widgets.labels import Label
from gui.widgets.layouts import hbox, vbox
from gui.widgets.text_view import TextView


class Step(QWidget):
    """`change` is the accessible name of the button that opens it again."""

    def __init__(self, title: str, change: str, is_last: bool = False) -> None:
        super().__init__()
        self._number, self._count, self._is_last = 1, 1, is_last
        self._is_done = self._is_open = False
        self._title = Label(title, "section")
        self._text = TextView(role="body", token="muted")
        self.change_button = link(tr("Change"))
        self.change_button.setAccessibleName(change)
        self._content = vbox(margins=(0, 8, 0, 0))
        row = hbox(
            (vbox(self._title, self._text, spacing=2), 1), (self.change_button, 0, Qt.AlignmentFlag.AlignTop)
        )
        self._column = vbox(row, self._content, of=self, margins=(px(52), 2, 0, 28), spacing=0)
        self._parts: list[QWidget] = []
        self.show_state(1, 1, is_open=False, is_done=False)
        style.on_style_changed(self.update)

    def add(self, part: QWidget) -> None:
        """Add a choice, shown while the step is open."""
        self._parts.append(part)
        self._content.addWidget(part)
        part.setVisible(self._is_open)

    def say(self, text: str) -> None:
        self._text.set_markup(text)
        self._text.setVisible(bool(text))
        self._describe()

    def text(self) -> str:
        return self._text.text()

    def show_state(self, number: int, count: int, *, is_open: bool, is_done: bool) -> None:
        """Open or close the step, which is one of `count`; a finished one has a Change button."""
        self._number, self._count = number, count
        self._is_open, self._is_done = is_open, is_done
        self.change_button.setVisible(is_done and not is_open)
        self._title.set_token("text" if is_open or is_done else "muted")
        for part in self._parts:
            part.setVisible(is_open)
        self._describe()
        self.update()

    def _describe(self) -> None:
        values = {
            "number": self._number,
            "count": self._count,
            "title": self._title.text(),
            "detail": self._text.text(),
        }
        if self._is_open:
            text = tr("Step {number} of {count}, {title}, open. {detail}", **values)
        elif self._is_done:
            text = tr("Step {number} of {count}, {title}, done. {detail}", **values)
        else:
            text = tr("Step {number} of {count}, {title}, to come. {detail}", **values)
        self.setAccessibleName(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = float(px(28))
        circle = QRectF(1, 1, side, side)
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            circle.moveRight(self.width() - 1)
        if not self._is_last:
            token = "accent_mid" if self._is_done else "line"
            line = QRectF(circle.center().x() - 1, circle.bottom() + 6, 2, self.height() - side - 12)
            painter.fillRect(line, style.color(token))
        filled = self._is_done and not self._is_open
        painter.setPen(QPen(style.color("accent" if self._is_open or filled else "outline"), 1.5))
        painter.setBrush(style.color("accent_fill" if filled else "surface"))
        painter.drawEllipse(circle)
        if filled:
            icons.paint(painter, circle, "check", "on_accent")
        else:
            painter.setFont(font("body_semibold"))
            painter.setPen(style.color("accent" if self._is_open else "muted"))
            painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, str(self._number))
        painter.end()
