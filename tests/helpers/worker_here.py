"""A worker in a thread of this process, for commands whose worker's own process is not what is tested.

It does the real work with the libraries that are imported here already, which takes a new process many seconds. What
is told and asked goes through the job's folder as ever, and the thread works in that folder as a worker does. There
are no signals to it, it leaves no log, and it can't die.
"""

from __future__ import annotations

from contextlib import chdir
from threading import Thread
from unittest.mock import patch

from engine.jobs.supervisor import Supervisor
from engine.worker import __main__ as worker


class WorkerHere(Supervisor):
    """A supervisor of such a worker."""

    _thread: Thread | None = None

    def start(self) -> None:
        """Let the thread do the job."""
        self._skip_earlier_attempts()
        self._thread = Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        # Signals belong to the main thread, and standard input to the test.
        with chdir(self.job.folder), patch.object(worker, "_listen"):
            worker._do(self.job)

    def alive(self) -> bool:
        """Tell whether it works."""
        return self._thread is not None and self._thread.is_alive()

    def force(self) -> None:
        """Let it stop: a thread can't be killed."""
        if self._thread is not None and self._thread.is_alive():
            self.job.send("stop")
            self._thread.join()

    def close(self) -> None:
        """Leave nothing behind."""
        self.force()
