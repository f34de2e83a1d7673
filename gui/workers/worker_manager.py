"""Owns all workers of the window: which jobs run, and which may use the device.

Pages start all jobs here, so that no two workers use the device unnoticed. Knows no widget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from PySide6.QtCore import QMetaObject, QObject, QTimer, Signal

from engine.api import (
    Ending,
    Event,
    Job,
    JobKind,
    Recipe,
    WarmWorker,
    WorkerError,
    can_afford_warm_worker,
    create_job,
    files,
    offline,
    paths,
    recipe,
    run_store,
    visible_to,
)
from gui.core.background_tasks import BackgroundTasks, once
from gui.look.language import mark, tr
from gui.workers.arena_queue import ArenaQueue
from gui.workers.device_queue import DeviceQueue
from gui.workers.engine_thread import AskedJob, EngineThread
from gui.workers.planner import Planner
from gui.workers.run_model import RunModel
from gui.workers.summarizer import Summarizer

Command = Callable[[Job], list[str]]

# Why the device is busy, by the kind of job.
COMPUTING: dict[str, str] = {
    "evaluate": mark("A scoring is using the device."),
    "export": mark("An export is using the device."),
    "summarize": mark("A base model for summaries is using the device."),
}


# Somebody waits at the window for these, so that they don't give way to other programs.
AWAITED: tuple[JobKind, ...] = ("plan",)
# While loading a base model, only downloads are counted in bytes. Other stages also count bytes read from the disk.
STAGE, UNIT = "load_base", "bytes"
SETTLE_MILLISECONDS = 3_000
LINGER_MILLISECONDS = 120_000


class WorkerManager(QObject):
    """Starts, finds and ends workers.

    `run_started` and `run_ended` carry the RunModel that became or stops being `current`; `run_changed` carries it at
    most ten times a second. `runs_changed` and `adapters_changed` report new content of the folders,
    `device_changed` that a job took or released the device, or that the summarizer has no request left.
    """

    run_started = Signal(object)
    run_changed = Signal(object)
    run_ended = Signal(object)
    runs_changed = Signal()
    adapters_changed = Signal()
    device_changed = Signal()

    def __init__(self, command: Command | None = None, warm_worker_command: list[str] | None = None) -> None:
        """Prepare; `command` and `warm_worker_command` replace the workers' programs in tests."""
        super().__init__()
        self.current: RunModel | None = None
        self._command = command
        self._threads: set[EngineThread] = set()
        self._computing: dict[EngineThread, str] = {}
        self._retained: list[Job] = []
        self._has_left = False
        # Referenced while their workers run; afterwards the page that shows a run owns it.
        self._models: set[RunModel] = set()
        self._links: dict[RunModel, tuple[QMetaObject.Connection, ...]] = {}
        self.warm_workers = WarmWorkerKeeper(
            self,
            make=partial(WarmWorker, niced=True, command=warm_worker_command),
            can_afford=self.can_afford_warm_worker,
        )
        self.planner = self.new_planner(self)
        self.planner.busy_changed.connect(self._first_plan_made)
        self.downloads = Downloads(self)
        self.devices = Devices(self)
        self.summarizer = Summarizer(lambda arguments: self.ask("summarize", arguments), self)
        self.summarizer.idle.connect(self.device_changed)
        self.device_queue = DeviceQueue(self)
        self.arena_queue = ArenaQueue(self)

    def suit_device(self, device: str) -> None:
        """Let workers of the window that no recipe is for compute on a device of this computer from now on."""
        self.warm_workers.suit(device)
        self.summarizer.suit(device)

    @property
    def run_holds_device(self) -> bool:
        return self.current is not None and self.current.holds_device

    def can_afford_warm_worker(self) -> bool:
        return not self.run_holds_device and not self.planner.is_starting and can_afford_warm_worker()

    def _first_plan_made(self, is_busy: bool) -> None:
        """Start the warm worker that has waited, so that the first plan need not share the processor."""
        if not is_busy:
            self.warm_workers.again()

    def device_text(self, apart_from: str = "") -> str:
        """Return why the device is busy; "" if it is free or only a job of the kind `apart_from` has it."""
        if self.run_holds_device:
            return tr("A run is using the device.")
        kinds = [kind for kind in self._computing.values() if kind != apart_from]
        return tr(COMPUTING[kinds[0]]) if kinds else ""

    def start_run(self, wanted: Recipe, computer: str = "", cards: int = 1) -> RunModel:
        """Start a run, at another computer if one is named, on so many cards there.

        Raises RecipeError with all problems, StorageError.
        """
        model = self._follow(run_store.create_run(wanted, computer, cards), wanted, attach=False)
        self._make_current(model)
        return model

    def resume(self, run_id: str, changes: Mapping[str, Any] | None = None) -> RunModel:
        """Resume a run from its last checkpoint, with changes that are saved in its recipe.

        Raises WorkerError, RecipeError, StorageError.
        """
        job = run_store.find_job(run_id)
        wanted = run_store.change(job, changes) if changes else recipe.load(job.recipe_path)
        model = self._follow(job, wanted, attach=False)
        self._make_current(model)
        return model

    def attach(self, job: Job) -> RunModel:
        """Follow a run that is running already. Raises RecipeError."""
        model = self._follow(job, recipe.load(job.recipe_path), attach=True)
        self._make_current(model)
        return model

    def replay(self, job: Job) -> RunModel:
        """Return an ended run, replayed from its events. Raises RecipeError."""
        return self._follow(job, recipe.load(job.recipe_path), attach=True)

    def new_planner(self, parent: QObject) -> Planner:
        return Planner(lambda device: self.ask("plan", {"serve": True, "device": device}), parent)

    def find_living_run(self) -> Job | None:
        """Return the newest running run, started by any window or command line."""
        return next((job for job in run_store.list_jobs() if job.is_running()), None)

    def find_run_elsewhere(self) -> Job | None:
        """Return the newest run that goes on at another computer, followed by nobody; None while offline."""
        jobs = () if offline() else run_store.list_jobs()
        return next((job for job in jobs if job.sent_to() and not job.is_running()), None)

    def ask(
        self,
        kind: JobKind,
        arguments: Mapping[str, Any] | None = None,
        wanted: Recipe | None = None,
        parent: QObject | None = None,
        *,
        keep_folder: bool = False,
    ) -> EngineThread:
        """Return the thread of a new job, which starts in the next turn of the event loop.

        Short jobs answer with `result` or `failed` (see `EngineThread.subscribe`); long-lived ones take `send` and
        report through `events`. The job's folder is deleted when the job has ended, unless it crashed; with
        `keep_folder` that of a completed job stays until `forget`, or until the window closes. The job ends when
        `parent` is destroyed. Raises StorageError.
        """
        job = create_job(
            paths.jobs_folder(), kind, arguments or {}, recipe=recipe.dumps(wanted) if wanted else ""
        )
        thread = self._thread(job, attach=False, niced=kind not in AWAITED)
        if keep_folder:
            self._retained.append(job)
        thread.subscribe(self, ended=partial(self._tidy, job))
        if kind in COMPUTING:
            self._computing[thread] = kind
            thread.subscribe(self, finished=partial(self._free_device, thread))
            self.device_changed.emit()
        if parent is not None:
            parent.destroyed.connect(thread.detach)
        QTimer.singleShot(0, thread, thread.start)
        return thread

    def _follow(self, job: Job, wanted: Recipe, *, attach: bool) -> RunModel:
        thread = self._thread(job, attach=attach, warm_worker=None if attach else self.warm_workers.take())
        model = RunModel(wanted, thread)
        self._models.add(model)
        thread.subscribe(self, finished=partial(self._models.discard, model))
        QTimer.singleShot(0, thread, thread.start)
        return model

    def _thread(
        self, job: Job, *, attach: bool, niced: bool = True, warm_worker: WarmWorker | None = None
    ) -> EngineThread:
        command = self._command(job) if self._command else None
        thread = EngineThread(
            job, attach=attach, niced=niced, command=command, warm_worker=warm_worker, parent=self
        )
        self._threads.add(thread)
        thread.subscribe(self, finished=partial(self._release_thread, thread))
        self.downloads.follow(thread)
        if self._has_left:
            thread.detach()
        return thread

    def _release_thread(self, thread: EngineThread) -> None:
        """Drop an ended thread; it lives on only while others refer to it."""
        self._threads.discard(thread)
        thread.setParent(None)

    def _free_device(self, thread: EngineThread) -> None:
        del self._computing[thread]
        self.device_changed.emit()

    def _make_current(self, model: RunModel) -> None:
        self.current = model
        self.planner.rest()
        self._links[model] = (
            model.changed.connect(lambda: self.run_changed.emit(model)),
            model.ended.connect(lambda _ending: self._release(model)),
        )
        self.run_started.emit(model)
        self.runs_changed.emit()

    def _release(self, model: RunModel) -> None:
        # A connection holds the model: it would outlive every page that shows it.
        for link in self._links.pop(model):
            QObject.disconnect(link)
        if self.current is model:
            self.current = None
            self.warm_workers.again()
        self.run_ended.emit(model)
        self.runs_changed.emit()
        if model.state.adapter is not None:
            self.adapters_changed.emit()

    def leave(self) -> None:
        """Leave every worker: short jobs end, runs do what their recipe says for a closed window.

        Jobs asked for afterwards, for example by a timer, do not start.
        """
        self._has_left = True
        self.device_queue.leave()
        self.arena_queue.release()
        self.planner.rest()
        self.warm_workers.end()
        for thread in list(self._threads):
            thread.leave()
        for job in list(self._retained):
            self.forget(job)

    def forget(self, job: Job) -> None:
        self._retained.remove(job)
        files.remove(job.folder)

    def _tidy(self, job: Job, ending: Ending) -> None:
        is_retained = job in self._retained and ending.outcome == "completed"
        if ending.outcome != "crashed" and not is_retained:
            files.remove(job.folder)


