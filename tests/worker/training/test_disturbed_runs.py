"""Runs that are killed, stopped or run into a full disk where it is least expected: what the benchmarks found."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.adapters import library
from engine.errors import StorageError
from engine.jobs.events import EventWriter
from engine.worker.adapters import attach
from engine.worker.dataset import token_cache
from engine.worker.runtime.atomic_write import storage_errors
from engine.worker.training import checkpoints
from engine.worker.training.model_selection import ModelSelection
from tests.helpers.tiny_runs import (
    completed,
    events_named,
    on_event,
    request_stop,
    run_in_process,
    tiny_recipe,
    train_in_process,
    weights,
)
from tests.helpers.worker_setup import attach_random, load_tiny, make_recipe

pytestmark = pytest.mark.torch
# No process has it: Linux goes up to 2 ** 22.
NOBODY = 2**22 + 1


def test_a_run_that_ended_while_it_was_scored_trains_no_step_more(tmp_path, monkeypatch):
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=1")
    _, uninterrupted = train_in_process(recipe)
    with monkeypatch.context() as patch:
        on_event(patch, lambda event, _: event == "adapter_saved", request_stop)
        job, events = train_in_process(recipe)
    assert events[-1]["outcome"] == "stopped"
    _, resumed = completed(job)
    assert not events_named(resumed, "step_finished")
    assert not events_named(resumed, "checkpoint_saved")
    assert weights(resumed) == weights(uninterrupted)


def test_a_best_state_is_whole_or_not_there(tmp_path, monkeypatch):
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=3")
    _, uninterrupted = train_in_process(recipe)

    def half(_: Any, folder: Path) -> None:
        (folder / checkpoints.TRAINABLE_NAME).write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        update = ModelSelection.update

        def save_half(selection: ModelSelection, *measured: float) -> None:
            patch.setattr(checkpoints, "save_trainable", half)
            update(selection, *measured)

        patch.setattr(ModelSelection, "update", save_half)
        job, events = train_in_process(recipe)
    assert (events[-1]["outcome"], events[-1]["kind"]) == ("failed", "StorageError")
    assert [path.name for path in job.folder.iterdir() if path.name.startswith("best-")] == []
    assert weights(run_in_process(job)) == weights(uninterrupted)


@pytest.mark.parametrize(
    "said",
    [
        "[enforce fail at inline_container.cc:672] . unexpected pos 360256 vs 360144",
        "PytorchStreamWriter failed writing file data/0: file write failed",
    ],
)
def test_a_disk_that_takes_part_of_a_file_is_told_in_our_words(said):
    with (
        pytest.raises(StorageError, match="can't be written completely"),
        storage_errors("The checkpoint", "Free some space."),
    ):
        raise RuntimeError(said)
    with pytest.raises(RuntimeError, match="shapes"), storage_errors("The checkpoint", "Free some space."):
        raise RuntimeError("shapes differ")


def test_what_led_to_a_checkpoint_is_on_the_disk_before_it(tmp_path, monkeypatch):
    order: list[str] = []
    sync, save = EventWriter.sync, checkpoints.save

    def synced(writer: EventWriter) -> None:
        order.append("events")
        sync(writer)

    def saved(*asked: Any) -> Any:
        order.append("checkpoint")
        return save(*asked)

    monkeypatch.setattr(EventWriter, "sync", synced)
    monkeypatch.setattr(checkpoints, "save", saved)
    train_in_process(
        tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=2", "training.checkpoint_every=1")
    )
    assert order == ["events", "checkpoint"] * 2 + ["events"]


def test_token_ids_are_on_the_disk_before_they_have_their_name(tmp_path, monkeypatch):
    order: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        order.append("to the disk")
        fsync(descriptor)

    def replaced(path: Path, target: Path) -> Path:
        order.append("named")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    tokens = token_cache.Tokens(np.zeros(2, np.int32), np.array([1, 2]))
    token_cache.save(tmp_path / "ids.safetensors", tokens, (0, 0))
    assert order == ["to the disk", "named"]


def test_a_configuration_is_written_in_one_order(tmp_path):
    # PEFT keeps the names in a set, whose order differs from process to process.
    model = attach_random(load_tiny("t5"), make_recipe("t5"))
    attach.save_adapter(model, tmp_path)
    parsed = json.loads((tmp_path / library.CONFIG_NAME).read_text(encoding="utf-8"))
    assert len(parsed["target_modules"]) > 5
    assert parsed["target_modules"] == sorted(parsed["target_modules"])
