"""The private folder in which a process of a run works that another one owns. Imports no library."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path


class Scratch:
    """A folder to work in, and the standard error as it was.

    With `has_log` what is printed goes into the log of a job; else into a file that goes with the folder.
    """

    def __init__(self, *, has_log: bool) -> None:
        self._before, self._folder = Path.cwd(), Path(tempfile.mkdtemp(prefix="tunesmith-"))
        self._error = os.dup(2)
        os.chdir(self._folder)
        if not has_log:
            log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.close(log)

    def say(self, text: str) -> None:
        """Write a line to the standard error as it was."""
        with suppress(OSError):
            os.write(self._error, f"{text}\n".encode())

    def remove(self) -> None:
        """Go back and delete the folder."""
        os.chdir(self._before)
        shutil.rmtree(self._folder, ignore_errors=True)
