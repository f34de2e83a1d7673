"""Before a run starts: would it fetch something from the hub, and how much? The user is asked first.

Knows which names mean the hub and asks the `models` job; what to do with the answer is the page's business.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import SAMPLE, STARTER, Recipe, recipe
from gui.engine import Engine
from gui.pages.train.base_models_view import cost_words

Request = dict[str, str]
Cost = dict[str, Any]


class DownloadCheck(QObject):
    """`clear(recipe)`: nothing is to be fetched; `asked(recipe, words)`: confirm first; `refused(Ending)`."""

    clear = Signal(object)
    asked = Signal(object, str)
    refused = Signal(object)

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine

    def check(self, wanted: Recipe) -> None:
        """Look what of the base model, in its revision, and of the data is not on this computer."""
        self._price(wanted, repositories(wanted), [])

    def _price(self, wanted: Recipe, waiting: list[Request], costs: list[Cost]) -> None:
        """Ask for one price after another; what is here whole costs nothing and needs no network."""
        if not waiting:
            self._decide(wanted, costs)
            return
        job = self._engine.ask("models", {"action": "cost", **waiting[0]}, parent=self)
        job.result.connect(lambda cost: self._price(wanted, waiting[1:], [*costs, cost]))
        job.failed.connect(self.refused)

    def _decide(self, wanted: Recipe, costs: list[Cost]) -> None:
        dear = [cost for cost in costs if cost.get("missing_bytes")]
        if dear:
            self.asked.emit(wanted, " ".join(cost_words(cost) for cost in dear))
        else:
            self.clear.emit(wanted)


def repositories(wanted: Recipe) -> list[Request]:
    """Return what a recipe names on the hub, as the `models` job takes it: base model, then data set."""
    found = []
    if is_on_hub(wanted.base_model.id):
        found.append({"id": wanted.base_model.id, "revision": wanted.base_model.revision})
    if is_on_hub(wanted.data.source):
        found.append({"id": wanted.data.source, "repository": "dataset"})
    return found


def is_on_hub(text: str) -> bool:
    """Tell whether a base model or a source of data can only be something on the hub."""
    return text not in {STARTER, SAMPLE} and not recipe.looks_like_path(text)
