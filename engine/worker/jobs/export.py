"""The job `export`: an adapter as a model for other programs, scored again before it counts.

It is written aside and gets its name at the end, so that nothing half-written is left.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from engine.adapters import library
from engine.adapters.export_redaction import public_metadata
from engine.adapters.exports import refuse_irreproducible
from engine.adapters.import_checks import README_NAME
from engine.adapters.library import Adapter
from engine.adapters.metadata import ExportFacts, PromptFacts, Verification, now_text
from engine.config.recipe import Recipe
from engine.errors import AppError, RecipeError, StorageError
from engine.messages import say
from engine.system.files import bytes_in, partial_beside, remove, rename, require_space, sync_tree
from engine.system.paths import adapters_folder, expand_user
from engine.text.conversations import Example
from engine.worker.adapters import attach
from engine.worker.dataset import dataset, token_counter
from engine.worker.dataset.prompting import prompter_from_metadata, scored_examples
from engine.worker.exports import gguf_model, hub_card, merged_model, ollama, training_script
from engine.worker.exports.exporters import EXPORTERS, STORED, Converted, Exporter, Merged
from engine.worker.exports.hub_card import Licences
from engine.worker.exports.merged_model import Source
from engine.worker.exports.ollama import Handover
from engine.worker.exports.verification import Verifier
from engine.worker.modeling import base_models
from engine.worker.runtime.channel import Channel

SCRIPT = "script"
# What Ollama does not keep.
BAD = ("worse", "failed")
NO_PROMPT = "The adapter's training prompt is unknown."


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Export an adapter into a new folder."""
    adapter, target = library.find(request["adapter"]), expand_user(request["target"])
    to, precision = request["to"], request.get("precision") or STORED
    if os.path.lexists(target):
        raise StorageError(say("{} already exists.", target), "Choose another name.", "target")
    if to == SCRIPT:
        _export_script(channel, adapter, target, request)
        return
    exporter = EXPORTERS[to]
    merged_model.refuse_unmergeable(adapter)
    if exporter.needs_prompt and adapter.metadata.prompt is None:
        raise AppError(NO_PROMPT, "Export it as merged.")
    if exporter.needs_converter:
        gguf_model.fetch_converter(channel)
    source = merged_model.find_source(adapter, channel)
    problems = exporter.problems(precision, source.family, source.folder)
    if problems:
        raise RecipeError(tuple(problems))
    needed = exporter.bytes_needed(precision, source)
    there = next(each for each in target.absolute().parents if each.is_dir())
    require_space(there, needed, "The export", "Choose another folder, or free some space.", "target")
    verifier, why_not = _verifier(channel, source, int(request.get("conversations", 0)))
    channel.check_stop()
    with _written(target, request) as unfinished:
        # No model is in memory while another is made of it.
        dtype = exporter.merged_dtype(precision, source.stored)
        with exporter.merging_into(unfinished) as folder:
            prompt = merged_model.write(channel, source, folder, dtype, exporter.shard_size)
            channel.check_stop()
            exporter.convert(channel, Merged(folder, source.folder, prompt), unfinished, precision)
        channel.check_stop()
        verified, handover = _verified(channel, exporter, source, unfinished, target, verifier, why_not)
        export = ExportFacts(
            to=to, name=target.name, precision=precision, made_at=now_text(), verified=verified
        )
        if not isinstance(exporter, Converted):
            card = hub_card.card(public_metadata(adapter.metadata), "", Licences.of(adapter), "", export)
            (unfinished / README_NAME).write_text(str(card), encoding="utf-8")
    if adapter.folder.resolve().parent == adapters_folder().resolve():
        library.add_export(adapter, export)
    # What has to be run to have it in Ollama, where it is not, and should be.
    is_for_user = exporter.for_ollama and not handover.name and verified.state not in BAD
    channel.result({
        "path": str(target),
        "bytes": bytes_in(target),
        "verified": verified.model_dump(mode="json"),
        "model": handover.name,
        "problem": handover.problem,
        "command": ollama.command(target) if is_for_user else "",
    })  # fmt: skip


