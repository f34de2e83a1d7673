"""Another process of a run: `python -m tests.helpers.rank_follower` joins at each port that its input names.

A run's process ends with its run. This one joins the next, so that the libraries are imported once.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from engine.system.paths import application_root


class Follower:
    """Such a process, number 1 of 2; it belongs to the test that started it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.rank_follower"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=application_root(),
            env={**os.environ, "RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"},
            text=True,
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def next_run(self) -> dict[str, str]:
        """Let it join a new run; return the variables of the run's process 0."""
        assert self._process.stdin is not None
        port = str(free_port())
        self._process.stdin.write(port + "\n")
        self._process.stdin.flush()
        return {
            "RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2",
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port,
        }  # fmt: skip

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


def free_port() -> int:
    """Return a port that nothing listens to now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def main() -> None:
    """Serve one run after the other."""
    import torch

    from engine.worker.jobs import rank
    from engine.worker.runtime.scratch import Scratch

    torch.set_num_threads(1)
    os.environ["MASTER_ADDR"] = "127.0.0.1"
    for line in sys.stdin:
        os.environ["MASTER_PORT"] = line.strip()
        scratch = Scratch(has_log=True)
        code = rank.serve(scratch)
        scratch.remove()
        print(code, flush=True)


if __name__ == "__main__":
    main()
