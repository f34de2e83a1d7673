"""What tests repeat of the proof on the pretend card: LoRA everywhere, each method once, real jobs."""

import json
import os
import subprocess
import sys

import pytest

from engine.config import recipe as recipes
from tests.helpers.command_line import Terminal
from tests.helpers.repository import ROOT
from tests.helpers.tiny_runs import tiny_recipe

pytestmark = [
    pytest.mark.torch,
    pytest.mark.slow(
        "engine/worker/kernels/", "engine/worker/runtime/", "engine/worker/training/", "tests/proof/",
        "tests/helpers/pretend_card/",
    ),
]  # fmt: skip
STARTUP = ROOT / "tests" / "helpers" / "pretend_card" / "startup"


@pytest.mark.timeout(900)  # where other programs compute too
def test_methods_and_jobs_compute_on_a_card_what_the_processor_does(tmp_path):
    log = tmp_path / "log"
    with log.open("w", encoding="utf-8") as stderr:
        done = subprocess.run(
            [sys.executable, "-m", "tests.proof.card_part"], cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr
        )
    assert done.returncode == 0, log.read_text(encoding="utf-8")[-3000:]
    found = json.loads(done.stdout)

    assert found["card"] == {"synchronisation": 4, "to the card": 1, "to the host": 1, "mixed": 1}
    assert found["unlike the processor"] == []
    assert {cell: failures for cell, failures in found["cells"].items() if failures} == {}
    jobs = found["jobs"]
    assert jobs["mixed"] == []
    on_card, on_processor = jobs["runs"]["cuda"], jobs["runs"]["cpu"]
    assert (on_card["device"], on_processor["device"]) == ("card:0", "cpu")
    assert on_card["outcomes"] == on_processor["outcomes"] == ["stopped", "completed"]
    assert len(on_card["losses"]) == 6
    assert on_card["losses"] == pytest.approx(on_processor["losses"], abs=jobs["tolerance"])
    assert jobs["off"] <= jobs["tolerance"]
    assert jobs["used"]["cuda"] == jobs["used"]["cpu"]
    assert len(set(jobs["used"]["cuda"]["summaries"].values())) > 1


def test_a_worker_of_the_command_line_trains_and_scores_on_the_card(home, tmp_path, monkeypatch):
    told = tmp_path / "counts.jsonl"
    path = os.pathsep.join(filter(None, (str(STARTUP), os.environ.get("PYTHONPATH"))))
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("PRETEND_CARD", str(told))
    recipes.save(tiny_recipe(tmp_path, "t5", "lora", "training.device=cuda"), tmp_path / "recipe.toml")
    done = Terminal(home).run("train", str(tmp_path / "recipe.toml"), "--json")
    assert done.code == 0, done.err
    (started,) = done.named("run_started")
    assert started["device"] == "card:0"
    assert "fused_lora" in started["patches"]
    assert "dropout" not in started["patches"]
    (counts,) = map(json.loads, told.read_text(encoding="utf-8").splitlines())
    assert counts["mixed"] == []
    steps = len(done.named("step_finished"))
    waits = {at: times for at, times in counts["places"].items() if "training_loop.py" in at}
    assert steps == 6
    assert sum(waits.values()) == 2 * steps, counts["places"]
