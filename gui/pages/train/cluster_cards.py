"""The cards of the computer that is chosen beside Start: asked for in a process, offered where a node has several."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from engine.api import AppError
from gui.pages.train.start_foot import StartFoot
from gui.workers.active_job import ActiveJob
from gui.workers.worker_manager import WorkerManager


class ClusterCards(QObject):
    """Asks a computer when it is chosen; until it has answered, a run takes one card there."""

    def __init__(self, manager: WorkerManager, foot: StartFoot, parent: QObject) -> None:
        super().__init__(parent)
        self._manager, self._foot, self._job = manager, foot, ActiveJob(self)
        foot.computer_chosen.connect(self._ask)

    def _ask(self) -> None:
        self._job.cancel()
        self._foot.offer_cards(1)
        name = self._foot.computer()
        if not name:
            return
        try:
            thread = self._manager.ask("computers", {"names": [name]}, parent=self)
        except AppError:
            # Start says what is wrong.
            return
        self._job.take(thread, lambda _ending: None, events=lambda _events: None, result=self._take)

    def _take(self, result: dict[str, Any]) -> None:
        self._job.disconnect()
        [facts] = result["computers"]
        self._foot.offer_cards(most_cards(facts))


def most_cards(facts: dict[str, Any]) -> int:
    """Return the cards of the node that has most, of those that fit; 1 where none has any."""
    fitting = [node for node in facts["nodes"] if node["fits"]]
    return max((node["cards_for_entries"] for node in fitting), default=1) or 1
