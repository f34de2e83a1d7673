"""The options of training and evaluation that every method has."""

from __future__ import annotations

import difflib
import math
from typing import ClassVar, Literal

from engine.config import automatic
from engine.errors import Problem
from engine.methods import Method, Quantization, named
from engine.options import Options, expert_option, option
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
        "Number of passes over the training examples. Automatic: enough for their number.",
        level="essential",
        zero="automatic",
        follows="data",
        ge=0,
        le=MAX_EPOCHS,
    )
    max_steps: int = option(
        0,
        "Steps at most",
        "Stop after this many steps, if the epochs have more.",
        level="essential",
        zero="no limit",
        follows="data",
        ge=0,
    )
    max_minutes: float = option(
        0.0,
        "Minutes at most",
        "End the training after this time, evaluations and pauses not counted. The schedule is still that of all "
        "steps.",
        level="essential",
        zero="no limit",
        unit="minutes",
        ge=0.0,
        le=100_000.0,
    )
    learning_rate: float | None = option(
        None,
        "Learning rate",
        "Optimizer step size. Empty: the method's preset for this base model.",
        level="essential",
        follows="base_model",
        gt=0.0,
        le=10.0,
    )
    weight_decay: float = expert_option(
        0.01, "Weight decay", "Decay of the trainable parameters towards zero.", ge=0.0, le=1.0
    )
    batch_size: int = option(
        8,
        "Batch size",
        "Examples per optimizer step. How many of them are computed at a time changes speed and memory, not the "
        "result.",
        unit="examples",
        ge=1,
        le=4096,
    )
    schedule: Schedule = option(
        "linear",
        "Schedule",
        "How the learning rate decreases: linearly to 0, along a cosine to 0, or not at all.",
    )
    seed: int = expert_option(42, "Seed", "The same seed gives the same run.", ge=0, le=2**31 - 1)
    log_every: int = expert_option(
        1, "Report every", "Steps between two reports of the loss.", unit="steps", ge=1
    )
    evaluate_every: int = option(
        0,
        "Evaluate every",
        "Steps between two evaluations on the validation split. Automatic: once per epoch, but 10 times at most where "
        "the epochs are automatic too.",
        unit="steps",
        zero="automatic",
        follows="data",
        ge=0,
    )
    evaluate_summaries: int = option(
        16,
        "Scored summaries",
        "Number of validation conversations that are summarised and scored with ROUGE at each evaluation, for the "
        "plot. With 16, the practice model's run takes about 3 % longer.",
        unit="conversations",
        zero="none",
        ge=0,
        le=1000,
    )
    checkpoint_every: int = expert_option(
        0,
        "Checkpoint every",
        "Steps between two checkpoints. Automatic: once per epoch, but 10 times at most where the epochs are automatic "
        "too.",
        unit="steps",
        zero="automatic",
        ge=0,
    )
    early_stopping_patience: int = expert_option(
        0,
        "Patience",
        "Stop after this many evaluations without improvement of the best state. Automatic: 3 where the epochs are "
        "automatic too and there are 10 validation examples or more, else never.",
        unit="evaluations",
        zero="automatic",
        ge=0,
    )
    warmup: float = expert_option(
        0.0, "Warm-up", "Fraction of the steps in which the learning rate rises.", ge=0.0, lt=1.0
    )
    max_gradient_norm: float = expert_option(
        1.0, "Gradient clipping", "Gradients with a larger norm are scaled down to this norm.", gt=0.0, le=1e6
    )
    optimizer: Optimizer = expert_option(
        "adamw", "Optimizer", "AdamW; its 8-bit variants need a quarter of the state; Adafactor needs least."
    )
    order: Order = expert_option(
        "lengths",
        "Order",
        "Which examples share a step: those of similar length, which saves computing padding, or any. Either way the "
        "steps come in random order.",
    )
    micro_batch_tokens: int = expert_option(
        0,
        "Micro-batch",
        "Tokens computed at a time. Fewer need less memory and give the same result. Automatic: chosen for "
        "device and base model.",
        unit="tokens",
        zero="automatic",
        ge=0,
    )
    activation_checkpointing: bool = expert_option(
        False,
        "Checkpoint activations",
        "Compute activations twice instead of storing them: less memory, more time.",
    )
    keep: Literal["best", "last"] = option(
        "best",
        "Keep",
        "The state that becomes the adapter: the best on the validation split, or the last. With automatic epochs and "
        "fewer than 10 validation examples it is always the last.",
    )
    best_by: Literal["loss", "rouge1"] = expert_option(
        "loss",
        "Best by",
        "Criterion of the best state and of patience: the loss on the whole validation split, or ROUGE-1 of the scored "
        "summaries, which varies more the fewer they are.",
    )
    device: str = option(
        "auto",
        "Device",
        "Device: auto, all, cpu, mps, xpu, cuda:0 and so on. Auto: the graphics card with most free memory that "
        "is not busy, else the processor. All: every graphics card, each computes its part of a step.",
        form="Device: auto, all, cpu, mps, xpu, or a card such as cuda:0.",
        pattern=r"^(auto|all|cpu|mps|xpu(:\d+)?|cuda(:\d+)?)$",
        suggestions=("auto", "cpu"),
    )
    shard: bool = expert_option(
        False,
        "Shard the base model",
        "With several graphics cards, each holds a part of the base model, and gets the other parts for a moment as it "
        "computes (FSDP). For base models that do not fit one card; slower.",
    )
    deterministic: Literal["auto", "on", "off"] = expert_option(
        "auto",
        "Deterministic",
        "On a GPU, use algorithms with which a resumed run equals an uninterrupted one to the bit. Automatic: unless "
        "more than a tenth of the parameters is trained, where they take much time. A CPU's always are.",
    )
    liger: bool = expert_option(
        True,
        "Liger kernels",
        "On a GPU of NVIDIA or AMD, train with the fused kernels of Liger Kernel, where it is installed and knows the "
        "base model. Faster and with less memory; only rounding differs. With LoRA and AdaLoRA.",
    )
    when_window_leaves: Literal["finish", "stop"] = expert_option(
        "finish", "If the window closes", "Finish the run, or save a checkpoint and stop."
    )


