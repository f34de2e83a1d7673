"""The playground's controller: base model and adapters, when the worker may run, and requests.

Owns the results and the history. Knows no widget.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import (
    STARTER,
    Adapter,
    AppError,
    Event,
    Problem,
    SummarizeOptions,
    decoding,
    exports,
    library,
    prompts,
)
from gui.core.preferences import values_of
from gui.look.language import sentences, tr, tr_count
from gui.pages.playground import choices
from gui.pages.playground.column_results import ColumnResults, Feedback
from gui.pages.playground.history import HistoryEntry, HistoryStore, from_results, into_results
from gui.pages.playground.summary_requests import SummaryAsker
from gui.workers.device_lock import Strip
from gui.workers.summarizer import ConversationInput, Request
from gui.workers.worker_manager import WorkerManager

USUAL_LIMIT = 512


class Controller(SummaryAsker):
    """The state of the playground; `counted(tokens)` after the worker has counted the conversation's tokens."""

    counted = Signal(int)

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(manager, tr("Conversation and history are saved."), parent)
        self.base_id = STARTER
        self.results = ColumnResults(choices.base_entry(STARTER))
        self.adapters: list[Adapter] = []
        self.local_models: list[str] = []
        self.history = HistoryStore()
        self._message = ""
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
        return self._table_of(self.base_id, self._shown_adapters())

    # Choosing

    def choose_base(self, base_id: str) -> None:
        """Choose another base model; adapters of other base models are removed."""
        if base_id == self.base_id:
            return
        self.cancel()
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

    def prompt(self, template: str) -> dict[str, Any] | None:
        """Return the prompt table of a template, or None for "": each column uses its own."""
        return {"template": template, "max_conversation_tokens": self.limit()} if template else None

    def trained_prompt(self) -> str:
        """Return the template that the first shown adapter was trained with; the base model uses it as well."""
        for adapter in self._shown_adapters():
            if adapter.metadata.prompt and not adapter.is_prompt:
                return adapter.metadata.prompt.template
        return prompts.DEFAULT_PROMPT

    def summarise(
        self, conversation: str, reference: str, options: SummarizeOptions, prompt: dict[str, Any] | None
    ) -> None:
        """Request summaries in every column; a run that uses the device is paused first."""
        if not conversation:
            self.say(tr("Paste a conversation, open a file, or pick a sample."))
            return
        self._asked = (ConversationInput(conversation, reference), options, prompt)
        if self.device_lock.is_ours:
            self._ask()
        else:
            self._message = ""
            self.device_lock.pause_run()

    def _ask(self) -> None:
        self.problem, self._message = None, ""
        if self._asked is not None:
            conversation, options, prompt = self._asked
            columns = tuple(column.entry.adapter for column in self.results.columns)
            if self._send(self.base_table(), Request(conversation, columns, options, prompt), [self.results]):
                self._message = choices.mixed_base_text(self._shown_adapters())
        self.changed.emit()

    # Events

    def _on_events(self, events: list[Event]) -> None:
        super()._on_events(events)
        if self.results.input_tokens is not None:
            self.counted.emit(self.results.input_tokens)

    def _on_answered(self, results: Sequence[ColumnResults]) -> None:
        (conversation, options, prompt), self._asked = self._asked, None
        if any(column.text for column in self.results.columns):
            base = self.summarizer.base_model
            entry = from_results(self.results, conversation.reference, base, options, prompt)
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

    # The notice strip

    def strip(self) -> Strip | None:
        return super().strip() or (Strip(self._message, "", "info", "muted") if self._message else None)

    def act(self, *, again: bool = True) -> None:
        """Run the action of the strip; `again` repeats the last request."""
        if not again and not self.is_asking:
            self._asked = None
        super().act()

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
