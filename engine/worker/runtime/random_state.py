"""The state of everything that draws random numbers: Python, NumPy, torch on the CPU and on the device.

Checkpoints hold it, and what is tried or given up puts it back, so that a run goes on as if nothing had been.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch

# Under these names, as transformers has them, a checkpoint holds the states; the device's is under its kind.
PYTHON, NUMPY, CPU = "python", "numpy", "cpu"


@dataclass(frozen=True)
class RandomState:
    """The states at one moment; `of_device` is None where the device is the CPU."""

    python: Any
    numpy: Any
    cpu: torch.Tensor
    kind: str = CPU
    of_device: torch.Tensor | None = None

    @classmethod
    def now(cls, device: torch.device) -> Self:
        """Return the states as they are; a GPU's is read without waiting for the GPU."""
        states = random.getstate(), np.random.get_state(), torch.get_rng_state()
        if device.type == CPU:
            return cls(*states)
        return cls(*states, device.type, torch.get_device_module(device).get_rng_state())

    def restore(self) -> None:
        """Put the states back. The device's is skipped where there is none of its kind now."""
        random.setstate(self.python)
        np.random.set_state(self.numpy)
        torch.set_rng_state(self.cpu)
        device = torch.get_device_module(self.kind) if self.of_device is not None else None
        if device is not None and device.is_available():
            device.set_rng_state(self.of_device)

    def require_types(self) -> None:
        """Raise whatever it leads to if a state is none, as a file of others may hold; nothing is changed."""
        random.Random().setstate(self.python)
        np.random.RandomState().set_state(self.numpy)
        torch.Generator().set_state(self.cpu)

    def as_dict(self) -> dict[str, Any]:
        """Return what a checkpoint holds."""
        stored = {PYTHON: self.python, NUMPY: self.numpy, CPU: self.cpu}
        return stored if self.of_device is None else {**stored, self.kind: self.of_device}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return the states that a checkpoint holds."""
        kind = next((name for name in stored if name not in (PYTHON, NUMPY, CPU)), CPU)
        of_device = stored[kind] if kind != CPU else None
        return cls(stored[PYTHON], stored[NUMPY], stored[CPU], kind, of_device)


@contextmanager
def same_random_numbers(device: torch.device) -> Iterator[None]:
    """Put every state back after the work inside."""
    state = RandomState.now(device)
    try:
        yield
    finally:
        state.restore()
