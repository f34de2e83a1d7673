"""Drawings from SVG files, in the colours of the scheme and the language in use.

In `resources/drawings`, `@name` is a colour token, and a text is translated; `rank {rank}|rank=4` has a value. Whatever
else depends on the language has a file for it, as in `tokens.de.svg`.
"""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QAccessible, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy

from gui.look import style
from gui.look.fonts import family, px
from gui.look.language import mark, spoken, tr
from gui.widgets.labels import Label

DRAWINGS = Path(__file__).resolve().parents[2] / "resources" / "drawings"
TEXTS = (
    mark("base model"), mark("tuned model"), mark("frozen"), mark("adapter, trained"), mark("rank {rank}"),
    mark("weights of the base"), mark("{count} values"), mark("constant"), mark("cosine"), mark("linear"),
    mark("warm-up"), mark("last step"), mark("each step drops others"), mark("the likeliest"), mark("Better"),
    mark("No measurable difference"), mark("Worse"), mark("no change"), mark("training"), mark("validation"),
    mark("8 tokens, 6 words"), mark("trained vectors"), mark("the text, unchanged"),
)  # fmt: skip


class Drawing(Label):
    """Shows a drawing by its name, scaled with the text size; "" shows none."""

    accessible_role = QAccessible.Role.Graphic

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self._name = name
        # A narrow page cuts it at the right.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft)
        style.on_style_changed(self._redraw)

    def show_drawing(self, name: str, described: str) -> None:
        self._name = name
        self.setVisible(bool(name))
        self.setAccessibleName(described)
        self._redraw()

    def _redraw(self) -> None:
        if not self._name:
            return
        renderer = QSvgRenderer(QByteArray(svg(self._name).encode()))
        size, ratio = renderer.defaultSize(), self.devicePixelRatioF()
        width, height = px(size.width()), px(size.height())
        made = QPixmap(round(width * ratio), round(height * ratio))
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        renderer.render(painter, QRectF(0, 0, width, height))
        painter.end()
        self.setPixmap(made)


def svg(name: str) -> str:
    own = DRAWINGS / f"{name}.{spoken()}.svg"
    text = (own if own.exists() else DRAWINGS / f"{name}.svg").read_text(encoding="utf-8")
    text = re.sub(r"(?<=>)[^<>\n]+(?=</text>)", lambda found: _said(found[0]), text)
    return re.sub(r"@(\w+)", lambda found: _value(found[1]), text)


def _said(text: str) -> str:
    template, _, value = text.partition("|")
    return tr(template, **dict([value.split("=")] if value else ()))


def _value(name: str) -> str:
    return family() if name == "family" else str(getattr(style.tokens(), name))
