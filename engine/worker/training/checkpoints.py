"""Checkpoints: all that a run needs to go on exactly where it was.

A checkpoint is a folder `checkpoint-<step>`: PEFT's adapter files, the trained numbers as they are (PEFT
does not save all of them for every method), optimizer, schedule, random numbers, the loop's and the run's
state, and checksums of all that. It is written aside, to the disk, and renamed: it is whole or not there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from engine.adapters import metadata as adapter_toml
from engine.adapters.metadata import AdapterMetadata
from engine.errors import StorageError
from engine.jobs.job import Job
from engine.runs.run_store import CHECKPOINT_PREFIX, checkpoints
from engine.system.files import sync_directory, sync_tree
from engine.worker.adapters import method_hooks
from engine.worker.adapters.attach import save_adapter, trainable_parameters
from engine.worker.runtime.atomic_write import whole_or_gone, writing

KEPT = 2
TRAINABLE_NAME = "trainable.safetensors"
METHOD_STATE = "method state: "
STATE_NAME = "run_state.json"
CHECKSUMS_NAME = "checksums.json"
PARTIAL_NAME = "checkpoint.partial"
DAMAGED = "Delete it; resume goes on from the checkpoint before."


def save(
    job: Job,
    step: int,
    model: Any,
    state: Mapping[str, Any],
    metadata: AdapterMetadata,
    save_loop: Callable[[Path], None],
) -> tuple[Path, int]:
    """Write the checkpoint of a step, drop all but the last two, and return its folder and bytes.

    `save_loop` writes optimizer, schedule, random numbers and loop state into the folder it is given.
    Raises StorageError; the checkpoints before it are then untouched.
    """
    folder, partial = job.folder / f"{CHECKPOINT_PREFIX}{step}", job.folder / PARTIAL_NAME
    hint = "Free some disk space; resume goes on from the checkpoint before."
    with writing(f"The checkpoint of step {step}", hint), whole_or_gone(partial):
        save_adapter(model, partial)
        save_trainable(model, partial)
        save_loop(partial)
        adapter_toml.save(metadata, partial)
        (partial / STATE_NAME).write_text(json.dumps(dict(state)), encoding="utf-8")
        (partial / CHECKSUMS_NAME).write_text(json.dumps(adapter_toml.checksums(partial)), encoding="utf-8")
        _put_in_place(partial, folder)
    for old in checkpoints(job)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return folder, sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def save_best(model: Any, folder: Path) -> None:
    """Write a model's trained numbers into a folder of their own, whole or not at all."""
    partial = folder.with_name(f"{folder.name}.partial")
    with whole_or_gone(partial):
        save_trainable(model, partial)
        _put_in_place(partial, folder)


def _put_in_place(partial: Path, folder: Path) -> None:
    """Give a finished folder its name, once its files are on the disk."""
    sync_tree(partial)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    sync_directory(folder.parent)


def newest_sound(job: Job, on_damage: Callable[[Path], None]) -> Path | None:
    """Return the newest checkpoint whose checksums hold, None without one; tells of damaged ones."""
    for folder in reversed(checkpoints(job)):
        if is_sound(folder):
            return folder
        on_damage(folder)
    return None


def is_sound(folder: Path) -> bool:
    """Tell whether every file of a checkpoint is what it was when it was written."""
    try:
        expected = json.loads((folder / CHECKSUMS_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    found = adapter_toml.checksums(folder)
    return isinstance(expected, dict) and all(found.get(name) == digest for name, digest in expected.items())


def read_state(folder: Path) -> dict[str, Any]:
    """Return the run's own state in a checkpoint. Raises StorageError if it is damaged."""
    try:
        state = json.loads((folder / STATE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise StorageError(f"The {STATE_NAME} of {folder.name} is damaged: {error}.", DAMAGED) from error
    if not isinstance(state, dict):
        raise StorageError(f"The {STATE_NAME} of {folder.name} holds no state.", DAMAGED)
    return state


def save_trainable(model: Any, folder: Path) -> None:
    """Write every trained number of a model exactly, and what the method keeps beside them."""
    tensors = {name: parameter.detach() for name, parameter in trainable_parameters(model).items()}
    tensors |= {
        f"{METHOD_STATE}{name}": tensor for name, tensor in method_hooks.of(model).state(model).items()
    }
    save_file(
        {name: tensor.clone().contiguous() for name, tensor in tensors.items()}, folder / TRAINABLE_NAME
    )


def load_trainable(model: Any, folder: Path) -> None:
    """Put the trained numbers of a folder into a model that was made by the same recipe."""
    parameters = trainable_parameters(model)
    tensors, state = {}, {}
    try:
        stored = load_file(folder / TRAINABLE_NAME)
    except (OSError, SafetensorError) as error:
        raise StorageError(f"The {TRAINABLE_NAME} of {folder.name} is damaged: {error}.", DAMAGED) from error
    for name, tensor in stored.items():
        if name.startswith(METHOD_STATE):
            state[name.removeprefix(METHOD_STATE)] = tensor
        else:
            tensors[name] = tensor
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    if shapes != {name: parameter.shape for name, parameter in parameters.items()}:
        raise StorageError(f"{folder.name} does not belong to this run's recipe.", "Start a new run.")
    with torch.no_grad():
        for name, tensor in tensors.items():
            parameters[name].copy_(tensor)
    method_hooks.of(model).load_state(model, state)
