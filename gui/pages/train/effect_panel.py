"""What the method trains: the number of parameters, the trained parts of the blocks, disk and memory.

Shows a plan.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QWidget

from engine.api import MethodSettings, Place, plan_text
from gui.graphics.bars import Bar
from gui.graphics.block_drawing import MARKS, Block, BlockDrawing, Group, Kind, Part
from gui.look import style
from gui.look.format import UNKNOWN, bytes_text, compact, number_text, percent
from gui.look.language import mark, tr, translate
from gui.widgets.buttons import link
from gui.widgets.dimming import dim
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import FlowLayout, hbox, vbox

# The parts of the memory by their names in a plan. Green grows with the trained parameters, grey with base and data.
MEMORY = (
    ("weights", mark("Weights"), "grey", 1.0),
    ("adapter", mark("Adapter"), "accent_fill", 1.0),
    ("gradients", mark("Gradients"), "accent_mid", 1.0),
    ("optimizer", mark("Optimizer"), "accent_mid", 0.5),
    ("activations", mark("Activations"), "muted", 1.0),
    ("runtime", mark("Program"), "grey_soft", 1.0),
)
MEMORY_HELP = mark(
    "Weights: the base model.\nAdapter: what the method adds.\nGradients, optimizer: per trained parameter.\n"
    "Activations: the largest batch.\nProgram: Python, libraries."
)


class EffectPanel(QWidget):
    """The number of parameters, its fraction, disk and memory, the drawing, and the parts of the memory.

    Before the first plan it keeps the space of one, so that the form does not move. `fallbacks_wanted` requests memory
    fallbacks for a run that needs more memory than is available.
    """

    fallbacks_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._figure = Label("", "figure_large")
        self._total = ElidedLabel("", "label", "muted")
        self._share = Label("", "figure_medium", "accent")
        self._bar = Bar()
        self._disk = Label("", "label", "muted")
        self._memory = Label("", "label", "muted")
        self._there = Label("", "label", "warning", wrap=True)
        self.fit_button = link(tr("Find plans that fit"), press=self.fallbacks_wanted)
        self._short, self.details = QWidget(), QWidget()
        self._drawing = BlockDrawing()
        self._split_title = Label(tr("Memory by part"), "small_medium", "muted")
        self._split = SplitBar(
            tr("Memory by part"), [(tr(title), token, strength) for _key, title, token, strength in MEMORY]
        )
        self._split.setToolTip(tr(MEMORY_HELP))
        self._bits = Label("", "label", "muted", wrap=True)
        head = hbox(self._figure, (self._total, 1), self._share, spacing=8)
        foot = hbox(self._disk, 1, self._memory)
        hbox((self._there, 1), self.fit_button, of=self._short, spacing=8)
        column = vbox(head, self._bar, foot, of=self.details, spacing=6)
        vbox(self._short, self.details, of=self, spacing=6)
        column.addSpacing(8)
        column.addWidget(self._drawing)
        column.addSpacing(4)
        for part in (self._split_title, self._split, self._bits):
            column.addWidget(part)
        self._show_bits(None)
        self._drawing.set_blocks(UNKNOWN_BLOCKS)
        self.show_unknown()

    def show_details(self, shown: bool) -> None:
        """Show counts, drawing and memory, or only that memory is short."""
        self.details.setVisible(shown)

    def show_plan(self, plan: Mapping[str, Any], settings: MethodSettings) -> None:
        """Show a plan's counts and the blocks that the method trains; hidden without counts."""
        self.show_busy(False)
        trainable, everything = plan.get("trainable_parameters"), plan.get("all_parameters")
        self.setVisible(trainable is not None and bool(everything))
        if trainable is None or not everything:
            return
        self._draw(plan, settings)
        self._show_bits(plan.get("bits_per_parameter"))
        if plan.get("problems") and not trainable:
            self.show_unknown()
            return
        self._show_counts(trainable, everything, trains=settings.method.trains)
        disk, memory = plan.get("adapter_bytes"), plan.get("memory_bytes")
        self._disk.setText(translate(plan_text.adapter(plan)) if disk else "")
        self._memory.setText(translate(plan_text.memory(plan)) if memory else "")
        self._show_shortage(memory, plan.get("memory_there_bytes"))
        self._show_split(plan.get("memory") or {})

    def _draw(self, plan: Mapping[str, Any], settings: MethodSettings) -> None:
        blocks = blocks_of(plan)
        self._drawing.setVisible(bool(blocks))
        self._drawing.set_blocks(blocks)
        self._drawing.set_trained(*trained_parts(settings, blocks, plan))

    def show_busy(self, busy: bool) -> None:
        """Dim what the last plan said while another is being made."""
        parts = (self._figure, self._share, self._bar, self._disk, self._memory, self._short, self._bits)
        dim((*parts, self._drawing, self._split_title, self._split), busy)
        if busy:
            self._total.setText(tr("Updating…"))
            self._total.setToolTip("")

    def show_unknown(self) -> None:
        """Clear numbers and colours: the recipe is invalid, and the earlier ones belong to another recipe."""
        for text in (self._total, self._share, self._disk, self._memory):
            text.setText("")
        self._show_sizes(True)
        self._show_shortage(None, None)
        self._figure.setText(UNKNOWN)
        self._bar.set_fraction(0.0)
        self._show_split({}, expected=True)
        self._drawing.set_trained((), "")

    def _show_counts(self, trainable: int, everything: int, *, trains: bool) -> None:
        share = trainable / everything
        self._bar.set_fraction(share)
        self._show_sizes(trains)
        if not trains:
            self._figure.setText(tr("Trains nothing"))
            self._total.setText(tr("of {count} parameters", count=compact(everything)))
            self._total.setToolTip("")
            self._share.setText("")
            return
        self._figure.setText(number_text(trainable))
        self._total.setText(tr("of {count} trainable", count=compact(everything)))
        self._total.setToolTip(tr("{count} with the adapter", count=number_text(everything)))
        self._share.setText(percent(share, 2 if 0 < share < 0.1 else 0))

    def _show_sizes(self, shown: bool) -> None:
        for part in (self._bar, self._disk, self._memory):
            part.setVisible(shown)

    def _show_shortage(self, needed: int | None, there: int | None) -> None:
        """Show the available memory if a run needs more."""
        short = needed is not None and there is not None and needed > there
        self._there.setText(tr("Only {size} is available.", size=bytes_text(there)) if short else "")
        self._short.setVisible(short)

    def _show_split(self, memory: Mapping[str, int], *, expected: bool = False) -> None:
        """Show or hide the parts of the memory; if `expected`, keep their space."""
        for part in (self._split_title, self._split):
            part.setVisible(bool(memory) or expected)
        self._split.show_sizes([int(memory.get(key) or 0) for key, *_ in MEMORY])

    def _show_bits(self, bits: float | None) -> None:
        self._bits.setVisible(bits is not None)
        self._bits.setText(
            tr("Quantized layers take {bits} bits per parameter, with scales.", bits=number_text(bits, 3))
        )

    def show_run(
        self,
        started: Mapping[str, Any],
        settings: MethodSettings,
        adapter_bytes: int | None,
        memory_bytes: int | None,
    ) -> None:
        """Show the numbers that a run reported: planned ones until the measured ones are known."""
        saved = {"adapter_bytes": adapter_bytes, "sized_by_training": False} if adapter_bytes else {}
        # The parts are planned, so they don't add up to the measured memory.
        measured = {"memory_bytes": None, "memory": None} if memory_bytes else {}
        self.show_plan(dict(started) | saved | measured, settings)
        if memory_bytes:
            self._memory.setText(tr("{size} of memory at peak", size=bytes_text(memory_bytes)))


