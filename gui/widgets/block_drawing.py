"""A drawing of a model's blocks that lights exactly what is trained.

Knows blocks, groups and parts by name and which keys are lit; not which method lights them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.look import style
from gui.look.type import font, metrics, px

ROW, INNER, GAP = 18, 8, 8


@dataclass(frozen=True)
class Part:
    """One weight: the text on it, and the key by which it is lit (the text itself if empty)."""

    text: str
    key: str = ""


@dataclass(frozen=True)
class Group:
    """A layer of a block: "Self-attention" with its weights."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Block:
    """A block: "Encoder block × 12" with its layers."""

    title: str
    groups: tuple[Group, ...]


class BlockDrawing(QWidget):
    """Draw up to two blocks side by side, and below them what the colours mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._blocks: tuple[Block, ...] = ()
        self._lit: frozenset[str] = frozenset()
        self._lit_text = "trained"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        style.follow(self._restyle)

    def set_blocks(self, blocks: Sequence[Block]) -> None:
        """Draw other blocks."""
        self._blocks = tuple(blocks)
        self._describe()
        self._restyle()

    def set_lit(self, keys: Collection[str], meaning: str = "has a trained pair") -> None:
        """Light the parts with these keys; `meaning` stands in the legend."""
        self._lit, self._lit_text = frozenset(keys), meaning
        self._describe()
        self.update()

    def lit(self) -> list[str]:
        """Return the keys of all parts that are drawn lit, in drawing order."""
        return [key for block in self._blocks for key in self._lit_in(block)]

    def sizeHint(self) -> QSize:
        """Return room for the taller block and the legend."""
        tallest = max((self._block_height(block) for block in self._blocks), default=0)
        return QSize(px(296), round(max(px(22) + tallest, self._legend_top() + 2 * px(20))))

    def minimumSizeHint(self) -> QSize:
        """Return a narrow drawing."""
        return QSize(px(200), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the blocks and the legend."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        width = self._block_width()
        for at, block in enumerate(self._blocks):
            self._paint_block(painter, block, QRectF(at * (width + 16), 0, width, self._block_height(block)))
        if self._blocks:
            self._paint_legend(painter, self._legend_top())
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Find another place for the legend if its own got too narrow."""
        super().resizeEvent(event)
        self.updateGeometry()

    def _block_width(self) -> float:
        return (self.width() - 16) / 2 if len(self._blocks) > 1 else min(self.width(), px(296))

    def _legend_top(self) -> float:
        """Below the first block where the legend fits there, else below all."""
        heights = [self._block_height(block) for block in self._blocks] or [0.0]
        fits = metrics("small").horizontalAdvance(self._lit_text) + 24 <= self._block_width()
        return px(22) + (heights[0] if fits else max(heights)) + 12

    def _block_height(self, block: Block) -> float:
        return sum(self._group_height() + GAP for _ in block.groups) + GAP

    @staticmethod
    def _group_height() -> float:
        return px(16) + px(ROW) + 6

    def _paint_block(self, painter: QPainter, block: Block, place: QRectF) -> None:
        painter.setFont(font("small_medium"))
        painter.setPen(style.color("ink2"))
        title = QRectF(place.left(), 0, place.width(), px(16))
        self._title(painter, title, block.title)
        frame = place.translated(0, px(22)).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(style.color("grey_soft"), 1))
        painter.setBrush(style.color("surface"))
        painter.drawRoundedRect(frame, 8, 8)
        top = frame.top() + GAP
        for group in block.groups:
            self._paint_group(painter, group, QRectF(frame.left() + INNER, top, frame.width() - 2 * INNER, 0))
            top += self._group_height() + GAP

    def _paint_group(self, painter: QPainter, group: Group, place: QRectF) -> None:
        place.setHeight(self._group_height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.color("sunken"))
        painter.drawRoundedRect(place, 4, 4)
        painter.setFont(font("small"))
        painter.setPen(style.color("ink2"))
        title = QRectF(place.left() + INNER, place.top() + 1, place.width() - INNER, px(16))
        self._title(painter, title, group.title)
        width = (place.width() - 2 * INNER + 4) / max(1, len(group.parts))
        for at, part in enumerate(group.parts):
            left = place.left() + INNER + at * width
            self._paint_part(painter, part, QRectF(left, place.top() + px(16) + 1, width - 4, px(ROW)))

    def _paint_part(self, painter: QPainter, part: Part, place: QRectF) -> None:
        lit = (part.key or part.text) in self._lit
        self._swatch(painter, place, lit)
        painter.setFont(font("small_medium" if lit else "small"))
        painter.setPen(style.color("on_accent" if lit else "ink2"))
        text = painter.fontMetrics().elidedText(part.text, Qt.TextElideMode.ElideRight, int(place.width()))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    @staticmethod
    def _title(painter: QPainter, place: QRectF, text: str) -> None:
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(place.width()))
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    @staticmethod
    def _swatch(painter: QPainter, place: QRectF, lit: bool) -> None:
        painter.setBrush(style.color("accent_fill") if lit else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(style.color("accent_fill" if lit else "grey_soft"), 1))
        painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)

    def _paint_legend(self, painter: QPainter, top: float) -> None:
        for lit, text in ((True, self._lit_text), (False, "frozen")):
            self._swatch(painter, QRectF(0, top + (px(20) - 12) / 2, 12, 12), lit)
            painter.setFont(font("small"))
            painter.setPen(style.color("ink2"))
            room = metrics("small").horizontalAdvance(text) + 4
            painter.drawText(QRectF(20, top, room, px(20)), Qt.AlignmentFlag.AlignVCenter, text)
            top += px(20)

    def _lit_in(self, block: Block) -> list[str]:
        keys = [part.key or part.text for group in block.groups for part in group.parts]
        return [key for key in keys if key in self._lit]

    def _describe(self) -> None:
        told = []
        for block in self._blocks:
            for group in block.groups:
                lit = [part.text for part in group.parts if (part.key or part.text) in self._lit]
                told.append(
                    f"{block.title}, {group.title}: {', '.join(lit) + ' trained' if lit else 'frozen'}"
                )
        self.setAccessibleName("What is trained")
        self.setAccessibleDescription(". ".join(told))

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()
