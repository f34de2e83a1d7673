"""Reads conversations from files and folders for a batch, by a job, and reports the result as text.

Knows no widget.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import AppError, Ending, Event, Example, ingest
from gui.look.format import bytes_text
from gui.look.language import tr, tr_count, translate
from gui.models.list_text import SPLITS
from gui.workers.active_job import ActiveJob
from gui.workers.eta import Eta
from gui.workers.worker_manager import WorkerManager

LEFT_OUT: dict[str, Callable[[int], str]] = {
    "empty": lambda count: tr_count(count, "{n} without conversation", "{n} without conversation"),
    "too_long": lambda count: tr_count(count, "{n} too long", "{n} too long"),
    "beyond": lambda count: tr_count(count, "{n} beyond the limit of 1,000", "{n} beyond the limit of 1,000"),
}


class BatchReader(QObject):
    """The files being read.

    Signals: `changed` during reading; `found(list of (name, list of Example), left-out text)`.
    """

    changed = Signal()
    found = Signal(list, str)

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._manager = manager
        self._active_job = ActiveJob(self)
        self._read: dict[str, list[Example]] = {}
        self._far, self._left = "", Eta()
        self.share = 0.0
        self.name = ""
        self.error = ""

    @property
    def is_busy(self) -> bool:
        """Whether files are being read."""
        return bool(self._active_job)

    @property
    def status_text(self) -> str:
        """Return the progress and the remaining time as text."""
        return self._left.beside(self._far)

    def read(self, files: Sequence[Path]) -> None:
        """Read files (several as one source) or a folder, in place of any others."""
        self.stop()
        count = len(files)
        self.name = files[0].name if count == 1 else tr_count(count, "{n} file", "{n} files")
        self._read, self._far, self.share, self.error = {}, "", 0.0, ""
        self._left.begin()
        try:
            source = ingest.save_files(list(files))
            asked = {"data": {"source": str(source)}}
            thread = self._manager.ask("read_conversations", asked, parent=self)
        except AppError as error:
            self.error = translate(f"{error.message} {error.hint}".strip())
        else:
            self._active_job.take(
                thread, self._end, events=self._follow, result=self._take, failed=self._fail
            )
        self.changed.emit()

    def stop(self) -> None:
        """Stop reading."""
        if self._active_job.cancel():
            self.changed.emit()

    def _follow(self, events: list[Event]) -> None:
        for event in events:
            self._left.follow(event)
            if event["event"] == "conversations_read":
                self._gather(event)
            elif event["event"] == "stage_progressed" and event["total"]:
                self.share = event["done"] / event["total"]
                read, total = bytes_text(event["done"]), bytes_text(event["total"])
                self._far = tr("{read} of {total}", read=read, total=total)
        self.changed.emit()

    def _gather(self, event: Event) -> None:
        into = self._read.setdefault(event["split"] or "", [])
        for row in event["conversations"]:
            references = tuple(row["more_references"])
            into.append(Example(row["id"], row["conversation"], row["summary"], references))

    def _take(self, result: dict[str, Any]) -> None:
        self._active_job.disconnect()
        self.changed.emit()
        named = [(self._source_name(split), examples) for split, examples in self._read.items()]
        self.found.emit(named, left_out_text(result["left_out"]))

    def _source_name(self, split: str) -> str:
        title = tr(SPLITS[split]) if split in SPLITS else split
        return f"{self.name} ({title})" if split else self.name

    def _fail(self, ending: Ending) -> None:
        if ending.outcome != "stopped":
            self.error = translate(f"{ending.message} {ending.hint}".strip())

    def _end(self, _: Ending) -> None:
        self.changed.emit()


def left_out_text(left_out: dict[str, int]) -> str:
    """Return how many conversations were left out and why, or ""."""
    parts = [LEFT_OUT[why](count) for why, count in left_out.items() if count]
    return tr("Left out: {parts}.", parts=", ".join(parts)) if parts else ""
