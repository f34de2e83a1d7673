"""The options of training and evaluation that every method has."""

from __future__ import annotations

import difflib
import math
from typing import ClassVar, Literal

from engine.config import automatic
from engine.errors import Problem
from engine.messages import say
from engine.methods import Method, Quantization, named
from engine.options import Options, option
from engine.text import languages

Schedule = Literal["linear", "cosine", "constant"]
Order = Literal["lengths", "random"]
# The language of the data is detected from its texts.
AUTO = "auto"
# Offered by name; all of `engine.text.languages` are allowed.
COMMON = (
    "en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "uk", "el", "tr", "ar", "he", "hi", "zh", "ja", "ko",
)  # fmt: skip
MAX_EPOCHS = 1000
Optimizer = Literal["adamw", "adamw_8bit", "paged_adamw_8bit", "adafactor"]


class TrainingOptions(Options):
    """The `[training]` table of a recipe."""

    # These also decide a run that trains nothing.
    without_training: ClassVar[tuple[str, ...]] = ("device", "when_window_leaves")

    # The run ends with the first of these three.
    epochs: int = option(
        automatic.AUTOMATIC,
        "Epochs",
        "Passes over the training examples. Automatic: enough for their number.",
        level="basic",
        zero="automatic",
        follows="data",
        ge=0,
        le=MAX_EPOCHS,
    )
    max_steps: int = option(
        0, "Steps at most", "Stops after this many steps.", zero="no limit", follows="data", ge=0
    )
    max_minutes: float = option(
        0.0,
        "Minutes at most",
        "Ends training after this time, evaluations and pauses excluded.",
        zero="no limit",
        unit="minutes",
        ge=0.0,
        le=100_000.0,
    )
    learning_rate: float | None = option(
        None,
        "Learning rate",
        "Step size of the optimizer. Empty: the method's preset.",
        follows="base_model",
        gt=0.0,
        le=10.0,
    )
    weight_decay: float = option(
        0.01, "Weight decay", "Pulls the trained parameters towards zero.", ge=0.0, le=1.0
    )
    batch_size: int = option(
        8,
        "Batch size",
        "Examples per optimizer step.",
        unit="examples",
        ge=1,
        le=4096,
    )
    schedule: Schedule = option(
        "linear", "Schedule", "Whether the learning rate falls linearly, along a cosine, or not at all."
    )
    seed: int = option(42, "Seed", "The same seed gives the same result.", ge=0, le=2**31 - 1)
    log_every: int = option(1, "Report every", "Steps between reports of the loss.", unit="steps", ge=1)
    evaluate_every: int = option(
        0,
        "Evaluate every",
        "Steps between evaluations on the validation split. Automatic: about once per epoch.",
        unit="steps",
        zero="automatic",
        follows="data",
        ge=0,
    )
    evaluate_summaries: int = option(
        16,
        "Scored summaries",
        "Validation conversations summarised and scored at each evaluation.",
        unit="conversations",
        zero="none",
        ge=0,
        le=1000,
    )
    checkpoint_every: int = option(
        0,
        "Checkpoint every",
        "Steps between checkpoints. Automatic: about once per epoch.",
        unit="steps",
        zero="automatic",
        ge=0,
    )
    early_stopping_patience: int = option(
        0,
        "Patience",
        "Stops after this many evaluations without improvement. Automatic: 3 with automatic epochs and "
        "at least 10 validation examples, else never.",
        unit="evaluations",
        zero="automatic",
        ge=0,
    )
    warmup: float = option(0.0, "Warm-up", "Fraction of the steps with rising learning rate.", ge=0.0, lt=1.0)
    max_gradient_norm: float = option(
        1.0, "Gradient clipping", "Larger gradient norms are scaled down to this.", gt=0.0, le=1e6
    )
    optimizer: Optimizer = option(
        "adamw",
        "Optimizer",
        "AdamW, its 8-bit variants with a quarter of the state, or Adafactor with the least.",
    )
    order: Order = option(
        "lengths", "Order", "Examples that share a step: of similar length, which saves padding, or any."
    )
    micro_batch_tokens: int = option(
        0,
        "Micro-batch",
        "Tokens computed at a time. Fewer need less memory; the result is the same.",
        unit="tokens",
        zero="automatic",
        ge=0,
    )
    activation_checkpointing: bool = option(
        False,
        "Checkpoint activations",
        "Recompute activations instead of storing them: less memory, more time.",
    )
    keep: Literal["best", "last"] = option(
        "best",
        "Keep",
        "The state that becomes the adapter. With automatic epochs and fewer than 10 validation "
        "examples, always the last.",
    )
    best_by: Literal["loss", "rouge1"] = option(
        "loss", "Best by", "Decides the best state and early stopping. ROUGE-1 of few summaries is noisy."
    )
    device: str = option(
        "auto",
        "Device",
        "Auto: the idle GPU with the most free memory, else the CPU. All: every GPU computes part of "
        "each step.",
        form="Device: auto, all, cpu, mps, xpu, or a GPU such as cuda:0.",
        pattern=r"^(auto|all|cpu|mps|xpu(:\d+)?|cuda(:\d+)?)$",
        suggestions=("auto", "cpu"),
    )
    shard: bool = option(
        False,
        "Shard the base model",
        "Splits the base model over several GPUs (FSDP) if it doesn't fit on one. Slower.",
    )
    deterministic: Literal["auto", "on", "off"] = option(
        "auto",
        "Deterministic",
        "Makes a resumed run bit-identical on a GPU. Automatic: unless over a tenth of the parameters is "
        "trained.",
    )
    liger: bool = option(
        True,
        "Liger kernels",
        "Liger's fused kernels on NVIDIA and AMD GPUs: faster, less memory, other rounding. LoRA and "
        "AdaLoRA only.",
    )
    when_window_leaves: Literal["finish", "stop"] = option(
        "finish", "If the window closes", "Finish the run, or save a checkpoint and stop."
    )


