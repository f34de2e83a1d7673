"""The background engine thread, and the one job that a page waits for, or shows while it waits.

The thread starts or finds a worker, follows its events, and passes on commands.

All the computing happens in the worker's process. The thread only waits, reads and writes small files, so the
window stays fluent whatever the worker does, and a worker's death is a value here. Knows nothing of what
the events mean.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QThread, Signal

from engine.api import (
    AppError,
    Ending,
    Event,
    EventReader,
    Job,
    JobKind,
    Recipe,
    Supervisor,
    WarmWorker,
    run_text,
)
from gui.look.language import sentences, tr, translate
from gui.workers.eta import Eta

if TYPE_CHECKING:
    from gui.workers.worker_manager import WorkerManager


# A burst of events is passed on in small portions, so that the window stays responsive.
MAX_BYTES = 64 * 1024
MAX_EVENTS = 250
POLL_MILLISECONDS = 50
BREATH_MILLISECONDS = 4

Slot = Callable[[Any], object]


class EngineThread(QThread):
    """Follows one job, live or replayed, and reports to the thread that made this object.

    `events` carries lists of at most 250 events, in order and without a gap: first those of earlier attempts,
    then what comes. `ended` carries an `Ending` once the worker is gone and its last event was handed over;
    it is not sent after `leave`. `result` and `failed` are for short jobs: the one thing asked for, or how
    it went wrong. Whoever may be gone before the job is hears of them through `tell`.
    """

    # As objects: PySide6 would convert a list or dict to Qt types, which is slow and sorts the keys.
    events = Signal(object)
    ended = Signal(object)
    result = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        job: Job,
        *,
        attach: bool = False,
        niced: bool = True,
        command: list[str] | None = None,
        warm_worker: WarmWorker | None = None,
        parent: QObject | None = None,
    ) -> None:
        """Prepare; `start` begins.

        `attach` follows a worker that lives already, or replays a job that has ended, instead of starting
        one. `command` replaces the worker's program, for tests. `warm_worker` does the job if it can.
        """
        super().__init__(parent)
        self.job = job
        self._attach = attach
        self._supervisor = Supervisor(job, niced=niced, command=command, warm_worker=warm_worker)
        if not attach:
            job.drop_commands()
        self._leaving = threading.Event()
        self._forced = False

    @property
    def pid(self) -> int | None:
        """The worker's process id, if this thread started the worker."""
        return self._supervisor.pid

    def subscribe(
        self,
        listener: QObject,
        *,
        events: Slot | None = None,
        result: Slot | None = None,
        failed: Slot | None = None,
        ended: Slot | None = None,
        finished: Callable[[], object] | None = None,
    ) -> Subscription:
        """Call functions with what the signals carry, while `listener` lives and its subscription is open.

        What comes when it is gone is nobody's: a page may be closed, or a question given up with its dialog, while
        the worker still computes the answer. `finished` is called once the thread has ended, however it did.
        """
        slots = {"events": events, "result": result, "failed": failed, "ended": ended}
        return Subscription(
            self, listener, {name: slot for name, slot in slots.items() if slot is not None}, finished
        )

    def run(self) -> None:
        """Follow the job until its worker has ended. The body of the thread; `start` calls it."""
        try:
            ending = self._follow()
        except AppError as error:
            ending = Ending("failed", error.message, error.hint, error.field)
        if ending is not None:
            if ending.outcome != "completed":
                self.failed.emit(ending)
            self.ended.emit(ending)

    def _follow(self) -> Ending | None:
        if self._leaving.is_set():
            return None
        if not self._attach:
            for events in _whole_stream(self.job):
                self._hand_over(events)
            self._supervisor.start()
        while not self._leaving.is_set():
            alive = self._supervisor.alive()
            if self._forced:
                self._supervisor.force()
            events = self._supervisor.poll(MAX_BYTES)
            self._hand_over(events)
            if not events and not alive:
                self._supervisor.close()
                return self._ending()
            if not events:
                self._leaving.wait(POLL_MILLISECONDS / 1000)
        if self._forced:
            self._supervisor.force()
        self._supervisor.detach()
        return None

    def _hand_over(self, events: list[Event]) -> None:
        """Emit events in portions, with a pause after full ones, so that a burst does not block the window."""
        for start in range(0, len(events), MAX_EVENTS):
            chunk = events[start : start + MAX_EVENTS]
            self.events.emit(chunk)
            for event in chunk:
                if event["event"] == "result_made" and "request" not in event:
                    self.result.emit(event["result"])
            if len(chunk) == MAX_EVENTS:
                self.msleep(BREATH_MILLISECONDS)

    def _ending(self) -> Ending:
        ending = self._supervisor.ending()
        if self._forced and ending.outcome == "crashed":
            return Ending(
                "crashed",
                tr("The worker was killed."),
                translate(self._supervisor.job.resume_hint()),
                log_tail=ending.log_tail,
            )
        return ending

    def send(self, command: str, **arguments: Any) -> None:
        """Send the worker a command. Raises StorageError."""
        self._supervisor.send(command, **arguments)

    def stop(self) -> None:
        """Ask the worker to stop cleanly. Raises StorageError."""
        self._supervisor.send("stop")

    def force(self) -> None:
        """Kill the worker and its child processes at once."""
        self._forced = True
        self._supervisor.force()

    def leave(self) -> None:
        """Stop following, tell the worker that the window is gone, and wait for the thread to end."""
        self.detach()
        self.wait()
        if self.pid is None:
            # It never started: end its warm worker as well.
            self._supervisor.detach()

    def detach(self) -> None:
        """Stop following soon, without waiting; the worker of a short job ends then."""
        self._leaving.set()


