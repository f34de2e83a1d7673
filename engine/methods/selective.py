"""Methods that train some or all of the base model's own weights.

They are tuners of Tunesmith's own under PEFT's registry (`engine.worker.adapters.tuners`): an adapter folder holds
the changed tensors only, and switching the adapter off restores the base exactly.
"""

from __future__ import annotations

from typing import Literal

from engine.errors import Problem
from engine.methods.base import BaseFacts, Method, Preset, Quantization, Variant, named
from engine.methods.sketches import Place
from engine.methods.tuner import Tuner
from engine.options import Options, option

# Kinds of models whose layers are built without biases, unless their configuration asks for some. Of others the
# worker knows once the model is there.
WITHOUT_BIASES = {
    "t5": "T5",
    "mt5": "mT5",
    "umt5": "UMT5",
    "longt5": "LongT5",
    "llama": "Llama",
    "mistral": "Mistral",
    "mixtral": "Mixtral",
    "gemma": "Gemma",
    "gemma2": "Gemma 2",
    "gemma3_text": "Gemma 3",
    "qwen3": "Qwen3",
    "smollm3": "SmolLM3",
    "olmo": "OLMo",
    "olmo2": "OLMo 2",
    "olmo3": "OLMo 3",
    "phi3": "Phi-3",
    "granite": "Granite",
    "cohere": "Cohere",
    "cohere2": "Cohere 2",
    "arcee": "Arcee",
    "ernie4_5": "ERNIE 4.5",
    "exaone4": "EXAONE 4",
    "helium": "Helium",
    "mpt": "MPT",
}
# Those whose norms have no numbers either.
WITHOUT_NORM_NUMBERS = {"olmo": "OLMo"}
# Its adapters hold the copies; which modules have them is found once and then named.
SELECTIVE_TUNER = Tuner(
    "SELECTIVE",
    hooks="engine.worker.adapters.method_hooks.selective:SelectiveHooks",
    keys={"patterns": "texts"},
)
EVERY_QUANTIZATION: tuple[Quantization, ...] = ("none", "int8", "nf4", "fp4")


class FullOptions(Options):
    """Full fine-tuning has no settings of its own."""


class BitFitOptions(Options):
    """BitFit has no settings of its own."""


class LayerNormOptions(Options):
    """Tuning the norms has no settings of its own."""


class LayersOptions(Options):
    """Which of the base model's layers are trained; every setting narrows the choice."""

    last_blocks: int = option(
        1,
        "Last blocks",
        "Train the last blocks of each stack, which are nearest to the output. 0 chooses from the whole model.",
        level="essential",
        ge=0,
        le=128,
    )
    patterns: tuple[str, ...] | None = option(
        None,
        "Named like",
        "Only layers with such names, where * stands for anything: decoder.block.*.SelfAttention, lm_head, q. "
        "Capitals do not matter. Absent: whatever its name.",
        level="essential",
        control="patterns",
        min_length=1,
    )
    kinds: Literal["all", "weights", "biases", "norms"] = option(
        "all",
        "Trained of them",
        "Everything, only weights, only biases, or only norms.",
        peft_name="selection",
    )


def _without_biases(base: BaseFacts) -> str | None:
    """Return what models like this one are called if they have no biases, None if they may have some."""
    return None if base.biases else WITHOUT_BIASES.get(base.model_type)


def _no_biases(options: Options, base: BaseFacts) -> Problem | None:  # noqa: ARG001 - all rules have it
    name = _without_biases(base)
    if name is None:
        return None
    nearest = "lora" if base.model_type in WITHOUT_NORM_NUMBERS else "layernorm"
    return Problem(
        "method.id", f"{name} models have no biases to train.", f"Nearest that works: {named(nearest)}."
    )


def _no_norm_numbers(options: Options, base: BaseFacts) -> Problem | None:  # noqa: ARG001 - all rules have it
    name = WITHOUT_NORM_NUMBERS.get(base.model_type)
    if name is None:
        return None
    message = f"The norms of {name} models have no numbers to train."
    return Problem("method.id", message, f"Nearest that works: {named('lora')}.")


def _nothing_of_biases(options: Options, base: BaseFacts) -> Problem | None:
    assert isinstance(options, LayersOptions)
    name = _without_biases(base)
    if name is None or options.kinds != "biases":
        return None
    return Problem(
        "method.kinds", f"{name} models have no biases to train.", "Train weights or norms of them."
    )


