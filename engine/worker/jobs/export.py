"""The job `export`: an adapter as a model for other programs, scored again before it counts.

It is written aside and gets its name at the end, so that nothing half-written is left.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from peft import PeftModel
from transformers import GenerationConfig

from engine.adapters import library
from engine.adapters.library import Adapter
from engine.adapters.metadata import ExportFacts, PromptFacts, Verification, now_text
from engine.config.decoding import DecodingOptions
from engine.config.recipe import Recipe
from engine.errors import AppError, RecipeError, StorageError
from engine.system.files import partial_beside, sync_tree
from engine.system.paths import adapters_folder
from engine.system.units import size
from engine.worker.adapters import attach
from engine.worker.dataset import dataset
from engine.worker.dataset.prompter import Prompter
from engine.worker.dataset.prompting import prompter_from_metadata, scored_examples
from engine.worker.exports import ctranslate2_model, merged_model, plain_prompt
from engine.worker.exports.verification import Verifier
from engine.worker.generation.generate import generation_config
from engine.worker.modeling import base_models
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime.channel import Channel

MERGED, CTRANSLATE2 = "merged", "ctranslate2"
STORED = "as stored"
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
NO_PROMPT = "The adapter does not say which prompt it was trained with."


@dataclass(frozen=True)
class _Prompt:
    """How the adapter is asked and how its answer is decoded, for Tunesmith and for a plain script."""

    prompter: Prompter
    decoding: GenerationConfig
    settings: dict[str, Any]


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Export an adapter into a new folder."""
    adapter, target = library.find(request["adapter"]), Path(request["target"]).expanduser()
    to, precision = request["to"], request.get("precision") or STORED
    _refuse(adapter, to, precision, target)
    channel.enter("load_base")
    options = merged_model.base_options(adapter)
    stored = base_models.read_config(base_models.folder_of(options, channel), options.id).dtype
    base = base_models.load(options, "cpu", channel)
    merged_model.dequantize(base)
    _require_space(base, target)
    prompt = _prompt(adapter, base)
    channel.enter("attach_adapter")
    model = attach.load_adapter(base, adapter)
    verifier, why_not = _verifier(channel, adapter, base, model, prompt, int(request.get("conversations", 0)))
    channel.check_stop()
    merged = merged_model.as_stored(merged_model.merge(base, model, adapter.name))
    channel.check_stop()
    channel.enter("save")
    with _written(target) as partial:
        if to == MERGED:
            merged = merged.to(PRECISIONS.get(precision, stored or torch.float32))
            merged_model.save(merged, base, partial, *_decoding(prompt))
        else:
            assert prompt is not None
            _convert(merged, base, partial, precision, prompt)
        del merged
        channel.check_stop()
        channel.enter("evaluate")
        runtime = merged_model.RUNTIME if to == MERGED else ctranslate2_model.LIBRARY
        verified = verifier.verify(partial, runtime) if verifier else _not_tried(why_not)
    export = ExportFacts(
        to=to,
        name=target.name,
        precision="" if precision == STORED else precision,
        made_at=now_text(),
        verified=verified,
    )
    if adapter.folder.resolve().parent == adapters_folder().resolve():
        library.add_export(adapter, export)
    channel.result({
        "path": str(target),
        "bytes": sum(path.stat().st_size for path in target.rglob("*") if path.is_file()),
        "verified": verified.model_dump(mode="json", exclude_defaults=False),
    })  # fmt: skip


def _refuse(adapter: Adapter, to: str, precision: str, target: Path) -> None:
    """Raise what is known to prevent the export before anything is loaded."""
    merged_model.refuse_unmergeable(adapter)
    if target.exists():
        raise StorageError(f"{target} exists already.", "Choose another name.", "target")
    if to == CTRANSLATE2:
        if adapter.metadata.prompt is None:
            raise AppError(NO_PROMPT, "Export it as merged.")
        problems = ctranslate2_model.problems(_ctranslate2_precision(precision))
        if problems:
            raise RecipeError(tuple(problems))


