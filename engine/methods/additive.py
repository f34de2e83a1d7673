"""Methods that add small trained networks to a frozen model, or scale its activations.

The bottleneck tuner is Tunesmith's own (`engine.worker.adapters.tuners.bottleneck`).
"""

from __future__ import annotations

from typing import Literal

from engine.messages import say
from engine.methods import sketches
from engine.methods.base import QUANTIZATIONS, Method, Preset, Tuner, Variant
from engine.methods.shared_options import Targets, target_modules_option
from engine.methods.sketches import Place
from engine.options import Options, option


class BottleneckOptions(Options):
    """Settings of bottleneck adapters."""

    size: int = option(
        64, "Bottleneck size", "Width of the adapter's hidden layer.", control="slider", ge=1, le=512
    )
    placement: Literal["houlsby", "pfeiffer"] = option(
        "houlsby",
        "Placement",
        "Houlsby: after attention and feed-forward. Pfeiffer: after feed-forward only, with at most half "
        "the parameters.",
    )
    activation: Literal["relu", "gelu", "silu"] = option(
        "gelu", "Activation", "Activation function between the two layers."
    )
    dropout: float = option(
        0.0, "Dropout", "Fraction of the hidden layer dropped in training.", ge=0.0, lt=1.0
    )
    scale: float = option(1.0, "Scale", "Factor of what the adapter adds.", gt=0.0, le=100.0)
    target_modules: Targets = target_modules_option("get an adapter after them")


def _short(options: BottleneckOptions) -> str:
    return say("size {}", options.size) + (" · pfeiffer" if options.placement == "pfeiffer" else "")


def _places(options: BottleneckOptions) -> tuple[Place, ...]:
    if options.placement == "pfeiffer":
        return ("after feed-forward",)
    return ("after attention", "after feed-forward")


BOTTLENECK = Method(
    id="bottleneck",
    title="Bottleneck adapter",
    group="Adapters",
    summary="A thin network after each sublayer",
    explanation=(
        "Adds a small network after attention and feed-forward. It learns what no weight change can, but "
        "can't be merged. (Houlsby et al. 2019; Pfeiffer et al. 2020)"
    ),
    options=BottleneckOptions,
    tuner=Tuner(
        "BOTTLENECK",
        hooks="engine.worker.adapters.method_hooks.shape_constraints:BottleneckHooks",
        sizes={"size": (("bottleneck_down", 0),)},
        is_own=True,
    ),
    presets={"encoder-decoder": Preset(1e-3), "decoder-only": Preset(5e-4)},
    quantizations=QUANTIZATIONS,
    variants=(
        Variant(
            "pfeiffer",
            "Pfeiffer",
            {"placement": "pfeiffer"},
            summary="After feed-forward only, at most half the parameters",
        ),
    ),
    short=_short,
    beyond_peft=lambda options, base: "PEFT lacks this method",  # noqa: ARG005
    places=("after attention", "after feed-forward"),
    placed=_places,
)


class Ia3Options(Options):
    target_modules: Targets = target_modules_option("get a trained scale")


IA3 = Method(
    id="ia3",
    title="IA3",
    group="Adapters",
    summary="Scales keys, values and feed-forward",
    sketch=sketches.SCALED_ROWS,
    explanation=(
        "Multiplies keys, values and inner feed-forward activations by trained vectors. For tiny "
        "adapters and few examples; needs a high learning rate. (Liu et al. 2022)"
    ),
    options=Ia3Options,
    tuner=Tuner(
        "IA3",
        hooks="engine.worker.adapters.method_hooks.shape_constraints:Ia3Hooks",
        keys={"feedforward_modules": "modules", "init_ia3_weights": "flag"},
    ),
    presets={"encoder-decoder": Preset(1e-2), "decoder-only": Preset(1e-2)},
    quantizations=QUANTIZATIONS,
    merges=True,
)

ADDITIVE = (IA3, BOTTLENECK)
