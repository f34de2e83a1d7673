"""The buttons in the train page's header, while editing a recipe, during a run, and after it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from gui.core.actions import Entry
from gui.core.recent_files import RecentRecipes
from gui.forms import recipe_files
from gui.forms.form_layout import LEVELS
from gui.inputs.segmented_control import SegmentedControl
from gui.look.language import mark, tr
from gui.look.shown_texts import menu_text
from gui.pages.train.run_text import resume_text
from gui.shell.header import Header
from gui.widgets.buttons import IconButton, below, plain
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
        self.sides = SegmentedControl([("run", tr("Run")), ("recipe", tr("Recipe"))], name=tr("Shown"))
        # In a window without room for the list of runs.
        self.runs = plain(tr("Runs"), "history")
        self.runs.setCheckable(True)
        self.levels = SegmentedControl(
            [(each, tr(LEVEL_TITLES[each])) for each in LEVELS], name=tr("Settings shown")
        )
        self.recipes = plain(tr("Recipe…"), "file")
        self.pause = plain(tr("Pause"), "pause")
        self.ways_to_pause = IconButton("chevron-down", tr("Pause options"))
        self.stop = plain(tr("Stop"), "stop")
        self.resume = plain(tr("Resume"), "play")
        self.edit = plain(tr("New run from these settings"))
        self.more = IconButton("more", tr("More"))
        self.save = QAction(tr("Save recipe as…"), self)
        self.copy, self.copy_command = QAction(tr("Copy recipe"), self), QAction(tr("Copy as command"), self)
        self.checkpoint, self.evaluate = (
            QAction(tr("Save a checkpoint now"), self),
            QAction(tr("Evaluate now"), self),
        )
        self.folder = QAction(tr("Open the run's folder"), self)
        self.free = QAction(tr("Pause and release memory: saves a checkpoint, then ends the process"), self)
        self._of_recipe = [self.save, self.copy, self.copy_command]
        self._of_run = [self.checkpoint, self.evaluate, self.folder]
        self.recent = RecentRecipes(self, self.file_wanted.emit)
        self._is_run = self._is_paused = False
        parts = (self.runs, self.levels, self.recipes, self.sides, self.edit, self.resume, self.pause)
        for part in (*parts, self.ways_to_pause, self.stop, self.more):
            header.add(part)
        self._connect()

    def _connect(self) -> None:
        self.ways_to_pause.clicked.connect(self._open_ways_to_pause)
        self.levels.currentChanged.connect(self.level_chosen)
        self.recipes.clicked.connect(lambda: self.recipes_menu().exec(below(self.recipes)))
        self.more.clicked.connect(self._open_more)

    def show_editing(self) -> None:
        """Show the buttons for editing a recipe."""
        self._is_run = False
        self._show(self.levels, self.recipes)

    def show_run(self, model: RunModel) -> None:
        """Show the buttons for the current state of a run."""
        self._is_run = True
        if model.running:
            self._show(self.sides, self.edit, self.pause, self.stop, self.more)
        else:
            resumes = model.state.outcome != "completed"
            self._show(self.sides, self.edit, self.more, *((self.resume,) if resumes else ()))
        self.resume.setText(resume_text(model))
        self._is_paused = model.state.paused
        self.pause.setText(tr("Continue") if self._is_paused else tr("Pause"))
        self.pause.set_icon("play" if self._is_paused else "pause")
        pauses = model.state.stage == "train" and not model.stopping and not model.freeing
        for part in (self.pause, self.ways_to_pause, self.free):
            part.setEnabled(pauses)
        for action in (self.checkpoint, self.evaluate):
            action.setEnabled(model.running)
        self.stop.setEnabled(not model.stopping)

    def _show(self, *shown: QWidget) -> None:
        parts = (
            self.levels,
            self.recipes,
            self.sides,
            self.edit,
            self.resume,
            self.pause,
            self.stop,
            self.more,
        )
        for part in parts:
            part.setVisible(part in shown)
        self.ways_to_pause.setVisible(self.pause in shown)

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
            menu.addAction(tr("Pause and keep the model loaded, to continue instantly"), self.pause.click)
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

    def entries(self) -> list[Entry]:
        """Return the entries for the command palette that have no button."""
        actions = [*self._of_recipe, *(self._of_run if self._is_run else ())]
        found: list[Entry] = [(each.text(), each.trigger, "") for each in actions if each.isEnabled()]
        if not self._is_run:
            others = [(each, title) for each, title in LEVEL_TITLES.items() if each != self.levels.current()]
            found += [(tr(title), self.levels.segments[each].click, "") for each, title in others]
            found += [(tr("Open recipe…"), self.ask_for_file, "train.open"), *self.recent.entries()]
        if self.ways_to_pause.isEnabled() and not self.ways_to_pause.isHidden():
            found.append((tr("Pause and free the device"), self.free.trigger, ""))
        return found

    def _open_more(self) -> None:
        self.more_menu().exec(below(self.more))


def level_of(saved: str | None) -> str:
    """Return the level of a saved preference, also of one that was saved when there were three levels."""
    return "advanced" if saved in ("advanced", "more", "everything") else "basic"
