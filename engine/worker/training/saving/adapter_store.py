"""A run's adapter in the library: stored whole or not at all, and reported again for a run that is completed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from engine.adapters import library
from engine.adapters import metadata as adapter_toml
from engine.adapters.library import Adapter
from engine.adapters.metadata import AdapterMetadata
from engine.errors import StorageError
from engine.jobs.event_schema import validated
from engine.jobs.events import read_all
from engine.runs import run_store
from engine.system.paths import adapters_folder
from engine.worker.runtime.atomic_write import storage_errors, temporary_folder
from engine.worker.runtime.channel import Channel

# The facts of `adapter_saved`.
REPEATED = ("adapter", "path", "bytes", "step", "seconds", "memory_bytes")


def store(channel: Channel, metadata: AdapterMetadata, write_weights: Callable[[Path], None]) -> Adapter:
    """Install the adapter of a run and report it; one of the same id, which an earlier attempt left, goes to the trash.

    `write_weights` writes PEFT's files into a folder. Raises StorageError.
    """
    folder = library.partial_folder(metadata.id)
    with (
        storage_errors("The adapter", "Free some disk space, then resume the run."),
        temporary_folder(folder),
    ):
        write_weights(folder)
        shutil.copyfile(channel.job.recipe_path, folder / adapter_toml.RECIPE_NAME)
        if (adapters_folder() / metadata.id).is_dir():
            library.delete(Adapter(adapters_folder() / metadata.id, metadata))
        adapter = library.install(folder, metadata)
    _refuse_damage(adapter)
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


def _refuse_damage(adapter: Adapter) -> None:
    """Read back what was written: a run is complete with an adapter that can be loaded, or not at all."""
    changed = adapter.changed_files()
    if changed:
        raise StorageError(
            f"{changed[0]} of the adapter is not on the disk as it was written.",
            "Check the disk, then resume the run: its last checkpoint is safe.",
        )


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
