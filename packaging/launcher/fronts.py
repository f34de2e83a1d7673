"""How the first start is shown: in the terminal it was given in, in a window of tkinter's, or by zenity.

All of them do the same three things; `best` says which is at hand.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from typing import Protocol

from launcher.answers import Answer
from launcher.builds import Build
from launcher.terminal import Terminal
from launcher.work import Work
from launcher.zenity import Zenity

POLL_SECONDS = 0.2


class Front(Protocol):
    """What a first start is shown on."""

    def choose(self, builds: Sequence[Build], suited: Build, cards_text: str) -> Build | None:
        """Say what will be done and let the person choose a build of torch; None: not now."""

    def follow(self, work: Work) -> None:
        """Show the work to its end; the person can cancel it."""

    def ask(self, trouble: str, log: str, *, has_previous: bool) -> Answer:
        """Say what went wrong and ask what now."""

    def close(self) -> None:
        """Take everything away."""


class Lines:
    """For scripts: asks nothing, and says a line for each step."""

    def choose(self, builds: Sequence[Build], suited: Build, cards_text: str) -> Build | None:
        """Take what suits."""
        return suited

    def follow(self, work: Work) -> None:
        """Say each step when it begins."""
        printed_step = 0
        while not work.wait(POLL_SECONDS):
            if work.progress.step != printed_step:
                printed_step = work.progress.step
                print(work.progress.text(), flush=True)

    def ask(self, trouble: str, log: str, *, has_previous: bool) -> Answer:
        """Give up."""
        print(f"{trouble}\nAll that was said is in {log}.")
        return "close"

    def close(self) -> None:
        """Leave the lines where they are."""


def best() -> Front | None:
    """Return the front for where this was started, or None if there is nothing to show anything on."""
    if sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty():
        return Terminal()
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return None
    if importlib.util.find_spec("_tkinter") is not None and os.environ.get("DISPLAY"):
        from launcher.window import Window  # it imports tkinter

        return Window()
    if shutil.which("zenity"):
        return Zenity()
    return None
