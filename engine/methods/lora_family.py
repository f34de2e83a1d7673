"""Relatives of LoRA: low-rank changes that are shared between layers, tiled or bounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from engine.errors import Problem
from engine.messages import say
from engine.methods import sketches
from engine.methods.base import QUANTIZATIONS, BaseFacts, KeyRule, Method, Preset, Tuner, Variant
from engine.methods.shared_options import (
    Targets,
    alpha_option,
    dropout_option,
    rank_option,
    rank_text,
    target_modules_option,
)
from engine.options import Options, option


class VeraOptions(Options):
    rank: int = rank_option(
        256,
        "Width of the shared random matrices. Use more than for LoRA.",
        # The largest rank of the paper, for layers 768 wide too.
        maximum=1024,
    )
    d_initial: float = option(0.1, "Starting scale", "Initial value of the trained scales.", gt=0.0, le=10.0)
    dropout: float = dropout_option("vera_dropout", 0.0)
    target_modules: Targets = target_modules_option("get trained scales")


class VbLoraOptions(Options):
    rank: int = rank_option(4, "Width of the thin matrices.")
    vectors: int = option(
        256,
        "Vectors",
        "Vectors in the shared bank. Larger models need more.",
        peft_name="num_vectors",
        ge=2,
        le=32768,
    )
    vector_length: int | None = option(
        None,
        "Vector length",
        "Length of a bank vector; must divide all layer widths. Empty: the largest that does, up to 256.",
        ge=1,
        le=8192,
    )
    top: int = option(
        2,
        "Vectors mixed",
        "Bank vectors mixed for each vector of a matrix.",
        peft_name="topk",
        ge=1,
        le=64,
    )
    dropout: float = dropout_option("vblora_dropout", 0.0)
    target_modules: Targets = target_modules_option("draw from the bank")


class RandLoraOptions(Options):
    """Settings of RandLoRA."""

    rank: int = rank_option(
        32, "Width of each random pair. Smaller means more pairs and more trainable parameters."
    )
    alpha: int = alpha_option(
        640,
        "The change is scaled by alpha over rank. Usually 20 times the rank.",
        peft_name="randlora_alpha",
        maximum=65536,
    )
    sparse: bool = option(False, "Sparse bases", "Random matrices of −1, 0 and 1 instead of dense ones.")
    dropout: float = dropout_option("randlora_dropout", 0.0)
    target_modules: Targets = target_modules_option("get a sum of scaled random pairs")


class MissOptions(Options):
    rank: int = rank_option(16, "Size of the shards of a weight.")
    form: Literal["plain", "bat", "mini"] = option(
        "plain",
        "Form",
        "What happens to the shards. plain: the trained block is added. bat: they are also multiplied by "
        "it. mini: a narrow block is repeated, with far fewer parameters.",
        peft_name="-",
    )
    mini_rank: int = option(
        8,
        "Mini rank",
        "Outputs that the narrow block spans; must divide those of all adapted layers.",
        peft_name="mini_r",
        ge=1,
        le=512,
    )
    dropout: float = dropout_option("miss_dropout", 0.0)
    target_modules: Targets = target_modules_option("get a trained block")


class GraLoraOptions(Options):
    """Settings of GraLoRA."""

    rank: int = rank_option(16, "Width of all blocks' thin matrices together.")
    alpha: int = alpha_option(32, "The change is scaled by alpha over rank. Often once or twice the rank.")
    blocks: int | None = option(
        None,
        "Blocks a side",
        "Blocks per side of each weight; must divide the rank and all layer widths. Empty: 2 up to rank "
        "32, 4 above, if possible.",
        peft_name="gralora_k",
        ge=1,
        le=64,
    )
    hybrid_rank: int = option(
        0,
        "Rank of an added LoRA",
        "Rank of a LoRA pair added for the whole weight.",
        peft_name="hybrid_r",
        zero="none",
        ge=0,
        le=512,
    )
    dropout: float = dropout_option("gralora_dropout", 0.0)
    target_modules: Targets = target_modules_option("get trained pairs for each block")


class DeloraOptions(Options):
    rank: int = rank_option(8, "Directions of the change, each of length one.")
    boundary: int = option(
        15,
        "Boundary",
        "Largest change at the start, as a multiple of the weight's norm. It is trained too.",
        peft_name="delora_lambda",
        ge=1,
        le=1000,
    )
    dropout: float = dropout_option("module_dropout", 0.0)
    target_modules: Targets = target_modules_option("get a bounded change")


# Random matrices that are drawn again from a seed.
PROJECTION_KEYS: Mapping[str, KeyRule] = {"projection_prng_key": "whole", "save_projection": "flag"}


def _in_place_on_quantized(options: Options, base: BaseFacts) -> str:  # noqa: ARG001
    return "PEFT can't train it on a quantized base" if base.quantization != "none" else ""


def _miss_short(options: MissOptions) -> str:
    return f"r {options.rank}" + (f" {options.form}" if options.form != "plain" else "")


def _bat_not_on_int8(options: Any, base: BaseFacts) -> Problem | None:
    if options.form != "bat" or base.quantization != "int8":
        return None
    message = "On an int8 base, the bat form would not start at the base model."
    return Problem("method.form", message, "Choose the plain form or an nf4 base.")


def _top_within_bank(options: Any, _: BaseFacts) -> Problem | None:
    if options.top <= options.vectors:
        return None
    return Problem(
        "method.top", "It mixes more vectors than the bank has.", say("At most {}.", options.vectors)
    )


def _blocks_divide_rank(options: Any, _: BaseFacts) -> Problem | None:
    if options.blocks is None or options.rank % options.blocks == 0:
        return None
    fitting = [size for size in range(1, options.rank + 1) if options.rank % size == 0]
    message = say("{} blocks a side do not divide rank {}.", options.blocks, options.rank)
    return Problem("method.blocks", message, say("These do: {}.", ", ".join(map(str, fitting[:8]))))


LOW_RANK_MORE: tuple[Method, ...] = (
    Method(
        id="vera",
        title="VeRA",
        group="Low rank",
        summary="Trains scales of shared random matrices",
        sketch=sketches.SCALED_RANDOM_PAIR,
        explanation=(
            "All layers share a random, frozen pair and train two vectors that scale it. For many tiny "
            "adapters, at a high rank and learning rate. (Kopiczko et al. 2024)"
        ),
        options=VeraOptions,
        tuner=Tuner(
            "VERA",
            hooks="engine.worker.adapters.method_hooks.shape_constraints:ProjectionHooks",
            keys=PROJECTION_KEYS,
            sizes={"r": (("vera_lambda_d", 0),)},
        ),
        presets={"encoder-decoder": Preset(3e-2), "decoder-only": Preset(1e-2)},
        quantizations=QUANTIZATIONS,
        merges=True,
        # All adapters draw the same matrices, so that several can be loaded at once.
        peft_defaults={"save_projection": False, "projection_prng_key": 0},
        short=rank_text,
    ),
    Method(
        id="vblora",
        title="VB-LoRA",
        group="Low rank",
        summary="Low-rank matrices from shared vectors",
        sketch=sketches.PAIR_FROM_A_BANK,
        explanation=(
            "LoRA whose thin matrices are composed of vectors that all layers share. For very small "
            "adapters. (Li et al. 2024)"
        ),
        options=VbLoraOptions,
        tuner=Tuner(
            "VBLORA",
            hooks="engine.worker.adapters.method_hooks.shape_constraints:VbLoraHooks",
            keys={
                "save_only_topk_weights": "flag",
                "init_vector_bank_bound": "number",
                "init_logits_std": "number",
            },
            sizes={
                "r": (("vblora_logits_A", 0),),
                "num_vectors": (("vblora_vector_bank", 0),),
                "vector_length": (("vblora_vector_bank", 1),),
                "topk": (("vblora_vector_bank", 0),),
            },
        ),
        presets={"encoder-decoder": Preset(3e-2), "decoder-only": Preset(1e-2)},
        quantizations=QUANTIZATIONS,
        merges=True,
        identity_at_start=False,
        short=rank_text,
        rule=_top_within_bank,
    ),
    Method(
        id="randlora",
        title="RandLoRA",
        group="Low rank",
        summary="Full-rank sum of random pairs",
        sketch=sketches.SCALED_RANDOM_PAIRS,
        explanation=(
            "Adds many random, frozen pairs and trains only their scales, which reaches full rank. For "
            "when LoRA falls short; it is slower. (Albert et al. 2025)"
        ),
        options=RandLoraOptions,
        tuner=Tuner(
            "RANDLORA",
            hooks="engine.worker.adapters.method_hooks.shape_constraints:RandLoraHooks",
            keys={**PROJECTION_KEYS, "randlora_alpha": "number", "very_sparse": "flag"},
            sizes={"r": (("randlora_lambda", 0),)},
        ),
        presets={"encoder-decoder": Preset(1e-3), "decoder-only": Preset(5e-4)},
        quantizations=QUANTIZATIONS,
        merges=True,
        peft_defaults={"save_projection": False, "projection_prng_key": 0},
        short=rank_text,
    ),
    Method(
        id="miss",
        title="MiSS",
        group="Low rank",
        summary="One block shared across weight shards",
        sketch=sketches.REPEATED_BLOCK,
        explanation=(
            "Trains one small block that is added to every shard of a weight: a fast LoRA with half the "
            "parameters. Formerly Bone and DiSHA. (Kang and Yin 2024)"
        ),
        options=MissOptions,
        tuner=Tuner(
            "MISS",
            hooks="engine.worker.adapters.method_hooks.shape_constraints:MissHooks",
            keys={"init_weights": (True, False, "bat", "mini")},
            sizes={"r": (("miss_block", 0),)},
        ),
        presets={"encoder-decoder": Preset(1e-3), "decoder-only": Preset(3e-4)},
        quantizations=QUANTIZATIONS,
        merges=True,
        variants=(
            Variant("bat", "MiSS bat", {"form": "bat"}, summary="The change depends on the weight"),
            Variant("mini", "MiSS mini", {"form": "mini"}, summary="A repeated block, far fewer parameters"),
        ),
        short=_miss_short,
        linear_only=True,
        rule=_bat_not_on_int8,
    ),
    Method(
        id="gralora",
        title="GraLoRA",
        group="Low rank",
        summary="Small LoRA pairs for weight blocks",
        sketch=sketches.PAIRS_IN_A_GRID,
        explanation=(
            "Splits each weight into blocks, each with its own thin pair: as many parameters as LoRA, "
            "but a higher rank. (Jung et al. 2025)"
        ),
        options=GraLoraOptions,
        tuner=Tuner(
            "GRALORA",
            hooks="engine.worker.adapters.method_hooks.shape_constraints:GraLoraHooks",
            keys={"alpha": "number"},
            sizes={
                "r": (("gralora_A", 2),),
                "hybrid_r": (("gralora_A", 2), ("gralora_A_general", 0)),
                "gralora_k": (("gralora_A", 0),),
            },
        ),
        presets={"encoder-decoder": Preset(1e-3, {"rank": 32, "alpha": 64}), "decoder-only": Preset(5e-4)},
        quantizations=QUANTIZATIONS,
        merges=True,
        short=rank_text,
        rule=_blocks_divide_rank,
        beyond_peft=_in_place_on_quantized,
    ),
    Method(
        id="delora",
        title="DeLoRA",
        group="Low rank",
        summary="LoRA with bounded strength",
        sketch=sketches.PAIR_TIMES_STRENGTH,
        explanation=(
            "LoRA that learns direction and strength separately, so that long training or a high "
            "learning rate harms the model less. (Bini et al. 2025)"
        ),
        options=DeloraOptions,
        tuner=Tuner(
            "DELORA",
            hooks="engine.worker.adapters.method_hooks.lora:LowRankHooks",
            keys={
                "delora_lambda": "number",
                "rank_pattern": "sizes_by_pattern",
                "lambda_pattern": "numbers_by_pattern",
            },
            sizes=dict.fromkeys(("r", "rank_pattern"), (("delora_A", 0),)),
        ),
        presets={"encoder-decoder": Preset(3e-3), "decoder-only": Preset(1e-3)},
        merges=True,
        short=rank_text,
        linear_only=True,
    ),
)
