"""A question that a person answers with yes or no."""

from __future__ import annotations

import sys

from engine.commands.terminal.output import Output


def can_ask(output: Output) -> bool:
    """Tell whether somebody sits at a terminal."""
    return output.live and sys.stdin.isatty()


def agrees(question: str) -> bool:
    """Ask, and return whether the answer is yes."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False
