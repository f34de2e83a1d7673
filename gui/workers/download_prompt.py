"""What work would download from the hub, and the prompt before it: what and how much, with a button to confirm.

Knows which work waits for an answer; starts nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import Ending, Recipe, hub_cache, is_on_hub
from gui.look.format import bytes_text
from gui.look.language import sentences, tr
from gui.workers.engine_thread import AskedJob
from gui.workers.summarizer import Summarizer
from gui.workers.worker_manager import WorkerManager

Request = dict[str, str]
Cost = dict[str, Any]


class DownloadPrompt(QObject):
    """`opened(work)`: start it; `says(text, action)`: a message, with an action that calls `confirm`.

    One work at a time; what is still asked about one before it is nobody's.
    """

    opened = Signal(object)
    says = Signal(str, str)

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # What is asked while it waits for an answer, "" else.
        self.question = ""
        self._pending: object = None
        self._active_job = AskedJob(self, manager)

    @property
    def is_checking(self) -> bool:
        return bool(self._active_job)

    def request(self, work: object, needed: list[Request]) -> None:
        """Open work once what it needs is on this computer, or its download is confirmed."""
        self.forget()
        self._price(work, missing(needed), [])

    def request_base(self, work: object, base_model: Mapping[str, Any], summarizer: Summarizer) -> None:
        """Open work of a summarizer, which loads a base model unless it has done so."""
        is_loaded = summarizer.alive and summarizer.base_model.get("id") == base_model.get("id")
        self.request(work, [] if is_loaded else base_repositories(base_model))

    def confirm(self) -> None:
        work = self._pending
        self.forget()
        if work is not None:
            self.opened.emit(work)

    def forget(self) -> None:
        self._active_job.cancel()
        self._pending, self.question = None, ""

    def _price(self, work: object, waiting: list[Request], costs: list[Cost]) -> None:
        """Ask for one size after another, then for the person's word."""
        dear = [cost for cost in costs if cost.get("missing_bytes")]
        if waiting:

            def take(cost: Cost) -> None:
                self._price(work, waiting[1:], [*costs, cost])

            self._active_job.ask("models", {"action": "cost", **waiting[0]}, take, self._refuse)
        elif dear:
            texts = [tr("This needs to download files."), *map(cost_text, dear)]
            self._pending, self.question = work, " ".join(texts)
            self.says.emit(self.question, action_text())
        else:
            self.opened.emit(work)

    def _refuse(self, ending: Ending) -> None:
        self.says.emit(sentences(ending.message, ending.hint), "")


def action_text() -> str:
    """Return the text of the button that confirms."""
    return tr("Download and start")


def base_repositories(base_model: Mapping[str, Any]) -> list[Request]:
    """Return what a `[base_model]` table needs from the hub, as arguments of the `models` job."""
    base_id = str(base_model.get("id", ""))
    if not is_on_hub(base_id):
        return []
    return [{"id": base_id, "revision": str(base_model.get("revision", "main"))}]


def missing(needed: list[Request]) -> list[Request]:
    """Return what of some repositories is not on this computer. Opens no connection."""
    return [
        each
        for each in needed
        if not hub_cache.is_cached(
            each["id"],
            each.get("revision", "main"),
            "dataset" if each.get("repository") == "dataset" else "model",
        )
    ]


def repositories(wanted: Recipe) -> list[Request]:
    """Return a recipe's hub repositories as arguments of the `models` job: base model, then data set."""
    found = []
    if is_on_hub(wanted.base_model.id):
        found.append({"id": wanted.base_model.id, "revision": wanted.base_model.revision})
    if is_on_hub(wanted.data.source):
        found.append(data_set(wanted.data.source))
    return found


def data_set(source: str) -> Request:
    """Return a hub data set as argument of the `models` job."""
    return {"id": source, "repository": "dataset"}


def cost_text(cost: dict[str, Any]) -> str:
    """Return the cost of a download: "google/flan-t5-base: 990 MB to download, licence Apache-2.0."."""
    missing = int(cost.get("missing_bytes") or 0)
    facts = [
        tr("{size} to download", size=bytes_text(missing)) if missing else tr("already on this computer")
    ]
    facts += [tr("licence {licence}", licence=str(cost["licence"]))] if cost.get("licence") else []
    gated = tr("Accept its licence first.") if cost.get("gated") else ""
    return f"{cost.get('id')}: {', '.join(facts)}. {gated}".strip()
