"""Scores an export: it summarises conversations in a process of its own, and is compared with the adapter's summaries.

The export is used as its receiver would use it, without Tunesmith. Prompts are compared token by token, since what is
lost on the way to another program is mostly a template or a token that ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.adapters.metadata import State, Verification
from engine.config.recipe import Recipe
from engine.scoring.metrics import CHRF
from engine.text.conversations import Example
from engine.worker.dataset.prompter import Prompter
from engine.worker.evaluation.evaluator import measure_model
from engine.worker.exports.programs import Answer, Answering, ExportFailed, Question
from engine.worker.generation import Generated
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.runtime.channel import Channel
from engine.worker.text_metrics import summary_metrics

# How far below 0 the interval of an export that is the same may reach, in ROUGE-1 from 0 to 1.
SAME_WITHIN = 0.03


class Verifier:
    """The adapter's summaries of some conversations, to compare those of its exports with."""

    def __init__(
        self,
        channel: Channel,
        base: LoadedBase,
        model: Model,
        recipe: Recipe,
        examples: Sequence[Example],
        prompter: Prompter,
    ) -> None:
        """Summarise the examples with the adapter, as it is scored. Raises Stopped."""
        self._channel, self._recipe, self._examples = channel, recipe, examples
        before, after = prompter.around()
        self._questions = [
            Question(
                example.conversation,
                prompter.prompt(example.conversation).removeprefix(before).removesuffix(after),
                prompter.input_ids(example.conversation),
            )
            for example in examples
        ]
        self._own = measure_model(channel, base, model, recipe, examples, prompter)

    def verify(self, folder: Path, runtime: str, answering: Answering) -> Verification:
        """Let an export summarise the same conversations; `runtime` names what computes it. Raises Stopped."""
        total, found = len(self._questions), list[Answer]()
        self._channel.progress(0, total, "summaries")
        try:
            new_tokens = self._recipe.evaluation.max_new_tokens
            for answer in answering(self._channel, folder, self._questions, new_tokens):
                found.append(answer)
                self._channel.progress(len(found), total, "summaries")
        except ExportFailed as error:
            return Verification(state="failed", runtime=runtime, reason=str(error))
        written = [Generated([], answer.summary, capped=False) for answer in found]
        theirs = summary_metrics.measure(self._examples, written, 0, 0.0)
        before, after = ({**each.rouge, CHRF.name: each.metrics[CHRF.name]} for each in (self._own, theirs))
        difference = summary_metrics.differences(before, after, self._recipe.evaluation.bootstrap)
        pairs = zip(self._own.summaries, theirs.summaries, strict=True)
        prompts = [answer.prompt_ids for answer in found]
        equal_prompts = None
        if None not in prompts:
            asked = zip(self._questions, prompts, strict=True)
            equal_prompts = sum(question.prompt_ids == other for question, other in asked)
        return Verification(
            state=state_of(difference["rouge1"]),
            runtime=runtime,
            conversations=len(self._examples),
            identical=sum(one == other for one, other in pairs),
            equal_prompts=equal_prompts,
            difference=difference,
        )


def state_of(difference: Mapping[str, Any]) -> State:
    """Return the verdict on an export by the paired difference of ROUGE-1; one that is better is the same."""
    if difference["verdict"] == "worse":
        return "worse"
    is_vague = difference["verdict"] == "too few to tell" or difference["low"] < -SAME_WITHIN
    return "too few to tell" if is_vague else "same"
