"""Checkpoints: all that a run needs to go on exactly where it was.

A checkpoint is a folder `checkpoint-<step>`: PEFT's adapter files, the trainable parameters as they are (PEFT does not
save all of them for every method), optimizer, schedule and random states under the names that transformers gives
them, the run's progress, and checksums of all that. It is written aside, to the disk, and renamed: it is whole or
not there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import accelerate.utils
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from engine.adapters import metadata as adapter_toml
from engine.adapters.import_checks import weight_shapes
from engine.adapters.metadata import AdapterMetadata
from engine.errors import StorageError, TrainingError, first_line
from engine.jobs.job import Job
from engine.messages import say
from engine.runs.run_store import CHECKPOINT_PREFIX, checkpoints
from engine.system.files import remove, rename, sync_directory, sync_tree
from engine.system.foreign_files import FileKind, read_json
from engine.worker.adapters import method_hooks
from engine.worker.adapters.attach import save_adapter, trainable_parameters
from engine.worker.runtime import random_state, tensor_file
from engine.worker.runtime.atomic_write import storage_errors, temporary_folder
from engine.worker.training.optimizer import load_optimizer_state
from engine.worker.training.training_run import Progress, TrainingRun, TrainState

MAX_CHECKPOINTS = 2
TRAINABLE_NAME = "trainable.safetensors"
METHOD_STATE = "method state: "
STATE_NAME = "run_state.json"
CHECKSUMS_NAME = "checksums.json"
OPTIMIZER_NAME, SCHEDULE_NAME, RANDOM_NAME = "optimizer.pt", "scheduler.pt", "rng_state.pth"
SCALER_NAME = "scaler.pt"
PARTIAL_NAME = "checkpoint.partial"
DAMAGED = "Delete it, then resume from the checkpoint before."


def save(run: TrainingRun, state: TrainState, metadata: AdapterMetadata) -> tuple[Path, int]:
    """Write the checkpoint of a run's step, drop all but the last two, and return its folder and bytes.

    Raises StorageError; the checkpoints before it are then untouched.
    """
    folder, partial = run.job.folder / f"{CHECKPOINT_PREFIX}{run.step}", run.job.folder / PARTIAL_NAME
    hint = "Free some disk space, then resume from the checkpoint before."
    with storage_errors(say("The checkpoint of step {}", run.step), hint), temporary_folder(partial):
        save_adapter(run.model, partial)
        save_trainable(run.model, partial)
        save_state(state, partial)
        adapter_toml.save(metadata, partial)
        (partial / STATE_NAME).write_text(json.dumps(run.progress.as_dict()), encoding="utf-8")
        (partial / CHECKSUMS_NAME).write_text(json.dumps(adapter_toml.checksums(partial)), encoding="utf-8")
        _put_in_place(partial, folder)
    for old in checkpoints(run.job)[:-MAX_CHECKPOINTS]:
        remove(old)
    return folder, sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def save_state(state: TrainState, folder: Path) -> None:
    """Write optimizer, schedule, the scale of the loss in float16, and random states into a folder.

    Raises TrainingError if the optimizer holds a value that is not finite.
    """
    optimizer = state.optimizer.state_dict()
    _require_finite(value for values in optimizer["state"].values() for value in values.values())
    torch.save(optimizer, folder / OPTIMIZER_NAME)
    torch.save(state.schedule.state_dict(), folder / SCHEDULE_NAME)
    if state.scaler.is_enabled():
        torch.save(state.scaler.state_dict(), folder / SCALER_NAME)
    torch.save(dict(random_state.now(state.accelerator.device)), folder / RANDOM_NAME)


def load_state(state: TrainState, folder: Path) -> None:
    """Put back what `save_state` wrote, but for the random states, which wait for `load_random_states`.

    Raises StorageError for the state of another run.
    """
    try:
        # To the CPU first: a GPU need not hold the state twice.
        load_optimizer_state(state.optimizer, _read(folder / OPTIMIZER_NAME))
        state.schedule.load_state_dict(_read(folder / SCHEDULE_NAME))
        # Checkpoints of version 0.1 have no scale.
        if state.scaler.is_enabled() and (folder / SCALER_NAME).exists():
            state.scaler.load_state_dict(_read(folder / SCALER_NAME))
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        raise StorageError(
            say("The state in {} doesn't match this run: {}.", folder.name, error), DAMAGED
        ) from error


def load_random_states(folder: Path) -> None:
    """Put the random states back as `save_state` wrote them."""
    random_state.restore(_read(folder / RANDOM_NAME))


def _read(file: Path, *, mmap: bool = False) -> Any:
    """Read a file of `torch.save`: tensors, numbers and texts, but no code. Mapped, tensors are not read."""
    return accelerate.utils.load(file, map_location="cpu", weights_only=True, mmap=mmap)


def save_best(model: Any, folder: Path) -> None:
    """Write a model's trainable parameters into a folder of their own, whole or not at all."""
    partial = folder.with_name(f"{folder.name}.partial")
    with temporary_folder(partial):
        save_trainable(model, partial)
        _put_in_place(partial, folder)


