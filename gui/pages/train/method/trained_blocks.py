"""The blocks of a model as drawn, and the weights that a method trains.

Reads the names in a plan: the base model's linear layers, and the adapted ones.
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
