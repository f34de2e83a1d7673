"""The demo, whole: the window starts the starter recipe with a real worker, and ends with a picture and an adapter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from engine.api import library, run_store
from tests.helpers.repository import ROOT

# The first steps bring most of the gain, and few conversations show it.
SHORT = ("training.max_steps=15", "training.evaluate_every=10", "data.max_test=16", "data.max_validation=8")


def demo(home: Path, picture: Path, *values: str) -> subprocess.CompletedProcess[str]:
    """Run `main.py --demo --screenshot` in a home of its own, without a screen."""
    # Of the usual environment of tests without its one thread: here is work for all cores.
    usual = {
        name: value
        for name, value in os.environ.items()
        if name not in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT")
    }
    known = usual | {"TUNESMITH_HOME": str(home), "QT_QPA_PLATFORM": "offscreen", "HF_HUB_OFFLINE": "1"}
    set_values = [word for value in values for word in ("--set", value)]
    return subprocess.run(
        [sys.executable, "main.py", "--demo", "--screenshot", str(picture), *set_values], cwd=ROOT, env=known,
        capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.slow("main.py", "gui/app.py", "gui/pages/train/", "resources/recipes/", "resources/starter/")
@pytest.mark.end_to_end
@pytest.mark.torch
@pytest.mark.timeout(900)
def test_the_demo_ends_with_a_better_adapter_and_a_picture(home, tmp_path):
    picture = tmp_path / "demo.png"
    done = demo(home, picture, *SHORT)
    assert done.returncode == 0, done.stderr
    image = QImage(str(picture))
    assert image.width() >= 1024
    assert (
        len({image.pixel(x, y) for x in range(0, image.width(), 16) for y in range(0, image.height(), 16)})
        > 20
    )
    (job,) = run_store.list_jobs()
    run = run_store.open_run(job)
    assert run.outcome == "completed"
    assert run.state.total_steps == 15
    assert run.state.difference is not None
    assert run.state.difference["rouge1"]["verdict"] == "better"
    (adapter,), unreadable = library.scan()
    assert unreadable == []
    assert adapter.metadata.training.run == run.id
    assert adapter.metadata.score_card is not None


@pytest.mark.end_to_end
def test_a_demo_that_fails_says_so_by_its_exit_code(home, tmp_path):
    """A home that can't hold a run: a file stands where the folder of runs should be."""
    home.mkdir()
    (home / "runs").write_text("in the way")
    picture = tmp_path / "demo.png"
    done = demo(home, picture)
    assert done.returncode == 1
    assert "could not be started" in done.stderr
    assert picture.exists()
