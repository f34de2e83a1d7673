"""LoRA: two thin matrices beside each weight, with the refinements that are published as options of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from engine.errors import Problem
from engine.methods import sketches
from engine.methods.base import BaseFacts, Method, Preset, Variant
from engine.methods.shared_options import Targets, dropout_option, rank_option, target_modules_option
from engine.methods.tuner import KeyRule, Tuner
from engine.options import Options, option

Initialisation = Literal["default", "gaussian", "orthogonal", "pissa", "olora", "eva"]
# Those whose pair is not nothing at the start; what it is at the start is taken off again.
ANCHORED: tuple[Initialisation, ...] = ("pissa", "olora")
# PEFT's keys that are no option here. `init_lora_weights` excludes values that change the base's own weights.
LORA_KEYS: Mapping[str, KeyRule] = {
    "lora_alpha": "number",
    "lora_bias": "flag",
    "init_lora_weights": (True, False, "gaussian", "eva", "orthogonal"),
    "rank_pattern": "sizes_by_pattern",
    "alpha_pattern": "numbers_by_pattern",
    "megatron_core": ("megatron.core",),
    "qalora_group_size": "number",
    "ensure_weight_tying": "flag",
    "eva_config": "table",
    "runtime_config": ({}, {"ephemeral_gpu_offload": False}),
}
# The rows and columns of the weight by which the explanation counts.
EXAMPLE_WEIGHT = (512, 64)


class LoraOptions(Options):
    """Settings of LoRA."""

    rank: int = rank_option(
        16, "Width of the two thin matrices. More rank can learn more and trains more numbers."
    )
    alpha: int = option(
        32,
        "Alpha",
        "Strength of the change: it is scaled by alpha over rank. Often once or twice the rank.",
        peft_name="lora_alpha",
        ge=1,
        le=4096,
    )
    dropout: float = dropout_option("lora_dropout")
    target_modules: Targets = target_modules_option("get a trained pair")
    rs_lora: bool = option(
        False,
        "Rank-stabilised",
        "Scale by alpha over the square root of the rank (rsLoRA), so that high ranks keep learning.",
        peft_name="use_rslora",
    )
    dora: bool = option(
        False,
        "Magnitude apart",
        "Train each weight's magnitude apart from its direction (DoRA): learns more at low ranks, takes more time.",
        peft_name="use_dora",
    )
    lora_plus_ratio: float = option(
        1.0,
        "Second matrix faster",
        "How many times the learning rate the second matrix of a pair gets (LoRA+). 1: the same; published: 16.",
        peft_name="-",
        ge=1.0,
        le=64.0,
    )
    initialisation: Initialisation = option(
        "default",
        "Begins at",
        "Where the pair begins. default: random and zero. gaussian: the same, normally distributed. orthogonal: "
        "two parts at right angles. pissa, olora: the weight's own main directions (by SVD or QR). eva: the main "
        "directions of what the layer reads in the first training examples.",
        peft_name="-",
    )


def sizes_in_words(rows: int, columns: int, rank: int) -> str:
    """Return what LoRA saves on one weight, counted: its numbers, those that are trained, and the share."""
    weight, trained = rows * columns, rank * (rows + columns)
    fewer = round(100 * (1 - trained / weight))
    return (
        f"A {rows} × {columns} weight has {weight:,} numbers; at rank {rank} LoRA trains {trained:,}, "
        f"which is {fewer} % fewer."
    )


def _dora_on_int8(options: LoraOptions, base: BaseFacts) -> Problem | None:
    if not options.dora or base.quantization != "int8":
        return None
    return Problem(
        "method.dora",
        "DoRA does not work on an int8 base: it needs the weights' magnitudes, which int8 layers don't tell.",
        "Nearest that does: an nf4 base, or LoRA without it.",
    )


def _anchor_on_int8(options: LoraOptions, base: BaseFacts) -> Problem | None:
    if options.initialisation not in ANCHORED or base.quantization != "int8":
        return None
    return Problem(
        "method.initialisation",
        f"Beginning at {options.initialisation} does not work on an int8 base: stored as a plain LoRA it computes in "
        "another order, and int8 layers then round otherwise.",
        "Nearest that does: an nf4 base, or eva.",
    )


def _dora_with_anchor(options: LoraOptions, base: BaseFacts) -> Problem | None:  # noqa: ARG001 - all rules have it
    if not options.dora or options.initialisation not in ANCHORED:
        return None
    return Problem(
        "method.initialisation",
        f"DoRA does not begin at {options.initialisation}: its magnitudes are those of the whole weight.",
        "Take eva or default, or switch DoRA off.",
    )


def _orthogonal_needs_even(options: LoraOptions, base: BaseFacts) -> Problem | None:  # noqa: ARG001
    if options.initialisation != "orthogonal" or options.rank % 2 == 0:
        return None
    hint = f"Take {options.rank + 1}, or another initialisation."
    return Problem("method.rank", "The orthogonal initialisation needs an even rank.", hint)


def _short(options: Any) -> str:
    return f"r {options.rank}"


LORA = Method(
    id="lora",
    title="LoRA",
    group="Low rank",
    summary="Two thin matrices beside each weight",
    explanation=(
        "Leaves each weight as it is and trains two thin matrices beside it, whose product is added to the "
        f"weight's. {sizes_in_words(*EXAMPLE_WEIGHT, LoraOptions().rank)} "
        "The pair can be folded into the weight afterwards, so the tuned model is as fast as the base. Take it "
        "first: it works on every model, and most other methods are measured by it. (Hu et al. 2022)"
    ),
    options=LoraOptions,
    tuner=Tuner(
        "LORA",
        hooks="engine.worker.adapters.method_hooks.lora:LoraHooks",
        keys=LORA_KEYS,
        sizes=dict.fromkeys(("r", "rank_pattern"), (("lora_A", 0), ("lora_embedding_A", 0))),
    ),
    presets={
        "encoder-decoder": Preset(1e-3, {"rank": 32, "alpha": 32}),
        "decoder-only": Preset(5e-4, {"target_modules": ("all-linear",)}),
    },
    quantizations=("none", "int8", "nf4", "fp4"),
    merges=True,
    variants=(
        Variant("rslora", "rsLoRA", {"rs_lora": True}, summary="High ranks keep learning"),
        Variant("dora", "DoRA", {"dora": True}, summary="Magnitude and direction apart"),
        Variant("loraplus", "LoRA+", {"lora_plus_ratio": 16.0}, summary="The second matrix learns faster"),
        Variant(
            "gaussian", "Gaussian start", {"initialisation": "gaussian"}, summary="Normally distributed start"
        ),
        Variant(
            "orthogonal",
            "Orthogonal start",
            {"initialisation": "orthogonal"},
            summary="Starts at right angles",
        ),
        Variant(
            "pissa", "PiSSA", {"initialisation": "pissa"}, summary="Starts at the weight's main directions"
        ),
        Variant("olora", "OLoRA", {"initialisation": "olora"}, summary="Starts at the weight's QR factors"),
        Variant(
            "eva", "EVA", {"initialisation": "eva"}, summary="Starts at what the layers read in your data"
        ),
        Variant(
            "qlora",
            "QLoRA",
            {},
            summary="A 4-bit base and an 8-bit optimizer",
            tables={
                "base_model": {"quantization": "nf4", "double_quantization": True},
                "training": {"optimizer": "paged_adamw_8bit"},
            },
        ),
    ),
    sketch=sketches.LOW_RANK_PAIR,
    short=_short,
    whole_in_file=lambda options: options.initialisation not in ANCHORED,
    rules=(_dora_on_int8, _anchor_on_int8, _dora_with_anchor, _orthogonal_needs_even),
)
