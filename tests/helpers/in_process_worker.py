"""Runs a worker in a thread of this process, for tests of commands that need no process of its own.

The worker does the real work with the libraries that are imported already; a new process takes seconds to import
them. Events and commands go through the job folder as usual, and the thread's working directory is that folder. The
thread gets no signals, writes no log and can't be killed.
"""

from contextlib import chdir
from threading import Thread
from unittest.mock import patch

from engine.jobs.supervisor import Supervisor
from engine.system import sandbox
from engine.worker import __main__ as worker


class InProcessSupervisor(Supervisor):
    """A supervisor whose worker is a thread."""

    _thread: Thread | None = None

    def start(self) -> None:
        self._skip_earlier_attempts()
        self._thread = Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        # Signals belong to the main thread, and standard input to the test.
        with chdir(self.job.folder), patch.object(worker, "_listening"):
            worker.do_job(self.job, None)
        # As with a worker's process.
        sandbox.end()

    def alive(self) -> bool:
        """Tell whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def force(self) -> None:
        """Ask the worker to stop and wait for it: a thread can't be killed."""
        if self._thread is not None and self._thread.is_alive():
            self.job.send("stop")
            self._thread.join()

    def close(self) -> None:
        """Stop the thread if it runs."""
        self.force()
