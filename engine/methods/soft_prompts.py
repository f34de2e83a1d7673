"""Methods that train virtual tokens (vectors before the input, or keys and values), and the prompt alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from engine.errors import Problem
from engine.messages import counted, say
from engine.methods.base import QUANTIZATIONS, BaseFacts, KeyRule, Method, Preset, Tuner, Variant
from engine.methods.shared_options import NoOptions
from engine.options import Options, option

INIT_TEXT = "Summarize the following conversation in one or two short sentences."

# How a prompt was initialised: any value is harmless, since the saved prompt replaces it and nothing is read for it.
INIT_KEYS: Mapping[str, KeyRule] = {
    "prompt_tuning_init": "text",
    "prompt_tuning_init_text": "text",
    "tokenizer_name_or_path": "text",
}


def _virtual_tokens(default: int, help: str) -> int:
    declaration: int = option(
        default,
        "Virtual tokens",
        help,
        control="slider",
        peft_name="num_virtual_tokens",
        ge=1,
        le=512,
    )
    return declaration


def _encoder_width(help: str) -> int | None:
    declaration: int | None = option(
        None, "Encoder width", help, peft_name="encoder_hidden_size", ge=1, le=16384
    )
    return declaration


def _init_text() -> str:
    declaration: str = option(
        INIT_TEXT,
        "Starting text",
        "Repeated or cut to the number of virtual tokens.",
        peft_name="-",
        min_length=1,
    )
    return declaration


class PromptOptions(Options):
    """Settings of prompt tuning."""

    virtual_tokens: int = _virtual_tokens(20, "Trained vectors before the input.")
    init: Literal["text", "vocabulary", "random"] = option(
        "text",
        "Start from",
        "Initial vectors: embeddings of a text or of random words, or random values.",
        peft_name="-",
    )
    init_text: str = _init_text()


class MultitaskPromptOptions(PromptOptions):
    """Settings of multitask prompt tuning."""

    rank: int = option(
        1, "Rank", "Rank of the task's factor of the shared prompt.", peft_name="num_ranks", ge=1, le=64
    )
    tasks: int = option(
        1, "Tasks", "Tasks in the file. Only the first is trained.", peft_name="num_tasks", ge=1, le=64
    )


class PrefixOptions(Options):
    """Settings of prefix tuning."""

    virtual_tokens: int = _virtual_tokens(
        20, "Trained keys and values in each attention layer of the decoder."
    )
    init: Literal["text", "random"] = option(
        "text",
        "Start from",
        "Initial prefix: keys and values of a text, or random. With projection always random.",
        peft_name="-",
    )
    init_text: str = _init_text()
    projection: bool = option(
        False,
        "Projection",
        "Train a small network that computes the prefix, for stability; its learning rate is a thirtieth "
        "of the run's.",
        peft_name="prefix_projection",
    )
    encoder_width: int | None = _encoder_width(
        "Width of the projection's hidden layer. Empty: that of a layer's keys."
    )


class PTuningOptions(Options):
    virtual_tokens: int = _virtual_tokens(20, "Vectors that the encoder computes before the input.")
    encoder: Literal["MLP", "LSTM"] = option(
        "MLP",
        "Encoder",
        "The network that computes the vectors: each alone (MLP) or in order (LSTM).",
        peft_name="encoder_reparameterization_type",
    )
    encoder_width: int | None = _encoder_width("Width of the encoder's hidden layers. Empty: the model's.")
    encoder_layers: int = option(
        2,
        "Encoder layers",
        "Layers of the LSTM. The MLP always has two.",
        peft_name="encoder_num_layers",
        ge=1,
        le=8,
    )
    encoder_dropout: float = option(
        0.0,
        "Encoder dropout",
        "Fraction of the activations between LSTM layers dropped in training.",
        ge=0.0,
        lt=1.0,
    )


def _needs_positions(
    options: PromptOptions | PrefixOptions | PTuningOptions, base: BaseFacts
) -> Problem | None:
    """Refuse a prompt that fills the context window."""
    if base.positions is None or options.virtual_tokens < base.positions:
        return None
    return Problem(
        "method.virtual_tokens",
        say("{} virtual tokens fill the context window of {}.", options.virtual_tokens, base.positions),
        say("Use fewer than {}.", base.positions),
    )


def _prompt_rule(options: PromptOptions | PrefixOptions, base: BaseFacts) -> Problem | None:
    if options.init == "text" and not options.init_text.strip():
        return Problem("method.init_text", "The starting text is empty.", say('For example: "{}"', INIT_TEXT))
    return _needs_positions(options, base)


def _prefix_rule(options: PrefixOptions, base: BaseFacts) -> Problem | None:
    if options.encoder_width is not None and not options.projection:
        message = "The hidden layer needs the projection."
        return Problem("method.encoder_width", message, "Leave it empty, or turn the projection on.")
    return _prompt_rule(options, base)


def _p_tuning_rule(options: PTuningOptions, base: BaseFacts) -> Problem | None:
    # Settings of the LSTM that would change nothing.
    if options.encoder == "MLP" and options.encoder_layers != 2:
        message = "The MLP always has two hidden layers."
        return Problem("method.encoder_layers", message, "Leave it at 2, or use the LSTM.")
    if options.encoder_dropout and (options.encoder == "MLP" or options.encoder_layers == 1):
        message = "Dropout acts only between the layers of an LSTM."
        return Problem("method.encoder_dropout", message, "Leave it at 0, or use an LSTM of two layers.")
    return _needs_positions(options, base)


def _short(options: PromptOptions | PrefixOptions | PTuningOptions) -> str:
    return counted(options.virtual_tokens, "token")


SOFT_PROMPTS = (
    Method(
        id="prompt_tuning",
        title="Prompt tuning",
        group="Soft prompts",
        summary="Trained vectors before the input",
        explanation=(
            "Inserts a few trained vectors before the conversation, like an instruction without words. "
            "Needs a high learning rate and patience."
        ),
        options=PromptOptions,
        tuner=Tuner(
            "PROMPT_TUNING",
            hooks="engine.worker.adapters.method_hooks.soft_prompts:PromptTuningHooks",
            keys=INIT_KEYS,
            virtual_tokens="input",
        ),
        presets={"encoder-decoder": Preset(0.3), "decoder-only": Preset(1e-2)},
        quantizations=QUANTIZATIONS,
        identity_at_start=False,
        variants=(
            Variant(
                "random",
                "Random start",
                {"init": "random"},
                summary="Starts from random values instead of words.",
            ),
        ),
        peft_defaults={"num_transformer_submodules": 1},
        short=_short,
        places=("before input",),
        nearest="prefix_tuning",
        rule=_prompt_rule,
    ),
    Method(
        id="prefix_tuning",
        title="Prefix tuning",
        group="Soft prompts",
        summary="Trained keys and values per decoder layer",
        explanation=(
            "Adds trained keys and values to every attention layer of the decoder, as if text came "
            "before. Can do more than prompt tuning."
        ),
        options=PrefixOptions,
        tuner=Tuner(
            "PREFIX_TUNING",
            hooks="engine.worker.adapters.method_hooks.soft_prompts:PrefixTuningHooks",
            keys={"init_weights": ("zero",)},
            virtual_tokens="keys_and_values",
        ),
        presets={"encoder-decoder": Preset(0.3), "decoder-only": Preset(3e-2)},
        quantizations=QUANTIZATIONS,
        identity_at_start=False,
        variants=(
            Variant(
                "projection",
                "With projection",
                {"projection": True},
                summary="A small network computes the prefix.",
            ),
        ),
        short=_short,
        places=("keys and values",),
        nearest="prompt_tuning",
        rule=_prefix_rule,
        checkpoints_activations=False,
        whole_in_file=lambda options: not options.projection,
    ),
    Method(
        id="p_tuning",
        title="P-tuning",
        group="Soft prompts",
        summary="Input vectors computed by a small network",
        explanation=(
            "Prompt tuning whose vectors are computed by a small network (MLP or LSTM), so that an "
            "ordinary learning rate works."
        ),
        options=PTuningOptions,
        tuner=Tuner(
            "P_TUNING",
            hooks="engine.worker.adapters.method_hooks.soft_prompts:PTuningHooks",
            keys={"encoder_num_layers": "count"},
            virtual_tokens="input",
        ),
        presets={"encoder-decoder": Preset(1e-2), "decoder-only": Preset(3e-3)},
        quantizations=QUANTIZATIONS,
        identity_at_start=False,
        variants=(
            Variant(
                "lstm", "LSTM encoder", {"encoder": "LSTM"}, summary="The encoder reads the vectors in order."
            ),
        ),
        peft_defaults={"num_transformer_submodules": 1},
        short=_short,
        places=("before input",),
        nearest="prompt_tuning",
        rule=_p_tuning_rule,
        whole_in_file=lambda _: False,
    ),
    Method(
        id="multitask_prompt_tuning",
        title="Multitask prompt tuning",
        group="Soft prompts",
        summary="A shared prompt and the task's part",
        explanation=(
            "Splits the vectors before the input into a prompt that tasks share and a low-rank factor "
            "per task, to use the prompt for other tasks later."
        ),
        options=MultitaskPromptOptions,
        tuner=Tuner(
            "MULTITASK_PROMPT_TUNING",
            hooks="engine.worker.adapters.method_hooks.soft_prompts:MultitaskPromptTuningHooks",
            keys={**INIT_KEYS, "prompt_tuning_init_task": "size"},
            sizes={"num_tasks": (("prefix_task_cols", 0),), "num_ranks": (("prefix_task_cols", 2),)},
            tensors=("prefix_task_cols", "prefix_task_rows"),
            virtual_tokens="input",
        ),
        presets={"encoder-decoder": Preset(0.3), "decoder-only": Preset(1e-2)},
        quantizations=QUANTIZATIONS,
        identity_at_start=False,
        peft_defaults={"num_transformer_submodules": 1},
        short=_short,
        places=("before input",),
        nearest="prompt_tuning",
        rule=_prompt_rule,
    ),
)


PROMPT_ONLY = Method(
    id="prompt_only",
    title="Prompt only",
    group="Yardsticks",
    summary="Trains nothing, adds examples",
    explanation=(
        "Trains nothing: the base model gets your prompt, with as many examples as you like. It shows "
        "what a trained adapter has to beat."
    ),
    options=NoOptions,
    tuner=None,
    # No learning rate: there is nothing that learns.
    presets={"encoder-decoder": Preset(0.0), "decoder-only": Preset(0.0)},
    quantizations=QUANTIZATIONS,
    places=("prompt",),
)
