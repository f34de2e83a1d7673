"""How Tunesmith's command is called in a terminal, for messages that name one."""

from __future__ import annotations

import os

# Set by what starts Tunesmith under another name than its file; workers inherit it.
VARIABLE = "TUNESMITH_COMMAND"


def command_name() -> str:
    """Return `tunesmith` where it was installed, `main.py` in a checkout."""
    return os.environ.get(VARIABLE) or "main.py"
