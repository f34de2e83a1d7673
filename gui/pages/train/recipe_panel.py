"""The left pane of the train page: level, form, plan and Start; or the recipe of a run.

Knows the form and the text of a plan; its owner starts runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.api import Problem, Recipe, offline
from gui.core import actions
from gui.core.background_tasks import BackgroundTasks
from gui.forms.field_grid import LEVELS
from gui.forms.recipe_form import RecipeForm
from gui.inputs.fields import ProblemLine
from gui.inputs.segmented_control import SegmentedControl
from gui.look import style
from gui.look.fonts import px
from gui.look.format import duration_text
from gui.look.language import mark, tr, tr_count, translate
from gui.pages.train.method.effect_panel import EffectPanel
from gui.pages.train.run.expected_time import expected_seconds
from gui.widgets.buttons import plain, primary
from gui.widgets.labels import IconLabel, Label, RichLabel
from gui.widgets.line import Line
from gui.widgets.scroll import Scroll
from gui.workers.run_model import RunModel

WIDTH = 344
LEVEL_TITLES = {"essential": mark("Essential"), "more": mark("More"), "everything": mark("Everything")}


class RecipePanel(QWidget):
    """`start_wanted` and `copy_wanted` report presses, `edited` reports a changed recipe."""

    start_wanted = Signal()
    copy_wanted = Signal()
    edited = Signal()
    level_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        style.ground(self, "surface")
        levels = [(level, tr(LEVEL_TITLES[level])) for level in LEVELS]
        self._levels = SegmentedControl(levels, stretch=True, name=tr("Fields shown"), parent=self)
        self._scroll = Scroll(margins=(24, 0, 24, 16), parent=self)
        self.effect = EffectPanel()
        self.form = RecipeForm(self.effect, self._scroll.content)
        self._happening = RichLabel("", "label", "ink2")
        self._planned: Mapping[str, Any] | None = None
        self._background = BackgroundTasks(self)
        self._problem = ProblemLine()
        self.start_button = primary(tr("Start"), "play")
        self.copy_button = plain(tr("Edit a copy"))
        self._fixed_icon, self._fixed_text = IconLabel("lock", "ink2"), Label("", "label", "ink2", wrap=True)
        self._start_foot, self._fixed_foot = QWidget(), QWidget()
        self._lay_out()
        self._connect()
        self.set_fixed("")

    def _lay_out(self) -> None:
        self._scroll.column.addWidget(self.form)
        top = QVBoxLayout()
        top.setContentsMargins(24, 16, 24, 12)
        top.addWidget(self._levels)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self._scroll, 1)
        column.addWidget(Line())
        start = QVBoxLayout(self._start_foot)
        start.setContentsMargins(24, 12, 24, 16)
        start.setSpacing(12)
        for part in (self._happening, self._problem, self.start_button):
            start.addWidget(part)
        fixed = QHBoxLayout(self._fixed_foot)
        fixed.setContentsMargins(24, 12, 24, 12)
        fixed.setSpacing(8)
        fixed.addWidget(self._fixed_icon)
        fixed.addWidget(self._fixed_text, 1)
        fixed.addWidget(self.copy_button)
        column.addWidget(self._start_foot)
        column.addWidget(self._fixed_foot)

    def _connect(self) -> None:
        self._levels.currentChanged.connect(self._set_level)
        self.start_button.clicked.connect(self.start_wanted)
        self.copy_button.clicked.connect(self.copy_wanted)
        self.form.edited.connect(self.edited)
        actions.bind(self, "train.start", self.start_button)

    def set_wide(self, wide: bool) -> None:
        """Keep the width beside the run, or take the full width."""
        self.setMinimumWidth(px(WIDTH))
        self.setMaximumWidth(px(WIDTH) if wide else 16_777_215)

    def set_level(self, level: str) -> None:
        """Show another level of fields."""
        self._levels.set_current(level)
        self._set_level(level)

    def _set_level(self, level: str) -> None:
        self.form.set_level(level)
        self.level_chosen.emit(level)

    def set_recipe(self, wanted: Recipe) -> None:
        """Show a recipe."""
        self.form.set_recipe(wanted)
        self.show_problems(self.form.problems())

    def set_fixed(self, why: str, icon_name: str = "lock") -> None:
        """Make the recipe read-only, with the reason at the bottom; "" makes it editable."""
        self.form.set_fixed(bool(why))
        self._fixed_text.setText(why)
        self._fixed_icon.set_icon(icon_name)
        self._start_foot.setVisible(not why)
        self._fixed_foot.setVisible(bool(why))

    def show_run(self, model: RunModel) -> None:
        """Show a run's facts, and why its recipe is read-only; this lays out the form again."""
        state = model.state
        if state.started is not None:
            peak = None if model.running else state.peak_memory_bytes or None
            adapter_bytes = (state.adapter or {}).get("bytes")
            self.effect.show_run(state.started, model.recipe.method, adapter_bytes, peak)
            self.form.show_plan(state.started)
        if not model.running:
            self.set_fixed(tr("The recipe of this run"), "check")
            return
        trains = model.recipe.method.method.trains and not state.paused
        self.set_fixed(
            tr("Read-only while this run is training") if trains else tr("Read-only while this run is open")
        )

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show problems beside their fields, and the others at the bottom. Any problem disables Start."""
        homeless = self.form.show_problems(problems)
        hidden = [problem for problem in problems if problem not in homeless and not self._is_seen(problem)]
        first = (homeless + hidden)[:1]
        message, hint = (translate(first[0].message), translate(first[0].hint)) if first else ("", "")
        self._problem.show_problem(message, hint)
        self.start_button.setEnabled(not problems)

    def _is_seen(self, problem: Problem) -> bool:
        if problem.field in {"method", "method.id", "method.start_from"}:
            return True
        return self.form.field(problem.field).around.isVisibleTo(self.form)

    def show_busy(self, busy: bool) -> None:
        """Show that the first plan is being made; later plans replace the shown one when ready."""
        if busy and not self._happening.text():
            self._happening.setText(tr("Checking the base model and the data…"))

    def say(self, text: str) -> None:
        """Show another text in place of the plan."""
        self._planned = None
        self._happening.setText(text)
        self._happening.setVisible(bool(text))

    def show_no_plan(self) -> None:
        """Show no plan, since the recipe is invalid."""
        self.effect.show_unknown()
        self.say("")

    def show_plan(self, plan: Mapping[str, Any]) -> None:
        """Show a plan; how long it will take is told once earlier runs were read, off the GUI thread."""
        self.form.show_plan(dict(plan))
        wanted = self.form.recipe()
        trains = wanted is None or wanted.method.method.trains
        self.say(plan_text(plan, trains=trains))
        if wanted is None:
            return
        self.effect.show_plan(plan, wanted.method)
        if trains:
            self._planned = plan
            steps = int(plan.get("steps") or 0)
            self._background.run(
                lambda: expected_seconds(wanted, steps), lambda seconds: self._show_time(plan, seconds)
            )

    def _show_time(self, plan: Mapping[str, Any], seconds: float | None) -> None:
        """Add the expected time to a plan, unless something else is shown by now."""
        if plan is self._planned and seconds is not None:
            self.say(plan_text({**plan, "seconds": seconds}))


def plan_text(plan: Mapping[str, Any], *, trains: bool = True) -> str:
    """Return what a run of the planned recipe will do, the main facts in bold."""
    happening = _steps_text(plan) if trains else _scoring_text(plan)
    return " ".join(part for part in (happening, missing_text(plan.get("missing") or ())) if part)


def _steps_text(plan: Mapping[str, Any]) -> str:
    steps = int(plan.get("steps") or 0)
    if not steps:
        return ""
    seconds, time_limit = plan.get("seconds"), 60 * float(plan.get("max_minutes") or 0)
    if time_limit and (not seconds or seconds > time_limit):
        happening = tr_count(
            steps,
            "<b>{n} step</b>, or as many as fit into <b>{time}</b>.",
            "<b>{n} steps</b>, or as many as fit into <b>{time}</b>.",
            time=duration_text(time_limit),
        )
    elif seconds:
        happening = tr_count(
            steps,
            "<b>{n} step</b> in about <b>{time}</b>.",
            "<b>{n} steps</b> in about <b>{time}</b>.",
            time=duration_text(seconds),
        )
    else:
        happening = tr_count(steps, "<b>{n} step</b>.", "<b>{n} steps</b>.")
    return f"{happening} {tr('The base model is scored first, so you will see what was gained.')}"


def _scoring_text(plan: Mapping[str, Any]) -> str:
    notices = [translate(notice["message"]) for notice in plan.get("notices") or ()]
    return " ".join(notices) or tr(
        "<b>Nothing is trained.</b> The base model is scored with the plain prompt, then with this one."
    )


def missing_text(names: Sequence[str]) -> str:
    """Return what a run would download first; "" if nothing, or if it is a problem because Tunesmith is offline."""
    if not names or offline():
        return ""
    listed = reduce(lambda before, name: tr("{before} and {name}", before=before, name=name), names)
    return tr_count(
        len(names),
        "{listed} is not on this computer yet. Start shows the size of the download and asks first.",
        "{listed} are not on this computer yet. Start shows the size of the download and asks first.",
        listed=listed,
    )
