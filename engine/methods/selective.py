"""Methods that train some or all of the base model's own weights.

They are tuners of Tunesmith's own under PEFT's registry (`engine.worker.tuners`): an adapter folder holds the changed
tensors only, and switching the adapter off restores the base exactly.
"""

from __future__ import annotations

from engine.methods.base import Method, Preset
from engine.options import Options


class FullOptions(Options):
    """Full fine-tuning has no settings of its own."""


SELECTIVE: tuple[Method, ...] = ()

FULL = Method(
    id="full",
    title="Full fine-tuning",
    group="Yardsticks",
    summary="Trains every weight",
    explanation=(
        "Trains a copy of every weight of the base model. It is the yardstick: the most that can be learned, at "
        "the price of an adapter as large as the base and of optimizer memory twice that. The base stays as it "
        "is beside it, so both can still be compared."
    ),
    options=FullOptions,
    peft_type="SELECTIVE",
    presets={"encoder-decoder": Preset(3e-4), "decoder-only": Preset(2e-5)},
    merges=True,
    peft_defaults={"selection": "all"},
    places=("everything",),
)
