"""Scores an export: it summarises conversations in a process of its own, and is compared with the adapter's summaries.

The export is used as its receiver would use it, by its own script and without Tunesmith. Prompts are compared token by
token, since what is lost on the way to another program is mostly a template or a token that ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.adapters.metadata import State, Verification
from engine.config.recipe import Recipe
from engine.scoring.metrics import CHRF
from engine.text.conversations import Example
from engine.worker.dataset.prompter import Prompter
from engine.worker.evaluation.model_metrics import measure_model
from engine.worker.exports import plain_prompt
from engine.worker.generation.generated import Generated
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.runtime.channel import Channel
from engine.worker.text_metrics import summary_metrics
from engine.worker.text_metrics.summary_metrics import ExampleMetrics

ERROR_LINES = 3
# By the paired verdict on ROUGE-1; one that is better is the same for its receiver.
STATES: dict[str, State] = {"worse": "worse", "too few to tell": "too few to tell"}


class ExportFailed(Exception):
    """The export's own script ended with an error; its last lines are the message."""


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
        self._prompts = [prompter.input_ids(example.conversation) for example in examples]
        self._own = measure_model(channel, base, model, recipe, examples, prompter)

    def verify(self, folder: Path, runtime: str) -> Verification:
        """Let an export summarise the same conversations; `runtime` names what it is run by. Raises Stopped."""
        try:
            answers = list(self._answers(folder))
        except ExportFailed as error:
            return Verification(state="failed", runtime=runtime, reason=str(error))
        written = [Generated([], answer["summary"], capped=False) for answer in answers]
        theirs = summary_metrics.measure(self._examples, written, 0, 0.0)
        return self._compared(theirs, [answer["prompt_ids"] for answer in answers], runtime)

    def _compared(self, theirs: ExampleMetrics, prompts: Sequence[list[int]], runtime: str) -> Verification:
        draws = self._recipe.evaluation.bootstrap
        before = {**self._own.rouge, CHRF.name: self._own.metrics[CHRF.name]}
        after = {**theirs.rouge, CHRF.name: theirs.metrics[CHRF.name]}
        difference = summary_metrics.differences(before, after, draws)
        pairs = zip(self._own.summaries, theirs.summaries, strict=True)
        return Verification(
            state=STATES.get(difference["rouge1"]["verdict"], "same"),
            runtime=runtime,
            conversations=len(self._examples),
            identical=sum(one == other for one, other in pairs),
            equal_prompts=sum(one == other for one, other in zip(self._prompts, prompts, strict=True)),
            difference=difference,
        )

    def _answers(self, folder: Path) -> Iterator[dict[str, Any]]:
        """Yield what the export's script answers, a summary with its prompt's ids for each conversation."""
        self._channel.progress(0, len(self._examples), "summaries")
        with subprocess.Popen(
            [sys.executable, plain_prompt.SCRIPT, "--jsonl"],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        ) as process:
            errors: list[str] = []
            threads = [
                threading.Thread(target=self._ask, args=(process,), daemon=True),
                threading.Thread(target=lambda: errors.extend(process.stderr or ()), daemon=True),
            ]
            for thread in threads:
                thread.start()
            try:
                for number in range(1, len(self._examples) + 1):
                    line = process.stdout.readline() if process.stdout else ""
                    if not line:
                        threads[1].join()
                        raise ExportFailed("".join(errors[-ERROR_LINES:]).strip())
                    yield json.loads(line)
                    self._channel.progress(number, len(self._examples), "summaries")
                    self._channel.check_stop()
            finally:
                process.kill()

    def _ask(self, process: subprocess.Popen[str]) -> None:
        """Send all conversations; what the process does not take, it does not answer."""
        assert process.stdin is not None
        try:
            for example in self._examples:
                process.stdin.write(json.dumps({"conversation": example.conversation}) + "\n")
            process.stdin.close()
        except OSError:
            return


def _environment() -> dict[str, str]:
    """Return the variables of a process that finds the libraries of this one, and nothing of Tunesmith."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return kept | {"HF_HUB_OFFLINE": "1", "PYTHONIOENCODING": "utf-8"}
