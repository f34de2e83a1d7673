"""Before a run starts: would it fetch something from the hub, and how much? The user is asked first.

Knows which names mean the hub and asks the `models` job; what to do with the answer is the page's business.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import SAMPLE, STARTER, Ending, Recipe, recipe
from gui.engine import Engine
from gui.pages.train.base_models_view import cost_words


class DownloadCheck(QObject):
    """`clear(recipe)`: nothing is to be fetched; `asked(recipe, words)`: confirm first; `refused(Ending)`."""

    clear = Signal(object)
    asked = Signal(object, str)
    refused = Signal(object)

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine

    def check(self, wanted: Recipe) -> None:
        """Look whether the base model and the data are on this computer."""
        if not is_on_hub(wanted.base_model.id) and not is_on_hub(wanted.data.source):
            self.clear.emit(wanted)
            return
        job = self._engine.ask("models", {"action": "list"}, parent=self)
        job.result.connect(lambda result: self._listed(wanted, result))
        job.failed.connect(self.refused)

    def _listed(self, wanted: Recipe, result: dict[str, Any]) -> None:
        here = {str(model["id"]) for model in result.get("models", ())}
        if is_on_hub(wanted.base_model.id) and wanted.base_model.id not in here:
            request = {"id": wanted.base_model.id, "revision": wanted.base_model.revision}
        elif is_on_hub(wanted.data.source):
            request = {"id": wanted.data.source, "repository": "dataset"}
        else:
            self.clear.emit(wanted)
            return
        job = self._engine.ask("models", {"action": "cost", **request}, parent=self)
        job.result.connect(lambda cost: self._priced(wanted, cost))
        job.failed.connect(lambda ending: self._unpriced(wanted, request, ending))

    def _priced(self, wanted: Recipe, cost: dict[str, Any]) -> None:
        if cost.get("missing_bytes"):
            self.asked.emit(wanted, cost_words(cost))
        else:
            self.clear.emit(wanted)

    def _unpriced(self, wanted: Recipe, request: dict[str, str], ending: Ending) -> None:
        """A data set may lie in the cache though the hub can't be asked: then the worker will say."""
        if request.get("repository") == "dataset":
            self.clear.emit(wanted)
        else:
            self.refused.emit(ending)


def is_on_hub(text: str) -> bool:
    """Tell whether a base model or a source of data can only be something on the hub."""
    return text not in {STARTER, SAMPLE} and not recipe.looks_like_path(text)