def _narrows_nothing(options: Options, base: BaseFacts) -> Problem | None:  # noqa: ARG001 - all rules have it
    assert isinstance(options, LayersOptions)
    if options.last_blocks or options.patterns or options.kinds in ("biases", "norms"):
        return None
    hint = "Choose last blocks or names; for all of it take full fine-tuning."
    return Problem("method.last_blocks", "That chooses the whole model.", hint)


def _short(options: Options) -> str:
    assert isinstance(options, LayersOptions)
    blocks = f"last {options.last_blocks}" if options.last_blocks else ""
    kinds = options.kinds if options.kinds != "all" else ""
    return " · ".join(part for part in (blocks, ", ".join(options.patterns or ()), kinds) if part)


def _places(options: Options) -> tuple[Place, ...]:
    assert isinstance(options, LayersOptions)
    kinds: dict[str, tuple[Place, ...]] = {
        "weights": ("weights",),
        "biases": ("biases",),
        "norms": ("norms",),
    }
    return kinds.get(options.kinds, ("everything",))


SELECTIVE: tuple[Method, ...] = (
    Method(
        id="bitfit",
        title="BitFit",
        group="Selective",
        summary="Trains the biases only",
        explanation=(
            "A layer multiplies what it reads by a weight and adds a bias. BitFit leaves every weight as it is and "
            "trains the biases alone, about a thousandth of the model: it teaches the model little that is new, but "
            "brings out what it can do already, which is often enough for a new style. Take it for small adapters on "
            "models that have biases: BART, GPT-2, OPT. T5 has none, and most Llamas neither. (Ben Zaken et al. 2022)"
        ),
        options=BitFitOptions,
        tuner=SELECTIVE_TUNER,
        presets={"encoder-decoder": Preset(5e-3), "decoder-only": Preset(5e-3)},
        quantizations=EVERY_QUANTIZATION,
        merges=True,
        peft_defaults={"selection": "biases"},
        places=("biases",),
        nearest="layernorm",
        rules=(_no_biases,),
    ),
    Method(
        id="layernorm",
        title="LayerNorm tuning",
        group="Selective",
        summary="Trains the norms only",
        explanation=(
            "Between its layers a transformer brings its numbers to one scale with norms, each with one factor for "
            "every number of the model's width. LayerNorm tuning trains these factors, and the biases that some norms "
            "have: a few thousand numbers in all. Nearly every model has them, so take it where an adapter must be as "
            "small as can be, or where BitFit finds no biases. (Zhao et al. 2024)"
        ),
        options=LayerNormOptions,
        tuner=SELECTIVE_TUNER,
        presets={"encoder-decoder": Preset(1e-2), "decoder-only": Preset(5e-3)},
        quantizations=EVERY_QUANTIZATION,
        merges=True,
        peft_defaults={"selection": "norms"},
        places=("norms",),
        nearest="lora",
        rules=(_no_norm_numbers,),
    ),
    Method(
        id="layers",
        title="Chosen layers",
        group="Selective",
        summary="Trains chosen layers, whole",
        explanation=(
            "Trains a copy of some of the base model's own layers: the last blocks, those with certain names, or "
            "both. The last blocks turn what was understood into words, so they change the writing most, and the "
            "blocks below need no gradients, which saves time and memory. Take it when you know which part should "
            "change. Its adapters are as large as the layers chosen."
        ),
        options=LayersOptions,
        tuner=SELECTIVE_TUNER,
        presets={"encoder-decoder": Preset(1e-3), "decoder-only": Preset(1e-4)},
        merges=True,
        variants=(
            Variant(
                "last_two_blocks",
                "Last two blocks",
                {"last_blocks": 2},
                summary="Twice the numbers of the last block alone",
            ),
            Variant(
                "attention",
                "All attention",
                {"last_blocks": 0, "patterns": ("*att*",)},
                summary="What each token looks at, in every block",
            ),
        ),
        short=_short,
        places=("everything",),
        placed=_places,
        rules=(_nothing_of_biases, _narrows_nothing),
    ),
)

FULL = Method(
    id="full",
    title="Full fine-tuning",
    group="Yardsticks",
    summary="Trains every weight",
    explanation=(
        "Trains a copy of every weight of the base model. It is the yardstick: the most that can be learned, at "
        "the price of an adapter as large as the base and of optimizer memory twice that. The base stays as it "
        "is beside it, so both can still be compared. Take it for small models, and to see what a thrifty method "
        "gives away."
    ),
    options=FullOptions,
    tuner=SELECTIVE_TUNER,
    presets={"encoder-decoder": Preset(3e-4), "decoder-only": Preset(5e-5)},
    merges=True,
    peft_defaults={"selection": "all"},
    places=("everything",),
)
