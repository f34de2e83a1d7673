"""A run on a graphics card: the card falls off, others use it, there are two of them. torch's part is played."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from engine.runs import run_store
from engine.worker.runtime import devices
from tests.helpers.tiny_runs import completed, events_named, on_event, tiny_recipe, train_in_process, weights

pytestmark = pytest.mark.torch


class AcceleratorError(RuntimeError):
    """As torch names what a card reports."""


def fall_off(_: Any) -> None:
    """Fail as the next operation on a card that is gone."""
    raise AcceleratorError(
        "CUDA error: unspecified launch failure\nCUDA kernel errors might be reported later."
    )


def test_a_card_that_falls_off_ends_the_run_by_name_and_resume_goes_on(tmp_path, monkeypatch):
    # Two cards never become data parallel, and who else uses one is told.
    made: list[Any] = []
    monkeypatch.setattr(nn.DataParallel, "__init__", lambda *model, **_: made.append(model))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    notice = {"message": "Other programs compute on cuda:0.", "hint": "End them.", "level": "warning"}
    monkeypatch.setattr(devices, "notices", lambda _: [notice])
    recipe = tiny_recipe(
        tmp_path,
        "llama",
        "lora",
        "training.checkpoint_every=2",
        "training.log_every=1",
        "training.max_steps=4",
    )
    with monkeypatch.context() as patch:
        on_event(patch, lambda event, facts: event == "step_finished" and facts["step"] == 3, fall_off)
        job, events = train_in_process(recipe)

    ended = events[-1]
    assert (ended["outcome"], ended["kind"], ended["field"]) == ("failed", "DeviceError", "training.device")
    assert ended["message"] == "The graphics card stopped answering: CUDA error: unspecified launch failure."
    assert "Resume continues from the last checkpoint." in ended["hint"]
    assert "memory_exceeded" not in {event["event"] for event in events}
    assert notice["message"] in {event["message"] for event in events_named(events, "notice")}
    assert run_store.last_step(job) == 2

    _, resumed = completed(job)
    assert weights(resumed) == weights(train_in_process(recipe)[1])
    assert made == []
