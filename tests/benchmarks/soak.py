"""Train, pause, compare, import, delete, again and again in one window: does it grow, or leave anything behind?

300 cycles with workers that follow a script and 30 with real ones; two numbers as arguments make it others. Each kind
has a window of its own.
"""

import gc
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from tests.helpers.benchmark_report import show

Result = dict[str, Any]
CYCLES = {"scripted": 300, "real": 30}
# Cycles in which pages are built, caches fill and Python's own pools grow; what is later is growth.
WARM_UP = {"scripted": 30, "real": 5}
MAX_SECONDS = 300
CONVERSATION = (
    "Leila: the venue wrote, they can't do the 14th\nTom: what do they offer?\nLeila: Thursday 21st"
)


def main() -> None:
    """Go through the cycles and print."""
    counts = [int(argument) for argument in sys.argv[1:]]
    for kind, count in (dict(zip(CYCLES, counts, strict=True)) if counts else CYCLES).items():
        if count:
            _tell(kind, _in_a_window(kind, count))


def _in_a_window(kind: str, count: int) -> list[Result]:
    """Let a process of its own have the window; return what it held after each cycle."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_soak, args=(kind, count, theirs))
    process.start()
    theirs.close()
    results: list[Result] = []
    try:
        for number in range(count):
            results.append(ours.recv())
            print(f"{kind} {number}: {results[-1]}", flush=True)
        results[-1]["left"] = ours.recv()
    except EOFError:
        raise SystemExit(f"The window of the {kind} cycles is gone.") from None
    finally:
        process.join(MAX_SECONDS)
    return results


def _soak(kind: str, count: int, theirs: Connection) -> None:
    with tempfile.TemporaryDirectory() as place:
        home, temporary = Path(place) / "home", Path(place) / "temporary"
        temporary.mkdir()
        os.environ |= {"TUNESMITH_HOME": str(home), "TMPDIR": str(temporary), "HF_HUB_OFFLINE": "1"}
        tempfile.tempdir = str(temporary)
        stage = Stage(kind, Path(place))
        for _ in range(count):
            stage.cycle()
            theirs.send(stage.measured())
        theirs.send(stage.close())


class Stage:
    """A window, and what a person does in it."""

    def __init__(self, kind: str, place: Path) -> None:
        from PySide6.QtCore import QEventLoop, QTimer
        from PySide6.QtWidgets import QApplication

        from gui.core.preferences import Preferences
        from gui.look import style
        from gui.main_window import MainWindow
        from gui.workers.worker_manager import WorkerManager

        self._kind, self._place = kind, place
        self._application = QApplication([])
        style.apply(self._application, "light")
        self._manager = WorkerManager(command=_scripted if kind == "scripted" else None)
        self._window = MainWindow(self._manager, Preferences())
        self._window.show()
        self._number = 0
        # One for all moments: `QTimer.singleShot` keeps a little of each, which a run has thousands of.
        self._loop, self._moment = QEventLoop(), QTimer()
        self._moment.setSingleShot(True)
        self._moment.timeout.connect(self._loop.quit)

    def cycle(self) -> None:
        """Train with a pause, compare, import, delete; the home then holds what it held before."""
        from engine.api import library, run_store, trash

        self._number += 1
        run_id = self._train()
        adapters = library.scan()[0]
        self._compare([adapters[0].id])
        self._import(adapters[0])
        self._delete()
        run_store.delete_run(run_store.find_job(run_id))
        self._manager.runs_changed.emit()
        self._window.show_built("train")
        trash.empty_old_trash(0)
        self._settle()

    def _train(self) -> str:
        from engine.api import recipe

        model = self._window.show_built("train").start_run(recipe.loads(_recipe(self._kind)))
        assert model is not None, "the device is not free"
        self._until(lambda: model.state.step >= 1, "the first step")
        model.pause()
        self._until(lambda: model.state.paused or not model.running, "the pause")
        if model.running:
            model.go_on()
        self._until(lambda: not model.running, "the end of the run")
        assert model.state.outcome == "completed", model.state.ended
        if self._kind == "scripted":
            from tests.helpers.homes import add_adapter

            add_adapter(f"made-{self._number}", base_model=_starter())
            self._manager.adapters_changed.emit()
        return model.id

    def _compare(self, adapters: list[str]) -> None:
        page = self._window.show_built("playground")
        page.open_conversation(CONVERSATION)
        page.open(adapters)
        self._until(page.summarise_button.isEnabled, "the playground")
        page.summarise()
        self._until(lambda: not page.controller.results.busy, "the summaries")
        said = [page.controller.results.column(adapter) for adapter in (None, *adapters)]
        assert all(each is not None and each.status == "finished" for each in said), said
        self._manager.summarizer.close()
        self._until(lambda: not self._manager.summarizer.alive, "the end of the summarizer")

    def _import(self, adapter: Any) -> None:
        from engine.api import library

        page = self._window.show_built("library")
        archive = self._place / "adapter.zip"
        page.operations.export_zip(adapter, archive)
        self._until(archive.exists, "the zip")
        page.operations.import_files([archive])
        self._until(lambda: len(library.scan()[0]) == 2, "the import")
        self._until(lambda: page.table.rowCount() > 0, "the library's table")
        archive.unlink()

    def _delete(self) -> None:
        from engine.api import library

        page = self._window.show_built("library")
        for adapter in library.scan()[0]:
            page.operations.delete([adapter])
        self._settle()

    def _settle(self) -> None:
        """Let short jobs end and what is due be done."""
        self._until(lambda: not _passing(self._manager), "the end of short jobs")
        self._wait(0.3)

    def measured(self) -> Result:
        """Return what the process holds now, and what is left beside it."""
        gc.collect()
        own = psutil.Process()
        temporary = [path.name for path in (self._place / "temporary").iterdir()]
        unfinished = [path.name for path in (self._place / "home").rglob("*") if ".partial" in path.name] + [
            path.name for path in (self._place / "home" / "jobs").iterdir()
        ]
        return {
            "bytes": own.memory_info().rss,
            "handles": own.num_fds() if hasattr(own, "num_fds") else own.num_handles(),
            "threads": own.num_threads(),
            "processes": len(own.children(recursive=True)),
            "files": sorted(temporary + unfinished),
        }

    def close(self) -> Result:
        """Close the window and return what is still there."""
        self._manager.leave()
        self._window.close()
        self._wait(0.5)
        children = psutil.Process().children(recursive=True)
        _, alive = psutil.wait_procs(children, timeout=10)
        found = self.measured()
        return found | {"processes": len(alive)}

    def _until(self, reached: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + MAX_SECONDS
        while not reached():
            if time.monotonic() > deadline:
                raise SystemExit(f"{what} did not come in {MAX_SECONDS} s.")
            self._wait(0.02)

    def _wait(self, seconds: float) -> None:
        """Let the window live for a moment, in a loop of its own, so that what is to be deleted is."""
        self._moment.start(int(1000 * seconds))
        self._loop.exec()


def _passing(manager: Any) -> bool:
    """Tell whether threads still follow jobs; the planner's is there for as long as the window wants plans."""
    from gui.workers.engine_thread import EngineThread

    threads = manager.findChildren(EngineThread)
    return any(thread.isRunning() and thread.job.request()["kind"] != "plan" for thread in threads)


