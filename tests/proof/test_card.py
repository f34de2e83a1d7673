"""What every test run repeats of the proof on the pretend card: LoRA everywhere, each method once, real jobs."""

import json
import subprocess
import sys

import pytest

from tests.helpers.repository import ROOT


@pytest.mark.torch
def test_methods_and_jobs_compute_on_a_card_what_the_processor_does(tmp_path):
    log = tmp_path / "log"
    with log.open("w", encoding="utf-8") as stderr:
        done = subprocess.run(
            [sys.executable, "-m", "tests.proof.card_part"], cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr
        )
    assert done.returncode == 0, log.read_text(encoding="utf-8")[-3000:]
    found = json.loads(done.stdout)

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
