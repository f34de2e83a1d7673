"""A drawing of a model's blocks with the trained parts coloured.

Knows blocks, layers and weights by name, the trained ones, and marks for other trained parts; knows no methods.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from engine.api import Place
from gui.look import style
from gui.look.language import mark, tr
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import FlowBox, discard, hbox, vbox

# Trained and other tokens that stand for the input.
TRAINED_TOKENS, TOKENS = 4, 6

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
    """Shows up to two blocks side by side, with a legend below."""

    accessible_role = QAccessible.Role.Graphic

    def __init__(self) -> None:
        super().__init__()
        self._blocks: tuple[Block, ...] = ()
        self._trained: frozenset[str] = frozenset()
        self._marks: frozenset[Place] = frozenset()
        self.legend = tr("trained")
        self._content = QWidget()
        self._place = vbox(self._content, of=self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)

    def set_blocks(self, blocks: Sequence[Block]) -> None:
        if tuple(blocks) != self._blocks:
            self._blocks = tuple(blocks)
            self._show()

    def set_trained(
        self, keys: Collection[str], legend: str | None = None, marks: Collection[Place] = ()
    ) -> None:
        """Colour the parts with these keys, and show the marks. An empty `legend` shows none."""
        before = self._trained, self._marks, self.legend
        self._trained, self._marks = frozenset(keys), frozenset(marks)
        self.legend = tr("trained") if legend is None else legend
        if before != (self._trained, self._marks, self.legend):
            self._show()

    def trained(self) -> list[str]:
        """Return the keys of all parts shown as trained, in their order."""
        parts = [part for block in self._blocks for group in block.groups for part in group.parts]
        return [part.key or part.text for part in parts if self._is_trained(part)]

    def marks(self) -> list[str]:
        return sorted(self._marks)

    def _is_trained(self, part: Part) -> bool:
        return (part.key or part.text) in self._trained

    # Showing

    def _show(self) -> None:
        names = [tr(text) for each, text in MARKS.items() if each in self._marks]
        for block in self._blocks:
            for group in filter(lambda group: group.title, block.groups):
                trained = [part.text for part in group.parts if self._is_trained(part)]
                state = tr("{weights} trained", weights=", ".join(trained)) if trained else tr("frozen")
                names.append(f"{block.title}, {group.title}: {state}")
        self.setAccessibleName(tr("Trained parts"))
        self.setAccessibleDescription(". ".join(names))
        fresh = QWidget()
        columns = ((vbox(*self._block(block), 1, spacing=4), 1) for block in self._blocks)
        legend = [legend_line(text, trained=at == 0) for at, text in enumerate((self.legend, tr("frozen")))]
        shown = [FlowBox(legend, 16)] if self._blocks and self.legend else []
        vbox(hbox(*columns, spacing=16), *shown, of=fresh, spacing=12)
        self._place.replaceWidget(self._content, fresh)
        discard(self._content)
        self._content = fresh

    def _block(self, block: Block) -> Iterator[QWidget]:
        yield ElidedLabel(block.title, "small_medium", "muted")
        frame = QFrame()
        style.set_background(frame, "card")
        groups = [self._group(block, group) for group in block.groups]
        heads = self._head() if block is self._blocks[0] else []
        vbox(*heads, *groups, of=frame, margins=8, spacing=8)
        yield frame

    def _head(self) -> list[QWidget]:
        """Return the input: trained tokens before those of the text, or the text of the prompt."""
        row, tokens = QWidget(), [_token(trained=False) for _ in range(TOKENS)]
        if "prompt" in self._marks:
            hbox((part_box(tr("prompt"), trained=True), 1), *tokens, of=row, spacing=4)
        elif "before input" in self._marks:
            hbox(*(_token(trained=True) for _ in range(TRAINED_TOKENS)), *tokens, 1, of=row, spacing=4)
        else:
            return []
        return [row]

    def _group(self, block: Block, group: Group) -> QWidget:
        parts: list[QWidget] = []
        # Trained keys and values are in the decoder's self-attention.
        is_last = block is self._blocks[-1] and group is block.groups[0]
        if "keys and values" in self._marks and is_last:
            parts.append(part_box("k v", trained=True))
        for part in group.parts:
            box = QWidget()
            biases = [_bar(4)] if "biases" in self._marks else []
            vbox(part_box(part.text, trained=self._is_trained(part)), *biases, of=box, spacing=2)
            parts.append(box)
        layer, around = QFrame(), QWidget()
        style.set_background(layer, "well")
        style.scale(layer, QWidget.setMinimumHeight, 42)
        title = ElidedLabel(group.title, "small", "muted")
        vbox(
            title, hbox(*((part, 1) for part in parts), spacing=4), of=layer, margins=(8, 2, 8, 6), spacing=2
        )
        norms = [_bar(4)] if "norms" in self._marks else []
        after = [_bar(8)] if AFTER[group.kind] in self._marks else []
        vbox(*norms, layer, *after, of=around, spacing=4)
        return around


def part_box(text: str, trained: bool) -> Label:
    """Return a box with the name of a weight."""
    made = Label(text, "small_medium" if trained else "small", "on_accent" if trained else "muted")
    made.setProperty("kind", "part")
    made.setProperty("trained", trained)
    made.setAlignment(Qt.AlignmentFlag.AlignCenter)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return made


def _token(*, trained: bool) -> Label:
    made = part_box("", trained=trained)
    style.scale(made, QWidget.setFixedWidth, 12)
    style.scale(made, QWidget.setFixedHeight, 12)
    return made


def _bar(height: int) -> QWidget:
    made = QWidget()
    style.set_background(made, "accent")
    style.scale(made, QWidget.setFixedHeight, height)
    return made


def legend_line(text: str, *, trained: bool) -> QWidget:
    """Return what the colour of a box means."""
    made = QWidget()
    hbox(_token(trained=trained), Label(text, "small", "muted"), of=made, spacing=8)
    return made
