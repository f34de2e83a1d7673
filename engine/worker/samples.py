"""The summaries of a run's pinned conversations, written so that people see what a model or a prompt does."""

from __future__ import annotations

from collections.abc import Sequence

from engine.conversations import Example
from engine.worker import generate, measuring, rouge
from engine.worker.base_models import LoadedBase
from engine.worker.channel import Channel
from engine.worker.generate import Model
from engine.worker.prompting import Prompter

# Enough of a pinned conversation to recognise it by; events stay small.
SHOWN_CHARACTERS = 4000


def show(
    channel: Channel,
    base: LoadedBase,
    model: Model,
    prompter: Prompter,
    pinned: Sequence[Example],
    *,
    max_new_tokens: int,
    step: int,
) -> None:
    """Write the summaries as `model` does at a step, and tell each with its score. Raises Stopped if asked to."""
    channel.check_stop()
    made = generate.generate(
        model,
        base.tokenizer,
        base.family,
        [prompter.input_ids(example.conversation) for example in pinned],
        beams=1,
        max_new_tokens=max_new_tokens,
        on_tokens=lambda _: channel.check_stop(),
    )
    scores = rouge.score_all([each.text for each in made], [measuring.references(each) for each in pinned])
    for example, each, rouge1 in zip(pinned, made, scores.stemmed["rouge1"], strict=True):
        channel.emit(
            "sample_made",
            step=step,
            example=example.id,
            conversation=example.conversation[:SHOWN_CHARACTERS],
            reference=example.summary,
            summary=each.text,
            rouge1=rouge1,
        )
