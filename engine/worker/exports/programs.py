"""Runs other programs for an export: those that make it, and those that try it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from engine.worker.exports.answers import ExportFailed
from engine.worker.runtime.channel import Channel

POLL_SECONDS = 0.1
MAX_WORDS = 300


def run(
    channel: Channel,
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    given: str = "",
) -> str:
    """Run a program to its end, unless the job is stopped, and return what it wrote to its standard output.

    `given` is its standard input. Raises ExportFailed with its last words if it fails or can't be started, Stopped.
    """
    with _text_file() as stdin, _text_file() as stdout, _text_file() as stderr:
        stdin.write(given)
        stdin.seek(0)
        try:
            process = subprocess.Popen(
                list(command), cwd=folder, env=environment, stdin=stdin, stdout=stdout, stderr=stderr
            )
        except OSError as error:
            raise ExportFailed(f"{command[0]} can't be started: {error.strerror}.") from error
        try:
            while process.poll() is None:
                channel.check_stop()
                time.sleep(POLL_SECONDS)
        finally:
            with suppress(OSError):
                process.kill()
            process.wait()
        said, complained = _content(stdout), _content(stderr)
    if process.returncode:
        words = [line.strip() for line in f"{said}\n{complained}".splitlines() if line.strip()]
        sys.stderr.write("\n".join(words) + "\n")
        raise ExportFailed(words[-1][:MAX_WORDS] if words else f"It ended with {process.returncode}.")
    return said


def _text_file() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")


def _content(stream: IO[str]) -> str:
    stream.seek(0)
    return stream.read()
