"""Lets a model summarise examples and measures its summaries. Knows nothing of protocols and comparisons."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from functools import partial

from engine.config.recipe import Recipe
from engine.text.conversations import Example
from engine.worker.dataset.prompter import Prompter
from engine.worker.generation.ctranslate2_runtime import CTranslate2Runtime
from engine.worker.generation.generate import generate
from engine.worker.generation.generated import Generated
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.runtime.channel import Channel
from engine.worker.text_metrics import summary_metrics
from engine.worker.text_metrics.example_languages import tell_languages
from engine.worker.text_metrics.summary_metrics import ExampleMetrics


def measure_model(
    channel: Channel,
    base: LoadedBase,
    model: Model,
    recipe: Recipe,
    examples: Sequence[Example],
    prompter: Prompter,
    languages: Sequence[str] | None = None,
    runtime: CTranslate2Runtime | None = None,
) -> ExampleMetrics:
    """Summarise examples as the recipe decodes, and return every metric of each summary. Raises Stopped.

    `languages` are those of the examples, told from them unless given. `runtime` writes in place of `model`.
    """
    languages = languages or tell_languages(examples, recipe.evaluation.language)
    truncated_before = prompter.truncated_conversations
    prompts = [prompter.input_ids(example.conversation) for example in examples]
    started = time.perf_counter()
    write = partial(generate, model, base.tokenizer, base.family) if runtime is None else runtime.generate
    summaries = _summaries(channel, write, recipe, prompts, prompter.end_tokens)
    seconds = time.perf_counter() - started
    truncated = prompter.truncated_conversations - truncated_before
    return summary_metrics.measure(examples, summaries, truncated, seconds, languages)


def _summaries(
    channel: Channel,
    write: Callable[..., list[Generated]],
    recipe: Recipe,
    prompts: Sequence[list[int]],
    end_tokens: Sequence[int],
) -> list[Generated]:
    """Generate a summary per prompt, reporting the progress."""
    channel.progress(0, len(prompts), "summaries")
    done = itertools.count(1)
    return write(
        prompts,
        beams=recipe.evaluation.beams,
        max_new_tokens=recipe.evaluation.max_new_tokens,
        on_tick=channel.check_stop,
        on_written=lambda *_: channel.progress(next(done), len(prompts), "summaries"),
        end_tokens=end_tokens,
    )
