"""With TUNESMITH_PATCHES=none the product runs on the libraries' public paths: train, resume, evaluate, summarize.

A run is started and stopped as a program. The other commands are carried out in one process, which had no patch either.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config import recipe as recipes
from tests.helpers.command_line import Finished
from tests.helpers.line_process import LineProcess
from tests.helpers.repository import MAIN
from tests.helpers.tiny_runs import tiny_recipe

pytestmark = [
    pytest.mark.slow("engine/worker/kernels/"),
    pytest.mark.torch,
    pytest.mark.end_to_end,
    pytest.mark.timeout(900),
]
NO_PATCHES = {"TUNESMITH_PATCHES": "none"}
CONVERSATION = "Ann: Tea?\nBob: Yes."


class Stock:
    """A process without patches that carries out commands: it imports the libraries once."""

    def __init__(self) -> None:
        self.process = LineProcess("tests.helpers.command_line", **NO_PATCHES)

    def run(self, home: Path, *arguments: str, stdin: str = "") -> Finished:
        return Finished(**self.process.ask({"home": str(home), "arguments": arguments, "stdin": stdin}))


@pytest.fixture(scope="module")
def stock():
    made = Stock()
    yield made
    made.process.close()


def stopped_at_step(number: int, path: Path) -> str:
    """Train by a recipe, stop the run after a step and return the run."""
    command = [sys.executable, str(MAIN), "train", str(path), "--json"]
    environment = {**os.environ, **NO_PATCHES}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=environment
    ) as process:
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


def test_an_encoder_decoder_is_trained_and_used(stock, home, tmp_path):
    path = tmp_path / "recipe.toml"
    recipe = tiny_recipe(tmp_path, "t5", "lora")
    recipes.save(recipe, path)
    trained = stock.run(home, "train", str(path), "--json")
    assert trained.code == 0, trained
    (started,) = trained.named("run_started")
    assert started["patches"] == []
    (saved,) = trained.named("adapter_saved")
    chosen = ("--base-model", recipe.base_model.id, "--adapter", saved["adapter"])
    done = stock.run(home, "summarize", *chosen, "-", "--json", stdin=CONVERSATION)
    assert done.code == 0, done
    assert done.named("summary_finished")


def test_a_decoder_is_planned_trained_resumed_scored_and_used(stock, home, tmp_path):
    path = tmp_path / "recipe.toml"
    recipe = tiny_recipe(tmp_path, "llama", "lora", "training.epochs=10", "training.checkpoint_every=2")
    recipes.save(recipe, path)
    planned = stock.run(home, "plan", str(path), "--json")
    assert (planned.code, planned.json[-1]["problems"]) == (0, [])
    assert "memory_bytes" not in planned.json[-1]

    resumed = stock.run(home, "resume", stopped_at_step(3, path), "--json")
    assert resumed.code == 0, resumed
    (started,) = resumed.named("run_started")
    assert started["patches"] == []
    (saved,) = resumed.named("adapter_saved")

    scored = stock.run(home, "evaluate", "--recipe", str(path), "--adapter", saved["adapter"], "--json")
    assert scored.code == 0, scored
    assert scored.json[-1]["adapters"][0]["scores"]["rouge1"]["mean"] >= 0

    chosen = ("--base-model", recipe.base_model.id, "--adapter", saved["adapter"])
    done = stock.run(home, "summarize", *chosen, "-", "--json", stdin=CONVERSATION)
    assert done.code == 0, done
    finished = done.named("summary_finished")
    assert len(finished) == 2 or finished[0]["adapter"] == saved["adapter"]
