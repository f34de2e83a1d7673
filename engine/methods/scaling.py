"""Methods that scale activations and add nothing else."""

from __future__ import annotations

from engine.methods import sketches
from engine.methods.base import Method, Preset
from engine.methods.shared_options import Targets, target_modules_option
from engine.methods.tuner import Tuner
from engine.options import Options


class Ia3Options(Options):
    """Settings of IA3."""

    target_modules: Targets = target_modules_option(
        "get a trained scale for each output, or for each input where a feed-forward layer ends"
    )


SCALING: tuple[Method, ...] = (
    Method(
        id="ia3",
        title="IA3",
        group="Adapters",
        summary="Scales keys, values and feed-forward",
        sketch=sketches.SCALED_ROWS,
        explanation=(
            "Multiplies keys, values and the inner activations of the feed-forward layers by trained vectors "
            "that start at one. It has very few trainable parameters, needs a high learning rate, and can be "
            "merged into the weights. Take it for tiny adapters and few examples, which it was made for. (Liu "
            "et al. 2022)"
        ),
        options=Ia3Options,
        tuner=Tuner(
            "IA3",
            hooks="engine.worker.adapters.method_hooks.shared_buffers:Ia3Hooks",
            keys={"feedforward_modules": "modules", "init_ia3_weights": "flag"},
        ),
        presets={"encoder-decoder": Preset(1e-2), "decoder-only": Preset(1e-2)},
        quantizations=("none", "int8", "nf4", "fp4"),
        merges=True,
    ),
)
