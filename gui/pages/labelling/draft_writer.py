"""Writes drafts: which models can write one, and the draft in progress. Knows no widget and no set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import STARTER, Adapter, AppError, Ending, Event, SummarizeOptions, labelling, library
from gui.core.background_tasks import once
from gui.look.language import mark, tr, translate
from gui.pages.labelling import labelling_text
from gui.pages.playground import choices
from gui.pages.playground.column_results import ColumnModel, ColumnResults
from gui.workers.device_lock import DeviceLock, Strip
from gui.workers.download_prompt import DownloadPrompt, action_text
from gui.workers.summarizer import ConversationInput, Request
from gui.workers.worker_manager import WorkerManager

REDRAW_MILLISECONDS = 50
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
        """Return the name shown."""
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
        self._redraw = once(self, REDRAW_MILLISECONDS, self.changed)
        self._summarizer.events.connect(self._on_events)
        self._summarizer.changed.connect(self._on_summarizer_changed)
        self._summarizer.died.connect(self._on_died)
        self.device_lock.changed.connect(self._later)
        self.device_lock.came.connect(self._ask)
        self.device_lock.lost.connect(self.cancel)
        manager.adapters_changed.connect(self.rescan)

    # The models

    def rescan(self) -> None:
        """Read the library again."""
        adapters = library.scan()[0]
        bases = [Writer(base) for base in choices.base_choices(self._local_models, adapters)]
        self.writers = [*(Writer(one.metadata.base_model.id, one) for one in adapters), *bases]
        self.choose(self.writer.key)

    def offer_models(self, models: list[str]) -> None:
        """Add the base models on this computer."""
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
        """Whether a draft is being written."""
        return self._results.busy

    def writes_for(self, number: int) -> bool:
        """Whether a draft is being written for the conversation of that number."""
        return self.is_writing and self._asked is not None and self._asked[0] == number

    @property
    def text(self) -> str:
        """Return the text of the draft so far."""
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
        """Cancel the request and drop its text."""
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
            self._finish()
        self._later()

    def _finish(self) -> None:
        column = self._results.base
        if column.status == "failed":
            self._say(column.message, column.hint)
        elif column.status == "finished" and self._asked is not None:
            adapter = column.entry.adapter
            draft = labelling.Draft(
                self._summarizer.base_model["id"], adapter, column.entry.name, column.text
            )
            self.written.emit(self._asked[0], draft)

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
        """Run the action of the strip."""
        if self._downloads.question:
            self._downloads.confirm()
        elif self.error is not None:
            self.error = None
            self._ask()
        else:
            self.device_lock.act()
