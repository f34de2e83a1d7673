"""A small sketch of what a method adds: frozen parts grey, trained parts in the accent colour."""

from __future__ import annotations

from functools import reduce
from itertools import groupby

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.api import Box, Method, Options, Sketch
from gui.look import style
from gui.look.fonts import font, metrics, px
from gui.look.language import tr, translate

GAP, SIGN = 4, 24
CAPTION, CAPTION_GAP = 20, 8


def trained_caption(sketch: Sketch, options: Options | None) -> str:
    """Return the caption of the trained part: its rank, the set one or r."""
    if sketch.has_rank:
        return tr("trained, rank {rank}", rank=getattr(options, "rank", "r"))
    return translate(sketch.trained_caption) or tr("trained")


def _is_trained(drawn: tuple[Box | str, QRectF]) -> bool | None:
    """Return whether a box is trained; None for signs."""
    return drawn[0].trained if isinstance(drawn[0], Box) else None


class MethodSketch(QWidget):
    """Draws what a method trains beside what stays frozen."""

    accessible_role = QAccessible.Role.Graphic

    def __init__(self) -> None:
        super().__init__()
        self._sketch: Sketch | None = None
        self._trained = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        style.on_style_changed(self.updateGeometry)

    def show_method(self, entry: Method, options: Options | None = None) -> None:
        """Draw another method, with its options if it is in use."""
        self._sketch = entry.sketch_of(options)
        self._trained = trained_caption(self._sketch, options)
        self.setAccessibleName(f"{translate(self._sketch.description)}: {self._trained}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the tallest box with captions."""
        return QSize(px(200), px(12) + px(self._tallest()) + px(CAPTION) + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the sketch."""
        if self._sketch is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        for part, rect in self._places():
            if isinstance(part, Box) and part.cells:
                self._cells(painter, rect, part.cells)
            elif isinstance(part, Box):
                self._box(painter, rect, part)
            else:
                self._sign(painter, rect, part)
        painter.setFont(font("small"))
        for text, token, rect in self._captions():
            painter.setPen(style.color(token))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()

    def _middle(self) -> float:
        return px(12) + px(self._tallest()) / 2

    def _places(self) -> list[tuple[Box | str, QRectF]]:
        """Return the rectangles of boxes and signs."""
        found: list[tuple[Box | str, QRectF]] = []
        middle, left = self._middle(), 0.5
        for part in self._sketch.parts if self._sketch else ():
            if isinstance(part, str):
                found.append((part, QRectF(left - GAP, middle - px(12), px(SIGN), px(24))))
                left += px(SIGN) - GAP
            else:
                height = px(part.height)
                found.append((part, QRectF(left, middle - height / 2, px(part.width), height)))
                left += px(part.width) + GAP
        return found

    def _captions(self) -> list[tuple[str, str, QRectF]]:
        """Return the captions: text, colour token and rectangle.

        "trained" is centred below all trained parts, "frozen" below the weight. If they would overlap, the left one
        moves left, and the right one moves right if there is no space.
        """
        ends: dict[bool | None, QRectF] = {}
        for trained, run in groupby(self._places(), key=_is_trained):
            rects = [rect for _, rect in run]
            if trained or trained not in ends:
                ends[trained] = reduce(QRectF.united, rects, ends.get(trained, rects[0]))
        ends.pop(None, None)
        frozen = translate(self._sketch.frozen_caption) if self._sketch else ""
        captions: list[tuple[str, str, QRectF]] = []
        right, foot = float(self.width()), self._middle() + px(self._tallest()) / 2 + 4
        for trained, across in sorted(ends.items(), key=lambda end: end[1].center().x(), reverse=True):
            text, token = (self._trained, "accent") if trained else (frozen or tr("frozen"), "muted")
            width = metrics("small").horizontalAdvance(text) + 4
            left = max(0.0, min(across.center().x() - width / 2, right - width))
            captions.append((text, token, QRectF(left, foot, width, px(16))))
            right = left - CAPTION_GAP
        edge = 0.0
        for _text, _token, rect in reversed(captions):
            rect.moveLeft(max(edge, rect.left()))
            edge = rect.right() + CAPTION_GAP
        return captions

    def _tallest(self) -> int:
        parts = self._sketch.parts if self._sketch else ()
        return max((part.height for part in parts if isinstance(part, Box)), default=0)

    @staticmethod
    def _box(painter: QPainter, rect: QRectF, box: Box) -> None:
        painter.setPen(QPen(style.color("accent_fill" if box.trained else "grey_soft"), 1))
        painter.setBrush(style.color("accent_fill" if box.trained else "sunken"))
        painter.drawRoundedRect(rect, 4, 4)
        painter.setFont(font("label_medium"))
        painter.setPen(style.color("on_accent" if box.trained else "muted"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, box.symbol or translate(box.caption))

    @staticmethod
    def _cells(painter: QPainter, rect: QRectF, cells: tuple[str, ...]) -> None:
        width, height = rect.width() / len(cells[0]), rect.height() / len(cells)
        for down, row in enumerate(cells):
            for across, cell in enumerate(row):
                if cell != " ":
                    strength = int(cell) / 4 if cell.isdigit() else 1.0
                    painter.setPen(Qt.PenStyle.NoPen)
                    token = "grey_soft" if cell == "." else "accent_fill"
                    painter.setBrush(style.color(token, 0.5 if cell == "." else strength))
                    left, top = rect.left() + across * width, rect.top() + down * height
                    painter.drawRect(QRectF(left + 0.5, top + 0.5, width - 1, height - 1))

    @staticmethod
    def _sign(painter: QPainter, rect: QRectF, text: str) -> None:
        painter.setFont(font("body_medium"))
        painter.setPen(style.color("muted"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
