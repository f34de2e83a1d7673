"""The library's own work in a worker: scoring and merging, one at a time, with progress in place.

Knows the jobs and their events; not where they are shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import Adapter, AppError, Ending, Event, Recipe, clock
from gui.look.format import bytes_text, duration_text, number

STAGES = {
    "load_base": "Loading the base model",
    "read_data": "Reading the conversations",
    "attach_adapter": "Attaching the adapter",
    "evaluate": "Scoring",
    "save": "Saving",
}


class LibraryJobs(QObject):
    """Asks the engine for one job at a time.

    `started(words)`, `progressed(share, words)` and `finished(text, folder or None)` follow a job; `failed(message)`
    ends one that went wrong or could not be started; `stopped` one that was cancelled. `remarked(text)` tells what a
    job that was done had to say beside its result.
    """

    started = Signal(str)
    progressed = Signal(float, str)
    finished = Signal(str, object)
    failed = Signal(str)
    stopped = Signal()
    remarked = Signal(str)

    def __init__(self, engine: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._thread: Any = None
        self._adapter_id = ""
        self._began: float | None = None
        self._remarks: list[str] = []

    @property
    def busy(self) -> bool:
        """Tell whether a job is on."""
        return self._thread is not None

    @property
    def adapter_id(self) -> str:
        """The id of the adapter that the job uses, "" without one."""
        return self._adapter_id

    def score(self, adapter: Adapter, recipe: Recipe) -> None:
        """Score an adapter and its base under a recipe's protocol; the worker writes the passport."""
        self._begin(
            adapter,
            "evaluate",
            {"adapters": [adapter.id]},
            recipe,
            f"Scoring {adapter.name}",
            f"Scored {adapter.name}.",
        )

    def merge(self, adapter: Adapter, target: Path) -> None:
        """Fold an adapter into its base: a plain model folder at `target`."""
        arguments = {"adapter": adapter.id, "target": str(target)}
        self._begin(adapter, "merge", arguments, None, f"Merging {adapter.name}", "")

    def cancel(self) -> None:
        """Ask the job to stop."""
        if self._thread is not None:
            self._thread.stop()

    def _begin(
        self,
        adapter: Adapter,
        kind: str,
        arguments: dict[str, Any],
        recipe: Recipe | None,
        doing: str,
        done: str,
    ) -> None:
        refusal = self._refusal()
        if refusal:
            self.failed.emit(refusal)
            return
        try:
            thread = self._engine.ask(kind, arguments, recipe, parent=self)
        except AppError as error:
            self.failed.emit(in_one_line(error.message, error.hint))
            return
        self._thread, self._adapter_id, self._began, self._remarks = thread, adapter.id, None, []
        result: dict[str, Any] = {}
        thread.tell(
            self,
            events=lambda events: self._follow(events, doing),
            result=result.update,
            ended=lambda ending: self._end(ending, done, result),
        )
        self.started.emit(doing)

    def _refusal(self) -> str:
        if self.busy:
            return "One job at a time: wait until the one below is done, or cancel it."
        taken: str = self._engine.device_words(apart_from="summarize")
        return f"{taken} Pause it, or wait until it is done." if taken else ""

    def _follow(self, events: list[Event], doing: str) -> None:
        for event in events:
            if event["event"] == "stage_entered":
                self._began = None
                self.progressed.emit(0.0, STAGES.get(event["stage"], doing))
            elif event["event"] == "notice":
                self._remarks.append(in_one_line(event["message"], event.get("hint", "")))
            elif event["event"] == "stage_progressed":
                self._tell_progress(event)

    def _tell_progress(self, event: Event) -> None:
        done, total, unit = int(event["done"]), int(event["total"]), str(event["unit"])
        now = clock(event)
        self._began = now if self._began is None else self._began
        shown = (
            (bytes_text(done), bytes_text(total), "")
            if unit == "bytes"
            else (number(done), number(total), unit)
        )
        words = f"{shown[0]} of {shown[1]} {shown[2]}".rstrip()
        if done and now > self._began and done < total:
            words += f", {duration_text((now - self._began) / done * (total - done))} left"
        self.progressed.emit(done / total if total else 0.0, words)

    def _end(self, ending: Ending, done: str, result: dict[str, Any]) -> None:
        self._thread, self._adapter_id = None, ""
        if ending.outcome == "completed":
            path = result.get("path")
            size = bytes_text(result["bytes"]) if "bytes" in result else ""
            folder = Path(path) if path else None
            text = done or f"Merged into {folder.name if folder else 'a plain model'}, {size}."
            self.finished.emit(text, folder)
            if self._remarks:
                self.remarked.emit(" ".join(dict.fromkeys(self._remarks)))
        elif ending.outcome == "stopped":
            self.stopped.emit()
        else:
            self.failed.emit(in_one_line(ending.message or "The worker ended without a word.", ending.hint))


def in_one_line(message: str, hint: str) -> str:
    """Return a trouble and what to do about it as one line."""
    return f"{message} {hint}".strip()