FEED_FORWARD = ("wi", "wo", "fc", "ff", "gate", "up_proj", "down_proj", "mlp", "dense", "lin")
HEADS = ("lm_head", "embed", "shared")
NORMS = ("norm", "ln_")
# Names of cross-attention in T5, BART and others.
CROSSING = ("EncDecAttention", "encoder_attn", "crossattention", "cross_attn")

# The title of a stack's blocks ("" for a single stack): all blocks, or the adapted ones.
BLOCKS = {
    "encoder": mark("Encoder block × {count}"),
    "decoder": mark("Decoder block × {count}"),
    "": mark("Block × {count}"),
}
BLOCKS_TOUCHED = {
    "encoder": mark("Encoder block, {touched} of {count}"),
    "decoder": mark("Decoder block, {touched} of {count}"),
    "": mark("Block, {touched} of {count}"),
}

# Drawn without a plan: frames of the usual size.
UNKNOWN_BLOCKS = tuple(Block("", (Group("", ()),) * layers) for layers in (2, 3))

Stack = Literal["encoder", "decoder", "crossing"]
Layers = list[tuple[str, list[str], Kind, Stack]]


def key_of(module: str) -> str:
    """Return the key of a weight's colour: its stack and the last part of its name.

    `module` is a layer's full name; numbers may be `*`.
    """
    if any(name in module for name in CROSSING):
        return _key("crossing", module)
    return _key("encoder" if "encoder" in module.split(".") else "decoder", module)


def _key(stack: Stack, module: str) -> str:
    return f"{stack} {module.rpartition('.')[2]}"


def trained_parts(
    settings: MethodSettings, blocks: Collection[Block], plan: Mapping[str, Any]
) -> tuple[set[str], str, set[Place]]:
    """Return what a method trains in a plan: keys, legend, and trained parts that are no weights.

    `adapted` in the plan names the adapted layers.
    """
    places = settings.method.places_of(settings.options)
    marks: set[Place] = MARKS.keys() & set(places)
    if not {"weights", "everything"} & set(places):
        return set(), tr("trained") if settings.method.trains else tr("the prompt"), marks
    adapted = plan.get("adapted") or {}
    drawn = {part.key for block in blocks for group in block.groups for part in group.parts}
    keys = {key_of(name) for name in adapted} & drawn
    if "everything" in places and any(norm in name for name in adapted for norm in NORMS):
        marks.add("norms")
    legend = translate(settings.method.sketch_of(settings.options).legend) if keys else ""
    return keys, legend or tr("trained"), marks


