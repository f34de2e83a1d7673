"""The playground's controller: base model and adapters, when the worker may run, and requests.

Owns the results and the history. Knows no widget.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import (
    STARTER,
    Adapter,
    AppError,
    Ending,
    Event,
    Problem,
    SummarizeOptions,
    decoding,
    exports,
    library,
    prompts,
)
from gui.core.background_tasks import once
from gui.core.preferences import values_of
from gui.look.language import sentences, tr, tr_count, translate
from gui.pages.playground import choices
from gui.pages.playground.column_results import ColumnResults, Feedback
from gui.pages.playground.history import HistoryEntry, HistoryStore, from_results, into_results
from gui.workers.device_lock import DeviceLock, Strip
from gui.workers.download_prompt import DownloadPrompt, action_text
from gui.workers.summarizer import ConversationInput, Request
from gui.workers.worker_manager import WorkerManager

USUAL_LIMIT = 512


class Controller(QObject):
    """The state of the playground.

    Signals: `changed` at most twenty times a second; `counted(tokens)` after the worker has counted the
    conversation's tokens.
    """

    changed = Signal()
    counted = Signal(int)

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._manager = manager
        self.base_id = STARTER
        self.results = ColumnResults(choices.base_entry(STARTER))
        self.adapters: list[Adapter] = []
        self.local_models: list[str] = []
        self.history = HistoryStore()
        self.summarizer = manager.summarizer
        self.device_lock = DeviceLock(manager, self.summarizer, self)
        self._asked: Request | None = None
        self._ending: Ending | None = None
        self._message = ""
        self._downloads = DownloadPrompt(manager, self)
        self._redraw = once(self, 50, self.changed)
        self.summarizer.events.connect(self._on_events)
        self.summarizer.changed.connect(self._on_summarizer_changed)
        self.summarizer.died.connect(self._on_died)
        self.device_lock.came.connect(self._ask_again)
        self.device_lock.lost.connect(self.cancel)
        self.device_lock.changed.connect(self._later)
        self._manager.adapters_changed.connect(self.rescan)
        self._downloads.opened.connect(lambda work: work())
        self._downloads.says.connect(lambda text, action: self.say("" if action else text))
        self.rescan()

    # The choices

    def rescan(self) -> None:
        """Read the library again; columns of deleted adapters are removed."""
        self.adapters = library.scan()[0]
        known = {adapter.id for adapter in self.adapters}
        for adapter in self.results.adapters:
            if adapter not in known:
                self.results.remove(adapter)
        self.changed.emit()

    def adapter_choices(self) -> list[choices.AdapterChoice]:
        return choices.adapter_choices(self.adapters, self.base_id, self.results.adapters)

    def base_choices(self) -> list[str]:
        return choices.base_choices(self.local_models, self.adapters)

    def limit(self) -> int:
        """Return the smallest trained length limit of the shown adapters, in tokens."""
        prompts = [adapter.metadata.prompt for adapter in self._shown_adapters()]
        return min((prompt.max_conversation_tokens for prompt in prompts if prompt), default=USUAL_LIMIT)

    def decoding(self) -> SummarizeOptions | None:
        """Return the decoding that the first shown adapter was scored with, if its metadata has it."""
        for adapter in self._shown_adapters():
            prompt = adapter.metadata.prompt
            if prompt:
                return SummarizeOptions(beams=prompt.beams, max_new_tokens=prompt.max_new_tokens)
        return None

    def refusals(self, options: SummarizeOptions) -> list[Problem]:
        """Return why summaries can't be written with these options in the columns."""
        kept_as = self.base_table().get("quantization", "none")
        device = self.summarizer.device_wanted
        unfit = exports.runtime_problems(options.runtime, self._shown_adapters(), kept_as, device, "runtime")
        return [*decoding.problems(options), *unfit]

    def _shown_adapters(self) -> list[Adapter]:
        known = {adapter.id: adapter for adapter in self.adapters}
        return [known[name] for name in self.results.adapters if name in known]

    def base_table(self) -> dict[str, Any]:
        """Return the base model's table; without adapters, that of the loaded one will do."""
        shown, loaded = self._shown_adapters(), self.summarizer.base_model
        if not shown and self.summarizer.alive and loaded.get("id") == self.base_id:
            return loaded
        return choices.base_table(self.base_id, shown)

    # Choosing

    def choose_base(self, base_id: str) -> None:
        """Choose another base model; adapters of other base models are removed."""
        if base_id == self.base_id:
            return
        self.cancel()
        self._downloads.forget()
        self.base_id = base_id
        compatible = [
            adapter for adapter in self._shown_adapters() if adapter.metadata.base_model.id == base_id
        ]
        self.results = ColumnResults(choices.base_entry(base_id))
        for adapter in compatible:
            self.results.add(choices.entry(adapter))
        self.changed.emit()

    def add(self, adapter_id: str) -> None:
        choice = next((one for one in self.adapter_choices() if one.adapter.id == adapter_id), None)
        if choice is not None and choice.fits:
            self.results.add(choices.entry(choice.adapter))
            self.changed.emit()

    def remove(self, adapter_id: str) -> None:
        self.results.remove(adapter_id)
        self.changed.emit()

    def open_adapters(self, adapter_ids: Iterable[str]) -> None:
        """Compare these adapters on the base model of the first one; report those that don't fit."""
        self.rescan()
        wanted = [adapter for name in adapter_ids for adapter in self.adapters if adapter.id == name]
        if not wanted:
            return
        self.choose_base(wanted[0].metadata.base_model.id)
        for adapter in wanted:
            self.add(adapter.id)
        left = [one.adapter for one in self.adapter_choices() if one.adapter in wanted and one.is_foreign]
        self._message = "; ".join(map(choices.foreign_text, left))
        self.changed.emit()

    def saved_columns(self) -> str:
        return json.dumps({"base": self.base_id, "adapters": self.results.adapters})

    def restore_columns(self, text: str) -> None:
        """Show the columns of an earlier start; adapters that are gone are left out."""
        kept = values_of(text)
        self.choose_base(str(kept.get("base") or STARTER))
        self.open_adapters(map(str, kept.get("adapters") or ()))

    def restore(self, entry: HistoryEntry) -> None:
        self.cancel()
        self.base_id = str(entry.base_model["id"])
        self.results = into_results(entry)
        self._message = ""
        self.changed.emit()

    # Requests

    @property
    def can_ask(self) -> bool:
        return not self.results.busy and self.device_lock.is_ours

    def prompt(self, template: str) -> dict[str, Any] | None:
        """Return the prompt table of a template, or None for "": each column uses its own."""
        return {"template": template, "max_conversation_tokens": self.limit()} if template else None

    def trained_prompt(self) -> str:
        """Return the template that the first shown adapter was trained with; the base model uses it as well."""
        for adapter in self._shown_adapters():
            if adapter.metadata.prompt and not adapter.is_prompt:
                return adapter.metadata.prompt.template
        return prompts.DEFAULT_PROMPT

    @property
    def is_asking(self) -> bool:
        """Whether the download of the base model waits for an answer."""
        return bool(self._downloads.question)

    def with_base(self, work: Callable[[], object]) -> None:
        """Do work that loads the base model once that is on this computer, or may be downloaded."""
        self._downloads.request_base(work, self.base_table(), self.summarizer)
        self.changed.emit()

    def summarise(
        self, conversation: str, reference: str, options: SummarizeOptions, prompt: dict[str, Any] | None
    ) -> None:
        """Request summaries in every column; a run that uses the device is paused first."""
        self._message = ""
        if not conversation:
            self.say(tr("Paste a conversation, open a file, or pick a sample."))
            return
        columns = tuple(column.entry.adapter for column in self.results.columns)
        request = Request(ConversationInput(conversation, reference), columns, options, prompt)
        self._asked, self._ending = request, None
        if self.device_lock.is_ours:
            self._ask(request)
        else:
            self.device_lock.pause_run()

    def _ask(self, request: Request) -> None:
        try:
            request_id = self.summarizer.summarize(self.base_table(), request)
        except AppError as error:
            self._message = sentences(error.message, error.hint)
        else:
            self.results.begin(request_id, _one(request).text)
            self._message = choices.mixed_base_text(self._shown_adapters())
        self.changed.emit()

    def cancel(self) -> None:
        """Cancel the request; finished summaries stay."""
        request = self.results.request
        self.results.end_unfinished("cancelled")
        if request is not None:
            self.summarizer.cancel(request)
        self.changed.emit()

    def _ask_again(self) -> None:
        self._ending = None
        if self._asked is not None:
            self._ask(self._asked)
        else:
            self.changed.emit()

    # Events

    def _on_events(self, events: list[Event]) -> None:
        was_busy = self.results.busy
        for event in events:
            self.results.apply(event)
        if was_busy and not self.results.busy:
            self._save_entry()
        if self.results.input_tokens is not None:
            self.counted.emit(self.results.input_tokens)
        self._later()

    def _save_entry(self) -> None:
        if self._asked is None or not any(column.text for column in self.results.columns):
            return
        asked = self._asked
        base = self.summarizer.base_model
        entry = from_results(self.results, _one(asked).reference, base, asked.options, asked.prompt)
        self.store(self.results, entry)

    def store(self, results: ColumnResults, entry: HistoryEntry) -> None:
        """Store results as an entry of the history."""
        try:
            self.history.add(entry)
        except AppError as error:
            self._message = sentences(error.message, error.hint)
        else:
            results.entry = entry

    def give_feedback(self, results: ColumnResults, adapter: str | None, feedback: Feedback) -> None:
        """Store feedback on a summary of stored results."""
        column = results.column(adapter)
        if results.entry is None or column is None:
            return
        entry = results.entry.with_feedback(adapter, feedback)
        try:
            self.history.replace(entry)
        except AppError as error:
            self._message = sentences(error.message, error.hint)
        else:
            results.entry, column.feedback = entry, feedback
        self.changed.emit()

    def say(self, message: str) -> None:
        self._message = message
        self.changed.emit()

    def unsay(self) -> None:
        """Hide the message: another conversation is shown, and it was about the one before."""
        if self._message:
            self.say("")

    def clear_history(self) -> list[HistoryEntry]:
        gone: list[HistoryEntry] = []
        try:
            gone = self.history.clear()
        except AppError as error:
            self._message = sentences(error.message, error.hint)
        self.results.entry = None
        self.changed.emit()
        return gone

    def put_back(self, gone: Iterable[HistoryEntry]) -> None:
        try:
            self.history.put_back(gone)
        except AppError as error:
            self._message = sentences(error.message, error.hint)
        self.changed.emit()

    def _on_summarizer_changed(self) -> None:
        """Stop waiting if another page has closed the worker."""
        request = self.results.request
        if self.summarizer.state == "closing" and request and not self.summarizer.will_answer(request):
            self.results.end_unfinished("cancelled")
        self._later()

    def _on_died(self, ending: Ending) -> None:
        self._ending = ending
        self.results.end_unfinished("failed", tr("The worker ended before this summary was finished."))
        self._later()

    def _later(self) -> None:
        if not self._redraw.isActive():
            self._redraw.start()

    # The notice strip

    def strip(self) -> Strip | None:
        """Return the most urgent notice above the columns."""
        if self._ending is not None:
            text = _why(self._ending)
            return Strip(text, tr("Start again"), "problem", "error", self._ending.log_tail)
        if self._downloads.question:
            return Strip(self._downloads.question, action_text(), "import")
        device_strip = self.device_lock.strip()
        if device_strip is None and self._message:
            return Strip(self._message, "", "info", "muted")
        return device_strip

    def act(self, *, again: bool = True) -> None:
        """Run the action of the strip; `again` repeats the last request."""
        if self.is_asking:
            self._downloads.confirm()
            return
        if not again:
            self._asked = None
        if self._ending is not None:
            self._ask_again()
        else:
            self.device_lock.act()

    def subtitle(self) -> str:
        """Return the page's subtitle: "google/flan-t5-base with 3 adapters, loaded in bfloat16"."""
        count, base = len(self.results.adapters), choices.base_title(self.base_id)
        shown = (
            tr_count(count, "{base} with {n} adapter", "{base} with {n} adapters", base=base)
            if count
            else base
        )
        return f"{shown}, {self._loaded_text()}"

    def _loaded_text(self) -> str:
        match self.summarizer.state:
            case "ready":
                return tr("loaded in {precision}", precision=self.summarizer.precision)
            case "starting":
                return tr("loading")
            case "closing":
                return tr("unloading")
            case _:
                return tr("not loaded")

    @property
    def can_unload(self) -> bool:
        """Whether the base model is in memory and nothing is being written with it."""
        return self.summarizer.state == "ready" and not self.summarizer.is_busy

    def unload(self) -> None:
        """Free the memory of the base model; the next summary loads it again."""
        self.summarizer.close()


def _one(request: Request) -> ConversationInput:
    """Return the conversation of a request for one."""
    assert isinstance(request.conversations, ConversationInput)
    return request.conversations


def _why(ending: Ending) -> str:
    """Return why a worker ended, without the remarks on checkpoints that only fit runs."""
    if ending.outcome == "crashed":
        return f"{translate(ending.message)} {tr('Conversation and history are saved.')}"
    return sentences(ending.message, ending.hint)
