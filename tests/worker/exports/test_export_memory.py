"""What an export takes of the processor's memory."""

import json
import subprocess
import sys

import pytest

# Width and layers: 150 MB in bfloat16.
MODEL = ("640", "16")


@pytest.mark.slow("engine/worker/exports/", "engine/worker/modeling/")
def test_a_model_is_merged_in_less_than_one_and_a_half_times_its_weights(tmp_path):
    command = [sys.executable, "-m", "tests.helpers.export_memory", str(tmp_path), *MODEL, "merged", ""]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["weights"] > 140
    assert found["peak"] < 1.5 * found["weights"]
