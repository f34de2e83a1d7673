"""What writing a checkpoint takes of the processor's memory beside what a card trains."""

import json
import subprocess
import sys

import pytest

# The largest tensor has 4 MB; the rest is buffers, and what is imported late.
ALLOWED = 30


@pytest.mark.slow("engine/worker/training/")
def test_a_checkpoint_is_written_tensor_by_tensor(tmp_path):
    command = [sys.executable, "-m", "tests.helpers.checkpoint_memory", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["trained"] > 90
    assert found["adapter"] < ALLOWED
    assert found["trainable"] < ALLOWED
    assert found["state"] < ALLOWED