def blocks_of(plan: Mapping[str, Any]) -> list[Block]:
    """Return the blocks of a plan's base model; none if the plan lacks them.

    A name that occurs once in every encoder block and twice in every decoder block is cross-attention. If a method
    adapts only some blocks, the title has their number.
    """
    modules, blocks = plan.get("modules") or {}, plan.get("blocks") or {}
    encoders, decoders = int(blocks.get("encoder") or 0), int(blocks.get("decoder") or 0)
    inner = [name for name in modules if not name.startswith(HEADS)]
    attention = [name for name in inner if not name.startswith(FEED_FORWARD)]
    forward = [name for name in inner if name.startswith(FEED_FORWARD)]
    crossing = [name for name in attention if modules[name] > encoders + decoders] if encoders else []
    touched = _touched(plan.get("adapted") or {})
    made = []
    if encoders:
        layers: Layers = [
            (tr("Self-attention"), attention, "attention", "encoder"),
            (tr("Feed-forward"), forward, "feed-forward", "encoder"),
        ]
        made.append(_block(_title("encoder", encoders, touched.get("encoder", 0)), layers))
    if decoders:
        groups: Layers = [
            (tr("Self-attention"), attention, "attention", "decoder"),
            (tr("Cross-attention"), crossing, "attention", "crossing"),
            (tr("Feed-forward"), forward, "feed-forward", "decoder"),
        ]
        kind = "decoder" if encoders else ""
        made.append(_block(_title(kind, decoders, touched.get("decoder", 0)), groups))
    return made


def _touched(adapted: Mapping[str, int]) -> dict[str, int]:
    """Return the number of adapted blocks of each stack."""
    counts: dict[str, int] = {}
    for name, count in adapted.items():
        if "*" in name and not any(norm in name for norm in NORMS):
            stack = key_of(name).split()[0].replace("crossing", "decoder")
            counts[stack] = max(counts.get(stack, 0), count)
    return counts


def _title(kind: str, count: int, touched: int) -> str:
    """Return "Encoder block × 12", or "Encoder block, 2 of 12" if only some blocks are adapted."""
    if 0 < touched < count:
        return tr(BLOCKS_TOUCHED[kind], touched=touched, count=count)
    return tr(BLOCKS[kind], count=count)


def _block(title: str, layers: Layers) -> Block:
    drawn = tuple(
        Group(name, tuple(Part(short_name(part), _key(stack, part)) for part in parts), kind)
        for name, parts, kind, stack in layers
        if parts
    )
    return Block(title, drawn)


def short_name(module: str) -> str:
    """Return a short name of a linear layer: "q" for "q_proj"."""
    for ending in ("_proj", "_lin"):
        module = module.removesuffix(ending)
    return module


class SplitBar(QWidget):
    """The portions of a sum over the whole width, in the given order: title, colour, and its strength for each.

    Empty portions are left out, but for a sum of nothing, which keeps the space of all.
    """

    def __init__(self, name: str, portions: Sequence[tuple[str, str, float]]) -> None:
        super().__init__()
        self._bar, legend = hbox(spacing=1), QWidget()
        flow = FlowLayout(legend, 16)
        self._parts: list[tuple[str, QWidget, QWidget, Label]] = []
        for title, token, strength in portions:
            part, swatch, size = _Color(token, strength), _Color(token, strength), Label("", "figure_small")
            style.scale(part, QWidget.setFixedHeight, 8)
            swatch.setFixedSize(8, 8)
            entry = QWidget()
            hbox(swatch, (Label(title, "label", "muted"), 1), size, of=entry, spacing=6)
            style.scale(entry, QWidget.setMinimumWidth, 140)
            self._bar.addWidget(part)
            flow.addWidget(entry)
            self._parts.append((title, part, entry, size))
        vbox(self._bar, legend, of=self, spacing=6)
        self.setAccessibleName(name)

    def show_sizes(self, sizes: Sequence[int]) -> None:
        """Show how large each portion is, in bytes."""
        total, told = sum(sizes), []
        for at, (number, (title, part, entry, size)) in enumerate(zip(sizes, self._parts, strict=True)):
            # The smallest stays visible.
            self._bar.setStretch(at, max(8, round(1000 * number / total)) if total else 1)
            size.setText(bytes_text(number) if number else "")
            for each in (part, entry):
                each.setVisible(number > 0 or not total)
            told += [f"{title} {size.text()}"] if number else []
        self.setAccessibleDescription(", ".join(told))


class _Color(QWidget):
    """A surface in a token's colour; `strength` is its opacity on the background."""

    def __init__(self, token: str, strength: float) -> None:
        super().__init__()
        self._token, self._strength = token, strength
        self.setAutoFillBackground(True)
        style.on_style_changed(self._restyle)

    def _restyle(self) -> None:
        self.setPalette(QPalette(style.mixed(self._token, "surface", self._strength)))
