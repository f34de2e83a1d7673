"""Writes drafts: which models can write one, the draft in progress, and drafts of all open conversations of a set.

Knows no widget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.api import (
    STARTER,
    Adapter,
    AppError,
    SummarizeOptions,
    WorkerError,
    labelling,
    library,
)
from gui.look.format import number_text
from gui.look.language import mark, sentences, tr
from gui.pages.labelling import labelling_text
from gui.pages.labelling.labelling_controller import LabellingController
from gui.pages.playground import choices
from gui.pages.playground.column_results import ColumnModel, ColumnResults
from gui.pages.playground.summary_requests import SummaryAsker
from gui.workers.device_queue import DeviceQueue, Waiting, Work
from gui.workers.summarizer import ConversationInput, Request
from gui.workers.worker_manager import WorkerManager

# The signature of a draft, the same in every language.
BUNDLED = mark("The practice model")


@dataclass(frozen=True)
class Writer:
    """A model that can write drafts: a base model alone, or with an adapter."""

    base_id: str
    adapter: Adapter | None = None

    @property
    def key(self) -> str:
        """Return the model's unique key: that of its adapter, or of its base model."""
        return f"adapter:{self.adapter.id}" if self.adapter else f"base:{self.base_id}"

    @property
    def title(self) -> str:
        return self.adapter.name if self.adapter else choices.base_title(self.base_id)

    @property
    def signature(self) -> str:
        """Return the name that is stored with a draft. It does not depend on the language."""
        if self.adapter is not None:
            return self.adapter.name
        return BUNDLED if self.base_id == STARTER else self.base_id

    @property
    def decoding(self) -> SummarizeOptions:
        """Return the decoding that the adapter was scored with, or the default if its metadata has none."""
        prompt = self.adapter.metadata.prompt if self.adapter else None
        if prompt is None:
            return SummarizeOptions()
        return SummarizeOptions(beams=prompt.beams, max_new_tokens=prompt.max_new_tokens)


class DraftWriter(SummaryAsker):
    """Writes one draft at a time; `written(number, Draft)` with a finished one for the conversation of that number."""

    written = Signal(int, object)

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(manager, tr("Your text is saved."), parent)
        self.writers: list[Writer] = [Writer(STARTER)]
        self.writer = self.writers[0]
        self._local_models: list[str] = []
        self._results = ColumnResults(ColumnModel(None, ""))

    # The models

    def rescan(self) -> None:
        adapters = library.scan()[0]
        bases = [Writer(base) for base in choices.base_choices(self._local_models, adapters)]
        self.writers = [*(Writer(one.metadata.base_model.id, one) for one in adapters), *bases]
        self.choose(self.writer.key)

    def offer_models(self, models: list[str]) -> None:
        self._local_models = models
        self.rescan()

    def choose(self, key: str) -> None:
        """Choose the model with this key, or the first one if it is gone."""
        self.writer = next((one for one in self.writers if one.key == key), self.writers[0])
        self.changed.emit()

    def choose_known(self, key: str) -> None:
        """Choose the model with this key. Raises AdapterError if its adapter is gone."""
        kind, _, name = key.partition(":")
        adapter = library.find(name) if kind == "adapter" else None
        self.writer = Writer(adapter.metadata.base_model.id, adapter) if adapter is not None else Writer(name)
        self.changed.emit()

    def choose_as(self, draft: labelling.Draft | None) -> None:
        """Choose the model of an earlier draft, or the newest adapter without one."""
        if draft is None:
            self.choose(self.writers[0].key)
        else:
            self.choose(f"adapter:{draft.adapter}" if draft.adapter else f"base:{draft.base_model}")

    # Writing

    def writes_for(self, number: int) -> bool:
        return self.is_busy and bool(self._asked[0] == number)

    @property
    def text(self) -> str:
        return self._results.base.text

    @property
    def status_text(self) -> str:
        """Return the state as text: "Loading the base model, 6 s"."""
        if not self.is_busy:
            return ""
        return self.summarizer.status_text or tr("{model} is writing", model=self.writer.title)

    def draft(self, number: int, conversation: str) -> None:
        """Request a draft, unless one is being written; `strip` says why there can be none."""
        if not self.is_busy:
            self._asked = (number, conversation)
            self.with_base(self._ask_if_ours)

    def write(self, number: int, conversation: str) -> None:
        """Write a draft, whose base model may be downloaded."""
        self._asked = (number, conversation)
        self._ask()

    def _ask_if_ours(self) -> None:
        if self.can_ask:
            self._ask()
        else:
            self.changed.emit()

    def _ask(self) -> None:
        if self._asked is not None:
            adapter = self.writer.adapter.id if self.writer.adapter else None
            self._results = ColumnResults(ColumnModel(adapter, self.writer.signature))
            conversation = ConversationInput(self._asked[1])
            request = Request(conversation, (adapter,), self.writer.decoding)
            self._send(self.base_table(), request, [self._results])
            self.changed.emit()

    def base_table(self) -> dict[str, Any]:
        return self._table_of(self.writer.base_id, [self.writer.adapter] if self.writer.adapter else [])

    def _on_answered(self, results: Sequence[ColumnResults]) -> None:
        (number, _), self._asked = self._asked, None
        column = results[0].base
        if column.status == "failed":
            self._give_up(sentences(column.message, column.hint))
        elif column.status == "finished":
            base_id = self.summarizer.base_model["id"]
            draft = labelling.Draft(base_id, column.entry.adapter, column.entry.name, column.text)
            self.written.emit(number, draft)


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

    @property
    def waiting(self) -> Waiting | None:
        work = self._controller.work
        return self._queue.find(KIND, set=work.about.id) if work is not None else None

    @property
    def must_wait(self) -> bool:
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
            self.failed.emit(sentences(error.message, error.hint))

    def _begin(self, given: Mapping[str, Any]) -> Work:
        work = self._controller.work
        is_open = work is not None and work.about.id == given["set"]
        if not is_open and work is not None and self._is_seen():
            hint = mark("Open these conversations again and choose “Draft all”.")
            raise WorkerError(mark("Other conversations are being drafted."), hint)
        self._draft_writer.rescan()
        self._draft_writer.choose_known(given["writer"])
        self.is_going, self._done = True, 0
        if is_open:
            self._go_on_soon()
        else:
            self._controller.open(given["set"])
        return Work(lambda: self.is_going, self._progress, self.cancel, self.changed)

    def take(self, number: int, draft: labelling.Draft) -> None:
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
        if not self.is_going or self._draft_writer.is_busy:
            return
        item = self._controller.next_to_draft()
        if item is None:
            self.end()
        else:
            self._draft_writer.write(item.number, item.conversation)

    def _end_without_set(self) -> None:
        """End if the set can't be opened; the page says why."""
        if self._controller.work is None and not self._controller.is_busy:
            self.end()

    def _end_with_error(self) -> None:
        if self._draft_writer.problem is not None:
            self.end()

    def _progress(self) -> tuple[float, str]:
        work = self._controller.work
        total = self._done + (work.progress().open if work is not None else 0)
        text = tr("{done} of {total} drafts", done=number_text(self._done), total=number_text(total))
        return self._done / total if total else 0.0, text
