"""Choose a base model: the bundled one, others on this computer, well-known ones, or one that the hub finds.

Uses the `models` job; does not know how models are stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QWidget

from engine.api import Ending, Family, Recipe, RecipeError, is_on_hub, method, model_info, offline, recipe
from gui.forms.recipe_tables import copied, on_base
from gui.inputs.search_field import SearchField
from gui.look.format import bytes_text
from gui.look.language import tr, translate
from gui.pages.train.base_models.model_list import ModelList
from gui.pages.train.base_models.model_text import (
    Fit,
    ListedModel,
    fit_of,
    found_on_hub,
    of_catalogue,
    on_this_computer,
)
from gui.widgets.buttons import plain, quiet
from gui.widgets.cards import Card, NoticeStrip
from gui.widgets.labels import Label
from gui.widgets.layouts import hbox
from gui.workers.download_check import cost_text
from gui.workers.planner import Planner
from gui.workers.worker_manager import WorkerManager

NF4 = "nf4"


class BaseModelsView(Card):
    """The lists, a filter that also asks the hub, and a message.

    `chosen(id)` and `closed`, by the button `back`.
    """

    chosen = Signal(str)
    closed = Signal()

    def __init__(
        self,
        manager: WorkerManager,
        parent: QWidget | None = None,
        *,
        planner: Planner | None = None,
        back: str = "",
    ) -> None:
        """Make the view; `planner` plans the runs on the models, the manager's if there is none."""
        super().__init__(parent)
        self._manager = manager
        self._back = back or tr("Back to methods")
        self._current = ""
        self._here: list[ListedModel] = []
        self._found: list[ListedModel] = []
        self._priced = ""
        self._doomed = ""
        self._search = SearchField(tr("Name, or owner/name on the hub"))
        self._hub_button = plain(tr("Search the hub"))
        self._cost = NoticeStrip()
        self._notice = NoticeStrip()
        self._list = ModelList()
        self._estimates = FitEstimates(planner or manager.planner, self)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        back = quiet(self._back)
        back.clicked.connect(self.closed)
        self.column.addLayout(hbox((Label(tr("Base models"), "section"), 1), back))
        self.column.addLayout(hbox((self._search, 1), self._hub_button, spacing=8))
        for strip in (self._cost, self._notice):
            strip.hide()
            self.column.addWidget(strip)
        self.column.addWidget(self._list, 1)

    def _connect(self) -> None:
        self._search.searched.connect(self._filter)
        self._search.returnPressed.connect(self._ask_hub)
        self._hub_button.clicked.connect(self._ask_hub)
        self._cost.acted.connect(lambda: self.chosen.emit(self._priced))
        self._notice.acted.connect(self._act)
        self._list.used.connect(self.chosen)
        self._list.delete_wanted.connect(self._confirm_delete)
        self._estimates.estimated.connect(self._list.show_fit)

    def refresh(self, tables: Mapping[str, Any], family: Family) -> None:
        """Read the lists again for a recipe, complete or not; `family` is that of its base model."""
        self._current = str(tables["base_model"]["id"])
        self._estimates.use(tables, family)
        self._hub_button.setEnabled(not offline())
        self._hub_button.setToolTip(tr("Tunesmith is offline.") if offline() else "")
        self._read()

    def set_current(self, model_id: str) -> None:
        """Mark another model as the one in use."""
        if model_id != self._current:
            self._current = model_id
            if self.isVisible():
                self._show()

    def _read(self) -> None:
        if not self._here:
            self._list.show_models([], self._current, tr("Reading the models on this computer…"))
        job = self._manager.ask("models", {"action": "list"}, parent=self)
        job.subscribe(self, result=self._take_list, failed=self._fail)

    def hideEvent(self, event: QHideEvent) -> None:
        """End the estimates: plans of the form come first."""
        super().hideEvent(event)
        self._estimates.stop()

    def ids(self) -> list[str]:
        """Return the ids of the models on this computer."""
        return [model.id for model in self._here]

    def base(self, model_id: str) -> dict[str, Any]:
        """Return the options of a base model, in the format that fits."""
        return self._estimates.base(model_id)

    def _take_list(self, result: dict[str, Any]) -> None:
        catalogue = {model.id: of_catalogue(model.as_dict()) for model in model_info.catalogue()}
        self._here = [
            on_this_computer(facts, catalogue.get(str(facts["id"]))) for facts in result.get("models", ())
        ]
        self._show()

    def _show(self) -> None:
        """Show the models whose names hold what is searched for."""
        words = self._search.text().strip().lower()
        others = [of_catalogue(model.as_dict()) for model in model_info.catalogue()]
        listed = [*self._here, *(model for model in others if model.id not in self.ids())]
        ids = {model.id for model in listed}
        shown = [model for model in listed if words in model.id.lower()]
        shown += [model for model in self._found if model.id not in ids]
        self._list.show_models(shown, self._current, tr("None of these. Search the hub, or empty the field."))
        self._estimates.estimate(shown)
        self._list.show_waiting(self._estimates.waiting())

    def _filter(self, _words: str) -> None:
        names_one = "/" in self._search.text()
        self._hub_button.setText(tr("Show size") if names_one else tr("Search the hub"))
        self._found = []
        self._cost.hide()
        self._show()

    # The hub

    def _ask_hub(self) -> None:
        """Search the hub, or ask for the size of a model that is named in full."""
        words = self._search.text().strip()
        if not words or not self._hub_button.isEnabled():
            return
        self._cost.show_notice(tr("Asking the hub about {name}…", name=words))
        if "/" in words:
            self._priced = words
            job = self._manager.ask("models", {"action": "cost", "id": words}, parent=self)
            job.subscribe(self, result=self._show_cost, failed=self._fail_hub)
        else:
            job = self._manager.ask("models", {"action": "search", "words": words}, parent=self)
            job.subscribe(self, result=self._show_found, failed=self._fail_hub)

    def _show_found(self, result: dict[str, Any]) -> None:
        self._found = [found_on_hub(facts) for facts in result.get("found", ())]
        if self._found:
            self._cost.hide()
        else:
            self._cost.show_notice(tr("The hub finds no model of this name that writes text."))
        self._show()

    def _show_cost(self, cost: dict[str, Any]) -> None:
        self._cost.show_notice(cost_text(cost), tr("Use it"), "info", "muted")

    def _fail_hub(self, ending: Ending) -> None:
        self._cost.show_notice(_failure_text(ending), icon_name="warning")

    # Deleting

    def _confirm_delete(self, model: ListedModel) -> None:
        """Ask for confirmation in the page; a deleted model can be downloaded, or unpacked from its file, again."""
        self._doomed = model.id
        facts = {"name": self._doomed, "size": bytes_text(model.bytes)}
        question = (
            tr("Delete {name}? This frees {size}. The model can be downloaded again.", **facts)
            if is_on_hub(model.id)
            else tr("Delete what {name} was unpacked to? This frees {size}. The file itself stays.", **facts)
        )
        self._notice.show_notice(question, tr("Delete"))

    def _act(self) -> None:
        self._notice.hide()
        job = self._manager.ask("models", {"action": "delete", "id": self._doomed}, parent=self)
        job.subscribe(self, result=self._deleted, failed=self._fail)

    def _deleted(self, result: dict[str, Any]) -> None:
        freed = bytes_text(result.get("freed_bytes"))
        self._notice.show_notice(tr("Deleted {name}. {size} were freed.", name=result["id"], size=freed))
        self._read()

    def _fail(self, ending: Ending) -> None:
        self._notice.show_notice(_failure_text(ending), icon_name="warning")


def _failure_text(ending: Ending) -> str:
    return f"{translate(ending.message)} {translate(ending.hint)}".strip()


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
