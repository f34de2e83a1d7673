"""Methods that train a low-rank change beside frozen weights."""

from __future__ import annotations

from typing import Literal

from engine.methods.base import Method, Preset, Variant
from engine.options import Options, option


class LoraOptions(Options):
    """Settings of LoRA."""

    rank: int = option(
        16,
        "Rank",
        "Width of the two thin matrices. More rank can learn more and trains more numbers.",
        level="essential",
        control="slider",
        peft_name="r",
        ge=1,
        le=512,
    )
    alpha: int = option(
        32,
        "Alpha",
        "Strength of the change: it is scaled by alpha over rank. Often once or twice the rank.",
        peft_name="lora_alpha",
        ge=1,
        le=4096,
    )
    dropout: float = option(
        0.05,
        "Dropout",
        "Share of the adapter's inputs that are dropped while training, against learning by heart.",
        peft_name="lora_dropout",
        ge=0.0,
        lt=1.0,
    )
    target_modules: tuple[str, ...] | None = option(
        None,
        "Applied to",
        "Names of the weight matrices that get a trained pair. Absent: the method's default for this base model. "
        '"all-linear" means every linear layer but the output head.',
        level="essential",
        control="chips",
        min_length=1,
    )
    bias: Literal["none", "all", "lora_only"] = option(
        "none",
        "Biases",
        "Which biases are trained along: none, all of the model's, or those of the adapted layers. "
        "With any but none, switching the adapter off does not restore the base exactly.",
        level="everything",
    )
    rs_lora: bool = option(
        False,
        "Rank-stabilised",
        "Scale by alpha over the square root of the rank (rsLoRA), so that high ranks keep learning.",
        peft_name="use_rslora",
    )


def _short(options: Options) -> str:
    assert isinstance(options, LoraOptions)
    return f"r {options.rank}"


LOW_RANK = (
    Method(
        id="lora",
        title="LoRA",
        group="Low rank",
        summary="Two thin matrices beside each weight",
        explanation=(
            "Leaves each weight as it is and trains two thin matrices beside it, whose product is added to the "
            "weight's. A 512 × 64 weight has 32,768 numbers; at rank 16 LoRA trains 9,216, which is 72 % fewer. "
            "The pair can be folded into the weight afterwards, so the tuned model is as fast as the base."
        ),
        options=LoraOptions,
        peft_type="LORA",
        presets={
            "encoder-decoder": Preset(1e-3, {"rank": 32, "alpha": 32}),
            "decoder-only": Preset(5e-4, {"target_modules": ("all-linear",)}),
        },
        quantizations=("none", "int8", "nf4", "fp4"),
        merges=True,
        variants=(Variant("rslora", "rsLoRA", {"rs_lora": True}),),
        short=_short,
    ),
)
