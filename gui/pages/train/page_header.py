"""The train page's header with its buttons, while editing a recipe, during a run, and after it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from gui.core.actions import menu_action
from gui.core.file_opening import RecentRecipes
from gui.forms import recipe_files
from gui.forms.form_layout import LEVELS
from gui.inputs.choices import SegmentedControl
from gui.look.language import mark, tr
from gui.look.shown_texts import menu_text
from gui.pages.train.run_text import resume_text, status_text
from gui.shell.page import Header
from gui.widgets.buttons import IconButton, below, plain, primary
from gui.workers.run_model import RunModel

LEVEL_TITLES = {"basic": mark("Basic"), "advanced": mark("Advanced")}


class PageHeader(QWidget):
    """Owns the buttons, and the actions of their menus. `sides` chooses between a run and its recipe.

    `preset_chosen(recipe)`, `file_wanted(path)` and `level_chosen(level)` report other choices.
    """

    preset_chosen = Signal(object)
    file_wanted = Signal(object)
    level_chosen = Signal(str)

    def __init__(self, header: Header) -> None:
        super().__init__(header)
        self.hide()
        self._header = header
        self.sides = SegmentedControl([("run", tr("Run")), ("recipe", tr("Recipe"))], name=tr("Shown"))
        # In a window without room for the list of runs.
        self.runs = plain(tr("Runs"), "history")
        self.runs.setCheckable(True)
        self.levels = SegmentedControl(
            [(each, tr(LEVEL_TITLES[each])) for each in LEVELS], name=tr("Settings shown")
        )
        self.recipes = plain(tr("Recipe…"), "file")
        self.pause = plain(tr("Pause"), "pause")
        self.ways_to_pause = IconButton("chevron-down", tr("Pause options"), press=self._open_ways_to_pause)
        self.stop = plain(tr("Stop"), "stop")
        self.resume = plain(tr("Resume"), "play")
        self.edit = plain(tr("New run from these settings"))
        self.queue = plain(tr("Queue…"), "clock")
        self.export, self.try_it = plain(tr("Export…"), "export"), primary(tr("Try it"), "playground")
        self.more = IconButton("more", tr("More"), press=self._open_more)
        self.save = QAction(tr("Save recipe as…"), self)
        self.copy, self.copy_command = QAction(tr("Copy recipe"), self), QAction(tr("Copy as command"), self)
        self.checkpoint, self.evaluate = (
            QAction(tr("Save a checkpoint now"), self),
            QAction(tr("Evaluate now"), self),
        )
        self.library = QAction(tr("Show in library"), self)
        self.report, self.folder = QAction(tr("Report…"), self), QAction(tr("Open the run's folder"), self)
        self.free = QAction(tr("Pause and release memory"), self)
        self._of_recipe = [self.save, self.copy, self.copy_command]
        self._of_run = [self.checkpoint, self.evaluate, self.library, self.report, self.folder]
        self.recent = RecentRecipes(self, self.file_wanted.emit)
        self._is_paused = False
        left = (self.levels, self.recipes, self.sides, self.edit, self.resume, self.pause)
        right = (self.ways_to_pause, self.stop, self.queue, self.export, self.try_it, self.more)
        self._parts: tuple[QWidget, ...] = (*left, *right)
        for part in (self.runs, *self._parts):
            header.add(part)
        self.levels.currentChanged.connect(self.level_chosen)
        self.recipes.clicked.connect(lambda: self.recipes_menu().exec(below(self.recipes)))

    def show_editing(self, origin: str) -> None:
        """Show the buttons for a new run, and where its recipe comes from."""
        self._header.set_title(tr("New run"))
        self._header.set_subtitle(f"{origin}. {tr('Not started yet')}")
        self._show(self.levels, self.recipes)

    def show_waiting(self, title: str, waits: str) -> None:
        """Show the buttons for a run that waits, and what it waits for."""
        self._header.set_title(title)
        self._header.set_subtitle(f"{tr('Not started yet')}, {waits}", "grey")
        self._show(self.edit, self.queue, self.more)
        for action in self._of_run:
            action.setVisible(False)

    def show_run(self, model: RunModel, adapter_name: str) -> None:
        """Show the buttons for the current state of a run, and the name of its adapter, if it has one."""
        self._header.set_title(model.recipe.name)
        self._header.set_subtitle(*status_text(model, adapter_name))
        has_adapter = not (model.running or model.state.adapter is None or model.state.device_released)
        if model.running:
            shown: tuple[QWidget, ...] = (self.pause, self.ways_to_pause, self.stop)
        else:
            shown = (self.export, self.try_it) if has_adapter else ()
            shown += (self.resume,) if model.state.outcome != "completed" else ()
        self._show(self.sides, self.edit, self.more, *shown)
        self.folder.setVisible(True)
        self.library.setVisible(has_adapter)
        self.report.setVisible(not model.running)
        self.resume.setText(resume_text(model))
        self._is_paused = model.state.paused
        self.pause.setText(tr("Continue") if self._is_paused else tr("Pause"))
        self.pause.set_icon("play" if self._is_paused else "pause")
        pauses = model.state.stage == "train" and not model.stopping and not model.freeing
        for part in (self.pause, self.ways_to_pause, self.free):
            part.setEnabled(pauses)
        for action in (self.checkpoint, self.evaluate):
            action.setVisible(model.running)
        self.stop.setEnabled(not model.stopping)

    def _show(self, *shown: QWidget) -> None:
        for part in self._parts:
            part.setVisible(part in shown)

    def ask_for_file(self) -> None:
        """Let the user choose a recipe's file."""
        path = recipe_files.ask_to_open(self)
        if path is not None:
            self.file_wanted.emit(path)

    def recipes_menu(self) -> QMenu:
        """Return the menu of presets, recently used files, and what can be done with the recipe."""
        menu = QMenu(self.recipes)
        menu.addAction(tr("Open recipe…"), self.ask_for_file)
        menu.addActions(self._of_recipe)
        menu.addSection(tr("Presets"))
        for preset in recipe_files.presets():
            menu.addAction(menu_text(preset.recipe.name), partial(self._choose, preset))
        self.recent.add_to(menu)
        return menu

    def _choose(self, preset: recipe_files.Preset) -> None:
        self.preset_chosen.emit(preset.recipe)

    def pause_menu(self) -> QMenu:
        """Return the menu beside Pause: hold the device, or release it."""
        menu = QMenu(self.ways_to_pause)
        if self._is_paused:
            menu.addAction(tr("Continue"), self.pause.click)
        else:
            menu.addAction(tr("Pause, keep the model loaded"), self.pause.click)
        menu.addAction(self.free)
        return menu

    def _open_ways_to_pause(self) -> None:
        button = self.ways_to_pause
        self.pause_menu().exec(below(button))

    def more_menu(self) -> QMenu:
        """Return the menu behind the three dots."""
        menu = QMenu(self.more)
        menu.addActions([*self._of_recipe, *self._of_run])
        return menu

    def entries(self) -> list[QAction]:
        """Return the entries for the command palette that have no button."""
        actions = [*self._of_recipe, *(() if self.more.isHidden() else self._of_run)]
        found = [each for each in actions if each.isEnabled() and each.isVisible()]
        if not self.levels.isHidden():
            found += self.recent.entries()
        if self.ways_to_pause.isEnabled() and not self.ways_to_pause.isHidden():
            found.append(menu_action(tr("Pause and free the device"), self.free.trigger))
        return found

    def _open_more(self) -> None:
        self.more_menu().exec(below(self.more))


def level_of(saved: str | None) -> str:
    """Return the level of a saved preference, also of one that was saved when there were three levels."""
    return "advanced" if saved in ("advanced", "more", "everything") else "basic"
