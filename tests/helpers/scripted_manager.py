"""A worker manager whose jobs follow scripts, for tests of the window."""

from collections.abc import Callable, Collection
from typing import Any

from engine.jobs.job import Job
from gui.workers.engine_thread import EngineThread
from gui.workers.worker_manager import WorkerManager
from tests.helpers import scripted_summarizer, scripted_worker


def scripted_manager(
    script_of: Callable[[Job], list[Any] | None], real: Collection[str] = ()
) -> WorkerManager:
    """Return a manager whose workers follow the script that `script_of(job)` returns, but for those of `real` kinds.

    Where it returns None, the worker writes summaries from a table.
    """

    def command(job: Job) -> list[str] | None:
        if job.request()["kind"] in real:
            return None
        script = script_of(job)
        if script is None:
            return scripted_summarizer.command(job)
        scripted_worker.give_script(job, script)
        return scripted_worker.command(job)

    return WorkerManager(command)


def end(manager: WorkerManager) -> None:
    """Kill the workers of a manager."""
    for thread in manager.findChildren(EngineThread):
        thread.force()
    manager.leave()
