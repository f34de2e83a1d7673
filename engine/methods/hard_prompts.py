"""The prompt alone, as an entry to compare the others with: nothing is trained."""

from __future__ import annotations

from engine.methods.base import Method, Preset
from engine.options import Options


class PromptOnlyOptions(Options):
    """What the prompt says and how many examples it shows are settings of the data, whatever the method."""


HARD_PROMPTS: tuple[Method, ...] = (
    Method(
        id="prompt_only",
        title="Prompt only",
        group="Yardsticks",
        summary="Trains nothing, adds examples",
        explanation=(
            "Trains nothing: the base model reads your prompt, with as many worked examples in it as you like, and "
            "is scored against itself with the plain prompt. It is the other yardstick: what can be had for the "
            "asking, and what a trained adapter has to beat. What it saves is the prompt."
        ),
        options=PromptOnlyOptions,
        tuner=None,
        # No learning rate: there is nothing that learns.
        presets={"encoder-decoder": Preset(0.0), "decoder-only": Preset(0.0)},
        quantizations=("none", "int8", "nf4", "fp4"),
        places=("prompt",),
    ),
)
