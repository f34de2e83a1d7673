"""The train page: the runs at the left; beside them a new run with its plan, or the chosen run and its result.

Connects the list, the recipe panel, the choosers and the run view to the engine. The parts don't know each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from engine.api import (
    Adapter,
    AppError,
    Ending,
    Family,
    MemoryFallback,
    Recipe,
    RecipeError,
    library,
    recipe,
    run_store,
)
from gui.core import actions
from gui.core.background_tasks import BackgroundTasks
from gui.core.clipboard import copy_command, copy_recipe
from gui.core.preferences import Preferences
from gui.forms import choosers, recipe_files
from gui.look import style
from gui.look.fonts import px
from gui.look.language import sentences, tr
from gui.pages.train.content_pane import ContentPane, FallbackController, FallbackFinder, PlanController
from gui.pages.train.page_header import PageHeader, level_of
from gui.pages.train.recipe_panel import RecipePanel
from gui.pages.train.run_list import LEAST_BESIDE, RUNS_WIDTH, RunList
from gui.pages.train.run_text import adapter_name
from gui.pages.train.start_foot import StartPrompt
from gui.shell.navigation_rail import FOLDED
from gui.shell.page import Page
from gui.widgets.file_dialogs import open_path
from gui.widgets.layouts import NO_LIMIT, Line, hbox
from gui.workers.device_queue import Waiting
from gui.workers.run_model import RunModel
from gui.workers.worker_manager import WorkerManager

CLOCK_MILLISECONDS = 1_000


class TrainPage(Page):
    """`playground_requested`, `library_requested` and `score_requested`, each with an adapter id, lead to other pages.

    `export_requested(adapter, button)` asks for the menu of an adapter's exports.

    `compare_requested(adapter ids)` compares adapters, `trash_requested` and `queue_wanted` open trash and queue.

    `examples_requested(job)` shows a run's scores per conversation. `label_requested(data, base
    model)` leads to where summaries are written.
    """

    playground_requested = Signal(str)
    export_requested = Signal(object, object)
    label_requested = Signal(dict, str)

    def __init__(
        self, manager: WorkerManager, preferences: Preferences | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(tr("New run"), parent=parent)
        self.manager, self._queue = manager, manager.device_queue
        self._preferences = preferences or Preferences()
        # The run that is shown, or the one that waits; None for both while a new one is made.
        self.model: RunModel | None = None
        self._waiting: Waiting | None = None
        self._origin = ""
        # A new run that was left for another one: its form and its origin.
        self._draft = ("", "")
        self._planned_once = False
        self._shown_facts: tuple[object, ...] = ()
        self._adapter_name = ""
        self.buttons = PageHeader(self.header)
        self.runs = RunList(manager, self.content)
        self.compare_requested, self.library_requested = (
            self.runs.compare_requested,
            self.runs.library_requested,
        )
        self.trash_requested, self.queue_wanted = self.runs.trash_requested, self.runs.queue_wanted
        self.panel = RecipePanel(self.content)
        self.right = ContentPane(manager, self._preferences, self.panel, self.content)
        self.run_view = view = self.right.run_view
        self.score_requested, self.blind_requested = view.score_requested, view.blind_requested
        self.examples_requested = view.examples_requested
        self._start_prompt = StartPrompt(manager, self.panel.foot, self)
        self._fallback_finder = FallbackFinder(manager, self)
        self.plans = PlanController(manager, self.panel, self.right)
        self._fallback_controller = FallbackController(manager, self.panel, self.right)
        self._background = BackgroundTasks(self)
        self._clock = QTimer(self)
        self._clock.setInterval(CLOCK_MILLISECONDS)
        self._clock.timeout.connect(self._refresh_run)
        self.body.addLayout(hbox(self.runs, Line(vertical=True), (self.right, 1), spacing=0), 1)
        self.body.addWidget(self.right.notice)
        self._connect()
        self.buttons.levels.set_current(level_of(self._preferences.get("level")))
        self.new_run()
        style.on_style_changed(self._restyle)

    # For other pages
    def edit(self, wanted: Recipe, origin: str = "") -> None:
        """Show a recipe for editing; `origin` says where it comes from, if not from a run."""
        self._leave_run()
        self._origin = origin or tr("Copied from a run")
        self.panel.set_recipe(wanted)
        self.panel.set_read_only("")
        self.panel.set_level(self.buttons.levels.current())
        self.right.show_recipe()
        self.buttons.runs.setChecked(False)
        self.right.mark_chosen()
        self._show_header()
        self.runs.show_current("")
        self.plans.is_run_shown = False
        if self._planned_once:
            self.plans.plan()

    def begin(self, wanted: Recipe, origin: str) -> None:
        """Show a new recipe, with the defaults of the settings."""
        self.edit(recipe_files.as_the_settings_say(wanted, self._preferences), origin)

    def new_run(self) -> None:
        """Edit the new run that was left for another one, else the recipe used last, or the starter recipe."""
        draft, origin = ("", "") if self.panel.form.draft() else self._draft
        self.begin(*recipe_files.first_recipe(self._preferences.get("recipe")))
        if draft:
            self._origin = origin
            self.panel.form.restore_draft(draft)
            self._edited()

    def start_run(self, wanted: Recipe, computer: str = "", cards: int = 1) -> RunModel | None:
        """Start a run, here or at a computer, and return it; None if it waits for its turn or the start failed."""
        given = {"recipe": recipe.dumps(wanted), "computer": computer, "cards": cards}
        try:
            model = self._added("run", wanted.name, given)
        except RecipeError as error:
            self.panel.show_problems(error.problems)
            return None
        except AppError as error:
            self.say(sentences(error.message, error.hint))
            return None
        self._preferences.set("recipe", recipe.dumps(wanted))
        self._draft = ("", "")
        return model

    def _added(self, kind: str, name: str, given: Mapping[str, Any]) -> RunModel | None:
        """Show the run that starts, and return it; None if it waits for its turn, which is said. Raises AppError."""
        if self._queue.add(kind, name, given) and (model := self.manager.current) is not None:
            self.show_run(model)
            return model
        self.right.notice.offer(self._queue.added_text())
        return None

    def show_run(self, model: RunModel) -> None:
        """Show a live or ended run."""
        self._leave_new_run(model.recipe)
        self.model = model
        self._shown_facts, self._adapter_name = (), ""
        model.changed.connect(self._refresh_run)
        model.ended.connect(self._run_ended)
        self.right.show_run()
        self.run_view.show_run(model)
        self.buttons.sides.set_current("run")
        self._refresh_run()
        self.runs.show_current(model.id)
        self._clock.start()

    def show_waiting(self, key: str) -> None:
        """Show the recipe of a run that waits; the queue for an arena, which has many."""
        for entry in self._queue.waiting:
            if entry.key == key:
                self._try(lambda entry=entry: self._show_waiting(entry))

    def _show_waiting(self, entry: Waiting) -> None:
        wanted = entry.recipe()
        if wanted is None:
            self.queue_wanted.emit()
            return
        self._leave_new_run(wanted)
        self._waiting = entry
        self.panel.set_read_only(tr("Settings are locked while this run waits"), "clock")
        self.right.show_recipe()
        self._show_header()
        self.runs.show_current(entry.key)

    def _leave_new_run(self, wanted: Recipe) -> None:
        """Show the recipe of a run; the new run that was being made is kept."""
        if draft := self.panel.form.draft():
            self._draft = draft, self._origin
        self._leave_run()
        self.plans.is_run_shown = True
        if wanted != self.panel.form.recipe():
            self.panel.effect.show_unknown()
        self.panel.set_recipe(wanted)
        self.panel.show_problems(())
        self.panel.set_level("advanced")
        self.buttons.runs.setChecked(False)

    def open_run(self, run_id: str) -> None:
        """Show the run with this id: the current one, a live one of another process, or an ended one."""
        current = self.manager.current
        if current is not None and current.id == run_id:
            self.show_run(current)
            return
        self._try(lambda: self._open_job(run_id))

    open = open_run  # All pages have this method.

    def _open_job(self, run_id: str) -> None:
        job = run_store.find_job(run_id)
        living = self.manager.current is None and job.is_running()
        self.show_run(self.manager.attach(job) if living else self.manager.replay(job))

    def resume(self, run_id: str, plan: MemoryFallback | None = None) -> None:
        """Resume a run from its last checkpoint, with a memory fallback if given."""
        given = {"run": run_id, "changes": dict(plan.changes) if plan is not None else None}
        self._try(lambda: self._added("resume", run_store.name_of(run_id), given))

    def run_again(self, wanted: Recipe) -> None:
        """Run the recipe of an earlier run again; downloads are confirmed first, as for every run."""
        wanted = replace(wanted, given_name="")
        self.edit(wanted)
        self._start_prompt.request(wanted)

    def use_data(self, values: dict[str, Any]) -> None:
        """Use data that another page has chosen."""
        self.edit_copy()
        self.panel.form.set_values("data", values)

    def start_from(self, adapter_id: str) -> None:
        """Edit a recipe that starts from an adapter."""

        def begin() -> None:
            self.panel.form.start_from.offer(library.scan()[0])
            adapter = library.find(adapter_id)
            made_by = adapter.recipe()
            if made_by is not None:
                self.edit(replace(made_by, given_name=""), tr("Continues from {name}", name=adapter.name))
            self.panel.form.set_values("method", {"start_from": adapter.id})

        self._try(begin)

    def present_recipe(self) -> tuple[Recipe | None, Family]:
        """Return the recipe, or None while it is invalid, and the base model's family."""
        return self.panel.form.recipe(), self.panel.form.family()

    def say(self, text: str, action: str = "") -> None:
        """Show a message at the top of the page."""
        self.right.say(text, action)

    def restore_state(self, saved: Mapping[str, str]) -> None:
        """Restore the saved state; if it changes the recipe, show its origin."""
        usual = self.panel.form.tables()
        super().restore_state(saved)
        if self.panel.form.tables() != usual:
            self._origin = tr("Last edited")
            self._show_header()

    # Layout
    def _connect(self) -> None:
        panel, right, view = self.panel, self.right, self.run_view
        runs = self.runs
        runs.open_requested.connect(self.open_run)
        runs.waiting_requested.connect(self.show_waiting)
        runs.edit_requested.connect(self.edit)
        runs.run_again_requested.connect(self.run_again)
        runs.resume_requested.connect(self.resume)
        runs.new_run_requested.connect(self.new_run)
        runs.train_from_requested.connect(self.start_from)
        panel.start_wanted.connect(self._start)
        panel.edited.connect(self._edited)
        self.manager.adapters_changed.connect(self._offer_known)
        self.plans.planned.connect(right.mark_chosen)
        self._start_prompt.opened.connect(self.start_run)
        self._start_prompt.says.connect(self.say)
        panel.foot.computer_chosen.connect(self.plans.plan)
        panel.foot.no_summaries.write_button.clicked.connect(self._label)
        panel.foot.no_summaries.train_wanted.connect(self.use_data)
        self._queue.changed.connect(self._on_queue_changed)
        right.notice.acted.connect(self._confirm)
        view.plot.failed.connect(self.say)
        view.resume_wanted.connect(self._resume_shown)
        view.plan_wanted.connect(self._resume_shown)
        for begin in (self.edit_copy, right.show_base_models):
            view.real_model_wanted.connect(begin)
        self._fallback_finder.found.connect(view.show_plans)
        view.copy_wanted.connect(self.edit_copy)
        self._connect_buttons(self.buttons)

    def _connect_buttons(self, buttons: PageHeader) -> None:
        buttons.preset_chosen.connect(lambda chosen: self.begin(chosen, recipe_files.preset_text(chosen)))
        buttons.file_wanted.connect(lambda path: self._try(lambda: self.open_file(path)))
        buttons.save.triggered.connect(lambda: self._try(lambda: self._with_recipe(self._save_file)))
        buttons.copy.triggered.connect(lambda: self._with_recipe(copy_recipe))
        buttons.copy_command.triggered.connect(lambda: self._with_recipe(copy_command))
        buttons.pause.clicked.connect(
            lambda: self._call_model(lambda model: model.go_on() if model.state.paused else model.pause())
        )
        buttons.free.triggered.connect(lambda: self._call_model(RunModel.free_device))
        buttons.stop.clicked.connect(lambda: self._call_model(RunModel.stop))
        buttons.resume.clicked.connect(lambda _checked: self._resume_shown())
        buttons.edit.clicked.connect(self.edit_copy)
        buttons.queue.clicked.connect(self.queue_wanted)
        buttons.checkpoint.triggered.connect(lambda: self._call_model(RunModel.save_checkpoint))
        buttons.evaluate.triggered.connect(lambda: self._call_model(RunModel.evaluate_now))
        buttons.try_it.clicked.connect(lambda: self._with_adapter(self.playground_requested.emit))
        buttons.export.clicked.connect(lambda: self._with_adapter(self._offer_exports))
        buttons.library.triggered.connect(lambda: self._with_adapter(self.library_requested.emit))
        buttons.report.triggered.connect(
            lambda: self._with_run(lambda run: self.runs.report_export.ask(self, run.job))
        )
        buttons.folder.triggered.connect(lambda: self._with_run(lambda run: open_path(run.job.folder)))
        buttons.sides.currentChanged.connect(self._show_side)
        buttons.level_chosen.connect(self._choose_level)
        buttons.runs.toggled.connect(self._restyle)
        actions.bind(self, "train.new", self.runs.new_button)
        actions.bind(self, "train.open", buttons.ask_for_file)

    def adapt(self, width: int) -> None:
        """Show the list of runs beside the rest, or in its place where there is no room for both."""
        narrow, button = width < px(FOLDED + RUNS_WIDTH + LEAST_BESIDE), self.buttons.runs
        button.setVisible(narrow)
        alone = narrow and button.isChecked()
        self.runs.setVisible(alone or not narrow)
        self.runs.setMaximumWidth(NO_LIMIT if narrow else px(RUNS_WIDTH))
        self.runs.setMinimumWidth(0 if narrow else px(RUNS_WIDTH))
        self.right.setVisible(not alone)

    def _restyle(self) -> None:
        """Lay out again: another size of the text, or the list was asked for or left."""
        self.adapt(self.window().width())

    def _show_side(self, side: str) -> None:
        """Show a run, or its recipe."""
        if self.model is not None:
            (self.right.show_run if side == "run" else self.right.show_recipe)()

    def _choose_level(self, level: str) -> None:
        self._preferences.set("level", level)
        if self.model is None:
            self.panel.set_level(level)

    def lead_to(self, key: str) -> bool:
        """Show the field of an option in the recipe; return False if the method in use has no such option."""
        self.right.show_recipe()
        if self.model is not None:
            self.buttons.sides.set_current("recipe")
        return self.panel.form.undo.lead_to(key)

    def shown(self) -> None:
        """Make the first plan when the page is first shown."""
        self.runs.refresh()
        self._offer_known()
        self.panel.offer_computers()
        if not self._planned_once:
            self._planned_once = True
            if self.model is None:
                self.plans.plan()

    def _offer_known(self) -> None:
        self._background.run(library.scan, lambda found: self._take_adapters(found[0]))
        self._background.run(choosers.read, self.panel.form.offer_known)

    def _take_adapters(self, adapters: list[Adapter]) -> None:
        self.panel.form.start_from.offer(adapters)
        self.run_view.take_scores(adapters)

    def entries(self) -> list[QAction]:
        """Return the entries for the command palette that have no button."""
        return [*self.runs.entries(), *self.buttons.entries()]

    # Editing
    def _edited(self) -> None:
        self.right.mark_chosen()
        self._show_header()
        self.plans.plan()

    def _label(self) -> None:
        tables = self.panel.form.tables()
        self.label_requested.emit(tables["data"], tables["base_model"]["id"])

    def edit_copy(self) -> None:
        """Edit the recipe of the run that is shown, if one is."""
        if self.model is not None or self._waiting is not None:
            self._with_recipe(lambda wanted: self.edit(replace(wanted, given_name="")))

    def open_file(self, path: Path) -> None:
        """Edit the recipe in a file. Raises RecipeError."""
        self.edit(recipe.load(path), tr("From {name}", name=path.name))
        self.buttons.recent.add(path)

    def _with_recipe(self, act: Callable[[Recipe], None]) -> None:
        """Do something with the recipe shown, unless it has problems."""
        wanted = self.model.recipe if self.model is not None else self.panel.form.recipe()
        if wanted is None:
            self.say(tr("Some settings are invalid; see their fields."))
        else:
            act(wanted)

    def _save_file(self, wanted: Recipe) -> None:
        if (path := recipe_files.ask_to_save(self, wanted)) is not None:
            recipe.save(wanted, path)
            self.buttons.recent.add(path)
            self._origin = tr("Saved as {name}", name=path.name)
            self._show_header()

    # Starting and running
    def _start(self) -> None:
        if (wanted := self.panel.form.recipe()) is not None:
            self._start_prompt.request(wanted, *self.panel.foot.place())

    def _confirm(self) -> None:
        self.right.say_nothing()
        self._start_prompt.confirm()

    def _refresh_run(self) -> None:
        if (model := self.model) is None:
            return
        self.run_view.refresh()
        facts = (model.running, model.state.paused, id(model.state.started), id(model.state.adapter))
        if facts != self._shown_facts:
            # They change rarely, and each change lays out the form again.
            self._shown_facts, saved = facts, model.state.adapter
            self._adapter_name = adapter_name(str(saved["adapter"])) if saved is not None else ""
            self.panel.show_run(model)
        self._show_header()

    def _run_ended(self, _ending: Ending) -> None:
        self._clock.stop()
        self._refresh_run()
        if self.model is not None:
            self._fallback_finder.seek(self.model)

    def _leave_run(self) -> None:
        self._clock.stop()
        self.right.say_nothing()
        self._start_prompt.forget()
        if self.model is not None:
            self.model.changed.disconnect(self._refresh_run)
            self.model.ended.disconnect(self._run_ended)
            self.model = None
        self._waiting = None

    def _on_queue_changed(self) -> None:
        """Follow a run that waited when it starts; make a new one when it was taken out."""
        if self._waiting is None or self._waiting in self._queue.waiting:
            self._show_header()
        elif self.manager.current is not None:
            self.show_run(self.manager.current)
        else:
            self.new_run()

    def _show_header(self) -> None:
        self.panel.foot.show_waits(self._queue.must_wait("run"))
        if self._waiting is not None:
            self.buttons.show_waiting(self._waiting.title, self._queue.waits_for(self._waiting))
        elif self.model is None:
            self.buttons.show_editing(self._origin)
        else:
            self.buttons.show_run(self.model, self._adapter_name)
        self.runs.new_button.setEnabled(self.model is not None or self._waiting is not None)

    def _call_model(self, what: Any) -> None:
        if (model := self.model) is not None and model.running:
            self._try(lambda: what(model))

    def _resume_shown(self, plan: MemoryFallback | None = None) -> None:
        if self.model is not None:
            self.resume(self.model.id, plan)

    def _with_adapter(self, act: Callable[[str], object]) -> None:
        if self.model is not None and (adapter := self.model.state.adapter) is not None:
            act(str(adapter["adapter"]))

    def _offer_exports(self, adapter_id: str) -> None:
        button = self.buttons.export
        self._try(lambda: self.export_requested.emit(library.find(adapter_id), button))

    def _with_run(self, act: Callable[[RunModel], object]) -> None:
        if self.model is not None:
            act(self.model)

    def _try(self, act: Any) -> None:
        """Run an operation and show its error."""
        try:
            act()
        except AppError as error:
            self.say(sentences(error.message, error.hint))
