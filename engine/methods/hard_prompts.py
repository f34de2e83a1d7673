"""The prompt alone, as a method to compare others with: nothing is trained."""

from __future__ import annotations

from engine.methods.base import Method, Preset
from engine.options import Options


class PromptOnlyOptions(Options):
    """None: the prompt and its examples are options of the data."""


HARD_PROMPTS: tuple[Method, ...] = (
    Method(
        id="prompt_only",
        title="Prompt only",
        group="Yardsticks",
        summary="Trains nothing, adds examples",
        explanation=(
            "Trains nothing: the base model reads your prompt, with as many examples as you like, and is "
            "scored against itself with the plain prompt. It is the other yardstick: what prompting alone "
            "achieves, and what a trained adapter has to beat. Only the prompt is saved."
        ),
        options=PromptOnlyOptions,
        tuner=None,
        # No learning rate: there is nothing that learns.
        presets={"encoder-decoder": Preset(0.0), "decoder-only": Preset(0.0)},
        quantizations=("none", "int8", "nf4", "fp4"),
        places=("prompt",),
    ),
)
