"""Figures that the README quotes. One command each: `python3 packaging/dev.py bench NAME`. They assert nothing."""

import os

from engine.worker.__main__ import WAITING

# Whatever a benchmark computes, itself or in processes of its own, waits as a worker does; Tunesmith has no lead by it.
os.environ.update(WAITING)
