"""Searches for memory fallbacks: of a plan that needs too much memory, and of a run that ran out of it.

Only a chosen fallback changes the recipe.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import OUT_OF_MEMORY, AppError, Ending, MemoryFallback, Recipe, memory_fallbacks, run_store
from gui.inputs.segmented_control import SegmentedControl
from gui.look.language import translate
from gui.pages.train.content_pane import ContentPane
from gui.pages.train.recipe_panel import RecipePanel
from gui.workers.run_model import RunModel
from gui.workers.worker_manager import WorkerManager


class FallbackController(QObject):
    """Connects the recipe panel and the fallback view; `sides` switches between the panes."""

    def __init__(
        self, manager: WorkerManager, panel: RecipePanel, right: ContentPane, sides: SegmentedControl
    ) -> None:
        super().__init__(panel)
        self._manager, self._panel, self._right, self._sides = manager, panel, right, sides
        self._recipe: Recipe | None = None
        panel.effect.fallbacks_wanted.connect(self._look)
        panel.edited.connect(self._leave)
        right.fallback_view.chosen.connect(self._use)
        right.fallback_view.closed.connect(self._close)

    def _look(self) -> None:
        """Search for memory fallbacks of the current recipe."""
        wanted = self._panel.form.recipe()
        if wanted is None:
            return
        self._recipe = wanted
        self._sides.set_current("run")
        self._right.show_fallbacks()
        try:
            job = self._manager.ask("shrink", {"step": 0}, wanted, parent=self)
        except AppError as error:
            self._right.fallback_view.show_error(f"{translate(error.message)} {translate(error.hint)}")
            return
        self._right.fallback_view.show_searching()
        job.subscribe(self, result=partial(self._take, wanted), failed=partial(self._fail, wanted))

    def _take(self, wanted: Recipe, found: dict[str, Any]) -> None:
        if wanted is self._recipe:
            self._right.fallback_view.show_found(found)

    def _fail(self, wanted: Recipe, ending: Ending) -> None:
        if wanted is self._recipe:
            self._right.fallback_view.show_error(f"{translate(ending.message)} {translate(ending.hint)}")

    def _use(self, plan: MemoryFallback) -> None:
        """Apply a fallback to the recipe, unless the recipe has changed."""
        form = self._panel.form
        if form.recipe() == self._recipe:
            tables: dict[str, dict[str, Any]] = {}
            for key, value in plan.changes.items():
                table, _, name = key.partition(".")
                tables.setdefault(table, {})[name] = value
            for table, values in tables.items():
                form.set_values(table, values)
        self._sides.set_current("recipe")

    def _close(self) -> None:
        self._leave()
        self._sides.set_current("recipe")

    def _leave(self) -> None:
        """Show the methods again, since the fallbacks belong to the earlier recipe."""
        if self._recipe is not None:
            self._recipe = None
            self._right.show_methods()


class FallbackFinder(QObject):
    """`found(model, plans)` reports the fallbacks of a run that could not report them itself."""

    found = Signal(object, object)

    def __init__(self, manager: WorkerManager, parent: QObject) -> None:
        super().__init__(parent)
        self._manager = manager

    def seek(self, model: RunModel) -> None:
        """Search for fallbacks if the run was killed for its memory; a run that ended by itself has reported them."""
        ending = model.ending
        if ending is None or ending.kind != OUT_OF_MEMORY or ending.event is not None:
            return
        try:
            job = self._manager.ask(
                "shrink", {"step": run_store.last_step(model.job)}, model.recipe, parent=self
            )
        except AppError:
            self.found.emit(model, [])
            return
        job.subscribe(
            self,
            result=partial(self._take, model),
            failed=lambda _ending: self.found.emit(model, []),
        )

    def _take(self, model: RunModel, result: dict[str, Any]) -> None:
        self.found.emit(model, memory_fallbacks.read(result))
