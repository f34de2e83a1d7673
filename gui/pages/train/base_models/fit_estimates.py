"""Whether the recipe's run fits this computer on other base models, and how long it takes: planned one by one.

Knows which recipes to plan; the planner plans them. Knows no widget.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import Family, Recipe, RecipeError, method, recipe
from gui.forms.recipe_tables import copied, on_base
from gui.look.language import tr, translate
from gui.pages.train.base_models.model_text import Fit, ListedModel, fit_of
from gui.workers.planner import Planner

NF4 = "nf4"


class FitEstimates(QObject):
    """`estimated(id, Fit)` is emitted for one model after another."""

    estimated = Signal(str, object)

    def __init__(self, planner: Planner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._planner = planner
        self._tables: dict[str, Any] = {}
        self._family: Family = "encoder-decoder"
        self._families: dict[str, Family] = {}
        self._wanted: dict[str, Recipe] = {}
        self._fits: dict[str, Fit] = {}
        planner.compared.connect(self._take)

    def use(self, tables: Mapping[str, Any], family: Family) -> None:
        """Plan with another recipe, complete or not; `family` is that of its base model."""
        if (dict(tables), family) != (self._tables, self._family):
            self._fits = {}
        self._tables, self._family = copied(dict(tables)), family

    def estimate(self, models: Iterable[ListedModel]) -> None:
        """Plan runs on these models; what is known already is emitted at once.

        A model that the hub found has no known shape.
        """
        self._wanted = {}
        for model in models:
            self._families[model.id] = (
                "encoder-decoder" if model.family == "encoder-decoder" else "decoder-only"
            )
            if model.id in self._fits:
                self.estimated.emit(model.id, self._fits[model.id])
            elif model.family and model.place != "hub":
                self._want(model.id)
        self._planner.compare(self._wanted)

    def waiting(self) -> list[str]:
        """Return the models whose plans are still to come."""
        return list(self._wanted)

    def stop(self) -> None:
        """Plan no more: nobody looks."""
        if self._wanted:
            self._wanted = {}
            self._planner.compare({})

    def base(self, model_id: str) -> dict[str, Any]:
        """Return the options of a base model, in the format that fits."""
        fit = self._fits.get(model_id, Fit())
        return {"id": model_id} | ({"quantization": NF4} if fit.form == NF4 else {})

    def _want(self, model_id: str, quantization: str = "") -> None:
        """Add the recipe on a model to those to plan, or say why there is none."""
        entry = method(self._tables["method"]["id"])
        if self._families[model_id] not in entry.presets:
            text = tr("{method} does not work with this family", method=translate(entry.title))
            self._set(model_id, Fit(problem=text))
            return
        try:
            base = {"id": model_id} | ({"quantization": quantization} if quantization else {})
            changed = (
                self._tables | {"base_model": self._tables["base_model"] | base}
                if model_id == self._tables["base_model"]["id"]
                else on_base(self._tables, base, self._families[model_id], self._family)
            )
            self._wanted[model_id] = recipe.from_tables(changed | {"name": ""})
        except RecipeError as error:
            self._set(model_id, Fit(problem=translate(error.problems[0].message)))

    def _take(self, model_id: str, plan: Mapping[str, Any]) -> None:
        wanted = self._wanted.pop(model_id, None)
        if wanted is None:
            return
        quantization = wanted.base_model.quantization
        may_quantize = quantization == "none" and NF4 in wanted.method.method.quantizations
        if plan.get("memory_suffices") is False and may_quantize:
            self._want(model_id, NF4)
            self._planner.compare(self._wanted)
        else:
            self._set(model_id, fit_of(plan, quantization))

    def _set(self, model_id: str, fit: Fit) -> None:
        self._fits[model_id] = fit
        self.estimated.emit(model_id, fit)
