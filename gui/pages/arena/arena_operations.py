"""Makes arenas and adds entries; operations on an arena and its entries, and the menus that offer them.

Writes to the arena's folder. Knows no widget.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction

from engine.api import AppError, Ending, Family, Recipe, RecipeError, arenas
from gui.core.actions import about, menu_action, separator
from gui.core.background_tasks import BackgroundTasks
from gui.core.clipboard import copy_command, copy_recipe
from gui.forms import choosers, recipe_files
from gui.look.language import mark, tr, translate
from gui.pages.arena.entries_form import EntriesForm
from gui.pages.train.base_models_view import BaseModelsView
from gui.workers.download_prompt import DownloadPrompt, repositories

Arena = arenas.Arena
EntryStatus = arenas.EntryStatus


class ArenaOperations(QObject):
    """`changed`: the arena must be read again; `restored(arena id)`: one is back from the trash.

    `done(text, undo or None)`: what was done; `failed(text)`: an error. `asked(text, action)`: the queue would download
    something, and waits for `confirm_download`.
    """

    changed = Signal()
    restored = Signal(str)
    done = Signal(str, object)
    failed = Signal(str)
    asked = Signal(str, str)

    def __init__(self, manager: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._manager = manager
        self._queue = manager.arena_queue
        self._prompt = DownloadPrompt(manager, self)
        self._prompt.opened.connect(lambda arena: self._try(lambda: self._queue.start(arena)))
        self._prompt.says.connect(self._on_download_checked)

    def follows(self, status: EntryStatus) -> bool:
        current = self._manager.current
        return current is not None and current.id == status.entry.run

    @property
    def is_checking(self) -> bool:
        """Return whether it is looked up what a queue would download."""
        return self._prompt.is_checking

    def start(self, arena: Arena) -> None:
        """Run the queue in this window, once what it needs is on this computer or may be downloaded."""
        self._try(lambda: self._prompt.request(arena, repositories(arena.recipe())))

    def confirm_download(self) -> None:
        self._prompt.confirm()

    def _on_download_checked(self, text: str, action: str) -> None:
        if action:
            self.asked.emit(text, action)
        else:
            self.failed.emit(text)
        self.changed.emit()

    def pause(self, arena: Arena) -> None:
        """Start no more entries."""
        self._try(lambda: self._queue.pause(arena))

    def move(self, arena: Arena, entry_id: str, by: int) -> None:
        ids = [each.id for each in arena.entries]
        self._try(lambda: arenas.move(arena, entry_id, ids.index(entry_id) + by))

    def remove(self, arena: Arena, status: EntryStatus) -> None:
        entry = status.entry
        if status.state == "running" or self.follows(status):
            self.failed.emit(tr("{entry} is running. Stop it first.", entry=translate(entry.name)))
            return
        position = [each.id for each in arena.entries].index(entry.id)
        if self._try(lambda: arenas.remove(arena, entry.id)):
            done = tr("Removed {entry} from the arena.", entry=translate(entry.name))
            self.done.emit(
                f"{done} {tr('Its run stays in All runs.')}" if entry.run else done,
                lambda: self._try(lambda: arenas.put_back(arena, entry, position)),
            )

    def stop(self, status: EntryStatus) -> None:
        """Stop an entry's run after a checkpoint; the queue continues with the next."""
        if self.follows(status):
            self._try(self._manager.current.stop)

    def run_again(self, arena: Arena, status: EntryStatus) -> None:
        """Put an entry back into the queue, for a new run."""
        if self._try(lambda: arenas.set_run(arena, status.entry.id, "")):
            self._queue.try_again(arena, status.entry.id)

    def go_on(self, arena: Arena, status: EntryStatus) -> None:
        """Resume a stopped entry from its last checkpoint."""
        self._queue.try_again(arena, status.entry.id)

    def delete(self, arena: Arena) -> None:
        """Move an arena to the trash; its runs and adapters stay."""
        trashed: list[Path] = []
        if self._try(lambda: trashed.append(arenas.delete(arena))):
            self.done.emit(
                tr("Moved {arena} to the trash. Its runs and adapters stay.", arena=arena.name),
                lambda: self._try(lambda: self.restored.emit(arenas.restore_arena(trashed[0]).id)),
            )

    def _try(self, operation: Callable[[], object]) -> bool:
        try:
            operation()
        except AppError as error:
            self.failed.emit(translate(arenas.why_not(error)))
            return False
        finally:
            self.changed.emit()
        return True


