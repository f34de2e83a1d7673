"""A small sketch of what a method adds to a weight: frozen grey, trained in the accent."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.look import style
from gui.look.type import font, px


class MethodSketch(QWidget):
    """Draw W + B·A for low-rank methods, and a trained W for those that train the weights themselves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        style.follow(self.updateGeometry)

    def show_group(self, group: str, method_id: str) -> None:
        """Draw another method; nothing for those whose change is not at a weight."""
        self._group = "weights" if method_id == "full" else group
        drawn = self._group in {"weights", "Low rank"}
        self.setVisible(drawn)
        self.setAccessibleName(
            "A frozen weight W and beside it a trained pair B and A"
            if self._group == "Low rank"
            else "A trained weight W"
        )
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for the weight and the words below."""
        return QSize(px(220), px(140))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the sketch."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        weight = QRectF(0.5, px(12) + 0.5, px(72), px(96))
        if self._group == "weights":
            self._box(painter, weight, "W", trained=True)
            self._word(painter, weight, "trained", "accent")
        else:
            self._pair(painter, weight)
        painter.end()

    def _pair(self, painter: QPainter, weight: QRectF) -> None:
        self._box(painter, weight, "W", trained=False)
        self._word(painter, weight, "frozen", "ink2")
        plus = QRectF(weight.right(), weight.top(), px(32), weight.height())
        painter.setFont(font("body_medium"))
        painter.setPen(style.color("ink2"))
        painter.drawText(plus, Qt.AlignmentFlag.AlignCenter, "+")
        tall = QRectF(plus.right(), weight.top(), px(20), weight.height())
        flat = QRectF(tall.right() + px(6), weight.center().y() - px(10), px(72), px(20))
        self._box(painter, tall, "B", trained=True)
        self._box(painter, flat, "A", trained=True)
        both = QRectF(tall.left(), weight.top(), flat.right() - tall.left(), weight.height())
        self._word(painter, both, "trained, rank r", "accent")

    @staticmethod
    def _box(painter: QPainter, place: QRectF, text: str, *, trained: bool) -> None:
        painter.setPen(QPen(style.color("accent_fill" if trained else "grey_soft"), 1))
        painter.setBrush(style.color("accent_fill" if trained else "sunken"))
        painter.drawRoundedRect(place, 4, 4)
        painter.setFont(font("label_medium"))
        painter.setPen(style.color("on_accent" if trained else "ink2"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    @staticmethod
    def _word(painter: QPainter, above: QRectF, text: str, token: str) -> None:
        painter.setFont(font("small"))
        painter.setPen(style.color(token))
        place = QRectF(above.left() - px(20), above.bottom() + 4, above.width() + px(40), px(16))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
