"""The buttons in the train page's header, while editing a recipe, during a run, and after it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Signal, SignalInstance
from PySide6.QtWidgets import QMenu, QWidget

from gui.core.actions import Entry
from gui.core.recent_files import RecentRecipes
from gui.inputs.segmented_control import SegmentedControl
from gui.look.language import tr
from gui.look.shown_texts import menu_text
from gui.pages.train import recipe_files
from gui.pages.train.run_text import resume_text
from gui.shell.header import Header
from gui.widgets.buttons import Button, IconButton, plain
from gui.workers.run_model import RunModel


class PageHeader(QWidget):
    """Owns the buttons; signals report presses. `sides` chooses run or recipe in a narrow window."""

    preset_chosen = Signal(object)
    file_wanted = Signal(object)
    save_wanted = Signal()
    copy_wanted = Signal()
    copy_command_wanted = Signal()
    pause_wanted = Signal()
    free_wanted = Signal()
    stop_wanted = Signal()
    resume_wanted = Signal()
    new_wanted = Signal()
    back_wanted = Signal()
    checkpoint_wanted = Signal()
    evaluation_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self, header: Header) -> None:
        super().__init__(header)
        self.hide()
        self.sides = SegmentedControl([("run", tr("Run")), ("recipe", tr("Recipe"))], name=tr("Shown"))
        self.presets = plain(tr("Presets…"))
        self.open = plain(tr("Open recipe…"), "folder")
        self.back = plain(tr("Back to the running run"), "arrow-left")
        self.pause = plain(tr("Pause"), "pause")
        self.ways_to_pause = IconButton("chevron-down", tr("Pause options"))
        self.stop = plain(tr("Stop"), "stop")
        self.resume = plain(tr("Resume"), "play")
        self.new = plain(tr("New run"), "plus")
        self.more = IconButton("more", tr("More"))
        self.recent = RecentRecipes(self, self.file_wanted.emit)
        self._is_run = self._is_paused = False
        parts = (self.sides, self.presets, self.open, self.back, self.resume, self.new, self.pause)
        for part in (*parts, self.ways_to_pause, self.stop, self.more):
            header.add(part)
        self._connect()

    def _connect(self) -> None:
        for button, wish in (
            (self.back, self.back_wanted),
            (self.pause, self.pause_wanted),
            (self.stop, self.stop_wanted),
            (self.resume, self.resume_wanted),
            (self.new, self.new_wanted),
        ):
            button.clicked.connect(wish)
        self.ways_to_pause.clicked.connect(self._open_ways_to_pause)
        self.presets.clicked.connect(self._open_presets)
        self.open.clicked.connect(self._ask_for_file)
        self.more.clicked.connect(self._open_more)

    def show_editing(self, current: RunModel | None) -> None:
        """Show the buttons for editing a recipe."""
        self._is_run = False
        self._show(self.presets, self.open, *((self.back,) if current is not None else ()))

    def show_run(self, model: RunModel, current: RunModel | None) -> None:
        """Show the buttons for the current state of a run."""
        self._is_run = True
        if model.running:
            self._show(self.pause, self.stop)
        else:
            resumes = model.state.outcome != "completed"
            back = current is not None
            self._show(self.new, *((self.resume,) if resumes else ()), *((self.back,) if back else ()))
        self.resume.setText(resume_text(model))
        self._is_paused = model.state.paused
        self.pause.setText(tr("Continue") if self._is_paused else tr("Pause"))
        self.pause.set_icon("play" if self._is_paused else "pause")
        pauses = model.state.stage == "train" and not model.stopping and not model.freeing
        self.pause.setEnabled(pauses)
        self.ways_to_pause.setEnabled(pauses)
        self.stop.setEnabled(not model.stopping)

    def _show(self, *shown: Button) -> None:
        buttons = (self.presets, self.open, self.back, self.resume, self.new, self.pause, self.stop)
        for button in buttons:
            button.setVisible(button in shown)
        self.ways_to_pause.setVisible(self.pause in shown)

    def _ask_for_file(self) -> None:
        path = recipe_files.ask_to_open(self)
        if path is not None:
            self.file_wanted.emit(path)

    def presets_menu(self) -> QMenu:
        """Return the menu of presets and recently used files."""
        menu = QMenu(self.presets)
        for preset in recipe_files.presets():
            menu.addAction(menu_text(preset.recipe.name), partial(self._choose, preset))
        self.recent.add_to(menu)
        return menu

    def _open_presets(self) -> None:
        menu = self.presets_menu()
        menu.exec(self.presets.mapToGlobal(QPoint(0, self.presets.height() + 4)))

    def _choose(self, preset: recipe_files.Preset) -> None:
        self.preset_chosen.emit(preset.recipe)

    def pause_menu(self) -> QMenu:
        """Return the menu beside Pause: hold the device, or release it."""
        menu = QMenu(self.ways_to_pause)
        if self._is_paused:
            menu.addAction(tr("Continue"), self.pause_wanted.emit)
        else:
            menu.addAction(
                tr("Pause and keep the model loaded, to continue instantly"), self.pause_wanted.emit
            )
        free = tr("Pause and release memory: saves a checkpoint, then ends the process")
        menu.addAction(free, self.free_wanted.emit)
        return menu

    def _open_ways_to_pause(self) -> None:
        button = self.ways_to_pause
        self.pause_menu().exec(button.mapToGlobal(QPoint(0, button.height() + 4)))

    def more_menu(self) -> QMenu:
        """Return the menu behind the three dots."""
        menu = QMenu(self.more)
        for text, wish, is_possible in self._more():
            menu.addAction(text, wish.emit).setEnabled(is_possible)
        return menu

    def _more(self) -> list[tuple[str, SignalInstance, bool]]:
        """Return the entries behind the three dots: title, signal, and whether it is enabled."""
        found = [
            (tr("Save recipe as…"), self.save_wanted, True),
            (tr("Copy recipe"), self.copy_wanted, True),
            (tr("Copy as command"), self.copy_command_wanted, True),
        ]
        if self._is_run:
            running = not self.stop.isHidden()
            found += [
                (tr("Save a checkpoint now"), self.checkpoint_wanted, running),
                (tr("Evaluate now"), self.evaluation_wanted, running),
                (tr("Open the run's folder"), self.folder_wanted, True),
            ]
        return found

    def entries(self) -> list[Entry]:
        """Return the entries for the command palette that have no button."""
        found: list[Entry] = [
            (text, wish.emit, "") for text, wish, is_possible in self._more() if is_possible
        ]
        if not self._is_run:
            found += self.recent.entries()
        if self.ways_to_pause.isEnabled() and not self.ways_to_pause.isHidden():
            found.append((tr("Pause and free the device"), self.free_wanted.emit, ""))
        return found

    def _open_more(self) -> None:
        self.more_menu().exec(self.more.mapToGlobal(QPoint(0, self.more.height() + 4)))