class Subscription(QObject):
    """A child of the listener: Qt deletes it, its connections and its queued events along with its parent.

    It goes with the thread, too, so that a page that asks again and again does not gather them.
    """

    def __init__(
        self,
        thread: EngineThread,
        listener: QObject,
        slots: Mapping[str, Slot],
        finished: Callable[[], object] | None,
    ) -> None:
        super().__init__(listener)
        self._slots = slots
        self._finished = finished
        for name in slots:
            # Methods of this object, not closures: Qt would call closures after the listener is gone.
            getattr(thread, name).connect(getattr(self, f"_on_{name}"))
        thread.finished.connect(self._on_finished)

    def close(self) -> None:
        """Stop listening, also to queued events."""
        self._slots, self._finished = {}, None

    def _on_events(self, events: list[Event]) -> None:
        self._call("events", events)

    def _on_result(self, result: Any) -> None:
        self._call("result", result)

    def _on_failed(self, ending: Ending) -> None:
        self._call("failed", ending)

    def _on_ended(self, ending: Ending) -> None:
        self._call("ended", ending)

    def _call(self, name: str, said: Any) -> None:
        slot = self._slots.get(name)
        if slot is not None:
            slot(said)

    def _on_finished(self) -> None:
        if self._finished is not None:
            self._finished()
        self.deleteLater()


def _whole_stream(job: Job) -> Iterator[list[Event]]:
    reader = EventReader(job.events_path)
    while events := reader.read(MAX_BYTES):
        yield events


class ActiveJob:
    """At most one job at a time, with the listener's subscription. False while there is none."""

    def __init__(self, listener: QObject) -> None:
        self._listener = listener
        self._subscription: Subscription | None = None
        self.thread: EngineThread | None = None

    def __bool__(self) -> bool:
        return self.thread is not None

    def take(
        self, thread: EngineThread, ended: Slot, *, events: Slot | None = None, result: Slot | None = None
    ) -> None:
        """Follow a job instead of any earlier one; `ended` is called after the job is no longer the active one."""

        def end(ending: Ending) -> None:
            self.disconnect()
            ended(ending)

        self.disconnect()
        self.thread = thread
        self._subscription = thread.subscribe(self._listener, events=events, result=result, ended=end)

    def disconnect(self) -> None:
        """Stop listening; the job continues."""
        if self._subscription is not None:
            self._subscription.close()
        self.thread = self._subscription = None

    def cancel(self, command: str = "stop") -> bool:
        """Ask the job to end and stop listening; return whether there was one."""
        if self.thread is None:
            return False
        with suppress(AppError):
            self.thread.send(command)
        self.disconnect()
        return True


