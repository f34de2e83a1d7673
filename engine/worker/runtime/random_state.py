"""The state of everything that draws random numbers: Python, NumPy, torch on the CPU and on the device.

A mapping under the names that transformers gives them in a checkpoint; that of the device is under its kind. What is
tried or given up puts it back, so that a run goes on as if nothing had been.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

PYTHON, NUMPY, CPU = "python", "numpy", "cpu"
States = Mapping[str, Any]


def now(device: torch.device) -> States:
    """Return the states as they are; a GPU's is read without waiting for the GPU."""
    states = {PYTHON: random.getstate(), NUMPY: np.random.get_state(), CPU: torch.get_rng_state()}
    if device.type != CPU:
        states[device.type] = torch.get_device_module(device).get_rng_state()
    return states


def restore(states: States) -> None:
    """Put the states back. The device's is skipped where there is none of its kind now."""
    random.setstate(states[PYTHON])
    np.random.set_state(states[NUMPY])
    torch.set_rng_state(states[CPU])
    for kind in states.keys() - {PYTHON, NUMPY, CPU}:
        device = torch.get_device_module(kind)
        if device.is_available():
            device.set_rng_state(states[kind])


def require_types(states: States) -> None:
    """Raise whatever it leads to if a state is none, as a file of others may hold; nothing is changed."""
    random.Random().setstate(states[PYTHON])
    np.random.RandomState().set_state(states[NUMPY])
    torch.Generator().set_state(states[CPU])


@contextmanager
def same_random_numbers(device: torch.device) -> Iterator[None]:
    """Put every state back after the work inside."""
    states = now(device)
    try:
        yield
    finally:
        restore(states)
