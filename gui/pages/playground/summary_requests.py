"""What a page has asked of the summarizer, until it is answered, and how it ends if it is not. Knows no widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import Adapter, AppError, Ending, Event
from gui.core.background_tasks import once
from gui.look.language import sentences, tr, translate
from gui.pages.playground import choices
from gui.pages.playground.column_results import ColumnResults
from gui.workers.device_lock import DeviceLock, Strip
from gui.workers.download_prompt import DownloadPrompt, action_text
from gui.workers.summarizer import Request
from gui.workers.worker_manager import WorkerManager


class SummaryRequests(QObject):
    """Fills results with the answers to requests. `changed` is emitted at most twenty times a second.

    What the summarizer gives up, since other work needs the device or its worker has died, is cancelled: what was
    written stays, and `problem` says why. A person who cancels needs no reason.
    """

    changed = Signal()

    def __init__(self, manager: WorkerManager, saved: str, parent: QObject | None = None) -> None:
        """`saved` says what is kept where summaries are given up."""
        super().__init__(parent)
        self.summarizer = manager.summarizer
        self.problem: Strip | None = None
        self._saved = saved
        self._sent: dict[str, Sequence[ColumnResults]] = {}
        self._redraw = once(self, 50, self.changed)
        self.summarizer.events.connect(self._on_events)
        self.summarizer.changed.connect(self._on_summarizer_changed)
        self.summarizer.died.connect(self._on_died)

    @property
    def is_busy(self) -> bool:
        return bool(self._sent)

    def cancel(self) -> None:
        """Cancel what is not answered; finished summaries stay."""
        if self.is_busy or self.problem is not None:
            self.problem = None
            self._end_all()

    def _send(self, base: dict[str, Any], request: Request, results: Sequence[ColumnResults]) -> bool:
        """Send a request that fills these results, one for each conversation; return whether that worked."""
        conversations = request.conversations
        asked = conversations if isinstance(conversations, tuple) else (conversations,)
        try:
            request_id = self.summarizer.summarize(base, request)
        except AppError as error:
            self._give_up(sentences(error.message, error.hint))
            return False
        self.problem = None
        for each, conversation in zip(results, asked, strict=True):
            each.begin(request_id, conversation.text)
        self._sent[request_id] = results
        return True

    def _on_answered(self, results: Sequence[ColumnResults]) -> None:
        """Called when a request has ended with these results."""

    def _give_up(self, text: str, log: str = "", action: str = "") -> None:
        self.problem = Strip(text, action, "problem", "error", log)
        self._end_all()

    def _end_all(self) -> None:
        sent, self._sent = self._sent, {}
        for request_id, results in sent.items():
            self._end(results)
            self.summarizer.cancel(request_id)
        self.changed.emit()

    @staticmethod
    def _end(results: Sequence[ColumnResults]) -> None:
        for each in results:
            each.end_unfinished("cancelled")

    def _on_events(self, events: list[Event]) -> None:
        was_busy = self.is_busy
        for event in events:
            results = self._sent.get(str(event.get("request")))
            if results is None:
                continue
            results[event.get("index", 0)].apply(event)
            if event["event"] == "request_finished" or not any(each.busy for each in results):
                del self._sent[event["request"]]
                self._end(results)
                self._on_answered(results)
            self._later()
        if was_busy and not self.is_busy:
            self.changed.emit()

    def _on_summarizer_changed(self) -> None:
        if self.summarizer.state == "closing" and not all(map(self.summarizer.will_answer, self._sent)):
            self._interrupt(tr("Other work needed the device."))
        self._later()

    def _on_died(self, ending: Ending) -> None:
        has_crashed = ending.outcome == "crashed"
        # The hint of a crash is about checkpoints, which only runs have.
        why = translate(ending.message) if has_crashed else sentences(ending.message, ending.hint)
        self._interrupt(why, ending.log_tail)

    def _interrupt(self, why: str, log: str = "") -> None:
        if self.is_busy:
            self._give_up(f"{why} {self._saved}", log, tr("Try again"))

    def _later(self) -> None:
        if not self._redraw.isActive():
            self._redraw.start()


class SummaryAsker(SummaryRequests):
    """Asks for what a person waits for: shares the device with a run, and lets a person agree to a download.

    Subclasses know the base model's table, and how to ask (again) for what is not answered.
    """

    def __init__(self, manager: WorkerManager, saved: str, parent: QObject | None = None) -> None:
        super().__init__(manager, saved, parent)
        self.device_lock = DeviceLock(manager, self)
        # Until it is answered.
        self._asked: Any = None
        self._downloads = DownloadPrompt(manager, self)
        self._downloads.opened.connect(lambda work: work())
        self._downloads.says.connect(self._on_download_checked)
        self.device_lock.came.connect(self._ask)
        self.device_lock.changed.connect(self._later)
        manager.adapters_changed.connect(self.rescan)

    def rescan(self) -> None:
        """Read the library again."""
        raise NotImplementedError

    def base_table(self) -> dict[str, Any]:
        """Return the base model's table."""
        raise NotImplementedError

    def _ask(self) -> None:
        """Ask for what is wanted, if anything is."""
        raise NotImplementedError

    def _table_of(self, base_id: str, adapters: Sequence[Adapter]) -> dict[str, Any]:
        """Return a base model's table as these adapters need it; without any, that of the loaded one will do."""
        loaded = self.summarizer.base_model
        if not adapters and self.summarizer.alive and loaded.get("id") == base_id:
            return loaded
        return choices.base_table(base_id, adapters)

    def cancel(self) -> None:
        """Cancel, also a download that waits for an answer."""
        self._asked = None
        self._downloads.forget()
        super().cancel()

    @property
    def can_ask(self) -> bool:
        return not self.is_busy and self.device_lock.is_ours

    @property
    def is_asking(self) -> bool:
        """Whether the download of the base model waits for an answer."""
        return bool(self._downloads.question)

    def with_base(self, work: Callable[[], object]) -> None:
        """Do work that loads the base model once that is on this computer, or may be downloaded."""
        self.problem = None
        self._downloads.request_base(work, self.base_table(), self.summarizer)
        self.changed.emit()

    def _on_download_checked(self, text: str, action: str) -> None:
        """Show why it is not known what there is to download; a question is shown by `strip`."""
        self.problem = None if action else Strip(text, "", "problem", "error")
        self.changed.emit()

    def strip(self) -> Strip | None:
        """Return the most urgent notice."""
        if self.is_asking:
            return Strip(self._downloads.question, action_text(), "import")
        problem = self.problem if self.device_lock.is_ours else None
        return problem or self.device_lock.strip()

    def act(self) -> None:
        """Run the action of the strip."""
        if self.is_asking:
            self._downloads.confirm()
        elif self.problem is not None and self.device_lock.is_ours:
            self._ask()
        else:
            self.device_lock.act()
