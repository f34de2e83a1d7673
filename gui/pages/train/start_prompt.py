"""What is asked between the press of Start and a run: what it downloads, or what it sends to another computer.

Starts nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import AppError, Computer, Recipe, computer_store, sending
from gui.look.format import bytes_text, number_text
from gui.look.language import mark, tr, tr_count, translate
from gui.pages.train.start_foot import StartFoot
from gui.workers.active_job import ActiveJob
from gui.workers.download_check import missing, repositories
from gui.workers.download_prompt import DownloadPrompt
from gui.workers.worker_manager import WorkerManager

DOWNLOAD_QUESTION = mark("This run downloads what is not on this computer yet.")


class StartPrompt(QObject):
    """`opened(recipe, computer, cards)`: start it, on so many cards there.

    `says(text, action)`: a message, with an action that confirms.
    """

    opened = Signal(object, str, int)
    says = Signal(str, str)

    def __init__(self, manager: WorkerManager, foot: StartFoot, parent: QObject) -> None:
        """`foot` offers the computers; it is told how many cards the chosen one has."""
        super().__init__(parent)
        self._manager, self._counting = manager, ActiveJob(self)
        self._cluster_cards = ClusterCards(manager, foot, self)
        self._downloads = RunDownloadPrompt(manager, self)
        self._pending: tuple[Recipe, str, int] | None = None
        self._downloads.opened.connect(lambda wanted: self.opened.emit(wanted, "", 1))
        self._downloads.says.connect(self.says)

    def request(self, wanted: Recipe, name: str = "", cards: int = 1) -> None:
        """Request a run of a recipe here, or on so many cards of another computer."""
        self.forget()
        if not name:
            self._downloads.request_run(wanted)
            return
        try:
            computer = computer_store.find(name)
            sending.require_online(computer)
        except AppError as error:
            self.says.emit(translate(f"{error.message} {error.hint}".strip()), "")
            return
        if computer.agreed:
            self.opened.emit(wanted, name, cards)
        else:
            self._pending = (wanted, name, cards)
            self._ask(computer, {})
            self._count(computer, wanted)

    def _ask(self, computer: Computer, counts: dict[str, int]) -> None:
        if self._pending is not None:
            self.says.emit(question(computer, self._pending[0], counts), tr("Send and start"))

    def _count(self, computer: Computer, wanted: Recipe) -> None:
        """Let the question say how many conversations are sent, once a worker has counted them."""
        source, options = next(iter(sending.to_count([wanted]).items()), ("", None))
        if options is None:
            return

        def tell(result: dict[str, Any]) -> None:
            self._ask(computer, {source: result["conversations"]})

        # Without a number it is asked as well.
        with suppress(AppError):
            thread = self._manager.ask("count_conversations", {"data": options.model_dump()}, parent=self)
            self._counting.take(thread, lambda _ending: None, events=lambda _events: None, result=tell)

    def confirm(self) -> None:
        """Confirm the last prompt; a person agrees to sending once for each computer."""
        pending = self._pending
        if pending is None:
            self._downloads.confirm()
            return
        self.forget()
        try:
            computer_store.agree(pending[1])
        except AppError as error:
            self.says.emit(translate(f"{error.message} {error.hint}".strip()), "")
            return
        self.opened.emit(*pending)

    def forget(self) -> None:
        """Drop the prompt, since something else is shown."""
        self._pending = None
        self._counting.cancel()
        self._downloads.forget()


def computer_names() -> list[str]:
    """Return the names of the other computers; of a damaged list none."""
    try:
        return [computer.name for computer in computer_store.list_computers()]
    except AppError:
        return []


def question(computer: Computer, wanted: Recipe, counts: Mapping[str, int]) -> str:
    """Return what leaves this computer, and to whom; `counts` are the conversations of sources, where known."""
    sent = sending.of_recipes([wanted], counts)
    where = f"{computer.name} ({computer.destination})"
    if not sent:
        return tr("This run goes to {where}. No conversations of yours leave this computer.", where=where)
    parts = ", ".join(map(_part, sent))
    text = tr("This run goes to {where}, with what is not there yet: {parts}.", where=where, parts=parts)
    return f"{text} {tr('You are asked once for each computer.')}"


def _part(sent: sending.Sent) -> str:
    name, size = sent.path.name, bytes_text(sent.bytes)
    if sent.is_model:
        return tr("the model {name} ({size})", name=name, size=size)
    if sent.conversations is None:
        return tr("the conversations of {name} ({size})", name=name, size=size)
    count = number_text(sent.conversations)
    return tr_count(
        sent.conversations,
        "{count} conversation of {name} ({size})",
        "{count} conversations of {name} ({size})",
        count=count,
        name=name,
        size=size,
    )


class ClusterCards(QObject):
    """Asks the chosen computer how many cards it has; until it has answered, a run takes one there."""

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


class RunDownloadPrompt(DownloadPrompt):
    """Shows first what Start would download. `opened(recipe)`: start it."""

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(manager, parent, DOWNLOAD_QUESTION)

    def request_run(self, wanted: Recipe) -> None:
        """Request a run of a recipe."""
        needed = missing(repositories(wanted))
        self.request(wanted, needed)
        if self.is_checking:
            names = ", ".join(each["id"] for each in needed)
            self.says.emit(tr("Asking the hub about {name}…", name=names), "")
