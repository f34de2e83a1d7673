"""A run's adapter: its metadata, and its place in the library, where it is stored whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from engine.adapters import library
from engine.adapters import metadata as adapter_toml
from engine.adapters.library import Adapter
from engine.adapters.metadata import (
    AdapterMetadata,
    BaseModelFacts,
    ChangeFacts,
    DataFacts,
    MethodFacts,
    PromptFacts,
    TrainingFacts,
)
from engine.config import run_names
from engine.config.recipe import Recipe
from engine.config.training import total_steps
from engine.errors import StorageError
from engine.jobs.event_schema import validated
from engine.jobs.events import read_all
from engine.messages import say
from engine.runs import run_store
from engine.system.paths import adapters_folder
from engine.system.versions import versions
from engine.text.escaping import unused
from engine.worker.adapters import attach
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import prompt_facts, training_examples
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime.atomic_write import storage_errors, temporary_folder
from engine.worker.runtime.channel import Channel
from engine.worker.training.training_run import TrainingRun

# The facts of `adapter_saved`.
REPEATED = ("adapter", "path", "bytes", "step", "seconds", "memory_bytes")


def make_metadata(run: TrainingRun, step: int, *, stopped: bool) -> AdapterMetadata:
    """Return the metadata of the adapter as it is at a step, without scores."""
    recipe, run_id, progress = run.recipe, run.job.id, run.progress
    name = run_store.current_name(run.job, recipe)
    adapted = attach.adapted_facts(run.model)
    trainable, everything = attach.count_parameters(run.model)
    steps, _ = total_steps(len(run.train), run.training)
    prompt = prompt_facts(recipe, run.splits, run.prompter.format)
    plain = make_prompt_metadata(
        f"{run_id}-step-{step}" if stopped else run_id,
        run_names.at_step(name, step) if stopped else name,
        recipe,
        run.base,
        run.splits,
        prompt,
        TrainingFacts(
            run=run_id,
            step=step,
            total_steps=steps,
            stopped=stopped,
            seconds=progress.seconds,
            seed=run.training.seed,
            trainable_parameters=trainable,
            all_parameters=everything,
            peak_memory_bytes=progress.peak_memory_bytes,
            order=run.training.order,
            start_from=recipe.method.start_from,
            changes=[ChangeFacts(**change.model_dump()) for change in recipe.changes],
        ),
    )
    method = {
        "peft_type": recipe.method.method.peft_type,
        "learning_rate": run.learning_rate,
        "targets": adapted["targets"],
        "matrices": adapted["matrices"],
    }
    return plain.model_copy(update={"method": plain.method.model_copy(update=method)})


def make_prompt_metadata(
    adapter_id: str,
    name: str,
    recipe: Recipe,
    base: LoadedBase,
    splits: Splits,
    prompt: PromptFacts,
    training: TrainingFacts,
) -> AdapterMetadata:
    """Return the metadata of an adapter that is nothing but a prompt, without scores."""
    settings = recipe.method
    return AdapterMetadata(
        schema=adapter_toml.SCHEMA,
        id=adapter_id,
        name=free_name(name),
        made_at=adapter_toml.now_text(),
        base_model=BaseModelFacts(
            id=recipe.base_model.id,
            revision=recipe.base_model.revision,
            fingerprint=base.fingerprint,
            family=base.family,
            precision=base.precision,
            quantization=recipe.base_model.quantization,
            double_quantization=recipe.base_model.double_quantization,
        ),
        method=MethodFacts(
            id=settings.id,
            title=settings.method.title,
            summary=run_names.main_setting(recipe.data, settings.method, settings.options),
            options=settings.options.model_dump(exclude_none=True),
        ),
        data=DataFacts(
            source=recipe.data.source,
            fingerprint=splits.fingerprint,
            licence=splits.licence,
            train=len(training_examples(recipe, splits)) if settings.method.trains else 0,
            validation=len(splits.validation),
            test=len(splits.test),
            excluded=sum(splits.excluded.values()),
            masked=sum(splits.masked.values()),
        ),
        training=training,
        prompt=prompt,
        versions=versions(),
    )


def free_name(name: str) -> str:
    """Return a name that no adapter of the library has: itself, or with a number behind."""
    taken = {adapter.name for adapter in library.scan()[0]}
    return unused(name, taken.__contains__, "{} ({})")


def store(channel: Channel, metadata: AdapterMetadata, write_weights: Callable[[Path], None]) -> Adapter:
    """Install the adapter of a run and report it; one of the same id, which an earlier attempt left, goes to the trash.

    `write_weights` writes PEFT's files into a folder. Raises StorageError.
    """
    folder = library.partial_folder(metadata.id)
    with (
        storage_errors("The adapter", "Free some disk space, then resume."),
        temporary_folder(folder),
    ):
        write_weights(folder)
        shutil.copyfile(channel.job.recipe_path, folder / adapter_toml.RECIPE_NAME)
        if (adapters_folder() / metadata.id).is_dir():
            library.delete(Adapter(adapters_folder() / metadata.id, metadata))
        adapter = library.install(folder, metadata)
    # Read back: a run is complete with an adapter that can be loaded, or not at all.
    if changed := adapter.changed_files():
        raise StorageError(say("{} was not written correctly.", changed[0]), "Check the disk, then resume.")
    channel.emit(
        "adapter_saved",
        adapter=adapter.id,
        path=str(adapter.folder),
        bytes=adapter.size_bytes,
        step=metadata.training.step,
        seconds=round(metadata.training.seconds, 3),
        memory_bytes=metadata.training.peak_memory_bytes,
    )
    return adapter


def is_completed(channel: Channel) -> bool:
    """Tell whether an earlier attempt completed the run, and its adapter is undamaged wherever it is there."""
    completed = any(
        event["event"] == "job_ended" and event["outcome"] == "completed"
        for event in map(validated, read_all(channel.job.events_path))
    )
    return completed and not any(
        adapter.metadata.training.run == channel.job.id and adapter.changed_files()
        for adapter in library.scan()[0]
    )


def report_again(channel: Channel) -> None:
    """Report once more what the run made."""
    saved = run_store.replay(read_all(channel.job.events_path)).adapter
    if saved is not None:
        channel.emit("adapter_saved", **{key: saved[key] for key in REPEATED if key in saved})
