"""Methods that add small trained networks to a frozen model.

The bottleneck adapter is a tuner of Tunesmith's own under PEFT's registry (`engine.worker.adapters.tuners.bottleneck`).
"""

from __future__ import annotations

from typing import Literal

from engine.methods.base import Method, Preset, Variant
from engine.methods.shared_options import Targets, target_modules_option
from engine.methods.sketches import Place
from engine.methods.tuner import Tuner
from engine.options import Options, option


class BottleneckOptions(Options):
    """Settings of bottleneck adapters."""

    size: int = option(
        64,
        "Bottleneck size",
        "Numbers that the adapter squeezes a token's vector into. More can learn more and trains more numbers.",
        level="essential",
        control="slider",
        ge=1,
        le=512,
    )
    placement: Literal["houlsby", "pfeiffer"] = option(
        "houlsby",
        "Placement",
        "Where the adapters stand. houlsby: after attention and after feed-forward. pfeiffer: after feed-forward "
        "alone, with half the numbers or fewer.",
        level="essential",
    )
    activation: Literal["relu", "gelu", "silu"] = option(
        "gelu",
        "Activation",
        "The curve between the two layers of the adapter, without which they would be one.",
    )
    dropout: float = option(
        0.0,
        "Dropout",
        "Share of the bottleneck's numbers that are dropped while training, against learning by heart.",
        ge=0.0,
        lt=1.0,
    )
    scale: float = option(
        1.0,
        "Scale",
        "Strength of what the adapter adds to its sublayer's output.",
        level="everything",
        gt=0.0,
        le=100.0,
    )
    target_modules: Targets = target_modules_option("get an adapter behind them")


def _short(options: Options) -> str:
    assert isinstance(options, BottleneckOptions)
    return f"size {options.size}" + (" · pfeiffer" if options.placement == "pfeiffer" else "")


def _places(options: Options) -> tuple[Place, ...]:
    assert isinstance(options, BottleneckOptions)
    if options.placement == "pfeiffer":
        return ("after feed-forward",)
    return ("after attention", "after feed-forward")


ADDITIVE: tuple[Method, ...] = (
    Method(
        id="bottleneck",
        title="Bottleneck adapter",
        group="Adapters",
        summary="A thin network after each sublayer",
        explanation=(
            "Puts a small network behind attention and feed-forward: it squeezes each token's vector into a few "
            "numbers, bends them, widens them again and adds the result. It begins as nothing, so the first step "
            "starts from the base model. Take it as a solid all-rounder that learns what no change of a weight can; "
            "it stays a part of its own, so generating is a little slower and it can't be folded into the model. "
            "(Houlsby et al. 2019; Pfeiffer et al. 2020)"
        ),
        options=BottleneckOptions,
        tuner=Tuner(
            "BOTTLENECK",
            hooks="engine.worker.adapters.method_hooks.bottleneck:BottleneckHooks",
            sizes={"size": (("bottleneck_down", 0),)},
        ),
        presets={"encoder-decoder": Preset(1e-3), "decoder-only": Preset(5e-4)},
        quantizations=("none", "int8", "nf4", "fp4"),
        variants=(
            Variant(
                "pfeiffer",
                "Pfeiffer",
                {"placement": "pfeiffer"},
                summary="After feed-forward alone, half the numbers or fewer",
            ),
        ),
        short=_short,
        places=("after attention", "after feed-forward"),
        placed=_places,
    ),
)
