"""LoRA: a low-rank change of each weight, with its published refinements as options."""

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
# Initialisations from factors of the weight itself. What the pair adds at the start is subtracted again.
FROM_WEIGHTS: tuple[Initialisation, ...] = ("pissa", "olora")
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
# Rows and columns of the weight in the explanation.
EXAMPLE_WEIGHT = (512, 64)


class LoraOptions(Options):
    """Settings of LoRA."""

    rank: int = rank_option(
        16, "Width of the two thin matrices. A higher rank can learn more and trains more parameters."
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
        "Separate magnitude",
        "Train each weight's magnitude separately from its direction (DoRA): learns more at low ranks, takes "
        "more time.",
        peft_name="use_dora",
    )
    lora_plus_ratio: float = option(
        1.0,
        "Learning rate of B",
        "Learning rate of the matrix B, as a multiple of the run's (LoRA+). 1: the same. Published: 16.",
        peft_name="-",
        ge=1.0,
        le=64.0,
    )
    initialisation: Initialisation = option(
        "default",
        "Initialisation",
        "Initial values of the pair. default: A random, B zero. gaussian: the same, normally distributed. "
        "orthogonal: orthogonal to each other, so that their product is zero. pissa, olora: factors of the "
        "weight itself (by SVD or QR). eva: the main directions of the layer's inputs for the first training "
        "examples.",
        peft_name="-",
    )


def savings_text(rows: int, columns: int, rank: int) -> str:
    """Return how many parameters a weight has, how many LoRA trains, and the difference in percent."""
    weight, trained = rows * columns, rank * (rows + columns)
    fewer = round(100 * (1 - trained / weight))
    return (
        f"A {rows} × {columns} weight has {weight:,} parameters; at rank {rank} LoRA trains {trained:,}, "
        f"which is {fewer} % fewer."
    )


def _dora_on_int8(options: LoraOptions, base: BaseFacts) -> Problem | None:
    if not options.dora or base.quantization != "int8":
        return None
    return Problem(
        "method.dora",
        "DoRA does not work on an int8 base: it needs the weights' magnitudes, which int8 layers don't "
        "provide.",
        "Take an nf4 base, or switch DoRA off.",
    )


def _from_weights_on_int8(options: LoraOptions, base: BaseFacts) -> Problem | None:
    if options.initialisation not in FROM_WEIGHTS or base.quantization != "int8":
        return None
    return Problem(
        "method.initialisation",
        f"The initialisation {options.initialisation} does not work on an int8 base: saved as a plain LoRA it adds in "
        "another order, which int8 layers round differently.",
        "Take an nf4 base, or eva.",
    )


def _dora_from_weights(options: LoraOptions, base: BaseFacts) -> Problem | None:  # noqa: ARG001 - all rules have it
    if not options.dora or options.initialisation not in FROM_WEIGHTS:
        return None
    return Problem(
        "method.initialisation",
        f"DoRA does not work with the initialisation {options.initialisation}: its magnitudes are those of the whole "
        "weight.",
        "Take eva or default, or switch DoRA off.",
    )


def _orthogonal_needs_even(options: LoraOptions, base: BaseFacts) -> Problem | None:  # noqa: ARG001
    if options.initialisation != "orthogonal" or options.rank % 2 == 0:
        return None
    hint = f"Take {options.rank + 1}, or another initialisation."
    return Problem("method.rank", "The orthogonal initialisation needs an even rank.", hint)


def _own_initial_values(options: LoraOptions, base: BaseFacts) -> str:  # noqa: ARG001
    if options.initialisation in ("default", "gaussian"):
        return ""
    return f"its initial values ({options.initialisation}) are not computed by PEFT"


def _short(options: Any) -> str:
    return f"r {options.rank}"


LORA = Method(
    id="lora",
    title="LoRA",
    group="Low rank",
    summary="Two thin matrices beside each weight",
    explanation=(
        "Freezes each weight and trains two thin matrices whose product is added to it. "
        f"{savings_text(*EXAMPLE_WEIGHT, LoraOptions().rank)} "
        "The pair can be merged into the weight afterwards, so the tuned model is as fast as the base model. Take "
        "it first: it works on every model, and most other methods are compared with it. (Hu et al. 2022)"
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
        Variant("dora", "DoRA", {"dora": True}, summary="Magnitude and direction separated"),
        Variant("loraplus", "LoRA+", {"lora_plus_ratio": 16.0}, summary="The matrix B learns faster"),
        Variant(
            "gaussian", "Gaussian start", {"initialisation": "gaussian"}, summary="Normally distributed start"
        ),
        Variant(
            "orthogonal",
            "Orthogonal start",
            {"initialisation": "orthogonal"},
            summary="A and B orthogonal at the start",
        ),
        Variant(
            "pissa", "PiSSA", {"initialisation": "pissa"}, summary="Starts at the weight's singular vectors"
        ),
        Variant("olora", "OLoRA", {"initialisation": "olora"}, summary="Starts at the weight's QR factors"),
        Variant("eva", "EVA", {"initialisation": "eva"}, summary="Starts at the directions of your data"),
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
    whole_in_file=lambda options: options.initialisation not in FROM_WEIGHTS,
    beyond_peft=_own_initial_values,
    rules=(_dora_on_int8, _from_weights_on_int8, _dora_from_weights, _orthogonal_needs_even),
)
