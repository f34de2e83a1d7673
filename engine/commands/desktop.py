"""The verb `desktop-entry`: put Tunesmith in the desktop's menu, or take it out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from engine.commands.terminal.output import Output
from engine.commands.terminal.parser import Verbs
from engine.config.recipe_command import program
from engine.system import desktop_entry


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    entry = verbs.add("desktop-entry", "Add Tunesmith to the desktop's application menu", change_entry)
    entry.add_argument("--remove", action="store_true", help="remove it from the menu")


def change_entry(asked: argparse.Namespace, output: Output) -> int:
    """Write or delete the menu entry of this person."""
    files = desktop_entry.remove() if asked.remove else desktop_entry.install(_command())
    output.json({"removed" if asked.remove else "written": [str(file) for file in files]})
    done = "Deleted" if asked.remove else "Written"
    output.lines([f"{done}: {file}" for file in files] or ["Nothing was in the menu."])
    return 0


def _command() -> list[str]:
    """Return what the menu starts: the installed command, which outlives a change of Python, or this program."""
    started = Path(sys.argv[0])
    is_command = started.suffix != ".py" and started.is_file()
    return [str(started.absolute())] if is_command else program()
