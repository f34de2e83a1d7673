"""A small sketch of what a method adds: frozen grey, trained in the accent.

Knows what the registry declares of a method: how its change at a weight is written, and where it sits.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.api import Method, Options, Place
from gui.look import style
from gui.look.type import font, px

GAP, SIGN = 4, 24
HEIGHT, WORDS = 96, 20


@dataclass(frozen=True)
class Box:
    """A matrix or a vector: its letter, its size, and whether it is trained."""

    text: str
    width: int
    height: int
    trained: bool = True


@dataclass(frozen=True)
class Sketch:
    """Boxes and the signs between them, from left to right, and the whole in words; `ranked` ones have a rank."""

    parts: tuple[Box | str, ...]
    described: str
    ranked: bool = False


WEIGHT = Box("W", 72, HEIGHT, trained=False)
SMALL_WEIGHT = Box("W", 52, 72, trained=False)
CELL, FROZEN_CELL = Box("", 18, 28), Box("", 18, 28, trained=False)

AT_WEIGHTS: dict[str, Sketch] = {
    "pair": Sketch(
        (WEIGHT, "+", Box("B", 20, HEIGHT), Box("A", 72, 20)),
        "A frozen weight W and beside it a trained pair B and A",
        ranked=True,
    ),
    "two pairs": Sketch(
        (SMALL_WEIGHT, "+", Box("", 10, 72), Box("", 42, 10), "×", Box("", 10, 72), Box("", 42, 10)),
        "A frozen weight W and beside it two trained pairs, multiplied entry by entry",
    ),
    "kronecker": Sketch(
        (WEIGHT, "+", Box("A", 28, 36), "⊗", Box("B", 44, 64)),
        "A frozen weight W and beside it the Kronecker product of two trained matrices",
    ),
    "rotation": Sketch((Box("R", 72, 72), "·", WEIGHT), "A trained rotation R of a frozen weight W"),
    "scale": Sketch((Box("", 12, HEIGHT), "×", WEIGHT), "Trained numbers that scale a frozen weight W"),
}
AT_PLACES: dict[Place, Sketch] = {
    "everything": Sketch((Box("W", 72, HEIGHT),), "A trained weight W"),
    "before input": Sketch(
        (CELL, CELL, CELL, CELL, "+", FROZEN_CELL, FROZEN_CELL, FROZEN_CELL, FROZEN_CELL),
        "Trained vectors before those of the text",
    ),
    "keys and values": Sketch(
        (Box("k v", 56, 40), Box("keys and values", 112, 40, trained=False)),
        "Trained keys and values before those of the text",
    ),
    "after feed-forward": Sketch(
        (Box("layer", 60, 64, trained=False), "+", Box("", 14, 64), Box("", 14, 24), Box("", 14, 64)),
        "A frozen layer and behind it a trained one, wide, narrow and wide again",
    ),
}


def sketch_of(entry: Method, options: Options | None = None) -> Sketch | None:
    """Return the sketch of a method under options, None where what is declared of it does not tell enough."""
    places = entry.places_of(options) if options is not None else entry.places
    if "weights" in places:
        return AT_WEIGHTS.get(entry.sketch)
    return next((AT_PLACES[place] for place in places if place in AT_PLACES), None)


def trained_words(sketch: Sketch, options: Options | None) -> str:
    """Return what stands below the trained part: with its rank, the one that is set or r."""
    return f"trained, rank {getattr(options, 'rank', 'r')}" if sketch.ranked else "trained"


class MethodSketch(QWidget):
    """Draw what a method trains beside what stays as it is; hidden where there is no drawing of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sketch: Sketch | None = None
        self._trained = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        style.follow(self.updateGeometry)

    def show_method(self, entry: Method, options: Options | None = None) -> None:
        """Draw another method, with the options set if it is the one in use."""
        self._sketch = sketch_of(entry, options)
        self._trained = trained_words(self._sketch, options) if self._sketch else ""
        self.setVisible(self._sketch is not None)
        self.setAccessibleName(f"{self._sketch.described}: {self._trained}" if self._sketch else "")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for the tallest box and the words below."""
        return QSize(px(200), px(12) + px(self._tallest()) + px(WORDS) + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the sketch."""
        if self._sketch is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        middle, left = px(12) + px(self._tallest()) / 2, 0.5
        ends: dict[bool, QRectF] = {}
        for part in self._sketch.parts:
            width = px(SIGN if isinstance(part, str) else part.width)
            if isinstance(part, str):
                self._sign(painter, QRectF(left - GAP, middle - px(12), width, px(24)), part)
                left += width - GAP
                continue
            place = QRectF(left, middle - px(part.height) / 2, width, px(part.height))
            self._box(painter, place, part)
            ends[part.trained] = ends.get(part.trained, place).united(place)
            left += width + GAP
        foot = middle + px(self._tallest()) / 2 + 4
        for trained, across in ends.items():
            words, ink = (self._trained, "accent") if trained else ("frozen", "ink2")
            self._word(painter, across.center().x(), foot, words, ink)
        painter.end()

    def _tallest(self) -> int:
        parts = self._sketch.parts if self._sketch else ()
        return max((part.height for part in parts if isinstance(part, Box)), default=0)

    @staticmethod
    def _box(painter: QPainter, place: QRectF, box: Box) -> None:
        painter.setPen(QPen(style.color("accent_fill" if box.trained else "grey_soft"), 1))
        painter.setBrush(style.color("accent_fill" if box.trained else "sunken"))
        painter.drawRoundedRect(place, 4, 4)
        painter.setFont(font("label_medium"))
        painter.setPen(style.color("on_accent" if box.trained else "ink2"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, box.text)

    @staticmethod
    def _sign(painter: QPainter, place: QRectF, text: str) -> None:
        painter.setFont(font("body_medium"))
        painter.setPen(style.color("ink2"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _word(self, painter: QPainter, middle: float, top: float, text: str, token: str) -> None:
        painter.setFont(font("small"))
        painter.setPen(style.color(token))
        width = painter.fontMetrics().horizontalAdvance(text) + 4
        left = min(max(0.0, middle - width / 2), max(0.0, self.width() - width))
        painter.drawText(QRectF(left, top, width, px(16)), Qt.AlignmentFlag.AlignCenter, text)
