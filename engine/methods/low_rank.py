"""Methods that add a trained low-rank change to frozen weights: LoRA with its published refinements, and others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

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
    rank: int = rank_option(
        16, "Width of the two thin matrices. A higher rank learns more, with more parameters."
    )
    alpha: int = alpha_option(
        32, "The change is scaled by alpha over rank. Often once or twice the rank.", peft_name="lora_alpha"
    )
    dropout: float = dropout_option("lora_dropout")
    target_modules: Targets = target_modules_option("get a trained pair")
    rs_lora: bool = option(
        False,
        "Rank-stabilised",
        "Scale by alpha over the root of the rank (rsLoRA), so that high ranks keep learning.",
        peft_name="use_rslora",
    )
    dora: bool = option(
        False,
        "Separate magnitude",
        "Train magnitude and direction separately (DoRA): learns more at low ranks, but is slower.",
        peft_name="use_dora",
    )
    lora_plus_ratio: float = option(
        1.0,
        "Learning rate of B",
        "Learning rate of B, as a multiple of the run's (LoRA+). Published: 16.",
        peft_name="-",
        ge=1.0,
        le=64.0,
    )
    initialisation: Initialisation = option(
        "default",
        "Initialisation",
        "Default, gaussian: A random, B zero. orthogonal: A and B orthogonal. pissa, olora: factors of "
        "the weight. eva: main directions of the inputs.",
        peft_name="-",
    )


def savings_text(rows: int, columns: int, rank: int) -> str:
    """Return how many parameters a weight has, how many LoRA trains, and the difference in percent."""
    weight, trained = rows * columns, rank * (rows + columns)
    fewer = round(100 * (1 - trained / weight))
    return say(
        "A {} × {} weight has {:,} parameters; at rank {}, LoRA trains {:,}, {} % fewer.",
        rows,
        columns,
        weight,
        rank,
        trained,
        fewer,
    )


def _lora_rule(options: LoraOptions, base: BaseFacts) -> Problem | None:
    from_weights, on_int8 = options.initialisation in FROM_WEIGHTS, base.quantization == "int8"
    if options.dora and on_int8:
        return Problem(
            "method.dora", "DoRA doesn't work on an int8 base.", "Choose an nf4 base, or turn DoRA off."
        )
    if from_weights and on_int8:
        return Problem(
            "method.initialisation",
            say("The initialisation {} doesn't work on an int8 base.", options.initialisation),
            "Choose an nf4 base or eva.",
        )
    if options.dora and from_weights:
        return Problem(
            "method.initialisation",
            say("DoRA doesn't work with the initialisation {}.", options.initialisation),
            "Choose eva or default, or turn DoRA off.",
        )
    if options.initialisation == "orthogonal" and options.rank % 2:
        hint = say("Choose {} or another initialisation.", options.rank + 1)
        return Problem("method.rank", "The orthogonal initialisation needs an even rank.", hint)
    return None


def _own_initial_values(options: LoraOptions, base: BaseFacts) -> str:  # noqa: ARG001
    if options.initialisation in ("default", "gaussian"):
        return ""
    return say("PEFT doesn't compute its initial values ({})", options.initialisation)


LORA = Method(
    id="lora",
    title="LoRA",
    group="Low rank",
    summary="Two thin matrices beside each weight",
    explanation=(
        say(
            "Trains two thin matrices beside each frozen weight and adds their product to it. {} Start "
            "here: it works on every model and can be merged. (Hu et al. 2022)",
            savings_text(*EXAMPLE_WEIGHT, LoraOptions().rank),
        )
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
    quantizations=QUANTIZATIONS,
    merges=True,
    variants=(
        Variant("rslora", "rsLoRA", {"rs_lora": True}, summary="High ranks keep learning"),
        Variant("dora", "DoRA", {"dora": True}, summary="Magnitude and direction separated"),
        Variant("loraplus", "LoRA+", {"lora_plus_ratio": 16.0}, summary="B learns faster"),
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
    short=rank_text,
    whole_in_file=lambda options: options.initialisation not in FROM_WEIGHTS,
    beyond_peft=_own_initial_values,
    rule=_lora_rule,
)


class AdaLoraOptions(Options):
    """Settings of AdaLoRA; its phases are fractions of the run."""

    rank: int = rank_option(
        8, "Average rank at the end. Important layers keep more.", maximum=256, peft_name="target_r"
    )
    initial_rank: int = option(
        12,
        "Initial rank",
        "Rank of every layer at the start. Often 1.5 times the rank.",
        peft_name="init_r",
        ge=2,
        le=512,
    )
    alpha: int = alpha_option(
        32, "The change is scaled by alpha over the initial rank.", peft_name="lora_alpha"
    )
    dropout: float = dropout_option("lora_dropout")
    target_modules: Targets = target_modules_option("share the ranks")
    full_share: float = option(
        0.1, "At full rank", "Fraction of the steps before ranks are reduced.", peft_name="-", ge=0.0, lt=1.0
    )
    settled_share: float = option(
        0.3,
        "At final rank",
        "Fraction of the steps in which ranks no longer change.",
        peft_name="-",
        ge=0.0,
        lt=1.0,
    )
    allocate_every: int | None = option(
        None,
        "Allocate every",
        "Steps between rank allocations. Empty: about a hundred allocations.",
        unit="steps",
        peft_name="-",
        ge=1,
    )
    orthogonality: float = option(
        0.5,
        "Orthogonality",
        "Weight of the loss that keeps each matrix orthogonal. Reported losses exclude it.",
        peft_name="orth_reg_weight",
        ge=0.0,
        le=10.0,
    )
    sensitivity_smoothing: float = option(
        0.85,
        "Sensitivity smoothing",
        "Smoothing of each rank's estimated sensitivity.",
        peft_name="beta1",
        gt=0.0,
        lt=1.0,
    )
    uncertainty_smoothing: float = option(
        0.85,
        "Uncertainty smoothing",
        "Smoothing of the uncertainty of that estimate.",
        peft_name="beta2",
        gt=0.0,
        lt=1.0,
    )


class LoHaOptions(Options):
    """Settings of LoHa."""

    rank: int = rank_option(
        8, "Width of the four thin matrices. The change can reach the square of this rank.", maximum=256
    )
    alpha: int = alpha_option(16, "The change is scaled by alpha over rank.")
    target_modules: Targets = target_modules_option("are changed")
    rank_dropout: float = option(
        0.0, "Rank dropout", "Fraction of the change's rows dropped in a training step.", ge=0.0, lt=1.0
    )
    module_dropout: float = option(
        0.0, "Layer dropout", "Fraction of the adapted layers skipped in a training step.", ge=0.0, lt=1.0
    )


class LoKrOptions(LoHaOptions):
    """Settings of LoKr."""

    rank: int = rank_option(8, "Width of the larger factor's thin matrices.", maximum=256)
    factor: int | None = option(
        None,
        "Factor",
        "Size of the smaller factor. Empty: as square as possible.",
        peft_name="decompose_factor",
        ge=2,
        le=256,
    )
    decompose_both: bool = option(
        False, "Both factors thin", "Also split the smaller factor into thin matrices."
    )


# LoHa and LoKr come from LyCORIS.
LYCORIS_KEYS: Mapping[str, KeyRule] = {
    "alpha": "number",
    "use_effective_conv2d": "flag",
    "rank_pattern": "sizes_by_pattern",
    "alpha_pattern": "numbers_by_pattern",
}


def _adalora_rule(options: AdaLoraOptions, base: BaseFacts) -> Problem | None:  # noqa: ARG001 - all rules have it
    if options.rank >= options.initial_rank:
        return Problem(
            "method.initial_rank",
            say(
                "The initial rank, {}, must be above the final rank, {}.", options.initial_rank, options.rank
            ),
            say("Choose {} or a lower rank.", round(1.5 * options.rank) + 1),
        )
    if options.full_share + options.settled_share >= 1:
        message = "No steps are left between full and final rank."
        return Problem("method.settled_share", message, "Their sum must be below 1.")
    return None


ADALORA = Method(
    id="adalora",
    title="AdaLoRA",
    group="Low rank",
    summary="LoRA that allocates its ranks by importance",
    explanation=(
        "Starts as a LoRA of a higher rank and removes the least important ranks. Needs a few hundred "
        "steps. (Zhang et al. 2023)"
    ),
    options=AdaLoraOptions,
    tuner=Tuner(
        "ADALORA",
        hooks="engine.worker.adapters.method_hooks.adalora:AdaLoraHooks",
        keys={
            **LORA_KEYS,
            "use_rslora": "flag",
            "use_dora": "flag",
            "rank_pattern": "ranks_by_pattern",
            **dict.fromkeys(("tinit", "tfinal", "deltaT", "total_step"), "size"),
        },
        sizes=dict.fromkeys(("r", "init_r", "rank_pattern"), (("lora_A", 0),)),
        tensors=("lora_", "ranknum"),
    ),
    presets={
        "encoder-decoder": Preset(6e-3, {"rank": 16, "initial_rank": 24}),
        "decoder-only": Preset(6e-3, {"target_modules": ("all-linear",)}),
    },
    # Saved as a LoRA it adds in another order, which int8 layers round differently.
    quantizations=("none", "nf4", "fp4"),
    merges=True,
    sketch=sketches.LOW_RANK_PAIR,
    short=rank_text,
    rule=_adalora_rule,
    # Saved as LoRA, without the importance by which ranks are allocated.
    whole_in_file=lambda _: False,
    beyond_peft=lambda options, base: "PEFT doesn't allocate its ranks",  # noqa: ARG005
)

LOHA = Method(
    id="loha",
    title="LoHa",
    group="Low rank",
    summary="Two low-rank changes, multiplied",
    explanation=(
        "Multiplies two low-rank changes entry by entry (Hadamard), so the rank can reach its square. It "
        "is slower. (Hyeon-Woo et al. 2022)"
    ),
    options=LoHaOptions,
    tuner=Tuner(
        "LOHA",
        hooks="engine.worker.adapters.method_hooks.lora:LowRankHooks",
        keys=LYCORIS_KEYS,
        sizes=dict.fromkeys(("r", "rank_pattern"), (("hada_w1_b", 0),)),
        tensors=("hada_",),
    ),
    presets={
        "encoder-decoder": Preset(4e-3, {"rank": 16, "alpha": 32}),
        "decoder-only": Preset(3e-3, {"target_modules": ("all-linear",)}),
    },
    quantizations=("none", "int8"),
    merges=True,
    sketch=sketches.TWO_PAIRS,
    short=rank_text,
    linear_only=True,
)

LOKR = Method(
    id="lokr",
    title="LoKr",
    group="Low rank",
    summary="Kronecker product of two small factors",
    explanation=(
        "Writes the change as the Kronecker product of a small matrix and a low-rank one: full rank with "
        "far fewer parameters than LoRA. (Yeh et al. 2024)"
    ),
    options=LoKrOptions,
    tuner=Tuner(
        "LOKR",
        hooks="engine.worker.adapters.method_hooks.lora:LowRankHooks",
        keys={
            **LYCORIS_KEYS,
            "init_weights": (True, False, "lycoris"),
            "decompose_both": "flag",
            "decompose_factor": "whole",
            "rank_dropout_scale": "flag",
        },
    ),
    presets={
        "encoder-decoder": Preset(6e-3, {"rank": 16, "alpha": 32}),
        "decoder-only": Preset(6e-3, {"target_modules": ("all-linear",)}),
    },
    quantizations=("none", "int8"),
    merges=True,
    sketch=sketches.KRONECKER_PRODUCT,
    short=rank_text,
    linear_only=True,
)

LOW_RANK = (LORA, ADALORA, LOHA, LOKR)
