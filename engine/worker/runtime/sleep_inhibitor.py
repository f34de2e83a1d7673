"""Keeps the computer from going to sleep while a run computes, where the system has a way to ask for that.

Done by the worker, not by a window: a run that goes on without its window, or was started on the command line, needs
it as much. Where there is no way, nothing is said and the computer sleeps as it likes. Knows nothing of runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress

REASON = "A run is training"
END_SECONDS = 2.0


class Awake:
    """Ask with `keep`, take it back with `let_sleep`; both may be called again and again."""

    def __init__(self) -> None:
        self._helper: subprocess.Popen[bytes] | None = None

    def keep(self) -> None:
        """Keep the computer awake from now on, until `let_sleep` or the end of this process."""
        if sys.platform == "win32":
            _windows_stays_awake(True)
        elif self._helper is None:
            command = helper_command(sys.platform, os.getpid())
            if command:
                self._helper = _started(command)

    def let_sleep(self) -> None:
        """Let the computer sleep as it likes."""
        if sys.platform == "win32":
            _windows_stays_awake(False)
        if self._helper is not None:
            self._helper.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._helper.wait(END_SECONDS)
            self._helper = None


def helper_command(platform: str, pid: int) -> list[str]:
    """Return the program that keeps a computer awake for as long as the process `pid` lives; empty without one.

    logind's blocks end with the program that holds them, whatever becomes of the worker; `caffeinate` is macOS's own.
    """
    if platform == "darwin" and shutil.which("caffeinate"):
        return ["caffeinate", "-i", "-w", str(pid)]
    if platform.startswith("linux") and shutil.which("systemd-inhibit") and shutil.which("tail"):
        asked = ["--what=idle:sleep", "--who=Tunesmith", f"--why={REASON}", "--mode=block"]
        return ["systemd-inhibit", *asked, "tail", f"--pid={pid}", "-f", "/dev/null"]
    return []


def _started(command: list[str]) -> subprocess.Popen[bytes] | None:
    nothing = subprocess.DEVNULL
    try:
        return subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing)
    except OSError:
        return None


def _windows_stays_awake(awake: bool) -> None:
    """Tell Windows that this thread needs the system, or no longer does."""
    if sys.platform == "win32":
        import ctypes

        continuous, system_required = 0x80000000, 0x00000001
        ctypes.windll.kernel32.SetThreadExecutionState(continuous | (system_required if awake else 0))
