"""Prevents system sleep while a run computes, where the system offers that; elsewhere it does nothing.

The worker does it and not the window, since a run may go on without its window or be started on the command line.
Knows nothing of runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress

REASON = "A run is training"
END_SECONDS = 2.0


class SleepInhibitor:
    """Prevents sleep from `inhibit` to `release`; both may be called repeatedly."""

    def __init__(self) -> None:
        self.helper: subprocess.Popen[bytes] | None = None

    def inhibit(self) -> None:
        """Prevent sleep until `release` or the end of this process."""
        if sys.platform == "win32":
            _inhibit_on_windows(True)
        elif self.helper is None:
            command = helper_command(sys.platform, os.getpid())
            null = subprocess.DEVNULL
            if command:
                with suppress(OSError):
                    self.helper = subprocess.Popen(command, stdin=null, stdout=null, stderr=null)

    def release(self) -> None:
        """Let the system sleep again."""
        if sys.platform == "win32":
            _inhibit_on_windows(False)
        if self.helper is not None:
            self.helper.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.helper.wait(END_SECONDS)
            self.helper = None


def helper_command(platform: str, pid: int) -> list[str]:
    """Return the command that prevents sleep while the process `pid` lives; empty where there is none.

    logind's block ends with the program that holds it, whatever becomes of the worker; `caffeinate` belongs to macOS.
    """
    if platform == "darwin" and shutil.which("caffeinate"):
        return ["caffeinate", "-i", "-w", str(pid)]
    if platform.startswith("linux") and shutil.which("systemd-inhibit") and shutil.which("tail"):
        options = ["--what=idle:sleep", "--who=Tunesmith", f"--why={REASON}", "--mode=block"]
        return ["systemd-inhibit", *options, "tail", f"--pid={pid}", "-f", "/dev/null"]
    return []


def _inhibit_on_windows(on: bool) -> None:
    """Say that this thread requires the system to run, or no longer does."""
    if sys.platform == "win32":
        import ctypes

        continuous, system_required = 0x80000000, 0x00000001
        ctypes.windll.kernel32.SetThreadExecutionState(continuous | (system_required if on else 0))
