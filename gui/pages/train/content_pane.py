"""The right pane of the train page: the recipe, a chooser or the run, and plans that need less memory.

Arranges the parts and switches between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from engine.api import (
    OUT_OF_MEMORY,
    Ending,
    MemoryFallback,
    Problem,
    Recipe,
    graphics_cards,
    graphics_check,
    memory_fallbacks,
    run_store,
)
from gui.core.preferences import Preferences
from gui.look.format import bytes_text
from gui.look.language import sentences, tr, translate
from gui.pages.train.base_models_view import BaseModelsView
from gui.pages.train.method_chooser import MethodChooser
from gui.pages.train.recipe_panel import RecipePanel
from gui.pages.train.run_view import RunView
from gui.widgets.cards import ErrorCard, NoticeStrip, UndoStrip
from gui.widgets.layouts import Scroll, discard, vbox
from gui.workers.engine_thread import AskedJob
from gui.workers.run_model import RunModel
from gui.workers.worker_manager import WorkerManager


class ContentPane(QWidget):
    """Owns the choosers, the run view, the banner, and the message, which the page places."""

    def __init__(
        self,
        manager: WorkerManager,
        preferences: Preferences,
        panel: RecipePanel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._panel = panel
        self.gpu_banner = GpuBanner(preferences, self)
        self.notice = UndoStrip(self, foot=True)
        self._stack = QStackedWidget(self)
        self._choosers = QWidget(self._stack)
        self._chooser_stack = QStackedWidget(self._choosers)
        self.methods = MethodChooser(self._chooser_stack)
        self.base_models = BaseModelsView(manager, self._chooser_stack)
        self.fallback_view = FallbackView(self._chooser_stack)
        self.run_view = RunView(self._stack)
        self._lay_out()
        for chooser in (self.methods, self.base_models):
            chooser.closed.connect(self.show_recipe)
        form = panel.form
        form.method_field.browse_requested.connect(self.show_methods)
        form.base_model_chooser().browse_requested.connect(self.show_base_models)
        self.methods.chosen.connect(form.choose_method)
        self.base_models.chosen.connect(self._take_base_model)

    def _lay_out(self) -> None:
        for chooser in (self.methods, self.base_models, self.fallback_view):
            self._chooser_stack.addWidget(chooser)
        vbox((self._chooser_stack, 1), of=self._choosers, margins=(24, 16, 24, 16), spacing=0)
        for part in (self._panel, self._choosers, self.run_view):
            self._stack.addWidget(part)
        vbox(self.gpu_banner, (self._stack, 1), of=self, spacing=0)

    def say(self, text: str, action: str = "") -> None:
        """Show a message until it is closed, with at most one action."""
        self.notice.show_notice(text.strip(), action, "info", "muted")

    def say_nothing(self) -> None:
        """Hide the message."""
        self.notice.dismiss()

    def show_run(self) -> None:
        self._stack.setCurrentWidget(self.run_view)

    def show_recipe(self) -> None:
        """Show the recipe, of a new run or of the one that is shown."""
        self._stack.setCurrentWidget(self._panel)

    def show_methods(self) -> None:
        self._stack.setCurrentWidget(self._choosers)
        self._chooser_stack.setCurrentWidget(self.methods)

    def show_fallbacks(self) -> None:
        self._stack.setCurrentWidget(self._choosers)
        self._chooser_stack.setCurrentWidget(self.fallback_view)

    def show_base_models(self) -> None:
        """Read and show the base models for the recipe."""
        self._stack.setCurrentWidget(self._choosers)
        self._chooser_stack.setCurrentWidget(self.base_models)
        self.base_models.refresh(self._panel.form.tables(), self._panel.form.family())

    def _take_base_model(self, model_id: str) -> None:
        self.show_recipe()
        self._panel.form.set_values("base_model", self.base_models.base(model_id))

    def mark_chosen(self) -> None:
        """Mark the method and the base model of the recipe in the lists of all."""
        form = self._panel.form
        wanted = form.recipe()
        options = wanted.method.options if wanted is not None else None
        self.methods.set_current(form.method_id(), form.base_facts(), options)
        self.base_models.set_current(form.tables()["base_model"]["id"])


class FallbackView(Scroll):
    """The memory fallbacks of a recipe, before it is started, in a card.

    `chosen` carries the chosen fallback, `closed` reports that there is nothing left to choose.
    """

    chosen = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(margins=(0, 0, 0, 0), spacing=0, parent=parent)
        self.card: ErrorCard | None = None
        self._plans: Sequence[MemoryFallback] = ()
        self.column.addStretch(1)

    def show_searching(self) -> None:
        self._show(tr("Looking for plans that fit."))

    def show_error(self, text: str) -> None:
        """Show why the search failed."""
        self._show(text)

    def show_found(self, found: Mapping[str, Any]) -> None:
        """Show the result of the `shrink` job."""
        sizes = {name: bytes_text(found.get(name)) for name in ("needed", "available")}
        lacking = tr("It needs about {needed}; {available} is available.", **sizes)
        plans = memory_fallbacks.read(found)
        if plans:
            rest = tr("Batch size is unchanged. Nothing changes until you choose.")
        else:
            rest = tr("No plan fits. Close other programs, or choose a smaller base model.")
        self._show(f"{lacking} {rest}", plans)

    def _show(self, text: str, plans: Sequence[MemoryFallback] = ()) -> None:
        if self.card is not None:
            self.column.removeWidget(self.card)
            discard(self.card)
        self._plans = plans
        self.card = ErrorCard(
            tr("This run needs more memory than available"),
            text,
            plans,
            primary_text=tr("Use this plan") if plans else "",
            primary_icon="check",
            end_text=tr("Close"),
        )
        self.card.accepted.connect(self._accept)
        self.card.ended.connect(self.closed)
        self.column.insertWidget(0, self.card)
        self.card.show()

    def _accept(self, index: int) -> None:
        self.chosen.emit(self._plans[index])


DEVICE = "training.device"
PUT_AWAY = "card_banner_put_away"


class PlanController(QObject):
    """Requests plans of the recipe and shows them, unless a run is shown; `planned` reports one that is shown."""

    planned = Signal()

    def __init__(self, manager: WorkerManager, panel: RecipePanel, right: ContentPane) -> None:
        super().__init__(panel)
        self.is_run_shown = False
        self._manager, self._planner = manager, manager.planner
        self._panel, self._methods = panel, right.methods
        manager.devices.found.connect(self._show_devices)
        manager.devices.found.connect(right.gpu_banner.judge)
        self._has_devices = False
        self._counted_for: dict[str, Any] = {}
        planner = self._planner
        planner.planned.connect(self._show)
        planner.recalled.connect(panel.recall_plan)
        planner.refused.connect(self._show_none)
        planner.unavailable.connect(lambda ending: self._show_none((), translate(ending.message)))
        for shown in (right.methods, panel.form.method_field):
            planner.counted.connect(shown.set_count)
        for shows in (panel.show_busy, right.methods.show_busy):
            planner.busy_changed.connect(shows)

    def plan(self) -> None:
        """Request a plan, or show the problems of the recipe."""
        form = self._panel.form
        wanted, base = form.recipe(), form.tables()["base_model"]
        if base != self._counted_for:
            # They are of another base model.
            self._counted_for = base
            self._forget_counts()
        if wanted is None:
            self._planner.forget()
            self._show_none(form.problems())
        else:
            self._panel.show_problems(())
            self._planner.plan(wanted)

    def _show(self, plan: dict[str, Any]) -> None:
        if self.is_run_shown:
            return
        wanted = self._panel.form.recipe()
        self._panel.show_plan(plan)
        self._panel.show_plan_problems(plan)
        self.planned.emit()
        if "all_parameters" in plan:
            # After all other requests.
            self._planner.count(self._panel.form.with_each_method())
        fields = {problem.get("field") for problem in plan.get("problems") or ()}
        if wanted is not None and DEVICE not in fields:
            # The other workers compute on one card.
            device = wanted.training.device
            self._manager.suit_device("auto" if device == "all" else device)
        if not self._has_devices:
            self._manager.devices.want()

    def _show_devices(self, found: dict[str, Any]) -> None:
        self._has_devices = True
        self._panel.form.offer_devices(found.get("devices") or ())

    def _forget_counts(self) -> None:
        self._methods.forget_counts()
        self._panel.form.method_field.forget_counts()

    def _show_none(self, problems: Sequence[Problem], why: str = "") -> None:
        if not self.is_run_shown:
            self._panel.show_no_plan(why)
            self._panel.show_problems(problems)
            self._forget_counts()


class GpuBanner(QWidget):
    """A strip about a GPU that torch can't use; hidden until `judge` finds one.

    Once closed, it stays closed until its text changes.
    """

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        # The untranslated text, so that it stays closed in another language.
        self._text = ""
        self.strip = NoticeStrip()
        self.strip.acted.connect(self._put_away)
        vbox(self.strip, of=self, margins=(24, 12, 24, 0))
        self.hide()

    def judge(self, found: dict[str, Any]) -> None:
        """Compare torch's devices, the result of the `devices` job, with the GPUs of this computer."""
        check = graphics_check(found, graphics_cards.find())
        self._text = f"{check.text} {check.fix}"
        wanted = check.state == "problem" and self._preferences.get(PUT_AWAY) != self._text
        if wanted:
            self.strip.show_notice(sentences(check.text, check.fix), tr("Dismiss"), "warning")
        self.setVisible(wanted)

    def _put_away(self) -> None:
        self._preferences.set(PUT_AWAY, self._text)
        self.hide()


