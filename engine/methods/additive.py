"""Methods that add small trained networks to a frozen model.

The bottleneck tuner is Tunesmith's own (`engine.worker.adapters.tuners.bottleneck`).
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
        "Width of the adapter's hidden layer. A larger one can learn more and trains more parameters.",
        level="essential",
        control="slider",
        ge=1,
        le=512,
    )
    placement: Literal["houlsby", "pfeiffer"] = option(
        "houlsby",
        "Placement",
        "Where the adapters are inserted. Houlsby: after attention and after feed-forward. Pfeiffer: after "
        "feed-forward only, with at most half the parameters.",
        level="essential",
    )
    activation: Literal["relu", "gelu", "silu"] = option(
        "gelu",
        "Activation",
        "The activation function between the adapter's two layers.",
    )
    dropout: float = option(
        0.0,
        "Dropout",
        "Fraction of the hidden layer that is dropped in training, against overfitting.",
        ge=0.0,
        lt=1.0,
    )
    scale: float = option(
        1.0,
        "Scale",
        "Factor of what the adapter adds to its sublayer's output.",
        level="everything",
        gt=0.0,
        le=100.0,
    )
    target_modules: Targets = target_modules_option("get an adapter after them")


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
            "Inserts a small network after attention and feed-forward: a narrow layer, an activation function "
            "and a layer back to the model's width, whose result is added. It starts at zero, so training "
            "starts from the base model. Take it as a solid all-rounder that learns what no change of a "
            "weight can. It can't be merged into the weights, so generating is a little slower. (Houlsby et "
            "al. 2019; Pfeiffer et al. 2020)"
        ),
        options=BottleneckOptions,
        tuner=Tuner(
            "BOTTLENECK",
            hooks="engine.worker.adapters.method_hooks.bottleneck:BottleneckHooks",
            sizes={"size": (("bottleneck_down", 0),)},
            is_own=True,
        ),
        presets={"encoder-decoder": Preset(1e-3), "decoder-only": Preset(5e-4)},
        quantizations=("none", "int8", "nf4", "fp4"),
        variants=(
            Variant(
                "pfeiffer",
                "Pfeiffer",
                {"placement": "pfeiffer"},
                summary="After feed-forward only, at most half the parameters",
            ),
        ),
        short=_short,
        beyond_peft=lambda options, base: "PEFT does not have this method",  # noqa: ARG005
        places=("after attention", "after feed-forward"),
        placed=_places,
    ),
)
