"""Methods that train some or all of the base model's own parameters.

Their tuner is Tunesmith's own (`engine.worker.adapters.tuners.selective`): an adapter folder holds only the changed
tensors, and switching the adapter off restores the base model exactly.
"""

from __future__ import annotations

from typing import Literal

from engine.errors import Problem
from engine.messages import say
from engine.methods.base import QUANTIZATIONS, BaseFacts, Method, Preset, Tuner, Variant, named
from engine.methods.shared_options import NoOptions
from engine.methods.sketches import Place
from engine.options import Options, option

# Model types without biases, unless their configuration asks for some. Of others the worker knows once the model is
# loaded.
WITHOUT_BIASES = {
    "t5": "T5", "mt5": "mT5", "umt5": "UMT5", "longt5": "LongT5", "llama": "Llama", "mistral": "Mistral",
    "mixtral": "Mixtral", "gemma": "Gemma", "gemma2": "Gemma 2", "gemma3_text": "Gemma 3", "qwen3": "Qwen3",
    "smollm3": "SmolLM3", "olmo": "OLMo", "olmo2": "OLMo 2", "olmo3": "OLMo 3", "phi3": "Phi-3",
    "granite": "Granite", "cohere": "Cohere", "cohere2": "Cohere 2", "arcee": "Arcee", "ernie4_5": "ERNIE 4.5",
    "exaone4": "EXAONE 4", "helium": "Helium", "mpt": "MPT",
}  # fmt: skip
# Those whose norms have no parameters either.
WITHOUT_NORM_PARAMETERS = {"olmo": "OLMo"}
SELECTIVE_TUNER = Tuner(
    "SELECTIVE",
    hooks="engine.worker.adapters.method_hooks.shape_constraints:SelectiveHooks",
    keys={"patterns": "texts"},
    is_own=True,
)


class LayersOptions(Options):
    """Which of the base model's layers are trained; every setting narrows the choice."""

    last_blocks: int = option(
        1, "Last blocks", "Train the last blocks of each stack.", zero="all", ge=0, le=128
    )
    patterns: tuple[str, ...] | None = option(
        None,
        "Named like",
        "Only layers with these names, such as lm_head or decoder.block.*.SelfAttention. Empty: all names.",
        control="patterns",
        min_length=1,
    )
    kinds: Literal["all", "weights", "biases", "norms"] = option(
        "all", "Trained parts", "Everything, only weights, only biases, or only norms.", peft_name="selection"
    )


def _without_biases(base: BaseFacts) -> str | None:
    """Return the name of a model type without biases, None for one that may have some."""
    return None if base.biases else WITHOUT_BIASES.get(base.model_type)


def _no_biases(options: Options, base: BaseFacts) -> Problem | None:  # noqa: ARG001 - all rules have it
    name = _without_biases(base)
    if name is None:
        return None
    nearest = "lora" if base.model_type in WITHOUT_NORM_PARAMETERS else "layernorm"
    return Problem(
        "method.id",
        say("{} models have no biases to train.", name),
        say("The closest method that works: {}.", named(nearest)),
    )


def _no_norm_parameters(options: Options, base: BaseFacts) -> Problem | None:  # noqa: ARG001 - all rules have it
    name = WITHOUT_NORM_PARAMETERS.get(base.model_type)
    if name is None:
        return None
    message = say("Norms of {} models have no trainable parameters.", name)
    return Problem("method.id", message, say("The closest method that works: {}.", named("lora")))


def _layers_rule(options: LayersOptions, base: BaseFacts) -> Problem | None:
    name = _without_biases(base)
    if name is not None and options.kinds == "biases":
        message = say("{} models have no biases to train.", name)
        return Problem("method.kinds", message, "Train weights or norms instead.")
    if not options.last_blocks and not options.patterns and options.kinds in ("all", "weights"):
        hint = "Choose last blocks or names, or use full fine-tuning."
        return Problem("method.last_blocks", "That chooses the whole model.", hint)
    return None


def _copies_in_float32(options: Options, base: BaseFacts) -> str:  # noqa: ARG001
    if base.quantization == "none" and base.precision == "float32":
        return ""
    return "copies of the weights are trained in float32, unlike the base model"


def _short(options: LayersOptions) -> str:
    blocks = say("last {}", options.last_blocks) if options.last_blocks else ""
    kinds = options.kinds if options.kinds != "all" else ""
    return " · ".join(part for part in (blocks, ", ".join(options.patterns or ()), kinds) if part)


def _places(options: LayersOptions) -> tuple[Place, ...]:
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
            "Trains only the biases, a thousandth of the model: often enough for a new style. For BART, "
            "GPT-2 and OPT; T5 and most Llamas have none. (Ben Zaken et al. 2022)"
        ),
        options=NoOptions,
        tuner=SELECTIVE_TUNER,
        beyond_peft=_copies_in_float32,
        presets={"encoder-decoder": Preset(5e-3), "decoder-only": Preset(5e-3)},
        quantizations=QUANTIZATIONS,
        merges=True,
        peft_defaults={"selection": "biases"},
        places=("biases",),
        nearest="layernorm",
        rule=_no_biases,
    ),
    Method(
        id="layernorm",
        title="LayerNorm tuning",
        group="Selective",
        summary="Trains the norms only",
        explanation=(
            "Trains the factors and biases of the norms between layers: a few thousand parameters, on "
            "nearly every model. (Zhao et al. 2024)"
        ),
        options=NoOptions,
        tuner=SELECTIVE_TUNER,
        beyond_peft=_copies_in_float32,
        presets={"encoder-decoder": Preset(1e-2), "decoder-only": Preset(5e-3)},
        quantizations=QUANTIZATIONS,
        merges=True,
        peft_defaults={"selection": "norms"},
        places=("norms",),
        nearest="lora",
        rule=_no_norm_parameters,
    ),
    Method(
        id="layers",
        title="Chosen layers",
        group="Selective",
        summary="Trains chosen layers, whole",
        explanation=(
            "Trains a copy of some layers: the last blocks, those with certain names, or both. Blocks "
            "below need no gradients."
        ),
        options=LayersOptions,
        tuner=SELECTIVE_TUNER,
        beyond_peft=_copies_in_float32,
        presets={"encoder-decoder": Preset(1e-3), "decoder-only": Preset(1e-4)},
        merges=True,
        variants=(
            Variant(
                "last_two_blocks",
                "Last two blocks",
                {"last_blocks": 2},
                summary="Twice the parameters of the last block",
            ),
            Variant(
                "attention",
                "All attention",
                {"last_blocks": 0, "patterns": ("*att*",)},
                summary="The attention of every block",
            ),
        ),
        short=_short,
        places=("everything",),
        placed=_places,
        rule=_layers_rule,
    ),
)

FULL = Method(
    id="full",
    title="Full fine-tuning",
    group="Yardsticks",
    summary="Trains every weight",
    explanation=(
        "Trains a copy of every weight: the most that can be learned, at the size of the base model. For "
        "small models and as a yardstick."
    ),
    options=NoOptions,
    tuner=SELECTIVE_TUNER,
    beyond_peft=_copies_in_float32,
    presets={"encoder-decoder": Preset(3e-4), "decoder-only": Preset(5e-5)},
    merges=True,
    peft_defaults={"selection": "all"},
    # A trained copy of everything would be in each process.
    shards=False,
    places=("everything",),
)
