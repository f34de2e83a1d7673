"""Writes drafts: which models can write one, the draft in progress, and drafts of all open conversations of a set.

Knows no widget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.api import (
    STARTER,
    Adapter,
    AppError,
    Ending,
    Event,
    SummarizeOptions,
    WorkerError,
    labelling,
    library,
)
from gui.core.background_tasks import once
from gui.look.format import number_text
from gui.look.language import mark, sentences, tr, translate
from gui.pages.labelling import labelling_text
from gui.pages.labelling.labelling_controller import LabellingController
from gui.pages.playground import choices
from gui.pages.playground.column_results import ColumnModel, ColumnResults
from gui.workers.device_lock import DeviceLock, Strip
from gui.workers.device_queue import DeviceQueue, Waiting, Work
from gui.workers.download_prompt import DownloadPrompt, action_text
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


class DraftWriter(QObject):
    """Writes one draft at a time.

    Signals: `changed` at most twenty times a second; `written(number, Draft)` with a finished draft for the
    conversation of that number.
    """

    changed = Signal()
    written = Signal(int, object)

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._summarizer = manager.summarizer
        self.device_lock = DeviceLock(manager, self._summarizer, self)
        self.writers: list[Writer] = [Writer(STARTER)]
        self.writer = self.writers[0]
        self.error: Strip | None = None
        self._local_models: list[str] = []
        self._results = ColumnResults(ColumnModel(None, ""))
        self._asked: tuple[int, str] | None = None
        self._downloads = DownloadPrompt(manager, self)
        self._downloads.opened.connect(lambda work: work())
        self._downloads.says.connect(self._on_download_answered)
        self._redraw = once(self, 50, self.changed)
        self._summarizer.events.connect(self._on_events)
        self._summarizer.changed.connect(self._on_summarizer_changed)
        self._summarizer.died.connect(self._on_died)
        self.device_lock.changed.connect(self._later)
        self.device_lock.came.connect(self._ask)
        self.device_lock.lost.connect(self.cancel)
        manager.adapters_changed.connect(self.rescan)

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

    @property
    def is_writing(self) -> bool:
        return self._results.busy

    def writes_for(self, number: int) -> bool:
        return self.is_writing and self._asked is not None and self._asked[0] == number

    @property
    def text(self) -> str:
        return self._results.base.text

    @property
    def status_text(self) -> str:
        """Return the state as text: "Loading the base model, 6 s"."""
        if not self.is_writing:
            return ""
        return self._summarizer.status_text or tr("{model} is writing", model=self.writer.title)

    def draft(self, number: int, conversation: str) -> None:
        """Request a draft, unless one is being written; `strip` says why there can be none."""
        if self.is_writing:
            return
        self._asked, self.error = (number, conversation), None
        self.with_base(self._ask_if_ours)

    def with_base(self, work: Callable[[], None]) -> None:
        """Do work that loads the base model once that is on this computer, or may be downloaded."""
        self.error = None
        self._downloads.request_base(work, self._base_table(), self._summarizer)
        self.changed.emit()

    def write(self, number: int, conversation: str) -> None:
        """Write a draft, whose base model may be downloaded."""
        self._asked, self.error = (number, conversation), None
        self._ask()

    def _ask_if_ours(self) -> None:
        if self.device_lock.is_ours:
            self._ask()
        else:
            self.changed.emit()

    def _on_download_answered(self, text: str, action: str) -> None:
        """Show why it is not known what there is to download; a question is shown by `strip`."""
        if not action:
            self.error = Strip(text, tr("Try again"), "problem", "error")
        self.changed.emit()

    def _ask(self) -> None:
        if self._asked is None:
            return
        writer, (_, conversation) = self.writer, self._asked
        adapter = writer.adapter.id if writer.adapter else None
        self._results = ColumnResults(ColumnModel(adapter, writer.signature))
        try:
            request = self._summarizer.summarize(
                self._base_table(), Request(ConversationInput(conversation), (adapter,), writer.decoding)
            )
        except AppError as error:
            self._say(error.message, error.hint)
        else:
            self._results.begin(request, conversation)
        self.changed.emit()

    def _base_table(self) -> dict[str, Any]:
        """Return the base model's table; for a base model alone, that of the loaded one will do."""
        loaded = self._summarizer.base_model
        if self.writer.adapter is None and self._summarizer.alive and loaded.get("id") == self.writer.base_id:
            return loaded
        return choices.base_table(self.writer.base_id, [self.writer.adapter] if self.writer.adapter else [])

    def cancel(self) -> None:
        request = self._results.request
        self._asked, self.error = None, None
        self._downloads.forget()
        self._results.end_unfinished("cancelled")
        if request is not None:
            self._summarizer.cancel(request)
        self.changed.emit()

    def _on_events(self, events: list[Event]) -> None:
        was_writing = self.is_writing
        for event in events:
            self._results.apply(event)
        if was_writing and not self.is_writing:
            column = self._results.base
            if column.status == "failed":
                self._say(column.message, column.hint)
            elif column.status == "finished" and self._asked is not None:
                adapter = column.entry.adapter
                draft = labelling.Draft(
                    self._summarizer.base_model["id"], adapter, column.entry.name, column.text
                )
                self.written.emit(self._asked[0], draft)
        self._later()

    def _on_summarizer_changed(self) -> None:
        request = self._results.request
        if self._summarizer.state == "closing" and request and not self._summarizer.will_answer(request):
            self._results.end_unfinished("cancelled")
        self._later()

    def _on_died(self, ending: Ending) -> None:
        if self.is_writing:
            self._results.end_unfinished("failed")
            text = f"{translate(ending.message)} {tr('Your text is saved.')}"
            self.error = Strip(text, tr("Try again"), "problem", "error", ending.log_tail)
        self._later()

    def _say(self, message: str, hint: str) -> None:
        self.error = Strip(labelling_text.error_text(message, hint), "", "problem", "error")
        self.changed.emit()

    def _later(self) -> None:
        if not self._redraw.isActive():
            self._redraw.start()

    # The notice strip

    def strip(self) -> Strip | None:
        """Return the most urgent notice about drafts."""
        if self._downloads.question:
            return Strip(self._downloads.question, action_text(), "import")
        return self.error or self.device_lock.strip()

    def act(self) -> None:
        if self._downloads.question:
            self._downloads.confirm()
        elif self.error is not None:
            self.error = None
            self._ask()
        else:
            self.device_lock.act()


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
        if not self.is_going or self._draft_writer.is_writing:
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
        if self._draft_writer.error is not None:
            self.end()

    def _progress(self) -> tuple[float, str]:
        work = self._controller.work
        total = self._done + (work.progress().open if work is not None else 0)
        text = tr("{done} of {total} drafts", done=number_text(self._done), total=number_text(total))
        return self._done / total if total else 0.0, text
