"""A worker manager whose jobs follow scripts, for tests of the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.jobs.job import Job
from gui.workers.engine_thread import EngineThread
from gui.workers.worker_manager import WorkerManager
from tests.helpers import scripted_worker


def scripted_manager(script_of: Callable[[Job], list[Any]]) -> WorkerManager:
    """Return a manager whose workers follow the script that `script_of(job)` returns."""

    def command(job: Job) -> list[str]:
        scripted_worker.give_script(job, script_of(job))
        return scripted_worker.command(job)

    return WorkerManager(command)


def end(manager: WorkerManager) -> None:
    """Kill the workers of a manager."""
    for thread in manager.findChildren(EngineThread):
        thread.force()
    manager.leave()
