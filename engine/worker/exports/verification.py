"""Scores an export: it summarises conversations in a process of its own, and is compared with the adapter's summaries.

The export is used as its receiver would use it, without Tunesmith. Prompts are compared token by token, since what is
lost on the way to another program is mostly a template or a token that ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from engine.adapters.metadata import State, Verification
from engine.config.recipe import Recipe
from engine.scoring.metrics import CHRF
from engine.text.conversations import Example
from engine.worker.dataset.prompter import Prompter
from engine.worker.evaluation.evaluator import measure_model
from engine.worker.exports.answers import Answer, ExportFailed, Question, Try
from engine.worker.generation.generated import Generated
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.runtime.channel import Channel
from engine.worker.text_metrics import summary_metrics
from engine.worker.text_metrics.summary_metrics import ExampleMetrics

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
        self._questions = [_question(prompter, example.conversation) for example in examples]
        self._own = measure_model(channel, base, model, recipe, examples, prompter)

    def verify(self, folder: Path, runtime: str, answers: Try) -> Verification:
        """Let an export summarise the same conversations; `runtime` names what it is tried by. Raises Stopped."""
        try:
            found = list(self._reported(folder, answers))
        except ExportFailed as error:
            return Verification(state="failed", runtime=runtime, reason=str(error))
        written = [Generated([], answer.summary, capped=False) for answer in found]
        theirs = summary_metrics.measure(self._examples, written, 0, 0.0)
        return self._compared(theirs, [answer.prompt_ids for answer in found], runtime)

    def _reported(self, folder: Path, answers: Try) -> Iterator[Answer]:
        """Yield the answers and report their progress."""
        done, total = count(1), len(self._questions)
        self._channel.progress(0, total, "summaries")
        for answer in answers(self._channel, folder, self._questions, self._recipe.evaluation.max_new_tokens):
            self._channel.progress(next(done), total, "summaries")
            yield answer

    def _compared(
        self, theirs: ExampleMetrics, prompts: Sequence[list[int] | None], runtime: str
    ) -> Verification:
        draws = self._recipe.evaluation.bootstrap
        before = {**self._own.rouge, CHRF.name: self._own.metrics[CHRF.name]}
        after = {**theirs.rouge, CHRF.name: theirs.metrics[CHRF.name]}
        difference = summary_metrics.differences(before, after, draws)
        pairs = zip(self._own.summaries, theirs.summaries, strict=True)
        return Verification(
            state=_state(difference["rouge1"]),
            runtime=runtime,
            conversations=len(self._examples),
            identical=sum(one == other for one, other in pairs),
            equal_prompts=self._equal_prompts(prompts),
            difference=difference,
        )

    def _equal_prompts(self, prompts: Sequence[list[int] | None]) -> int | None:
        if None in prompts:
            return None
        return sum(
            question.prompt_ids == other for question, other in zip(self._questions, prompts, strict=True)
        )


def _state(difference: Mapping[str, Any]) -> State:
    """Return the verdict on an export by the paired difference of ROUGE-1; one that is better is the same."""
    if difference["verdict"] == "worse":
        return "worse"
    is_vague = difference["verdict"] == "too few to tell" or difference["low"] < -SAME_WITHIN
    return "too few to tell" if is_vague else "same"


def _question(prompter: Prompter, conversation: str) -> Question:
    before, after = prompter.around()
    shown = prompter.prompt(conversation).removeprefix(before).removesuffix(after)
    return Question(conversation, shown, prompter.input_ids(conversation))
