"""Another process of a run: `python -m tests.helpers.rank_follower` joins at each port that its input names.

A run's process ends with its run. This one joins the next, so that the libraries are imported once.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from engine.system import ranks
from engine.system.paths import application_root


class Follower:
    """Such a process, number 1 of 2; it belongs to the test that started it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.rank_follower"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=application_root(),
            env=os.environ | ranks.variables(1, 2, 0),
            text=True,
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def next_run(self) -> dict[str, str]:
        """Let it join a new run; return the variables of the run's process 0."""
        assert self._process.stdin is not None
        port = ranks.unused_port()
        self._process.stdin.write(f"{port}\n")
        self._process.stdin.flush()
        return ranks.variables(0, 2, port)

    def result(self) -> int:
        """Wait for the end of its run and return what it would have exited with."""
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def follower() -> Iterator[Follower]:
    """Have such a process inside."""
    started = Follower()
    try:
        yield started
    finally:
        started.end()


def main() -> None:
    """Serve one run after the other."""
    import torch

    from engine.worker.jobs import rank
    from engine.worker.runtime.scratch import Scratch

    torch.set_num_threads(1)
    for line in sys.stdin:
        os.environ[ranks.PORT] = line.strip()
        scratch = Scratch(has_log=True)
        code = rank.serve(scratch)
        scratch.remove()
        print(code, flush=True)


if __name__ == "__main__":
    main()
