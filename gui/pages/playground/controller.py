"""What the playground does: which base model and adapters, when the worker may run, what is asked of it.

Owns the board and the earlier tries. Knows no widget.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import STARTER, Adapter, AppError, Ending, Event, SummarizeOptions, library, prompts
from gui.core.timers import once
from gui.look.language import tr, tr_count, translate
from gui.pages.playground.columns import choices
from gui.pages.playground.columns.column_results import ColumnResults, Feedback
from gui.pages.playground.history.history_entry import HistoryEntry, from_results, into_results
from gui.pages.playground.history.history_store import HistoryStore
from gui.workers.device_lock import DeviceLock, Strip
from gui.workers.summarizer import ConversationInput, Request
from gui.workers.worker_manager import WorkerManager

REDRAW_MILLISECONDS = 50
USUAL_LIMIT = 512


class Controller(QObject):
    """The playground's state.

    Signals: `changed` at most twenty times a second; `counted(tokens)` when the worker has counted the
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
        # What stands in the columns, once it is kept: only that can be commented on.
        self.entry: HistoryEntry | None = None
        self.summarizer = manager.summarizer
        self.turn = DeviceLock(manager, self.summarizer, self)
        self._asked: Request | None = None
        self._ending: Ending | None = None
        self._message = ""
        self._redraw = once(self, REDRAW_MILLISECONDS, self.changed)
        self._connect()
        self.rescan()

    def _connect(self) -> None:
        self.summarizer.events.connect(self._on_events)
        self.summarizer.changed.connect(self._on_summarizer_changed)
        self.summarizer.died.connect(self._on_died)
        self.turn.came.connect(self._ask_again)
        self.turn.lost.connect(self.cancel)
        self.turn.changed.connect(self._later)
        self._manager.adapters_changed.connect(self.rescan)

    # What there is to choose from

    def rescan(self) -> None:
        """Look into the library again; columns of adapters that are gone go too."""
        self.adapters = library.scan()[0]
        known = {adapter.id for adapter in self.adapters}
        for adapter in self.results.adapters:
            if adapter not in known:
                self.results.remove(adapter)
        self.changed.emit()

    def adapter_choices(self) -> list[choices.AdapterChoice]:
        """Return every adapter with whether it can be added."""
        return choices.adapter_choices(self.adapters, self.base_id, self.results.adapters)

    def base_choices(self) -> list[str]:
        """Return the base models to choose from."""
        return choices.base_choices(self.local_models, self.adapters)

    def limit(self) -> int:
        """Return the longest conversation, in tokens, that the shown adapters were all trained with."""
        prompts = [adapter.metadata.prompt for adapter in self._shown_adapters()]
        return min((prompt.max_conversation_tokens for prompt in prompts if prompt), default=USUAL_LIMIT)

    def decoding(self) -> SummarizeOptions | None:
        """Return the decoding that the first shown adapter was scored with, if its metadata tells."""
        for adapter in self._shown_adapters():
            prompt = adapter.metadata.prompt
            if prompt:
                return SummarizeOptions(beams=prompt.beams, max_new_tokens=prompt.max_new_tokens)
        return None

    def _shown_adapters(self) -> list[Adapter]:
        """Return the adapters of the columns, in their order."""
        known = {adapter.id: adapter for adapter in self.adapters}
        return [known[name] for name in self.results.adapters if name in known]

    def base_table(self) -> dict[str, Any]:
        """Return the form of the base model to compare on; alone, the one that is loaded will do."""
        shown, loaded = self._shown_adapters(), self.summarizer.base_model
        if not shown and self.summarizer.alive and loaded.get("id") == self.base_id:
            return loaded
        return choices.base_table(self.base_id, shown)

    # Choosing

    def choose_base(self, base_id: str) -> None:
        """Compare on another base model; adapters that were not made for it leave."""
        if base_id == self.base_id:
            return
        self.cancel()
        self.base_id = base_id
        compatible = [
            adapter for adapter in self._shown_adapters() if adapter.metadata.base_model.id == base_id
        ]
        self.results, self.entry = ColumnResults(choices.base_entry(base_id)), None
        for adapter in compatible:
            self.results.add(choices.entry(adapter))
        self.changed.emit()

    def add(self, adapter_id: str) -> None:
        """Put an adapter beside the base, if it fits."""
        choice = next((one for one in self.adapter_choices() if one.adapter.id == adapter_id), None)
        if choice is not None and choice.fits:
            self.results.add(choices.entry(choice.adapter))
            self.changed.emit()

    def remove(self, adapter_id: str) -> None:
        """Take an adapter's column away."""
        self.results.remove(adapter_id)
        self.changed.emit()

    def open_adapters(self, adapter_ids: Iterable[str]) -> None:
        """Compare these adapters, on the base of the first; say which can't stand beside it."""
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

    def restore(self, entry: HistoryEntry) -> None:
        """Bring an earlier try back, summaries and all."""
        self.cancel()
        self.base_id = str(entry.base_model["id"])
        self.results, self.entry = into_results(entry), entry
        self._message = ""
        self.changed.emit()

    def take_over(self, entry: HistoryEntry) -> None:
        """Keep what was tried elsewhere as a try, and show it."""
        try:
            self.history.add(entry)
        except AppError as error:
            self._message = translate(f"{error.message} {error.hint}")
        self.restore(entry)

    # Asking

    @property
    def can_ask(self) -> bool:
        """Whether summaries can be asked for now."""
        return not self.results.busy and self.turn.is_ours

    def prompt(self, template: str) -> dict[str, Any] | None:
        """Return a template as every column is to read it, None for "": each reads its own."""
        return {"template": template, "max_conversation_tokens": self.limit()} if template else None

    def trained_prompt(self) -> str:
        """Return the template that the first shown adapter was trained with, which the base reads as well."""
        for adapter in self._shown_adapters():
            if adapter.metadata.prompt and not adapter.is_prompt:
                return adapter.metadata.prompt.template
        return prompts.DEFAULT_PROMPT

    def summarise(
        self, conversation: str, reference: str, options: SummarizeOptions, prompt: dict[str, Any] | None
    ) -> None:
        """Ask for summaries in every column, after pausing the run that has the device, if one has."""
        self._message = ""
        if not conversation:
            self.say(tr("There is no conversation yet. Paste one, open a file, or pick a sample."))
            return
        columns = tuple(column.entry.adapter for column in self.results.columns)
        request = Request(ConversationInput(conversation, reference), columns, options, prompt)
        self._asked, self._ending = request, None
        if self.turn.is_ours:
            self._ask(request)
        else:
            self.turn.pause_run()

    def _ask(self, request: Request) -> None:
        try:
            request_id = self.summarizer.summarize(self.base_table(), request)
        except AppError as error:
            self._message = translate(f"{error.message} {error.hint}")
        else:
            self.results.begin(request_id, _one(request).text)
            self.entry = None
            self._message = choices.mixed_base_text(self._shown_adapters())
        self.changed.emit()

    def cancel(self) -> None:
        """Take the request back; what has come of it stays."""
        request = self.results.request
        self.results.end_unfinished("cancelled")
        if request is not None:
            self.summarizer.cancel(request)
        self.changed.emit()

    def _ask_again(self) -> None:
        """Ask once more what was asked last."""
        self._ending = None
        if self._asked is not None:
            self._ask(self._asked)
        else:
            self.changed.emit()

    # What comes of it

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
        """Remember the try, if it came to anything."""
        if self._asked is None or not any(column.text for column in self.results.columns):
            return
        asked = self._asked
        entry = from_results(
            self.results, _one(asked).reference, self.summarizer.base_model, asked.options, asked.prompt
        )
        try:
            self.history.add(entry)
        except AppError as error:
            self._message = translate(f"{error.message} {error.hint}")
        else:
            self.entry = entry

    def give_feedback(self, adapter: str | None, feedback: Feedback) -> None:
        """Keep what somebody thinks of a summary in the columns."""
        column = self.results.column(adapter)
        if self.entry is None or column is None:
            return
        entry = self.entry.with_feedback(adapter, feedback)
        try:
            self.history.replace(entry)
        except AppError as error:
            self._message = translate(f"{error.message} {error.hint}")
        else:
            self.entry, column.feedback = entry, feedback
        self.changed.emit()

    def say(self, message: str) -> None:
        """Say something above the columns."""
        self._message = message
        self.changed.emit()

    def clear_history(self) -> list[HistoryEntry]:
        """Forget the earlier tries and return them."""
        gone: list[HistoryEntry] = []
        try:
            gone = self.history.clear()
        except AppError as error:
            self._message = translate(f"{error.message} {error.hint}")
        self.entry = None
        self.changed.emit()
        return gone

    def put_back(self, gone: Iterable[HistoryEntry]) -> None:
        """Keep tries that were forgotten."""
        try:
            self.history.put_back(gone)
        except AppError as error:
            self._message = translate(f"{error.message} {error.hint}")
        self.changed.emit()

    def _on_summarizer_changed(self) -> None:
        """Wait no longer for a worker that another page has sent away."""
        request = self.results.request
        if self.summarizer.state == "closing" and request and not self.summarizer.will_answer(request):
            self.results.end_unfinished("cancelled")
        self._later()

    def _on_died(self, ending: Ending) -> None:
        self._ending = ending
        self.results.end_unfinished("failed", tr("The worker ended before this summary was done."))
        self._later()

    def _later(self) -> None:
        if not self._redraw.isActive():
            self._redraw.start()

    # What to say

    def strip(self) -> Strip | None:
        """Return what there is to say above the columns, the most pressing first."""
        if self._ending is not None:
            text = _why(self._ending)
            return Strip(text, tr("Start again"), "problem", "brick", self._ending.log_tail)
        said = self.turn.strip()
        if said is None and self._message:
            return Strip(self._message, "", "info", "ink2")
        return said

    def act(self, *, again: bool = True) -> None:
        """Do what the strip's action says; what was asked last is asked `again` where that is in front."""
        if not again:
            self._asked = None
        if self._ending is not None:
            self._ask_again()
        else:
            self.turn.act()

    def subtitle(self) -> str:
        """Return the line below the page's title: "google/flan-t5-base with 3 adapters, bfloat16"."""
        count, base = len(self.results.adapters), choices.base_title(self.base_id)
        shown = (
            tr_count(count, "{base} with {n} adapter", "{base} with {n} adapters", base=base)
            if count
            else base
        )
        return f"{shown}, {self.summarizer.precision}" if self.summarizer.state == "ready" else shown


def _one(request: Request) -> ConversationInput:
    """Return the conversation of a request for one."""
    assert isinstance(request.conversations, ConversationInput)
    return request.conversations


def _why(ending: Ending) -> str:
    """Return why a worker ended; what a crash says of checkpoints is for runs."""
    if ending.outcome == "crashed":
        return f"{translate(ending.message)} {tr('The conversation and the history are saved.')}"
    return translate(f"{ending.message} {ending.hint}".strip())
