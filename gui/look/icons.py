"""Icons from the SVG files in `resources/icons`, tinted with a token.

Drawn at the screen's pixel ratio. An icon does not follow a change of the colour scheme: get it again then (see
`gui.look.style.on_style_changed`).
"""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from gui.look.fonts import px
from gui.look.style import tokens
from gui.look.stylesheet import ICONS

SIZE = 16


def names() -> list[str]:
    """Return the names of all icons, sorted."""
    return sorted(file.stem for file in ICONS.glob("*.svg"))


def icon(name: str, token: str = "muted", gap: int = 0) -> QIcon:
    """Return an icon in a token's colour, with its disabled form.

    `gap` pixels are added at the trailing side, before a text that follows.
    """
    made = QIcon()
    for ratio in _ratios():
        for token_of, mode in ((token, QIcon.Mode.Normal), ("off", QIcon.Mode.Disabled)):
            made.addPixmap(_drawn(name, getattr(tokens(), token_of), px(SIZE), ratio, gap), mode)
    return made


def pixmap(name: str, token: str = "muted", size: int = SIZE, ratio: float = 1.0) -> QPixmap:
    """Return an icon as a pixmap of `size` logical pixels (before text scaling) at a pixel ratio."""
    return _drawn(name, getattr(tokens(), token), px(size), ratio, 0)


def paint(painter: QPainter, rect: QRectF, name: str, token: str = "muted") -> None:
    """Draw an icon centred into a rectangle, 16 pixels or the rectangle's side if that is less."""
    side = min(float(px(SIZE)), rect.width(), rect.height())
    square = QRectF(0, 0, side, side)
    square.moveCenter(rect.center())
    ratio = painter.device().devicePixelRatioF()
    made = _drawn(name, getattr(tokens(), token), round(side), ratio, 0)
    painter.drawPixmap(square, made, QRectF(made.rect()))


def icon_size(gap: int = 0) -> QSize:
    """Return the logical size of an icon for `setIconSize`."""
    return QSize(px(SIZE) + gap, px(SIZE))


def _ratios() -> list[float]:
    """The pixel ratios of all screens, so that a window moved between them stays sharp."""
    return sorted({screen.devicePixelRatio() for screen in QGuiApplication.screens()} or {1.0})


@lru_cache(maxsize=512)
def _drawn(name: str, color: str, side: int, ratio: float, gap: int) -> QPixmap:
    renderer = _renderer(name)
    made = QPixmap(round((side + gap) * ratio), round(side * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    mirrored = gap and QGuiApplication.layoutDirection() == Qt.LayoutDirection.RightToLeft
    renderer.render(painter, QRectF(gap if mirrored else 0, 0, side, side))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(QRectF(0, 0, side + gap, side), QColor(color))
    painter.end()
    return made


@lru_cache(maxsize=256)
def _renderer(name: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray((ICONS / f"{name}.svg").read_bytes()))
