"""Drafts of all open conversations of a set, one after the other, in their turn in the queue for the device.

Knows no widget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.api import AppError, WorkerError, labelling
from gui.look.format import number_text
from gui.look.language import mark, tr, translate
from gui.pages.labelling import labelling_text
from gui.pages.labelling.draft_writer import DraftWriter
from gui.pages.labelling.labelling_controller import LabellingController
from gui.workers.device_queue import DeviceQueue, Waiting, Work

KIND = "drafts"


class AllDrafts(QObject):
    """`changed`: they began, ended, or one more is written. `failed(text)`: why they did not begin."""

    changed = Signal()
    failed = Signal(str)

    def __init__(
        self,
        queue: DeviceQueue,
        controller: LabellingController,
        draft_writer: DraftWriter,
        is_seen: Callable[[], bool],
        parent: QObject,
    ) -> None:
        """`is_seen`: whether a person looks at the open set, which is then not exchanged for another."""
        super().__init__(parent)
        self._queue, self._controller, self._draft_writer = queue, controller, draft_writer
        self._is_seen = is_seen
        self.is_going = False
        self._done = 0
        queue.serve(KIND, self._begin)
        controller.opened.connect(self._go_on_soon)
        controller.changed.connect(self._end_without_set)
        draft_writer.changed.connect(self._end_with_error)
        draft_writer.device_lock.lost.connect(self.end)

    @property
    def waiting(self) -> Waiting | None:
        """The drafts of the open set that wait for their turn."""
        work = self._controller.work
        return self._queue.find(KIND, set=work.about.id) if work is not None else None

    @property
    def must_wait(self) -> bool:
        """Whether drafts would wait for their turn."""
        return self._queue.must_wait(KIND)

    def begin_or_stop(self) -> None:
        """Write drafts of the open set in their turn, once the base model may be loaded; or stop them."""
        waiting = self.waiting
        if self.is_going:
            self.cancel()
        elif waiting is not None:
            self._queue.remove(waiting.key)
        elif self._controller.save():
            self._draft_writer.with_base(self._add)

    def cancel(self) -> None:
        """End them, also the draft being written; what waits for its turn stays there."""
        self.end()
        self._draft_writer.cancel()

    def end(self) -> None:
        """Write no more of them."""
        if self.is_going:
            self.is_going = False
            self.changed.emit()

    def _add(self) -> None:
        work = self._controller.work
        if work is None:
            return
        given = {"set": work.about.id, "writer": self._draft_writer.writer.key}
        try:
            self._queue.add(KIND, labelling_text.set_name(work.about), given)
        except AppError as error:
            self.failed.emit(translate(f"{error.message} {error.hint}".strip()))

    def _begin(self, given: Mapping[str, Any]) -> Work:
        work = self._controller.work
        is_open = work is not None and work.about.id == given["set"]
        if not is_open and work is not None and self._is_seen():
            hint = mark("Open these conversations again, and choose “Draft all”.")
            raise WorkerError(mark("Other conversations are being worked on."), hint)
        self._draft_writer.rescan()
        self._draft_writer.choose_known(given["writer"])
        self.is_going, self._done = True, 0
        if is_open:
            self._go_on_soon()
        else:
            self._controller.open(given["set"])
        return Work(lambda: self.is_going, self._progress, self.cancel, self.changed)

    def take(self, number: int, draft: labelling.Draft) -> None:
        """Put a finished draft into the set, and write the next one."""
        self._controller.put_draft(number, draft)
        if self.is_going:
            self._done += 1
            self.changed.emit()
            self._go_on_soon()

    def _go_on_soon(self) -> None:
        """Go on after everyone has been told of the last draft, or of the set."""
        QTimer.singleShot(0, self, self._go_on)

    def _go_on(self) -> None:
        """Write the next draft; the conversation in front stays."""
        if not self.is_going or self._draft_writer.is_writing:
            return
        item = self._controller.next_to_draft()
        if item is None:
            self.end()
        else:
            self._draft_writer.write(item.number, item.conversation)

    def _end_without_set(self) -> None:
        """End if the set can't be opened; the page says why."""
        if self._controller.work is None and not self._controller.is_opening:
            self.end()

    def _end_with_error(self) -> None:
        if self._draft_writer.error is not None:
            self.end()

    def _progress(self) -> tuple[float, str]:
        work = self._controller.work
        total = self._done + (work.progress().open if work is not None else 0)
        text = tr("{done} of {total} drafts", done=number_text(self._done), total=number_text(total))
        return self._done / total if total else 0.0, text