class EntryMenu(QObject):
    """`open_requested(run id)` opens a run, `library_requested(adapter id)` its adapter; `deleted`: the arena is gone.

    `arena` is the one shown.
    """

    open_requested = Signal(str)
    library_requested = Signal(str)
    deleted = Signal()

    def __init__(self, operations: ArenaOperations, queue: Any, parent: QObject) -> None:
        super().__init__(parent)
        self.arena: arenas.Arena | None = None
        self._operations = operations
        self._queue = queue

    def open_run(self, status: EntryStatus) -> None:
        if status.run is not None:
            self.open_requested.emit(status.run.id)

    def of_row(self, row: arenas.Row) -> list[QAction]:
        """Return the actions of a row; of a set of seeds, those that open the run of each.

        The queue has each seed as an entry of its own, with everything else.
        """
        if row.seeds is None:
            return self.of_entry(row.status)
        found: list[QAction] = []
        for status in row.statuses:
            found += about(translate(status.entry.seed_text), self._ways_out(status))
        return [*found, separator(), self._deletion()]

    def of_entry(self, status: EntryStatus) -> list[QAction]:
        operations, entries = self._operations, self._ways_out(status)
        runs = status.state == "running" or operations.follows(status)
        arena = self.arena
        if operations.follows(status):
            entries.append(menu_action(tr("Stop the run"), lambda: operations.stop(status)))
        elif arena is not None and status.state == "stopped" and self._queue.works(arena.id):
            entries.append(menu_action(tr("Resume the run"), lambda: operations.go_on(arena, status)))
        if arena is not None and not runs:
            if status.entry.run:
                entries.append(menu_action(tr("Run again"), lambda: operations.run_again(arena, status)))
            remove = partial(operations.remove, arena, status)
            entries += [separator(), menu_action(tr("Remove from the arena"), remove, "list.delete")]
        return [*entries, separator(), self._deletion()]

    def _ways_out(self, status: EntryStatus) -> list[QAction]:
        found: list[QAction] = []
        run = status.run
        if run is not None:
            found.append(menu_action(tr("Open the run"), lambda: self.open_run(status), "list.open"))
            if run.adapter_id:
                found.append(
                    menu_action(tr("Show in library"), lambda: self.library_requested.emit(run.adapter_id))
                )
        if status.recipe is not None:
            found += [
                menu_action(tr("Copy recipe"), partial(copy_recipe, status.recipe)),
                menu_action(tr("Copy as command"), partial(copy_command, status.recipe)),
            ]
        return found

    def _deletion(self) -> QAction:
        return menu_action(tr("Delete the arena"), self._delete)

    def _delete(self) -> None:
        if self.arena is not None:
            self._operations.delete(self.arena)
        self.deleted.emit()


MEND = mark("Fix the recipe on the Train page first.")


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
        self.base_models: BaseModelsView | None = None
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
        self._arena = arena
        self._form.ask_for_entries(arena)

    # Base models

    def _browse(self) -> None:
        """Show all base models in place of the form; the same planner tells what fits."""
        if self.base_models is None:
            self.base_models = BaseModelsView(
                self._manager, planner=self._planner, back=tr("Back to the arena")
            )
            self.base_models.chosen.connect(self._take_base)
            self.base_models.closed.connect(self._go_back)
        try:
            tables = self._form.shared.recipe().as_tables()
        except RecipeError as error:
            self._form.show_problems(error.problems)
            return
        self._is_browsing = True
        self.shows.emit(self.base_models)
        self.base_models.refresh(tables, self._form.family() or "encoder-decoder")

    def _go_back(self) -> None:
        self._is_browsing = False
        self.shows.emit(self._form)

    def _take_base(self, model_id: str) -> None:
        assert self.base_models is not None
        self._go_back()
        try:
            self._form.shared.take_base(self.base_models.base(model_id))
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
