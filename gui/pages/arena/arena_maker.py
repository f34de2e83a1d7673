"""Makes arenas and adds entries: fills in the form, plans what it says, and writes what it made. Knows no table."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import AppError, Ending, Family, Recipe, RecipeError, arenas
from gui.core.background_tasks import BackgroundTasks
from gui.forms import choosers
from gui.look.language import mark, tr, translate
from gui.pages.arena.entries_form import EntriesForm
from gui.pages.train import recipe_files
from gui.pages.train.base_models_view import BaseModelsView

MEND = mark("The recipe on the Train page has problems. Fix them there first.")


class ArenaMaker(QObject):
    """`made(arena id)`: an arena is new or has more entries; `shows(widget)`: the form, or the list of base models."""

    made = Signal(str)
    shows = Signal(object)

    def __init__(self, manager: Any, form: EntriesForm, parent: QObject) -> None:
        super().__init__(parent)
        self._manager = manager
        self._form = form
        self._background = BackgroundTasks(self)
        self._planner = manager.new_planner(manager)
        self._arena: arenas.Arena | None = None
        self._recipe: Recipe | None = None
        self._family: Family | None = None
        self._base_models: BaseModelsView | None = None
        self._is_browsing = False
        form.made.connect(self._make)
        form.plan_wanted.connect(self._plan)
        form.left.connect(self._on_form_left)
        form.shared.base.browse_requested.connect(self._browse)
        self._planner.planned.connect(form.show_plan)
        self._planner.refused.connect(form.show_problems)
        self._planner.unavailable.connect(self._show_ending)

    @property
    def makes_new(self) -> bool:
        """Whether the form is that of a new arena."""
        return self._arena is None

    def offer_recipe(self, recipe: Recipe | None, family: Family | None) -> None:
        """Take the Train page's recipe (None while it has problems) and its base model's family."""
        self._recipe, self._family = recipe, family

    def ask_for_arena(self) -> None:
        """Show the form of a new arena. It starts from the Train page's recipe, else from the starter's."""
        self._arena = None
        wanted = self._recipe or recipe_files.first_recipe(None)[0]
        self._form.ask_for_arena(wanted, is_current=self._recipe is not None)
        self._background.run(choosers.read, self._form.shared.offer_known)

    def ask_for_entries(self, arena: arenas.Arena) -> None:
        """Show the form of more entries for an arena."""
        self._arena = arena
        self._form.ask_for_entries(arena)

    # Base models

    def _browse(self) -> None:
        """Show all base models in place of the form; the same planner tells what fits."""
        if self._base_models is None:
            self._base_models = BaseModelsView(
                self._manager, planner=self._planner, back=tr("Back to the arena")
            )
            self._base_models.chosen.connect(self._take_base)
            self._base_models.closed.connect(self._go_back)
        try:
            tables = self._form.shared.recipe().as_tables()
        except RecipeError as error:
            self._form.show_problems(error.problems)
            return
        self._is_browsing = True
        self.shows.emit(self._base_models)
        self._base_models.refresh(tables, self._form.family() or "encoder-decoder")

    def _go_back(self) -> None:
        self._is_browsing = False
        self.shows.emit(self._form)

    def _take_base(self, model_id: str) -> None:
        assert self._base_models is not None
        self._go_back()
        try:
            self._form.shared.take_base(self._base_models.base(model_id))
        except RecipeError as error:
            self._form.show_problems(error.problems)

    def _on_form_left(self) -> None:
        # The list of base models goes on with the planner.
        if not self._is_browsing:
            self.rest()

    def rest(self) -> None:
        """End the planner's worker: nobody looks at what it tells."""
        self._planner.rest()

    def _plan(self, wanted: Recipe | None) -> None:
        if wanted is None:
            self._planner.forget()
        else:
            self._planner.plan(wanted)

    def _show_ending(self, ending: Ending) -> None:
        self._form.show_problem(translate(ending.message))

    def _make(self, name: str, changes: list[arenas.Change] | None, seeds: int) -> None:
        try:
            arena = self._made(name, changes, seeds)
        except RecipeError as error:
            self._form.show_problems(error.problems)
            return
        except AppError as error:
            self._form.show_problem(translate(arenas.why_not(error)))
            return
        if arena is None:
            self._form.show_problem(translate(MEND))
        else:
            self.made.emit(arena.id)

    def _family_of(self, wanted: Recipe) -> Family | None:
        """Return the family of a new arena's base model as the plan told it, or the Train page."""
        is_known = self._recipe is not None and self._recipe.base_model.id == wanted.base_model.id
        return self._form.family() or (self._family if is_known else None)

    def _made(self, name: str, changes: list[arenas.Change] | None, seeds: int) -> arenas.Arena | None:
        """Return the new or longer arena, None without a recipe to add."""
        if self._arena is None:
            recipe = self._form.shared.recipe()
            family, planned_seconds = self._family_of(recipe), self._form.planned_seconds()
            return arenas.create(
                recipe, changes or [{}], name, family, seeds, planned_seconds=planned_seconds
            )
        if changes is not None:
            return arenas.add(self._arena, changes, self._family, seeds)
        if self._recipe is None:
            return None
        return arenas.add_recipe(self._arena, self._recipe, seeds)