class Downloads(QObject):
    """The progress of downloads, over all workers given to `follow`; `changed` when `share` has changed."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stages: dict[EngineThread, str] = {}
        self._shares: dict[EngineThread, float] = {}

    @property
    def share(self) -> float | None:
        """The downloaded fraction, 0 to 1, None if nothing is downloaded. Of several, the one that started first."""
        return next(iter(self._shares.values()), None)

    def follow(self, thread: EngineThread) -> None:
        """Follow a job until its worker has ended."""
        thread.subscribe(self, events=partial(self._take, thread), finished=partial(self._forget, thread))

    def _take(self, thread: EngineThread, events: list[Event]) -> None:
        before = self.share
        for event in events:
            if event["event"] == "stage_entered":
                self._stages[thread] = str(event.get("stage"))
                self._shares.pop(thread, None)
            elif event["event"] == "stage_progressed":
                self._progress(thread, event)
        self._emit_changed(before)

    def _progress(self, thread: EngineThread, event: Event) -> None:
        """Take in the progress of a stage; a damaged event may lack any field."""
        done, total = event.get("done"), event.get("total")
        is_fetched = self._stages.get(thread) == STAGE and event.get("unit") == UNIT
        if is_fetched and isinstance(done, int) and isinstance(total, int) and done < total:
            self._shares[thread] = done / total
        else:
            self._shares.pop(thread, None)

    def _forget(self, thread: EngineThread) -> None:
        before = self.share
        self._stages.pop(thread, None)
        self._shares.pop(thread, None)
        self._emit_changed(before)

    def _emit_changed(self, before: float | None) -> None:
        if self.share != before:
            self.changed.emit()


class Devices(QObject):
    """What the job `devices` says of this computer; its worker imports torch, so that all ask here.

    `found(result)` is what is known, for whoever wants it next, too; `failed(Ending)` is why it is not known.
    """

    found = Signal(object)
    failed = Signal(object)

    def __init__(self, manager: WorkerManager) -> None:
        super().__init__(manager)
        self._job = AskedJob(self, manager)
        self._known: dict[str, Any] | None = None

    @property
    def is_busy(self) -> bool:
        return bool(self._job)

    def want(self, *, anew: bool = False) -> None:
        """Ask a worker, unless one is asked, or has answered and it is not to be asked `anew`."""
        if self._known is not None and not anew:
            self.found.emit(self._known)
        elif not self._job:
            self._job.ask("devices", {}, self._take, self.failed.emit)

    def cancel(self) -> bool:
        """Give up the worker, which may wait for a driver; return whether one was asked."""
        return self._job.cancel()

    def _take(self, result: dict[str, Any]) -> None:
        self._known = result
        self.found.emit(result)


class WarmWorkerKeeper(QObject):
    """Keeps a worker with imported libraries ready while a run may be started soon, so that Start takes less time.

    At most one. It starts once it has been wanted for some seconds, and ends when it has not been wanted for a while,
    and with the window. Without it, a run just starts later.
    """

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        make: Callable[[Mapping[str, str]], WarmWorker],
        can_afford: Callable[[], bool],
        settle_milliseconds: int = SETTLE_MILLISECONDS,
        linger_milliseconds: int = LINGER_MILLISECONDS,
    ) -> None:
        """Prepare; nothing is started before it is wanted, or while `can_afford` returns false.

        `make` starts a worker with the variables of the card that it sees. Tests set the times.
        """
        super().__init__(parent)
        self._make = make
        self._can_afford = can_afford
        self._wanted = False
        self._device = "auto"
        self.warm_worker: WarmWorker | None = None
        # The driver is asked for its cards, which may take seconds.
        self._background = BackgroundTasks(self)
        self.settle = once(self, settle_milliseconds, self._start)
        self._linger = once(self, linger_milliseconds, self.end)

    def want(self, wanted: bool) -> None:
        """Start one soon, or end it unless it is wanted again in time."""
        self._wanted = wanted
        (self._linger if wanted else self.settle).stop()
        timer = self.settle if wanted else self._linger
        if wanted != self.is_ready() and not timer.isActive():
            timer.start()

    def suit(self, device: str) -> None:
        """Let the warm worker be for a recipe's device; one that holds another is replaced."""
        if device != self._device:
            self._device = device
            self._drop()
            self.again()

    def again(self) -> None:
        """Start another one if one is still wanted: the last was taken, or could not be afforded."""
        if self._wanted:
            self.want(True)

    def is_ready(self) -> bool:
        """Return whether one is waiting; it may still be importing."""
        return self.warm_worker is not None and self.warm_worker.alive()

    def take(self) -> WarmWorker | None:
        """Return the warm worker, if there is one, and give it away; see `again` for the next."""
        self.settle.stop()
        self._linger.stop()
        warm_worker, self.warm_worker = self.warm_worker, None
        return warm_worker

    def end(self) -> None:
        """End the warm worker; start none until one is wanted."""
        self._wanted = False
        self._drop()

    def _drop(self) -> None:
        warm_worker = self.take()
        if warm_worker is not None:
            warm_worker.end()

    def _start(self) -> None:
        if self._can_afford():
            self._background.run(partial(visible_to, self._device), partial(self._make_for, self._device))

    def _make_for(self, device: str, cards: Mapping[str, str]) -> None:
        """Make one for a card, unless none is wanted by now or another device is."""
        if self._wanted and device == self._device and self._can_afford():
            self._drop()
            # A run started without one reports the error.
            with suppress(WorkerError):
                self.warm_worker = self._make(cards)
