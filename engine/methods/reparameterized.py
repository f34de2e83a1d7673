"""Methods that write a weight's change in other terms than one low-rank product: rotations, spectra, entries."""

from __future__ import annotations

from engine.methods.base import Method

REPARAMETERIZED: tuple[Method, ...] = ()