def training_problems(training: TrainingOptions) -> tuple[Problem, ...]:
    """Return the problems of options that contradict each other."""
    if training.best_by == "rouge1" and not training.evaluate_summaries:
        message = "The best state can't be chosen by ROUGE-1: no summaries are scored during training."
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
        message = f"A run can't start from such an adapter of {method.title}."
        hint = "Its file does not hold everything that training needs. Train without it."
        found.append(Problem("method.start_from", message, hint))
    if training is None:
        return found
    if training.activation_checkpointing and not method.checkpoints_activations:
        message = f"{method.title} does not work with checkpointed activations."
        hint = f"Switch them off, or use {named(method.nearest)}."
        found.append(Problem("training.activation_checkpointing", message, hint))
    if training.shard and quantization == "int8":
        message = "A base model in int8 can't be sharded: bitsandbytes does not put its parts together again."
        found.append(Problem("training.shard", message, "Choose nf4, or no quantization."))
    if training.shard and not method.shards:
        message = f"{method.title} trains too much for a sharded base model."
        hint = f"Each process has all that is trained. Use {named(method.nearest)}."
        found.append(Problem("training.shard", message, hint))
    return found


class EvaluationOptions(Options):
    """The `[evaluation]` table of a recipe: the protocol by which base and adapter are compared."""

    split: Literal["test", "validation", "train"] = option("test", "Split", "The split to score.")
    examples: int = option(
        0, "Examples", "Number of examples to score, the first ones.", unit="examples", zero="all", ge=0
    )
    base_forms: Literal["auto", "recipe"] = expert_option(
        "auto",
        "Base's format",
        "Auto: the base model is scored with a plain prompt and in its own chat format, and compared in the better "
        "one. Recipe: in the format of the recipe alone.",
    )
    beams: int = option(1, "Beams", "1 is greedy decoding; more are slower.", ge=1, le=16)
    max_new_tokens: int = option(
        automatic.AUTOMATIC,
        "Maximum length",
        "Summaries are truncated after this many tokens. Automatic: as long as the data's reference summaries, but for "
        "the longest hundredth.",
        unit="tokens",
        zero="automatic",
        follows="base_model",
        ge=0,
        le=4096,
    )
    general_text: str = expert_option(
        "auto",
        "General text",
        "The text on which the loss of base and adapter shows what training cost elsewhere. Auto: the bundled text. "
        "None: not measured. Or a text file with passages separated by blank lines.",
        min_length=1,
        suggestions=("auto", "none"),
    )
    bootstrap: int = expert_option(
        1000, "Bootstrap", "Number of resamples for each interval.", ge=100, le=100_000
    )
    language: str = expert_option(
        AUTO,
        "Language",
        "The language of the summaries, by which ROUGE reads their words. auto: told from each conversation and its "
        "summary.",
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
        f"Did you mean {code} ({languages.name(code)})?"
        if code
        else "Use auto, or a code of ISO 639 such as de."
    )
    return (Problem("evaluation.language", f"The language {evaluation.language} is not known.", hint),)


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
