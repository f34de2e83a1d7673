"""With TUNESMITH_PATCHES=none the product runs on the libraries' public paths: train, resume, evaluate, summarize."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.config import recipe as recipes
from tests.helpers.repository import MAIN
from tests.helpers.tiny_runs import tiny_recipe

pytestmark = [pytest.mark.torch, pytest.mark.end_to_end]


def tunesmith(*arguments: str, conversation: str = "") -> tuple[int, list[dict[str, Any]]]:
    """Run a command; return its exit code and the lines that it printed."""
    answer = subprocess.run(
        [sys.executable, str(MAIN), *arguments, "--json"], input=conversation, capture_output=True, text=True
    )
    return answer.returncode, [json.loads(line) for line in answer.stdout.splitlines()]


def stopped_at_step(number: int, path: Path) -> str:
    """Train by a recipe, stop the run after a step and return the run."""
    command = [sys.executable, str(MAIN), "train", str(path), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            event = json.loads(line)
            if event.get("event") == "run_started":
                assert event["patches"] == []
            if event.get("event") == "step_finished" and event["step"] == number:
                os.kill(process.pid, signal.SIGTERM)
                break
        for _ in process.stdout:
            pass
    assert process.returncode == 130
    return str(event["run"])


@pytest.fixture(autouse=True)
def _no_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNESMITH_PATCHES", "none")


def test_an_encoder_decoder_is_trained_and_used(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    recipe = tiny_recipe(tmp_path, "t5", "lora")
    recipes.save(recipe, path)
    code, events = tunesmith("train", str(path))
    assert code == 0
    (started,) = [event for event in events if event.get("event") == "run_started"]
    assert started["patches"] == []
    (saved,) = [event for event in events if event.get("event") == "adapter_saved"]

    chosen = ("--base-model", recipe.base_model.id, "--adapter", saved["adapter"])
    code, lines = tunesmith("summarize", *chosen, "-", conversation="Ann: Tea?\nBob: Yes.")
    assert code == 0
    assert [line for line in lines if line.get("event") == "summary_finished"]


def test_a_decoder_is_planned_trained_resumed_scored_and_used(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    recipe = tiny_recipe(tmp_path, "llama", "lora", "training.epochs=10", "training.checkpoint_every=2")
    recipes.save(recipe, path)
    code, lines = tunesmith("plan", str(path))
    assert (code, lines[-1]["problems"]) == (0, [])
    assert "memory_bytes" not in lines[-1]

    code, events = tunesmith("resume", stopped_at_step(3, path))
    assert code == 0
    (saved,) = [event for event in events if event.get("event") == "adapter_saved"]

    code, lines = tunesmith("evaluate", "--recipe", str(path), "--adapter", saved["adapter"])
    assert code == 0
    assert lines[-1]["adapters"][0]["scores"]["rouge1"]["mean"] >= 0

    chosen = ("--base-model", recipe.base_model.id, "--adapter", saved["adapter"])
    code, lines = tunesmith("summarize", *chosen, "-", conversation="Ann: Tea?\nBob: Yes.")
    assert code == 0
    finished = [line for line in lines if line.get("event") == "summary_finished"]
    assert len(finished) == 2 or finished[0]["adapter"] == saved["adapter"]
