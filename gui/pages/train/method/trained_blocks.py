"""A model's blocks as they are drawn, and which of their weights a method trains.

Works on the names in a plan: of the base model's linear layers, and of those that the method changes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

from engine.api import MethodSettings, Place
from gui.graphics.block_drawing import MARKS, Block, Group, Kind, Part
from gui.look.language import mark, tr, translate

FEED_FORWARD = ("wi", "wo", "fc", "ff", "gate", "up_proj", "down_proj", "mlp", "dense", "lin")
HEADS = ("lm_head", "embed", "shared")
NORMS = ("norm", "ln_")
# What a decoder's attention to the encoder is called, by T5, BART and others.
CROSSING = ("EncDecAttention", "encoder_attn", "crossattention", "cross_attn")

# A stack's blocks by its name, "" where there is but one stack: all of them, or those that are changed.
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

# What is drawn while no plan has told: frames as large as those of most models.
UNKNOWN_BLOCKS = tuple(Block("", (Group("", ()),) * layers) for layers in (2, 3))

Stack = Literal["encoder", "decoder", "crossing"]
Layers = list[tuple[str, list[str], Kind, Stack]]


def key_of(module: str) -> str:
    """Return the key by which a weight is coloured: its stack and the last part of its name.

    `module` is a layer's whole name, or one with `*` for each number.
    """
    if any(name in module for name in CROSSING):
        return _key("crossing", module)
    return _key("encoder" if "encoder" in module.split(".") else "decoder", module)


def _key(stack: Stack, module: str) -> str:
    return f"{stack} {module.rpartition('.')[2]}"


def trained_parts(
    settings: MethodSettings, blocks: Collection[Block], plan: Mapping[str, Any]
) -> tuple[set[str], str, set[Place]]:
    """Return what a method trains in a plan's drawing: keys, the legend, and what is trained besides weights.

    `adapted` of the plan names the layers that the method changes.
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
    """Return the drawing of a plan's base model; nothing where the plan does not tell.

    A name that occurs in every encoder block once and in every decoder block twice is attention that looks
    across. Where a method changes some blocks only, their title tells how many.
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
    """In how many blocks of each stack a method changes weights."""
    counts: dict[str, int] = {}
    for name, count in adapted.items():
        if "*" in name and not any(norm in name for norm in NORMS):
            stack = key_of(name).split()[0].replace("crossing", "decoder")
            counts[stack] = max(counts.get(stack, 0), count)
    return counts


def _title(kind: str, count: int, touched: int) -> str:
    """Return "Encoder block × 12", or how many of them are changed where it is not all: "Encoder block, 2 of 12"."""
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
    """Return a linear layer's name as short as it can be read: "q_proj" is "q"."""
    for ending in ("_proj", "_lin"):
        module = module.removesuffix(ending)
    return module