def _scripted(job: Any) -> list[str]:
    """Return the command of the worker that plays a job of this kind."""
    from tests.helpers import scripted_summarizer, scripted_worker
    from tests.helpers.train_stage import COMPLETE, PLAN

    kind = job.request()["kind"]
    if kind == "summarize":
        return scripted_summarizer.command(job)
    models = {"event": "result_made", "result": {"models": [{"id": "starter"}]}}
    scripts = {"train": COMPLETE, "plan": [["answer", PLAN]], "models": [["emit", models]]}
    scripted_worker.give_script(job, scripts.get(kind, []))
    return scripted_worker.command(job)


def _starter() -> Any:
    from engine.adapters.metadata import BaseModelFacts

    return BaseModelFacts(id="starter", family="encoder-decoder")


def _recipe(kind: str) -> str:
    from engine.api import recipe
    from tests.benchmarks.recovery import short_recipe
    from tests.helpers.homes import make_recipe

    return recipe.dumps(
        short_recipe("lora") if kind == "real" else make_recipe(base="starter", source="sample")
    )


def _tell(kind: str, results: list[Result]) -> None:
    behind = results[WARM_UP[kind] :] or results
    few = max(1, len(behind) // 10)
    first, last = (median(each["bytes"] for each in part) for part in (behind[:few], behind[-few:]))
    rows = [("memory of the window grown by", f"{last / first - 1:+.1%}", "< 5 %")]
    rows += [
        (
            f"{what}, at first and at last",
            f"{median(each[what] for each in behind[:few]):.0f}, {median(each[what] for each in behind[-few:]):.0f}",
            "the same",
        )
        for what in ("handles", "threads", "processes")
    ]
    rows += [
        ("temporary files left", json.dumps(results[-1]["files"]), "[]"),
        ("processes left behind the window", f"{results[-1]['left']['processes']}", "0"),
        ("resident at last", f"{results[-1]['bytes'] / 1e6:.0f} MB", ""),
    ]
    show(f"{len(results)} cycles with {kind} workers, the first {WARM_UP[kind]} to warm up", rows)


if __name__ == "__main__":
    main()
