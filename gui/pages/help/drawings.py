"""Small drawings for glossary entries. Grey is frozen or unchanged, the accent is trained.

Each is drawn in a box of 360 by 120 and has an accessible description.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.look import style
from gui.look.fonts import font, px, text_scale
from gui.look.language import mark, tr

WIDTH, HEIGHT = 360, 120
# The sixteen values of NF4 (Dettmers et al. 2023), to two decimals.
NF4 = (-1.0, -0.7, -0.53, -0.39, -0.28, -0.18, -0.09, 0.0, 0.08, 0.16, 0.25, 0.34, 0.44, 0.56, 0.72, 1.0)
FP4 = (-1.0, -0.67, -0.5, -0.33, -0.25, -0.17, -0.005, 0.0, 0.005, 0.17, 0.25, 0.33, 0.5, 0.67, 1.0)
INT8 = tuple(at / 32 for at in range(-32, 33))


@dataclass(frozen=True)
class Drawing:
    """The paint function and the description."""

    paint: Callable[[QPainter], None]
    described: str


class DrawingView(QWidget):
    """Shows a drawing by its key; "" shows none."""

    accessible_role = QAccessible.Role.Graphic

    def __init__(self) -> None:
        super().__init__()
        self._key = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        style.on_style_changed(self._restyle)

    def show_drawing(self, key: str) -> None:
        """Show another drawing."""
        self._key = key
        self.setVisible(bool(key))
        self.setAccessibleName(tr(DRAWINGS[key].described) if key else "")
        self.update()

    def key(self) -> str:
        return self._key

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the box."""
        return QSize(px(WIDTH), px(HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it, scaled with the text size."""
        if not self._key:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(text_scale(), text_scale())
        DRAWINGS[self._key].paint(painter)
        painter.end()


def _box(painter: QPainter, rect: QRectF, text: str = "", *, trained: bool = False) -> None:
    painter.setPen(QPen(style.color("accent_fill" if trained else "grey"), 1))
    painter.setBrush(style.color("accent_fill" if trained else "sunken"))
    painter.drawRoundedRect(rect, 2, 2)
    if text:
        _words(painter, rect, text, "on_accent" if trained else "muted")


def _words(painter: QPainter, rect: QRectF, text: str, token: str = "muted", role: str = "small") -> None:
    # A copy: the font of a role is shared.
    made = QFont(font(role))
    made.setPixelSize(round(made.pixelSize() / text_scale()))
    painter.setFont(made)
    painter.setPen(style.color(token))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def _line(painter: QPainter, points: Sequence[tuple[float, float]], token: str, width: float = 2.0) -> None:
    pen = QPen(style.color(token), width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))


def _adapter(painter: QPainter) -> None:
    _box(painter, QRectF(8, 16, 112, 72), tr("base model"))
    _words(painter, QRectF(120, 40, 32, 24), "+", role="body_medium")
    _box(painter, QRectF(152, 40, 24, 24), trained=True)
    _words(painter, QRectF(176, 40, 32, 24), "=", role="body_medium")
    _box(painter, QRectF(208, 16, 112, 72), tr("tuned model"))
    _box(painter, QRectF(300, 60, 20, 28), trained=True)
    _words(painter, QRectF(8, 92, 112, 20), tr("frozen"))
    _words(painter, QRectF(114, 92, 100, 20), tr("adapter, trained"), "accent")


def _rank(painter: QPainter) -> None:
    for at, (rank, thick) in enumerate(((1, 3), (4, 9), (16, 24))):
        left = 8 + at * 120
        _box(painter, QRectF(left, 12, thick, 72), trained=True)
        _box(painter, QRectF(left + thick + 4, 12, 56, thick), trained=True)
        _words(painter, QRectF(left, 92, 84, 20), tr("rank {rank}", rank=rank), "accent")


def _levels(painter: QPainter, levels: tuple[float, ...], tall: float) -> None:
    middle, half = 180.0, 160.0
    bell = [(middle + x / 40 * half, 84 - 64 * math.exp(-((x / 40 * 2.6) ** 2))) for x in range(-40, 41)]
    _line(painter, bell, "grey", 1.5)
    for level in levels:
        x = middle + level * half
        _line(painter, [(x, 84), (x, 84 - tall)], "accent", 1.5)
    _line(painter, [(middle - half - 4, 84), (middle + half + 4, 84)], "hint", 1.0)
    _words(painter, QRectF(140, 92, 80, 20), "0")
    _words(painter, QRectF(220, 8, 132, 20), tr("weights of the base"), "muted")
    _words(painter, QRectF(8, 92, 120, 20), tr("{count} values", count=_count(levels)), "accent")


def _count(levels: tuple[float, ...]) -> str:
    return "256" if levels is INT8 else str(len(levels))


def _schedule(painter: QPainter) -> None:
    _line(painter, [(16, 96), (344, 96)], "hint", 1.0)
    for token, points in (
        ("accent", [(16, 96), (48, 24), (344, 96)]),
        ("muted", [(48 + x, 60 - 36 * math.cos(math.pi * x / 296)) for x in range(0, 297, 8)]),
        ("grey", [(48, 24), (344, 24)]),
    ):
        _line(painter, points, token)
    _words(painter, QRectF(264, 4, 80, 18), tr("constant"), "muted")
    _words(painter, QRectF(196, 34, 60, 18), tr("cosine"), "muted")
    _words(painter, QRectF(96, 66, 60, 18), tr("linear"), "accent")
    _words(painter, QRectF(8, 98, 60, 18), tr("warm-up"))
    _words(painter, QRectF(272, 98, 88, 18), tr("last step"))


def _dropout(painter: QPainter) -> None:
    for down in range(4):
        for across in range(14):
            is_dropped = (down * 14 + across) % 7 == 3 or (down, across) in {(1, 6), (3, 12)}
            rect = QRectF(8 + across * 24, 8 + down * 22, 18, 16)
            if is_dropped:
                painter.setPen(QPen(style.color("outline"), 1, Qt.PenStyle.DashLine))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(rect, 2, 2)
            else:
                _box(painter, rect, trained=True)
    _words(painter, QRectF(8, 96, 336, 20), tr("each step drops others"))


def _beams(painter: QPainter) -> None:
    tree = {
        (16, 52): [(100, 24), (100, 80)],
        (100, 24): [(184, 12), (184, 40)],
        (100, 80): [(184, 68), (184, 96)],
        (184, 40): [(268, 40)],
        (184, 68): [(268, 68)],
    }
    beams = {(100, 24), (100, 80), (184, 40), (184, 68), (268, 40)}
    for start, ends in tree.items():
        for end in ends:
            _line(
                painter, [start, end], "accent" if end in beams else "grey_soft", 2.0 if end in beams else 1.0
            )
    for x, y in {(16, 52), *(end for ends in tree.values() for end in ends)}:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.color("accent" if (x, y) in beams or x == 16 else "grey"))
        painter.drawEllipse(QPointF(x, y), 4, 4)
    _words(painter, QRectF(276, 30, 84, 20), tr("the likeliest"), "accent")


def _verdict(painter: QPainter) -> None:
    _line(painter, [(72, 8), (72, 100)], "outline", 1.0)
    for y, low, high, token, text in (
        (28, 110, 200, "accent", tr("Better")),
        (60, 46, 128, "muted", tr("No measurable difference")),
        (92, 16, 56, "error", tr("Worse")),
    ):
        _line(painter, [(low, y), (high, y)], token, 1.5)
        for x in (low, high):
            _line(painter, [(x, y - 4), (x, y + 4)], token, 1.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.color(token))
        painter.drawEllipse(QPointF((low + high) / 2, y), 4, 4)
        _words(painter, QRectF(208, y - 10, 148, 20), text, token)
    _words(painter, QRectF(27, 100, 90, 18), tr("no change"))


def _loss(painter: QPainter) -> None:
    _line(painter, [(16, 100), (344, 100)], "hint", 1.0)
    falls = [(16 + x, 16 + 74 * (1 - math.exp(-x / 90))) for x in range(0, 321, 8)]
    _line(painter, falls, "accent")
    rises = [
        (16 + x, 16 + 60 * (1 - math.exp(-x / 70)) - 22 * max(0, x - 150) / 170) for x in range(0, 321, 8)
    ]
    _line(painter, rises, "warning")
    _words(painter, QRectF(268, 66, 84, 18), tr("training"), "accent")
    _words(painter, QRectF(256, 32, 96, 18), tr("validation"), "warning")


def _tokens(painter: QPainter) -> None:
    left = 8.0
    for piece in tr("Ann| will| be| un|available| on| Fri|day").split("|"):
        wide = 10.0 + 6.4 * len(piece.strip())
        _box(painter, QRectF(left, 40, wide, 26), piece.strip())
        left += wide + (2 if not piece.startswith(" ") else 6)
    _words(painter, QRectF(8, 76, 300, 20), tr("8 tokens, 6 words"))


def _soft_prompt(painter: QPainter) -> None:
    for at in range(4):
        _box(painter, QRectF(8 + at * 26, 36, 20, 30), trained=True)
    for at, word in enumerate(tr("Ann: Tea? Bo: At five.").split()):
        _box(painter, QRectF(124 + at * 46, 36, 40, 30), word)
    _words(painter, QRectF(0, 74, 116, 20), tr("trained vectors"), "accent")
    _words(painter, QRectF(124, 74, 224, 20), tr("the text, unchanged"))


DRAWINGS = {
    "adapter": Drawing(
        _adapter, mark("A large frozen base model and a small trained adapter make the tuned model")
    ),
    "rank": Drawing(
        _rank, mark("Two thin matrices at rank 1, 4 and 16: the higher the rank, the thicker both")
    ),
    "nf4": Drawing(
        lambda painter: _levels(painter, NF4, 16),
        mark(
            "A histogram of weights, a bell around zero, and below it the sixteen values of NF4, densest "
            "near zero"
        ),
    ),
    "fp4": Drawing(
        lambda painter: _levels(painter, FP4, 16),
        mark("A histogram of weights, a bell around zero, and below it the values of FP4"),
    ),
    "int8": Drawing(
        lambda painter: _levels(painter, INT8, 12),
        mark("A histogram of weights, a bell around zero, and below it the evenly spaced values of int8"),
    ),
    "schedule": Drawing(
        _schedule,
        mark(
            "The learning rate rises during warm-up, then falls linearly or along a cosine, or stays constant"
        ),
    ),
    "dropout": Drawing(
        _dropout, mark("Rows of inputs, one for each step: every step drops different inputs")
    ),
    "beams": Drawing(
        _beams, mark("A tree of token sequences: beam search extends the two likeliest and returns the best")
    ),
    "verdict": Drawing(
        _verdict,
        mark(
            "Three intervals of a difference: right of zero is better, across zero is no measurable "
            "difference, left of zero is worse"
        ),
    ),
    "loss": Drawing(
        _loss, mark("The training loss falls; the validation loss falls too and then rises again")
    ),
    "tokens": Drawing(_tokens, mark("A sentence of six words cut into eight tokens")),
    "vectors": Drawing(_soft_prompt, mark("Four trained vectors before the words of the text")),
}
