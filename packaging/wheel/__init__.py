"""Tunesmith as pip installs it: this package's folder is what a checkout's root is, with `main.py` in it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def command() -> int:
    """Do what `main.py` does, as the command `tunesmith`; return the exit code."""
    os.environ.setdefault("TUNESMITH_COMMAND", "tunesmith")
    # Its packages are found from here and by no other program of this Python.
    sys.path.insert(0, str(FOLDER))
    from main import main

    return main(sys.argv[1:])
