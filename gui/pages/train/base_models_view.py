"""Choose a base model: the bundled one, others on this computer, well-known ones, or one that the hub finds.

Uses the `models` job; does not know how models are stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from engine.api import Ending, Family, Recipe, RecipeError, is_on_hub, method, model_info, offline, recipe
from gui.forms.recipe_tables import copied, on_base
from gui.inputs.fields import SearchField
from gui.look import style
from gui.look.format import bytes_text
from gui.look.language import mark, sentences, tr, translate
from gui.look.shown_texts import plain_tooltip
from gui.models.list_text import (
    Fit,
    ListedModel,
    Place,
    all_languages_text,
    facts_text,
    fit_of,
    fit_texts,
    found_on_hub,
    of_catalogue,
    on_this_computer,
)
from gui.widgets.buttons import IconButton, plain, quiet
from gui.widgets.cards import Card, NoticeStrip
from gui.widgets.labels import ElidedLabel, Label, Tag
from gui.widgets.layouts import Line, Scroll, discard, fill, gridbox, hbox, vbox
from gui.workers.download_prompt import cost_text
from gui.workers.engine_thread import AskedJob
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
        # What is asked about the models on this computer, and about those on the hub.
        self._here_job, self._hub_job = AskedJob(self, manager), AskedJob(self, manager)
        self._back = back or tr("Back to methods")
        self._current = ""
        self._here: list[ListedModel] = []
        self._found: list[ListedModel] = []
        self._priced = ""
        self._doomed = ""
        self.search = SearchField(tr("Name, or owner/name on the hub"))
        self.hub_button = plain(tr("Search the hub"), press=self._ask_hub)
        self._cost = NoticeStrip()
        self._notice = NoticeStrip()
        self.listed = ModelList()
        self.estimates = FitEstimates(planner or manager.planner, self)
        self._lay_out()
        self.search.searched.connect(self._filter)
        self.search.returnPressed.connect(self._ask_hub)
        self._cost.acted.connect(lambda: self.chosen.emit(self._priced))
        self._notice.acted.connect(self._act)
        self.listed.used.connect(self.chosen)
        self.listed.delete_wanted.connect(self._confirm_delete)
        self.estimates.estimated.connect(self.listed.show_fit)

    def _lay_out(self) -> None:
        back = quiet(self._back, press=self.closed)
        self.column.addLayout(hbox((Label(tr("Base models"), "section"), 1), back))
        self.column.addLayout(hbox((self.search, 1), self.hub_button, spacing=8))
        fill(self.column, self._cost, self._notice, (self.listed, 1))

    def refresh(self, tables: Mapping[str, Any], family: Family) -> None:
        """Read the lists again for a recipe, complete or not; `family` is that of its base model."""
        self._current = str(tables["base_model"]["id"])
        self.estimates.use(tables, family)
        self.hub_button.setEnabled(not offline())
        self.hub_button.setToolTip(tr("Tunesmith is offline.") if offline() else "")
        self._read()

    def set_current(self, model_id: str) -> None:
        """Mark another model as the one in use."""
        if model_id != self._current:
            self._current = model_id
            if self.isVisible():
                self._show()

    def _read(self) -> None:
        if not self._here:
            self.listed.show_models([], self._current, tr("Reading the models on this computer…"))
        self._here_job.ask("models", {"action": "list"}, self._take_list, self._fail)

    def hideEvent(self, event: QHideEvent) -> None:
        """End the estimates: plans of the form come first."""
        super().hideEvent(event)
        self.estimates.stop()

    def ids(self) -> list[str]:
        return [model.id for model in self._here]

    def base(self, model_id: str) -> dict[str, Any]:
        """Return the options of a base model, in the format that fits."""
        return self.estimates.base(model_id)

    def _take_list(self, result: dict[str, Any]) -> None:
        catalogue = {model.id: of_catalogue(model.as_dict()) for model in model_info.catalogue()}
        self._here = [
            on_this_computer(facts, catalogue.get(str(facts["id"]))) for facts in result.get("models", ())
        ]
        self._show()

    def _show(self) -> None:
        """Show the models whose names hold what is searched for."""
        words = self.search.text().strip().lower()
        others = [of_catalogue(model.as_dict()) for model in model_info.catalogue()]
        listed = [*self._here, *(model for model in others if model.id not in self.ids())]
        ids = {model.id for model in listed}
        shown = [model for model in listed if words in model.id.lower()]
        shown += [model for model in self._found if model.id not in ids]
        self.listed.show_models(
            shown, self._current, tr("Nothing found. Search the hub, or clear the field.")
        )
        self.estimates.estimate(shown)
        self.listed.show_waiting(self.estimates.waiting())

    def _filter(self, _words: str) -> None:
        names_one = "/" in self.search.text()
        self.hub_button.setText(tr("Show size") if names_one else tr("Search the hub"))
        self._found = []
        self._cost.hide()
        self._show()

    # The hub

    def _ask_hub(self) -> None:
        """Search the hub, or ask for the size of a model that is named in full."""
        words = self.search.text().strip()
        if not words or not self.hub_button.isEnabled():
            return
        # A late `searched` would clear the answer.
        self.search.settle()
        self._cost.show_notice(tr("Asking the hub about {name}…", name=words))
        if "/" in words:
            self._priced = words
            self._hub_job.ask("models", {"action": "cost", "id": words}, self._show_cost, self._fail_hub)
        else:
            asked = {"action": "search", "words": words}
            self._hub_job.ask("models", asked, self._show_found, self._fail_hub)

    def _show_found(self, result: dict[str, Any]) -> None:
        self._found = [found_on_hub(facts) for facts in result.get("found", ())]
        if self._found:
            self._cost.hide()
        else:
            self._cost.show_notice(tr("The hub has no text model of this name."))
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
            tr("Delete {name}? This frees {size}. You can download it again.", **facts)
            if is_on_hub(model.id)
            else tr("Delete the unpacked copy of {name}? This frees {size}. The GGUF file stays.", **facts)
        )
        self._notice.show_notice(question, tr("Delete"))

    def _act(self) -> None:
        self._notice.hide()
        # Not a question, which the next one would replace.
        job = self._manager.ask("models", {"action": "delete", "id": self._doomed}, parent=self)
        job.subscribe(self, result=self._deleted, failed=self._fail)

    def _deleted(self, result: dict[str, Any]) -> None:
        freed = bytes_text(result.get("freed_bytes"))
        self._notice.show_notice(tr("Deleted {name} and freed {size}.", name=result["id"], size=freed))
        self._read()

    def _fail(self, ending: Ending) -> None:
        self._notice.show_notice(_failure_text(ending), icon_name="warning")


def _failure_text(ending: Ending) -> str:
    return sentences(ending.message, ending.hint)


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
        planner.compared.connect(self.take)

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
            text = tr("{method} doesn't work with this family", method=translate(entry.title))
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

    def take(self, model_id: str, plan: Mapping[str, Any]) -> None:
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


TITLES: dict[Place, str] = {
    "here": mark("On this computer"),
    "catalogue": mark("Well-known models to download"),
    "hub": mark("Found on the hub"),
}
FIT_WIDTH = 144
COLUMNS = 4


class ModelList(Scroll):
    """Rows in sections; `used(id)` and `delete_wanted(model)` report presses."""

    used = Signal(str)
    delete_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__(margins=(0, 0, 10, 0), spacing=0)
        self._fits: dict[str, tuple[Label, Label]] = {}
        self.content = QWidget()
        self.column.addWidget(self.content)
        self.column.addStretch(1)

    def show_models(self, models: Sequence[ListedModel], current: str, nothing: str) -> None:
        """Show these models, of which `current` is in use; `nothing` is said where there is none."""
        self._fits = {}
        old, self.content = self.content, QWidget()
        grid = gridbox(self.content, across=16, down=0, stretch=[0])
        for place, title in TITLES.items():
            self._add_section(grid, tr(title), [model for model in models if model.place == place], current)
        if not models:
            grid.addWidget(Label(nothing, "body", "muted", wrap=True), 0, 0)
        self.column.replaceWidget(old, self.content)
        # At once, so that the list is never empty for a moment.
        self.content.show()
        discard(old)

    def show_waiting(self, ids: Iterable[str]) -> None:
        """Say of models that their plans are still to come."""
        for model_id in ids:
            self._fits[model_id][0].setText(tr("Checking…"))
            self._fits[model_id][0].set_token("muted")

    def show_fit(self, model_id: str, fit: Fit) -> None:
        """Show what a plan says of a model, if it is listed."""
        if model_id in self._fits:
            form, costs = self._fits[model_id]
            for label, text in zip((form, costs), fit_texts(fit), strict=True):
                label.show_text(text)
            form.set_token("warning" if fit.problem else "text")

    def _add_section(
        self, grid: QGridLayout, title: str, models: Sequence[ListedModel], current: str
    ) -> None:
        if not models:
            return
        head = Label(title, "head", "muted")
        head.setContentsMargins(0, 12 if grid.rowCount() > 1 else 0, 0, 6)
        grid.addWidget(head, grid.rowCount(), 0, 1, COLUMNS)
        for model in models:
            self._add_row(grid, grid.rowCount(), model, is_current=model.id == current)

    def _add_row(self, grid: QGridLayout, row: int, model: ListedModel, *, is_current: bool) -> None:
        grid.addWidget(Line(), row, 0, 1, COLUMNS)
        grid.addWidget(_described(model), row + 1, 0)
        form, costs = Label("", "body", "text", wrap=True), Label("", "label", "muted", wrap=True)
        fit = _stacked(form, costs)
        style.scale(fit, QWidget.setFixedWidth, FIT_WIDTH)
        self._fits[model.id] = (form, costs)
        grid.addWidget(fit, row + 1, 1)
        middle = Qt.AlignmentFlag.AlignVCenter
        if is_current:
            grid.addWidget(Tag(tr("in use")), row + 1, 2, middle)
        else:
            use = quiet(tr("Use"))
            use.setEnabled(model.writes_text)
            use.setAccessibleName(tr("Use {name}", name=model.id))
            use.clicked.connect(lambda _checked=False: self.used.emit(model.id))
            grid.addWidget(use, row + 1, 2, middle)
        if model.place == "here" and not model.is_starter:
            delete = IconButton("trash", tr("Delete {name} from this computer", name=model.id))
            delete.clicked.connect(lambda _checked=False: self.delete_wanted.emit(model))
            grid.addWidget(delete, row + 1, 3, middle)


def _described(model: ListedModel) -> QWidget:
    """Return the name of a model with what is known of it."""
    facts = Label(facts_text(model), "label", "muted", wrap=True)
    facts.setToolTip(plain_tooltip(all_languages_text(model)))
    if model.is_starter:
        return _stacked(Label(tr("starter (practice model)"), "body_medium", wrap=True), facts)
    return _stacked(ElidedLabel(model.id, "body_medium"), facts)


def _stacked(*parts: QWidget) -> QWidget:
    box = QWidget()
    vbox(*parts, 1, of=box, margins=(0, 8, 0, 8), spacing=2)
    return box