class AskedJob(ActiveJob):
    """A job that answers one question."""

    def __init__(self, listener: QObject, manager: WorkerManager) -> None:
        super().__init__(listener)
        self._manager = manager
        self._kept: Job | None = None

    def ask(
        self,
        kind: JobKind,
        arguments: Mapping[str, Any],
        answered: Slot,
        refused: Slot,
        *,
        recipe: Recipe | None = None,
        events: Slot | None = None,
        keep_folder: bool = False,
    ) -> None:
        """Ask a worker for one thing, instead of anything before, as `WorkerManager.ask` does.

        Once the job is no longer the active one, `answered(result)` is called, or `refused(Ending)`. The folder that
        is kept is that of the last answer, until `forget`.
        """

        def answer(result: Any) -> None:
            job = self.thread.job if self.thread is not None and keep_folder else None
            # The worker takes longer to end than to answer.
            self.disconnect()
            answered(result)
            self.forget()
            self._kept = job

        self.cancel()
        try:
            thread = self._manager.ask(
                kind, arguments, recipe, parent=self._listener, keep_folder=keep_folder
            )
        except AppError as error:
            refused(Ending("failed", error.message, error.hint, error.field))
        else:
            self.take(thread, refused, events=events, result=answer)

    def forget(self) -> None:
        """Delete the folder that was kept."""
        kept, self._kept = self._kept, None
        if kept is not None:
            self._manager.forget(kept)


class ShownJob(QObject):
    """One job at a time whose progress a page shows: `stage` and `left`, its notices, then `result` or `error`.

    `changed` reports each of them. Subclasses start it by `_ask`.
    """

    changed = Signal()

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.active_job, self.left = AskedJob(self, manager), Eta()
        self._clear()

    def _clear(self) -> None:
        self.stage = ""
        self.notices: list[Event] = []
        self.result: dict[str, Any] = {}
        self.error: AppError | None = None
        self.left.begin()

    @property
    def is_busy(self) -> bool:
        return bool(self.active_job)

    @property
    def error_text(self) -> str:
        return sentences(self.error.message, self.error.hint) if self.error is not None else ""

    def stop(self) -> None:
        """Cancel the job, and forget what is known of it."""
        was_busy = self.active_job.cancel()
        self._clear()
        if was_busy:
            self.changed.emit()

    def _ask(self, kind: JobKind, arguments: Mapping[str, Any], *, keep_folder: bool = False) -> None:
        """Start a job in place of any other."""
        self.stop()
        self.stage = tr("Starting")
        self.active_job.ask(
            kind, arguments, self._take, self._refuse, events=self._follow, keep_folder=keep_folder
        )
        self.changed.emit()

    def _follow(self, events: list[Event]) -> None:
        for event in events:
            self.left.follow(event)
            if event["event"] == "stage_entered":
                self.stage = translate(run_text.stage_title(event["stage"]))
            elif event["event"] == "notice":
                self.notices.append(event)
        self.changed.emit()

    def _take(self, result: dict[str, Any]) -> None:
        self.stage, self.result = "", result
        self.changed.emit()

    def _refuse(self, ending: Ending) -> None:
        hint = tr("Try again.") if ending.outcome == "crashed" else ending.hint
        self.stage = ""
        self.error = None if ending.outcome == "stopped" else AppError(ending.message, hint, ending.field)
        self.changed.emit()
