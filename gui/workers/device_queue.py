"""The queue for the device: what computes long waits here for its turn, in one order, also over a restart.

Decides alone what may start next. Knows how runs are started; pages say how other work is. Knows no widget.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict
from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance

from engine.api import (
    AppError,
    FileKind,
    Recipe,
    WorkerError,
    escaping,
    files,
    foreign_files,
    paths,
    recipe,
    run_store,
)
from gui.core.background_tasks import once
from gui.look.format import percent
from gui.look.language import mark, sentences, tr
from gui.workers.run_model import RunModel

if TYPE_CHECKING:
    from gui.workers.worker_manager import WorkerManager

# The kinds of work, each with its title, "" for the name alone, and its icon.
KINDS = {
    "run": ("", "train"),
    "resume": ("", "train"),
    "arena": (mark("Arena {name}"), "arena"),
    "evaluate": (mark("Scoring {name}"), "library"),
    "export": (mark("Exporting {name}"), "export"),
    "batch": (mark("Summaries of {name}"), "playground"),
    "drafts": (mark("Drafts for {name}"), "edit"),
}
# There is one run at a time, also if another computer trains it.
RUNS = ("run", "resume", "arena")
# These use the base model that the window has loaded.
SUMMARIES = ("batch", "drafts")


@dataclass(frozen=True)
class Waiting:
    """Work that waits, with the arguments from which it is started."""

    kind: str
    name: str
    arguments: Mapping[str, Any]
    key: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def title(self) -> str:
        """The text shown: "Exporting call-notes"."""
        title, _ = KINDS.get(self.kind, ("", ""))
        name = escaping.in_one_line(self.name)
        return tr(title, name=name) if title else name

    @property
    def icon(self) -> str:
        return KINDS.get(self.kind, ("", "clock"))[1]

    def recipe(self) -> Recipe | None:
        """Return the recipe of a run; None for other work. Raises AppError."""
        if self.kind == "resume":
            return recipe.load(run_store.find_job(str(self.arguments.get("run"))).recipe_path)
        return recipe.loads(str(self.arguments.get("recipe"))) if self.kind == "run" else None


@dataclass(frozen=True)
class Work:
    """Work that a page has started: whether it goes on, how far it is, how it is stopped; `changed` when it differs."""

    is_going: Callable[[], bool]
    progress: Callable[[], tuple[float, str]]
    stop: Callable[[], object]
    changed: SignalInstance


@dataclass(frozen=True)
class Now:
    """What computes now. `share` is 0 to 1, None if unknown; a run can be paused as well as stopped."""

    title: str
    text: str
    share: float | None
    stop: Callable[[], object] | None
    run: RunModel | None = None


# Starts work on the arguments that it was added with; a run becomes `current`. Raises AppError.
Starter = Callable[[Mapping[str, Any]], Work | None]


class _File(BaseModel):
    """The file; one with other fields or another version is not understood."""

    model_config = ConfigDict(extra="forbid")
    version: Literal[1] = 1
    paused: bool = False
    waiting: list[Waiting] = []


class DeviceQueue(QObject):
    """Its order is that of `waiting`, the first one next.

    `changed`: what waits, or what computes; `removed(entry)` by a person; `failed(text)`: what did not start.
    Work that is stopped by closing the window begins anew at the next start; runs have a life of their own.
    """

    changed = Signal()
    removed = Signal(object)
    failed = Signal(str)

    def __init__(self, manager: WorkerManager) -> None:
        super().__init__(manager)
        self._manager = manager
        self.waiting: list[Waiting] = []
        self.paused = False
        # What could not be started, until it was read.
        self.problems: list[str] = []
        self._work: tuple[Waiting, Work] | None = None
        self._has_left = self._is_used_elsewhere = False
        self.look_again = once(self, 2_000, self._start_next)
        self._starters: dict[str, Starter] = {"run": self._start_run, "resume": self._resume}
        manager.run_started.connect(self.changed)
        manager.run_ended.connect(self._on_run_ended)
        manager.device_changed.connect(self.look)
        manager.summarizer.changed.connect(self.changed)

    def serve(self, kind: str, start: Starter) -> None:
        self._starters[kind] = start

    # Adding

    def must_wait(self, kind: str) -> bool:
        """Return whether work of a kind would wait: something computes, or other work comes first."""
        is_first = self.paused or not self.waiting
        return (
            not is_first or self._is_taken_for(kind) or (kind in RUNS and self._manager.current is not None)
        )

    def _is_taken_for(self, kind: str) -> bool:
        writes = kind not in SUMMARIES and self._manager.summarizer.is_busy
        return writes or self._work is not None or bool(self._manager.device_text(apart_from="summarize"))

    def add(self, kind: str, name: str, arguments: Mapping[str, Any]) -> bool:
        """Start work at once if it may, else let it wait; return whether it has started.

        Raises AppError if it can't be started.
        """
        entry = Waiting(kind, name, arguments)
        if not self.must_wait(kind):
            self._start(entry)
            return True
        self.waiting.append(entry)
        self._on_edited()
        return False

    def put_first(self, kind: str, name: str, arguments: Mapping[str, Any]) -> None:
        """Let work wait before all other."""
        self.waiting.insert(0, Waiting(kind, name, arguments))
        self._on_edited()

    def find(self, kind: str, **arguments: Any) -> Waiting | None:
        matching = (each for each in self.waiting if each.kind == kind)
        return next((each for each in matching if arguments.items() <= each.arguments.items()), None)

    # Changing the order

    def move(self, key: str, place: int) -> None:
        """Move an entry to a place, 0 for the first."""
        entry = next((each for each in self.waiting if each.key == key), None)
        if entry is not None:
            self.waiting.remove(entry)
            self.waiting.insert(max(0, place), entry)
            self._on_edited()

    def remove(self, key: str) -> None:
        entry = next((each for each in self.waiting if each.key == key), None)
        if entry is not None:
            self.waiting.remove(entry)
            self._on_edited()
            self.removed.emit(entry)

    def set_paused(self, paused: bool) -> None:
        """Start nothing more, or go on; what computes continues."""
        self.paused = paused
        self._on_edited()

    def read_problems(self) -> list[str]:
        """Return what could not be started since the last time."""
        read, self.problems = self.problems, []
        if read:
            self.changed.emit()
        return read

    def _on_edited(self) -> None:
        self._save()
        self.look()

    # Telling

    def now(self) -> Now | None:
        """Return what computes now, None if nothing does."""
        run, summarizer = self._manager.current, self._manager.summarizer
        if self._work is not None:
            entry, work = self._work
            done, text = work.progress()
            return Now(entry.title, text, done, work.stop)
        if run is not None:
            share = run.state.fraction_done if run.state.total_steps else None
            said = tr("paused") if run.state.paused else percent(share) if share is not None else ""
            return Now(run.recipe.name, said, share, run.stop, run)
        if summarizer.is_busy:
            return Now(tr("Writing summaries"), summarizer.status_text, None, summarizer.close)
        if self._is_serving:
            return Now(tr("Serving adapters"), "", None, None)
        return (
            Now(tr("A run started by another program"), "", None, None) if self._is_used_elsewhere else None
        )

    def waits_for(self, entry: Waiting) -> str:
        place = self.waiting.index(entry)
        if self.paused:
            return tr("waits: the queue is paused")
        now = self.now()
        before = self.waiting[place - 1].title if place else now.title if now is not None else ""
        return tr("waits for {name}", name=before) if before else tr("is next")

    def added_text(self) -> str:
        last = self.waiting[-1]
        return tr("{name} was added to the queue: it {waits}.", name=last.title, waits=self.waits_for(last))

    @property
    def _is_serving(self) -> bool:
        """Whether adapters are served: then a worker has the device that is not the summarizer's."""
        manager = self._manager
        only_summaries = not manager.device_text(apart_from="summarize")
        return only_summaries and bool(manager.device_text()) and not manager.summarizer.alive

    # Starting

    def look(self) -> None:
        """Start what is next if the device is free, after everybody has been told why."""
        if self._work is not None and not self._work[1].is_going():
            self._work[1].changed.disconnect(self._on_work_changed)
            self._work = None
            self._save()
        self.changed.emit()
        QTimer.singleShot(0, self, self._start_next)

    def _start_next(self) -> None:
        is_next = not self._has_left and not self.paused and bool(self.waiting)
        is_next = is_next and self._is_free_for(self.waiting[0].kind)
        was_used, self._is_used_elsewhere = self._is_used_elsewhere, is_next and self._finds_run_elsewhere()
        if self._is_used_elsewhere:
            self.look_again.start()
        if was_used != self._is_used_elsewhere:
            self.changed.emit()
        if not is_next or self._is_used_elsewhere:
            return
        entry = self.waiting.pop(0)
        try:
            self._start(entry)
        except AppError as error:
            self._give_up(entry, sentences(error.message, error.hint))
        except (KeyError, TypeError, ValueError):
            self._give_up(entry, tr("Its saved entry is damaged."))
        self.look()

    def _give_up(self, entry: Waiting, why: str) -> None:
        self._save()
        self._say(f"{entry.title}: {why}")

    def _finds_run_elsewhere(self) -> bool:
        """Return whether a command line trains, of whose end nobody tells, or a run that is about to be followed."""
        return self._manager.current is None and self._manager.find_living_run() is not None

    def _is_free_for(self, kind: str) -> bool:
        """Return whether work of a kind may start though nobody is waiting at it.

        It interrupts nobody: a paused run was paused for something. A base model that is loaded and writes nothing is
        unloaded; then `device_changed` tells when.
        """
        manager, run = self._manager, self._manager.current
        is_awaited = run is not None and (kind in RUNS or not run.computer)
        if is_awaited or manager.summarizer.is_busy or self._is_taken_for(kind):
            return False
        if kind in SUMMARIES:
            return not self._is_serving
        manager.summarizer.close()
        return not manager.device_text()

    def _start(self, entry: Waiting) -> None:
        start = self._starters.get(entry.kind)
        if start is None:
            raise WorkerError(mark("This version can't run this task."))
        work = start(entry.arguments)
        if entry.kind not in SUMMARIES:
            self._manager.summarizer.close()
        if work is not None:
            self._work = (entry, work)
            work.changed.connect(self._on_work_changed)
        self._save()
        self.changed.emit()

    def _start_run(self, given: Mapping[str, Any]) -> None:
        self._manager.start_run(recipe.loads(given["recipe"]), given["computer"], given["cards"])

    def _resume(self, given: Mapping[str, Any]) -> None:
        self._manager.resume(given["run"], given["changes"])

    def _on_work_changed(self) -> None:
        if self._work is not None and not self._work[1].is_going():
            self.look()
        else:
            self.changed.emit()

    def _on_run_ended(self, run: RunModel) -> None:
        if run.state.device_released:
            # It was released for something else, which the next one must not take it from.
            self.set_paused(True)
        self.look()

    def _say(self, text: str) -> None:
        self.problems.append(text)
        self.changed.emit()
        self.failed.emit(text)

    # The file

    def _save(self) -> None:
        if self._has_left:
            return
        going = [self._work[0]] if self._work is not None else []
        kept = [asdict(each) for each in (*going, *self.waiting)]
        text = json.dumps({"version": 1, "paused": self.paused, "waiting": kept})
        try:
            files.write_atomically(paths.queue_file(), text)
        except OSError as error:
            self._say(tr("The queue can't be saved: {reason}.", reason=error.strerror))

    def restore(self) -> None:
        """Let wait again what waited when the last window closed; `look` starts it.

        A file that can't be read, or is of a newer version, is put aside.
        """
        path = paths.queue_file()
        try:
            saved = _File.model_validate(foreign_files.read_json(path, FileKind.QUEUE))
        except FileNotFoundError:
            return
        except (OSError, ValueError):
            aside = path.with_name("queue-unreadable.json")
            with suppress(OSError):
                files.rename(path, aside)
            self._say(tr("The saved queue was unreadable and moved to {path}.", path=aside))
            return
        self.waiting, self.paused = [*saved.waiting, *self.waiting], saved.paused
        self.changed.emit()

    def leave(self) -> None:
        self._has_left = True
