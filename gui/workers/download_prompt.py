"""The prompt before work that would download something: what and how much is shown first, with a button to confirm.

Knows which work waits for an answer; starts nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import Ending, is_on_hub
from gui.look.language import mark, tr, translate
from gui.workers.download_check import DownloadCheck, Request
from gui.workers.summarizer import Summarizer
from gui.workers.worker_manager import WorkerManager

QUESTION = mark("This downloads what is not on this computer yet.")


class DownloadPrompt(QObject):
    """`opened(work)`: start it; `says(text, action)`: a message, with an action that calls `confirm`."""

    opened = Signal(object)
    says = Signal(str, str)

    def __init__(
        self,
        manager: WorkerManager,
        parent: QObject | None = None,
        question: str = QUESTION,
    ) -> None:
        super().__init__(parent)
        self._title = question
        # What is asked while it waits for an answer, "" else.
        self.question = ""
        self._pending: object = None
        self._check = DownloadCheck(manager, self)
        self._check.clear.connect(self.opened)
        self._check.asked.connect(self._ask)
        self._check.refused.connect(self._refuse)

    @property
    def is_checking(self) -> bool:
        """Whether it is looked up what there is to download."""
        return self._check.is_busy

    def request(self, work: object, needed: list[Request]) -> None:
        """Open work once what it needs is on this computer, or its download is confirmed."""
        self.forget()
        if needed:
            self._check.check(work, needed)
        else:
            self.opened.emit(work)

    def request_base(self, work: object, base_model: Mapping[str, Any], summarizer: Summarizer) -> None:
        """Open work of a summarizer, which loads a base model unless it has done so."""
        is_loaded = summarizer.alive and summarizer.base_model.get("id") == base_model.get("id")
        self.request(work, [] if is_loaded else base_repositories(base_model))

    def confirm(self) -> None:
        """Confirm the last prompt."""
        work = self._pending
        self.forget()
        if work is not None:
            self.opened.emit(work)

    def forget(self) -> None:
        """Drop the prompt, since something else is shown."""
        self._check.cancel()
        self._pending, self.question = None, ""

    def _ask(self, work: object, words: str) -> None:
        self._pending, self.question = work, f"{tr(self._title)} {words}"
        self.says.emit(self.question, action_text())

    def _refuse(self, ending: Ending) -> None:
        self.says.emit(f"{translate(ending.message)} {translate(ending.hint)}", "")


def action_text() -> str:
    """Return the text of the button that confirms."""
    return tr("Download and start")


def base_repositories(base_model: Mapping[str, Any]) -> list[Request]:
    """Return what a `[base_model]` table needs from the hub, as arguments of the `models` job."""
    base_id = str(base_model.get("id", ""))
    if not is_on_hub(base_id):
        return []
    return [{"id": base_id, "revision": str(base_model.get("revision", "main"))}]
