"""Minimal environments, folders with a Python, for tests of the launcher."""

from __future__ import annotations

import sys
from pathlib import Path

import environment
from launcher.environments import Environments
from launcher.work import Step, Work

SLEEPS = "import time; time.sleep(600)"


def fill_environment(folder: Path) -> Path:
    """Link this Python into a folder, as venv does."""
    python = environment.program(folder, "python")
    python.parent.mkdir(parents=True, exist_ok=True)
    if not python.exists():
        python.symlink_to(sys.executable)
    (folder / "lib" / python.resolve().name).mkdir(parents=True, exist_ok=True)
    return folder


def make_active(place: Environments, build: str = "cpu") -> Path:
    """Make an environment and switch to it."""
    folder = fill_environment(place.begin(build))
    place.switch_to(folder)
    return folder


def python_step(code: str, words: str = "a step") -> Step:
    """Return a step that runs this code."""
    return Step(words, [sys.executable, "-c", code])


def outcome_of(work: Work) -> str:
    """Wait for the end and return the outcome."""
    assert work.wait()
    return work.outcome