class FallbackController(QObject):
    """Connects the recipe panel and the fallback view."""

    def __init__(self, manager: WorkerManager, panel: RecipePanel, right: ContentPane) -> None:
        super().__init__(panel)
        self._panel, self._right, self._job = panel, right, AskedJob(self, manager)
        self._recipe: Recipe | None = None
        panel.effect.fallbacks_wanted.connect(self._look)
        panel.edited.connect(self._leave)
        right.fallback_view.chosen.connect(self._use)
        right.fallback_view.closed.connect(self._leave)

    def _look(self) -> None:
        """Search for memory fallbacks of the current recipe."""
        wanted = self._panel.form.recipe()
        if wanted is None:
            return
        self._recipe = wanted
        self._right.show_fallbacks()
        view = self._right.fallback_view
        view.show_searching()
        self._job.ask("shrink", {"step": 0}, view.show_found, self._refuse, recipe=wanted)

    def _refuse(self, ending: Ending) -> None:
        self._right.fallback_view.show_error(sentences(ending.message, ending.hint))

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
        self._leave()

    def _leave(self) -> None:
        """Show the recipe again, since the fallbacks belong to the earlier one."""
        if self._recipe is not None:
            self._recipe = None
            self._job.cancel()
            self._right.show_recipe()


class FallbackFinder(QObject):
    """`found(model, plans)` reports the fallbacks of a run that could not report them itself."""

    found = Signal(object, object)

    def __init__(self, manager: WorkerManager, parent: QObject) -> None:
        super().__init__(parent)
        self._job = AskedJob(self, manager)

    def seek(self, model: RunModel) -> None:
        """Search for fallbacks if the run was killed for its memory; a run that ended by itself has reported them."""
        ending = model.ending
        if ending is None or ending.kind != OUT_OF_MEMORY or ending.event is not None:
            return
        self._job.ask(
            "shrink",
            {"step": run_store.last_step(model.job)},
            lambda result: self.found.emit(model, memory_fallbacks.read(result)),
            lambda _ending: self.found.emit(model, []),
            recipe=model.recipe,
        )
