"""What can be set about training and evaluation, whatever the method."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from engine.errors import Problem
from engine.options import Options, option

Schedule = Literal["linear", "cosine", "constant"]
Order = Literal["lengths", "random"]
Optimizer = Literal["adamw", "adamw_8bit", "paged_adamw_8bit", "adafactor"]


class TrainingOptions(Options):
    """The `[training]` table of a recipe."""

    # What decides a run that trains nothing, too.
    without_training: ClassVar[tuple[str, ...]] = ("device", "when_window_leaves")

    epochs: int = option(3, "Epochs", "How often every example is seen.", level="essential", ge=1, le=1000)
    max_steps: int = option(
        0, "Most steps", "Stop after this many steps. 0: by epochs.", level="everything", ge=0
    )
    max_minutes: float = option(
        0.0,
        "Most minutes",
        "End the training after this long, evaluations and pauses not counted. 0: by steps. The schedule is still that "
        "of all steps.",
        level="everything",
        unit="minutes",
        ge=0.0,
        le=100_000.0,
    )
    learning_rate: float | None = option(
        None,
        "Learning rate",
        "How far each step goes. Absent: the method's preset for this base model.",
        level="essential",
        gt=0.0,
        le=10.0,
    )
    weight_decay: float = option(
        0.01, "Weight decay", "Pull of the trained numbers towards zero.", level="everything", ge=0.0, le=1.0
    )
    batch_size: int = option(
        8,
        "Batch size",
        "Examples that one step learns from. How many are computed at a time underneath changes speed and memory, "
        "not what is learned.",
        unit="examples",
        ge=1,
        le=4096,
    )
    schedule: Schedule = option(
        "linear",
        "Schedule",
        "How the learning rate falls: in a line to 0, along a cosine to 0, or not at all.",
    )
    seed: int = option(
        42, "Seed", "The same seed gives the same run.", level="everything", ge=0, le=2**31 - 1
    )
    log_every: int = option(
        1, "Report every", "Steps between two reports of the loss.", level="everything", unit="steps", ge=1
    )
    evaluate_every: int = option(
        0,
        "Evaluate every",
        "Steps between two evaluations on the validation split. 0: once an epoch.",
        unit="steps",
        ge=0,
    )
    evaluate_summaries: int = option(
        16,
        "Summaries scored",
        "How many validation conversations, the first ones, are summarised and scored by ROUGE at each evaluation. It "
        "shows in the plot and takes time: with 16, the starter's run is about 3 % longer. 0: none.",
        unit="conversations",
        ge=0,
        le=1000,
    )
    checkpoint_every: int = option(
        0,
        "Checkpoint every",
        "Steps between two checkpoints. 0: once an epoch.",
        level="everything",
        unit="steps",
        ge=0,
    )
    early_stopping_patience: int = option(
        0,
        "Patience",
        "Stop after this many evaluations without a better one, by what decides the best state. 0: never.",
        level="everything",
        unit="evaluations",
        ge=0,
    )
    warmup: float = option(
        0.0,
        "Warm-up",
        "Share of the steps in which the learning rate rises.",
        level="everything",
        ge=0.0,
        lt=1.0,
    )
    max_gradient_norm: float = option(
        1.0,
        "Gradient limit",
        "Longer gradients are shortened to this norm.",
        level="everything",
        gt=0.0,
        le=1e6,
    )
    optimizer: Optimizer = option(
        "adamw",
        "Optimizer",
        "AdamW; its 8-bit forms keep a quarter of the state; Adafactor keeps least.",
        level="everything",
    )
    order: Order = option(
        "lengths",
        "Order",
        "Which examples share a step: those of similar length, which spares computing what only fills up the shorter "
        "ones, or any. Either way the steps come in random order.",
        level="everything",
    )
    micro_batch_tokens: int = option(
        0,
        "Micro-batch",
        "Tokens computed at a time. Smaller needs less memory and learns the same. 0: what suits device and base "
        "model.",
        level="everything",
        unit="tokens",
        ge=0,
    )
    activation_checkpointing: bool = option(
        False,
        "Checkpoint activations",
        "Compute parts of the forward pass twice instead of keeping them: less memory, more time.",
        level="everything",
    )
    keep: Literal["best", "last"] = option(
        "best", "Keep", "Which state becomes the adapter: the best on the validation split, or the last."
    )
    best_by: Literal["loss", "rouge1"] = option(
        "loss",
        "Best by",
        "What decides the best state and patience: the loss on the whole validation split, or ROUGE-1 of the summaries "
        "scored at each evaluation, which swings more the fewer they are.",
        level="everything",
    )
    device: str = option(
        "auto",
        "Device",
        "Where to compute: auto, cpu, mps, xpu, cuda:0 and so on.",
        pattern=r"^(auto|cpu|mps|xpu(:\d+)?|cuda(:\d+)?)$",
        suggestions=("auto", "cpu"),
    )
    when_window_leaves: Literal["finish", "stop"] = option(
        "finish",
        "If the window goes",
        "Finish the run, or write a checkpoint and stop.",
        level="everything",
    )


def training_problems(training: TrainingOptions) -> tuple[Problem, ...]:
    """Return what does not go together in the table."""
    if training.best_by == "rouge1" and not training.evaluate_summaries:
        message = "The best state can't go by ROUGE-1: no summaries are scored while the run trains."
        hint = "Set training.evaluate_summaries above 0, or let the best go by the loss."
        return (Problem("training.best_by", message, hint),)
    return ()


class EvaluationOptions(Options):
    """The `[evaluation]` table of a recipe: the protocol under which base and adapter are compared."""

    split: Literal["test", "validation", "train"] = option("test", "Split", "The examples that are scored.")
    examples: int = option(0, "Examples", "Score the first this many. 0: all.", unit="examples", ge=0)
    beams: int = option(1, "Beams", "1 is greedy decoding; more is slower.", ge=1, le=16)
    max_new_tokens: int = option(
        128, "Longest summary", "Summaries are cut after this many tokens.", unit="tokens", ge=1, le=4096
    )
    bootstrap: int = option(
        1000, "Bootstrap", "Resamples behind each interval.", level="everything", ge=100, le=100_000
    )


def total_steps(examples: int, training: TrainingOptions) -> tuple[int, int]:
    """Return the steps of the whole run and of one epoch."""
    an_epoch = math.ceil(examples / training.batch_size)
    return training.max_steps or an_epoch * training.epochs, an_epoch