def _put_in_place(partial: Path, folder: Path) -> None:
    """Give a finished folder its name, once its files are on the disk."""
    sync_tree(partial)
    remove(folder)
    rename(partial, folder)
    sync_directory(folder.parent)


def newest_valid(job: Job, on_damage: Callable[[Path, str], None]) -> Path | None:
    """Return the newest sound checkpoint, None without one; tells of damaged ones, with the reason."""
    for folder in reversed(checkpoints(job)):
        reason = damage(folder)
        if not reason:
            return folder
        on_damage(folder, reason)
    return None


def damage(folder: Path) -> str:
    """Return why a run can't go on from a checkpoint, "" if its files are those written and hold what they should.

    Somebody else may have made it, with checksums that fit: what its files hold is looked at too, and no tensor read.
    """
    try:
        expected = read_json(folder / CHECKSUMS_NAME, FileKind.CHECKPOINT_STATE)
    except (OSError, ValueError) as error:
        return say("its {} can't be read: {}", CHECKSUMS_NAME, error)
    digests = adapter_toml.checksums(folder)
    if not isinstance(expected, dict) or any(
        digests.get(name) != digest for name, digest in expected.items()
    ):
        return "its files were changed"
    try:
        _look_into(folder)
    except Exception as error:  # noqa: BLE001 - whatever a file of others leads to is damage
        return say("it is not the state of a run: {}", first_line(error))
    return ""


def _look_into(folder: Path) -> None:
    """Raise whatever it leads to if a file does not hold what its name says."""
    Progress.from_dict(read_state(folder))
    weight_shapes(folder / TRAINABLE_NAME)
    optimizer = _read(folder / OPTIMIZER_NAME, mmap=True)
    if not isinstance(optimizer["state"], dict) or not isinstance(optimizer["param_groups"], list):
        raise TypeError(say("{} contains no optimizer state", OPTIMIZER_NAME))
    if not isinstance(_read(folder / SCHEDULE_NAME, mmap=True)["last_epoch"], int):
        raise TypeError(say("{} contains no schedule state", SCHEDULE_NAME))
    random_state.require_types(_read(folder / RANDOM_NAME))


def step_of(folder: Path) -> int:
    """Return the step after which a checkpoint was made."""
    return int(folder.name.removeprefix(CHECKPOINT_PREFIX))


def read_state(folder: Path) -> dict[str, Any]:
    """Return the run's own state in a checkpoint. Raises StorageError if it is damaged."""
    try:
        state = read_json(folder / STATE_NAME, FileKind.CHECKPOINT_STATE)
    except (OSError, ValueError) as error:
        raise StorageError(
            say("{} of {} is damaged: {}.", STATE_NAME, folder.name, error), DAMAGED
        ) from error
    if not isinstance(state, dict):
        raise StorageError(say("{} of {} contains no state.", STATE_NAME, folder.name), DAMAGED)
    return state


def save_trainable(model: Any, folder: Path) -> None:
    """Write every trainable parameter of a model exactly, and what the method stores beside them.

    Raises TrainingError if one of the values is not finite.
    """
    tensors = {name: parameter.detach() for name, parameter in trainable_parameters(model).items()}
    tensors |= {
        f"{METHOD_STATE}{name}": tensor for name, tensor in method_hooks.of(model).state(model).items()
    }
    _require_finite(tensors.values())
    tensor_file.write(tensors, folder / TRAINABLE_NAME)


def _require_finite(values: Iterable[Any]) -> None:
    tensors = (each for each in values if isinstance(each, torch.Tensor))
    for tensor in tensors:
        if (
            tensor.is_floating_point()
            and tensor.numel()
            and not torch.stack(tensor.aminmax()).isfinite().all()
        ):
            raise TrainingError(
                "Trained weights or optimizer state are not finite and can't be saved.",
                "Lower the learning rate or use float32, then resume.",
                "training.learning_rate",
            )


def load_trainable(model: Any, folder: Path) -> None:
    """Put the trainable parameters of a folder into a model that was made by the same recipe."""
    parameters = trainable_parameters(model)
    tensors, state = {}, {}
    try:
        stored = load_file(folder / TRAINABLE_NAME)
    except (OSError, SafetensorError) as error:
        raise StorageError(
            say("{} of {} is damaged: {}.", TRAINABLE_NAME, folder.name, error), DAMAGED
        ) from error
    for name, tensor in stored.items():
        if name.startswith(METHOD_STATE):
            state[name.removeprefix(METHOD_STATE)] = tensor
        else:
            tensors[name] = tensor
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    if shapes != {name: parameter.shape for name, parameter in parameters.items()}:
        raise StorageError(say("{} doesn't belong to this run's recipe.", folder.name), "Start a new run.")
    with torch.no_grad():
        for name, tensor in tensors.items():
            parameters[name].copy_(tensor)
    method_hooks.of(model).load_state(model, state)