def _export_script(channel: Channel, adapter: Adapter, target: Path, request: dict[str, Any]) -> None:
    """Export what trains an adapter again. Nothing is trained here, so there is nothing to score."""
    recipe = refuse_irreproducible(adapter)
    channel.enter("read_data")
    counter = partial(token_counter.fetch_counter, recipe.base_model, channel)
    splits = dataset.read(recipe.data, channel, counter=counter)
    training_script.refuse_other_data(adapter, splits)
    channel.enter("load_base")
    base = training_script.read_base(adapter, channel)
    channel.check_stop()
    channel.enter("save")
    with _written(target, request) as unfinished:
        count = training_script.write(unfinished, adapter, recipe, base, splits)
    channel.result({"path": str(target), "bytes": bytes_in(target), "verified": None, "conversations": count})


def _verifier(channel: Channel, source: Source, count: int) -> tuple[Verifier | None, str]:
    """Return what compares the export with the adapter's own summaries, or why that can't be done."""
    facts = source.adapter.metadata.prompt
    if not count:
        return None, "It was not asked for."
    if facts is None:
        return None, NO_PROMPT
    try:
        recipe = source.adapter.recipe()
        if recipe is None:
            return None, "The adapter's conversations are unknown."
        # The adapter's own decoding, on at most so many conversations.
        decoding = {"beams": facts.beams, "max_new_tokens": facts.max_new_tokens, "examples": count}
        recipe = replace(recipe, evaluation=recipe.evaluation.model_copy(update=decoding))
        splits = dataset.read(recipe.data, channel, needs=[recipe.evaluation.split, "train"])
        examples = scored_examples(recipe, splits)
    except AppError as error:
        return None, error.message
    if not examples:
        return None, "There are no conversations to test on."
    verifier = _summarized(channel, source, recipe, examples, facts)
    # Models refer to themselves.
    gc.collect()
    return verifier, ""


def _summarized(
    channel: Channel, source: Source, recipe: Recipe, examples: Sequence[Example], facts: PromptFacts
) -> Verifier:
    """Return the adapter's summaries of examples."""
    channel.enter("load_base")
    base = base_models.load(source.options, "cpu", channel)
    merged_model.dequantize(base)
    channel.enter("attach_adapter")
    model = attach.load_adapter(base, source.adapter)
    prompter = prompter_from_metadata(facts, base, facts.max_conversation_tokens, facts.max_new_tokens)
    channel.enter("evaluate")
    return Verifier(channel, base, model, recipe, examples, prompter)


def _verified(
    channel: Channel,
    exporter: Exporter,
    source: Source,
    unfinished: Path,
    target: Path,
    verifier: Verifier | None,
    why_not: str,
) -> tuple[Verification, Handover]:
    """Return what an export's verification found, and what became of it in Ollama, which keeps none that is bad."""
    to_ollama = ollama.handed_over(channel, unfinished, target) if exporter.for_ollama else None
    with to_ollama or nullcontext(Handover()) as handover:
        channel.enter("evaluate")
        why_not = why_not or ("" if handover.verifier else exporter.why_not_verifiable(source.family))
        if verifier is None or why_not:
            return Verification(state="not tried", reason=why_not), handover
        verified = verifier.verify(unfinished, *(handover.verifier or exporter.verifier(source.family)))
    if verified.state in BAD:
        handover.take_back()
        return verified, Handover(problem=handover.problem)
    return verified, handover


@contextmanager
def _written(target: Path, request: dict[str, Any]) -> Iterator[Path]:
    """Yield a new folder that becomes `target` at the end; of what fails, nothing is left. Raises StorageError.

    It is below the request's folder `aside`, where everything else is written too: whoever asked for the export deletes
    that, should this process be killed. Weights and conversations are for nobody else to read.
    """
    aside = Path(request.get("aside") or partial_beside(target))
    former = os.umask(0o077)
    try:
        unfinished = aside / target.name
        unfinished.mkdir(parents=True)
        yield unfinished
        sync_tree(unfinished)
        rename(unfinished, target)
    except OSError as error:
        raise StorageError(
            say("{} can't be written: {}.", target, error.strerror or error), "", "target"
        ) from error
    finally:
        os.umask(former)
        remove(aside)
