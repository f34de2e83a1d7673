"""A drawing of a model's blocks with the trained parts coloured.

Knows blocks, layers and weights by name, the trained ones, and marks for other trained parts; knows no methods.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.api import Place
from gui.look import style
from gui.look.fonts import font, metrics, px
from gui.look.language import mark, tr

ROW, INNER, GAP = 18, 8, 8
TITLE, SLAB, TOKENS, BIAS, NORM = 16, 8, 16, 4, 4

Kind = Literal["attention", "feed-forward"]
# Trained parts besides a block's weights have marks.
MARKS: Mapping[Place, str] = {
    "after attention": mark("A trained layer after attention"),
    "after feed-forward": mark("A trained layer after feed-forward"),
    "before input": mark("Trained tokens before the input"),
    "keys and values": mark("Trained keys and values in self-attention"),
    "biases": mark("Trained biases"),
    "norms": mark("Trained norms"),
    "prompt": mark("Decided by the prompt's text"),
}
AFTER: Mapping[Kind, Place] = {"attention": "after attention", "feed-forward": "after feed-forward"}


@dataclass(frozen=True)
class Part:
    """One weight: its text, and its key in the set of trained parts (the text if empty)."""

    text: str
    key: str = ""


@dataclass(frozen=True)
class Group:
    """A layer of a block with its weights: "Self-attention"."""

    title: str
    parts: tuple[Part, ...]
    kind: Kind = "attention"


@dataclass(frozen=True)
class Block:
    """A block with its layers in the order of computation: "Encoder block × 12"."""

    title: str
    groups: tuple[Group, ...]


class BlockDrawing(QWidget):
    """Draws up to two blocks side by side, with a legend below."""

    accessible_role = QAccessible.Role.Graphic

    def __init__(self) -> None:
        super().__init__()
        self._blocks: tuple[Block, ...] = ()
        self._trained: frozenset[str] = frozenset()
        self._marks: frozenset[Place] = frozenset()
        self.legend = tr("trained")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        style.on_style_changed(self._restyle)

    def set_blocks(self, blocks: Sequence[Block]) -> None:
        self._blocks = tuple(blocks)
        self._describe()
        self._restyle()

    def set_trained(
        self, keys: Collection[str], legend: str | None = None, marks: Collection[Place] = ()
    ) -> None:
        """Colour the parts with these keys, and draw the marks. An empty `legend` draws none."""
        self._trained, self._marks = frozenset(keys), frozenset(marks)
        self.legend = tr("trained") if legend is None else legend
        self._describe()
        self._restyle()

    def trained(self) -> list[str]:
        """Return the keys of all parts drawn as trained, in drawing order."""
        return [key for block in self._blocks for key in self._trained_in(block)]

    def marks(self) -> list[str]:
        return sorted(self._marks)

    def sizeHint(self) -> QSize:
        tallest = max((self._block_height(block) for block in self._blocks), default=0)
        return QSize(px(296), round(max(px(22) + tallest, self._legend_top() + 2 * px(20))))

    def minimumSizeHint(self) -> QSize:
        return QSize(px(200), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        width = self._block_width()
        for at, block in enumerate(self._blocks):
            rect = QRectF(at * (width + 16), 0, width, self._block_height(block))
            painter.setFont(font("small_medium"))
            painter.setPen(style.color("muted"))
            title = QRectF(rect.left(), 0, rect.width(), px(TITLE))
            self._title(painter, title, block.title)
            frame = rect.translated(0, px(22)).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.setPen(QPen(style.color("grey_soft"), 1))
            painter.setBrush(style.color("surface"))
            painter.drawRoundedRect(frame, 8, 8)
            inner = frame.adjusted(INNER, GAP, -INNER, -GAP)
            if self._head_height(block):
                self._paint_head(painter, QRectF(inner.left(), inner.top(), inner.width(), px(TOKENS)))
            top = inner.top() + self._head_height(block)
            for group in block.groups:
                self._paint_group(
                    painter, block, group, QRectF(inner.left(), top, inner.width(), self._group_height(group))
                )
                top += self._group_height(group) + GAP
        if self._blocks and self.legend:
            self._paint_legend(painter, self._legend_top())
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move the legend if its space got too narrow."""
        super().resizeEvent(event)
        self.updateGeometry()

    # Sizes

    def _block_width(self) -> float:
        return (self.width() - 16) / 2 if len(self._blocks) > 1 else min(self.width(), px(296))

    def _legend_top(self) -> float:
        """The top of the legend: below the first block if it fits there, else below all."""
        heights = [self._block_height(block) for block in self._blocks] or [0.0]
        fits = metrics("small").horizontalAdvance(self.legend) + 24 <= self._block_width()
        return px(22) + (heights[0] if fits else max(heights)) + 12

    def _block_height(self, block: Block) -> float:
        groups = sum(self._group_height(group) + GAP for group in block.groups)
        return self._head_height(block) + groups + GAP

    def _head_height(self, block: Block) -> float:
        """The height of the part before the first layer."""
        drawn = block is self._blocks[0] and self._marks & {"before input", "prompt"}
        return px(TOKENS) + GAP if drawn else 0

    def _group_height(self, group: Group) -> float:
        slab = px(SLAB) + 4 if AFTER[group.kind] in self._marks else 0
        norm = NORM + 4 if "norms" in self._marks else 0
        return px(TITLE) + self._row_height() + 6 + slab + norm

    def _row_height(self) -> float:
        """The height of a weight's box: its text, and space for its biases."""
        return px(ROW) + (BIAS if "biases" in self._marks else 0)

    # Painting

    def _paint_head(self, painter: QPainter, rect: QRectF) -> None:
        """Draw the input: trained tokens before those of the text, or the text of the prompt."""
        side, step = rect.height() - 4, rect.height()
        count = int(rect.width() // step)
        trained = min(4, count // 2) if "before input" in self._marks else 0
        if "prompt" in self._marks:
            wide = QRectF(rect.left(), rect.top(), rect.width() / 2 - 4, rect.height())
            self._lettered(painter, wide, tr("prompt"), trained=True)
        for at in range(count):
            box = QRectF(rect.left() + at * step, rect.top() + 2, side, side)
            if "prompt" not in self._marks or box.left() > rect.center().x():
                self._swatch(painter, box, at < trained)

    def _paint_group(self, painter: QPainter, block: Block, group: Group, rect: QRectF) -> None:
        if "norms" in self._marks:
            self._bar(painter, QRectF(rect.left(), rect.top(), rect.width(), NORM))
            rect = rect.adjusted(0, NORM + 4, 0, 0)
        if AFTER[group.kind] in self._marks:
            self._bar(
                painter,
                QRectF(rect.left() + INNER, rect.bottom() - px(SLAB), rect.width() - 2 * INNER, px(SLAB)),
            )
            rect = rect.adjusted(0, 0, 0, -px(SLAB) - 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.color("sunken"))
        painter.drawRoundedRect(rect, 4, 4)
        painter.setFont(font("small"))
        painter.setPen(style.color("muted"))
        title = QRectF(rect.left() + INNER, rect.top() + 1, rect.width() - INNER, px(TITLE))
        self._title(painter, title, group.title)
        parts = [None, *group.parts] if self._has_prefix(block, group) else list(group.parts)
        width = (rect.width() - 2 * INNER + 4) / max(1, len(parts))
        for at, part in enumerate(parts):
            left = rect.left() + INNER + at * width
            box = QRectF(left, rect.top() + px(TITLE) + 1, width - 4, self._row_height())
            if part is None:
                self._lettered(painter, box, "k v", trained=True)
            else:
                self._lettered(painter, box, part.text, trained=(part.key or part.text) in self._trained)
                if "biases" in self._marks:
                    self._bar(painter, QRectF(box.left() + 3, box.bottom() - BIAS - 1, box.width() - 6, BIAS))

    def _has_prefix(self, block: Block, group: Group) -> bool:
        """Return whether trained keys and values are drawn here: in the decoder's self-attention."""
        last = block is self._blocks[-1]
        return "keys and values" in self._marks and last and group is block.groups[0]

    def _lettered(self, painter: QPainter, rect: QRectF, text: str, *, trained: bool) -> None:
        self._swatch(painter, rect, trained)
        painter.setFont(font("small_medium" if trained else "small"))
        painter.setPen(style.color("on_accent" if trained else "muted"))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(rect.width()))
        painter.drawText(self._letters(rect), Qt.AlignmentFlag.AlignCenter, shown)

    @staticmethod
    def _letters(rect: QRectF) -> QRectF:
        """Return the upper part of a box, for the text above a mark at its foot."""
        return QRectF(rect.left(), rect.top(), rect.width(), min(rect.height(), px(ROW)))

    @staticmethod
    def _title(painter: QPainter, rect: QRectF, text: str) -> None:
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(rect.width()))
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    @staticmethod
    def _swatch(painter: QPainter, rect: QRectF, trained: bool) -> None:
        painter.setBrush(style.color("accent_fill") if trained else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(style.color("accent_fill" if trained else "grey_soft"), 1))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)

    @staticmethod
    def _bar(painter: QPainter, rect: QRectF) -> None:
        painter.setBrush(style.color("accent_fill"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(rect, 2, 2)

    def _paint_legend(self, painter: QPainter, top: float) -> None:
        for trained, text in ((True, self.legend), (False, tr("frozen"))):
            self._swatch(painter, QRectF(0, top + (px(20) - 12) / 2, 12, 12), trained)
            painter.setFont(font("small"))
            painter.setPen(style.color("muted"))
            room = metrics("small").horizontalAdvance(text) + 4
            painter.drawText(QRectF(20, top, room, px(20)), Qt.AlignmentFlag.AlignVCenter, text)
            top += px(20)

    # Texts

    def _trained_in(self, block: Block) -> list[str]:
        keys = [part.key or part.text for group in block.groups for part in group.parts]
        return [key for key in keys if key in self._trained]

    def _describe(self) -> None:
        names = [tr(text) for each, text in MARKS.items() if each in self._marks]
        for block in self._blocks:
            for group in filter(lambda group: group.title, block.groups):
                trained = [part.text for part in group.parts if (part.key or part.text) in self._trained]
                state = tr("{weights} trained", weights=", ".join(trained)) if trained else tr("frozen")
                names.append(f"{block.title}, {group.title}: {state}")
        self.setAccessibleName(tr("Trained parts"))
        self.setAccessibleDescription(". ".join(names))

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()