def _ctranslate2_precision(precision: str) -> str:
    return "float32" if precision == STORED else precision


def _require_space(base: LoadedBase, target: Path) -> None:
    """Raise StorageError for a disk that is too small for the weights in float32, with a copy of them for a while."""
    needed = 2 * sum(parameter.nbytes for parameter in base.model.parameters())
    folder = next(each for each in target.absolute().parents if each.is_dir())
    free = shutil.disk_usage(folder).free
    if free < needed:
        message = f"{folder} has {size(free)} free, and the export needs up to {size(needed)}."
        raise StorageError(message, "Free some space, or choose another folder.", "target")


def _prompt(adapter: Adapter, base: LoadedBase) -> _Prompt | None:
    """Return how the adapter is asked, None for one of others that does not say it."""
    facts = adapter.metadata.prompt
    if facts is None:
        return None
    prompter = prompter_from_metadata(facts, base, facts.max_conversation_tokens, facts.max_new_tokens)
    options = DecodingOptions(beams=facts.beams, max_new_tokens=facts.max_new_tokens)
    decoding = generation_config(base.model, base.tokenizer, options, prompter.end_tokens)
    if facts.beams > 1:
        decoding.num_beams, decoding.early_stopping = facts.beams, True
        decoding.length_penalty = options.length_penalty
    settings = plain_prompt.settings(prompter, base.tokenizer, base.family, facts, decoding.eos_token_id)
    return _Prompt(prompter, decoding, settings)


def _decoding(prompt: _Prompt | None) -> tuple[GenerationConfig | None, dict[str, Any] | None]:
    return (prompt.decoding, prompt.settings) if prompt else (None, None)


def _verifier(
    channel: Channel,
    adapter: Adapter,
    base: LoadedBase,
    model: PeftModel,
    prompt: _Prompt | None,
    count: int,
) -> tuple[Verifier | None, str]:
    """Return what compares the export with the adapter, or why that can't be done."""
    if not count:
        return None, "It was not asked for."
    if prompt is None or adapter.metadata.prompt is None:
        return None, NO_PROMPT
    try:
        recipe = adapter.recipe()
        if recipe is None:
            return None, "The adapter has no recipe that names its conversations."
        recipe = _scored_alike(recipe, adapter.metadata.prompt, count)
        splits = dataset.read(recipe.data, channel, needs=[recipe.evaluation.split, "train"])
        examples = scored_examples(recipe, splits)
    except AppError as error:
        return None, error.message
    if not examples:
        return None, "There are no conversations to test on."
    channel.enter("evaluate")
    return Verifier(channel, base, model, recipe, examples, prompt.prompter), ""


def _scored_alike(recipe: Recipe, prompt: PromptFacts, count: int) -> Recipe:
    """Return the recipe with the adapter's own decoding, on at most so many conversations."""
    examples = min(count, recipe.evaluation.examples or count)
    decoding = {"beams": prompt.beams, "max_new_tokens": prompt.max_new_tokens, "examples": examples}
    return replace(recipe, evaluation=recipe.evaluation.model_copy(update=decoding))


def _not_tried(reason: str) -> Verification:
    return Verification(state="not tried", reason=reason)


def _convert(merged: Any, base: LoadedBase, target: Path, precision: str, prompt: _Prompt) -> None:
    with TemporaryDirectory(dir=target.parent, prefix=".merged-") as folder:
        merged_model.save(merged, base, Path(folder), *_decoding(prompt))
        ctranslate2_model.convert(Path(folder), target, _ctranslate2_precision(precision), prompt.settings)


@contextmanager
def _written(target: Path) -> Iterator[Path]:
    """Yield a new folder that becomes `target` at the end; of what fails, nothing is left. Raises StorageError."""
    partial = partial_beside(target)
    try:
        partial.mkdir(parents=True)
        yield partial
        sync_tree(partial)
        partial.rename(target)
    except OSError as error:
        raise StorageError(f"{target} can't be written: {error.strerror or error}.", "", "target") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