def training_problems(training: TrainingOptions) -> tuple[Problem, ...]:
    """Return the problems of options that contradict each other."""
    if training.best_by == "rouge1" and not training.evaluate_summaries:
        message = "No summaries are scored by which to choose the best state."
        hint = "Raise Scored summaries, or choose the best state by the loss."
        return (Problem("training.best_by", message, hint),)
    return ()


def method_problems(
    method: Method,
    options: Options,
    start_from: str,
    training: TrainingOptions | None,
    quantization: Quantization,
) -> list[Problem]:
    """Return what a method can't do with a run's options, whatever the base model.

    `start_from` is the adapter that training continues from, "" without one.
    """
    found = []
    if start_from and not method.whole_in_file(options):
        message = say("A run can't continue such an adapter: {}.", method.title)
        hint = "Train without it."
        found.append(Problem("method.start_from", message, hint))
    if training is None:
        return found
    if training.activation_checkpointing and not method.checkpoints_activations:
        message = say("{} doesn't work with checkpointed activations.", method.title)
        hint = say("Switch them off, or use {}.", named(method.nearest))
        found.append(Problem("training.activation_checkpointing", message, hint))
    if training.shard and quantization == "int8":
        message = "An int8 base model can't be sharded."
        found.append(Problem("training.shard", message, "Choose nf4, or no quantization."))
    if training.shard and not method.shards:
        message = say("{} trains too much for a sharded base model.", method.title)
        hint = say("Each process holds all trained parameters. Use {}.", named(method.nearest))
        found.append(Problem("training.shard", message, hint))
    return found


class EvaluationOptions(Options):
    """The `[evaluation]` table of a recipe: the protocol by which base and adapter are compared."""

    split: Literal["test", "validation", "train"] = option("test", "Split", "The split to score.")
    examples: int = option(0, "Examples", "Number of examples to score.", unit="examples", zero="all", ge=0)
    base_forms: Literal["auto", "recipe"] = option(
        "auto",
        "Base's format",
        "Auto: plain prompt or chat format, whichever the base model scores better with. Recipe: the "
        "recipe's format.",
    )
    beams: int = option(1, "Beams", "1 is greedy decoding; more are slower.", ge=1, le=16)
    max_new_tokens: int = option(
        automatic.AUTOMATIC,
        "Maximum length",
        "Summaries are cut off after this many tokens. Automatic: enough for 99 % of the references.",
        unit="tokens",
        zero="automatic",
        follows="base_model",
        ge=0,
        le=4096,
    )
    general_text: str = option(
        "auto",
        "General text",
        "Text on which the loss shows what the model forgot. Auto: the bundled text. None: not measured. "
        "Or a text file with blank lines between passages.",
        min_length=1,
        suggestions=("auto", "none"),
    )
    bootstrap: int = option(1000, "Bootstrap", "Resamples per interval.", ge=100, le=100_000)
    language: str = option(
        AUTO,
        "Language",
        "Language by which ROUGE splits words. Auto: detected.",
        suggestions=(AUTO, *COMMON),
        follows="data",
    )


def evaluation_problems(evaluation: EvaluationOptions) -> tuple[Problem, ...]:
    """Return the problem of a language that is not known."""
    if evaluation.language == AUTO or evaluation.language in languages.LANGUAGES:
        return ()
    codes = {name.lower(): code for code, name in languages.LANGUAGES.items()} | dict.fromkeys(
        languages.LANGUAGES
    )
    wanted = evaluation.language.strip().lower()
    near = difflib.get_close_matches(wanted, list(codes), n=1)
    code = codes[near[0]] or near[0] if near else ""
    hint = (
        say("Did you mean {} ({})?", code, languages.name(code))
        if code
        else "Use auto, or a code such as de."
    )
    return (Problem("evaluation.language", say("The language {} is not known.", evaluation.language), hint),)


def total_steps(examples: int, training: TrainingOptions) -> tuple[int, int]:
    """Return the number of steps of the whole run and of one epoch."""
    an_epoch = math.ceil(examples / training.batch_size)
    steps = an_epoch * (training.epochs or automatic.epochs(an_epoch))
    return min(steps, training.max_steps or steps), an_epoch


def evaluation_interval(examples: int, training: TrainingOptions) -> int:
    """Return the steps between two evaluations, and between two checkpoints, where the recipe does not say."""
    steps, an_epoch = total_steps(examples, training)
    return an_epoch if training.epochs else automatic.evaluation_interval(steps, an_epoch)


def patience(validation: int, training: TrainingOptions) -> int:
    """Return after how many evaluations without improvement a run stops, 0 for never."""
    is_automatic = training.epochs == automatic.AUTOMATIC and validation >= automatic.ENOUGH_VALIDATION
    return training.early_stopping_patience or (automatic.PATIENCE if is_automatic else 0)


def keeps_best(validation: int, training: TrainingOptions) -> bool:
    """Tell whether the best state becomes the adapter: few validation examples can't choose it by themselves."""
    by_chance = training.epochs == automatic.AUTOMATIC and validation < automatic.ENOUGH_VALIDATION
    return training.keep == "best" and not by_chance
