"""The recipe: its form and what it would do, plan and Start; or the recipe of a run, which is fixed.

Knows the form and the text of a plan; its owner starts runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from engine.api import Problem, Recipe, automatic
from gui.core import actions
from gui.core.background_tasks import BackgroundTasks
from gui.forms.form_layout import LEVELS
from gui.forms.recipe_form import RecipeForm
from gui.inputs.fields import SearchField
from gui.look import style
from gui.look.language import tr
from gui.pages.train.effect_panel import EffectPanel
from gui.pages.train.start_foot import StartFoot, computer_names, expected_seconds
from gui.widgets.cards import Card
from gui.widgets.dimming import dim
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import Line, Scroll, hbox, vbox
from gui.widgets.text_view import Mark, TextView
from gui.workers.planner import problem_of
from gui.workers.run_model import RunModel

# The least width of a form.
WIDTH = 344
PREVIEW_HEIGHT = 116
# Of the height, for what is said above Start.
SAID_SHARE = 0.3


class RecipePanel(QWidget):
    """`start_wanted` reports a press, `edited` a changed recipe."""

    start_wanted = Signal()
    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._top = QWidget(self)
        self.search = SearchField(tr("Search settings"), self._top)
        self._scroll = Scroll(margins=(24, 16, 24, 16), parent=self)
        self.effect, self.preview = EffectPanel(), LabelPreview()
        self.form = RecipeForm(self.effect, self.preview, self._scroll.content)
        self.foot = StartFoot()
        self._planned: Mapping[str, Any] | None = None
        self.background = BackgroundTasks(self)
        self.start_button = self.foot.start_button
        self._fixed_icon, self._fixed_text = (
            IconLabel("lock", "muted"),
            Label("", "label", "muted", wrap=True),
        )
        self._fixed_foot = QWidget()
        self._scroll.column.addWidget(self.form)
        vbox(self.search, of=self._top, margins=(24, 16, 24, 8))
        hbox(
            self._fixed_icon,
            (self._fixed_text, 1),
            of=self._fixed_foot,
            margins=(24, 12, 24, 12),
            spacing=8,
        )
        vbox(self._top, (self._scroll, 1), Line(), self.foot, self._fixed_foot, of=self, spacing=0)
        self.search.searched.connect(self.form.search)
        self.start_button.clicked.connect(self.start_wanted)
        self.form.edited.connect(self.edited)
        self.foot.length_wanted.connect(self._choose_length)
        actions.bind(self, "train.start", self.start_button)
        self.set_read_only("")

    def _choose_length(self) -> None:
        """Leave the length to the number of examples."""
        self.form.set_values("training", {"epochs": automatic.AUTOMATIC, "max_steps": 0})

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave most of the height to the form, also with large text and many warnings."""
        super().resizeEvent(event)
        self.foot.said.limit_height(round(SAID_SHARE * self.height()))

    def changeEvent(self, event: QEvent) -> None:
        """Look again at what holds Start when the window comes to the front: files come and go meanwhile."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.check_files()

    def check_files(self) -> None:
        """Look for problems again, and report what has changed."""
        before = self.form.problems()
        if not self.foot.isHidden():
            self.form.check()
            if tuple(self.form.problems()) != before:
                self.edited.emit()

    def set_level(self, level: str) -> None:
        """Show what is basic, or all settings with what the method trains, and a search over them."""
        is_basic = level == LEVELS[0]
        self.search.clear()
        self._top.setHidden(is_basic)
        self.effect.show_details(not is_basic)
        self.preview.show_legend(not is_basic)
        self.form.set_level(level)

    def set_recipe(self, wanted: Recipe) -> None:
        self.form.set_recipe(wanted)
        self.show_problems(self.form.problems())

    def set_read_only(self, why: str, icon_name: str = "lock") -> None:
        """Make the recipe read-only, with the reason at the bottom; "" makes it editable."""
        self.form.set_read_only(bool(why))
        self._fixed_text.setText(why)
        self._fixed_icon.set_icon(icon_name)
        self.foot.setVisible(not why)
        self._fixed_foot.setVisible(bool(why))

    def offer_computers(self) -> None:
        """Offer the other computers that were added."""
        self.background.run(computer_names, self.foot.offer_computers)

    def show_plan_problems(self, plan: Mapping[str, Any]) -> None:
        """Show what prevents a run here; another computer looks for itself.

        That conversations have no summaries yet is no problem, but a step to take first.
        """
        unlabelled = plan.get("unlabelled", 0)
        problems = [problem_of(found) for found in plan.get("problems") or () if not self.foot.computer()]
        self.show_problems([each for each in problems if not unlabelled or each.field != "data.summary"])
        self.foot.show_unlabelled(self._source(), unlabelled)

    def _source(self) -> str:
        return str(self.form.tables()["data"].get("source", ""))

    def show_run(self, model: RunModel) -> None:
        """Show a run's facts, and why its recipe is read-only; this lays out the form again."""
        state = model.state
        if state.started is not None:
            peak = None if model.running else state.peak_memory_bytes or None
            adapter_bytes = (state.adapter or {}).get("bytes")
            self.effect.show_run(state.started, model.recipe.method, adapter_bytes, peak)
            self.form.show_plan(state.started)
        if not model.running:
            self.set_read_only(tr("The recipe of this run"), "check")
            return
        trains = model.recipe.method.method.trains and not state.paused
        self.set_read_only(
            tr("Settings are locked while training")
            if trains
            else tr("Settings are locked while this run is open")
        )

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show problems beside their fields, and why Start is grey beside it."""
        self.form.show_problems(problems)
        self.foot.show_problems(problems)
        if self.foot.no_summaries.source != self._source():
            self.foot.show_unlabelled("", 0)

    def show_busy(self, busy: bool) -> None:
        """Show whether a plan is being made; what the one before said is dimmed."""
        if busy:
            # Its time, which is still looked up, is not to be told.
            self._planned = None
        self.effect.show_busy(busy)
        dim((self.preview,), busy)
        self.foot.show_busy(busy)

    def show_no_plan(self, why: str = "") -> None:
        """Show no plan, since the recipe is invalid or no worker could answer."""
        self._planned = None
        self.effect.show_unknown()
        self.preview.show_tokens(())
        self.foot.say(why)

    def recall_plan(self, known: Mapping[str, Any]) -> None:
        """Show what is known of an earlier plan of this recipe, unless it is that of a run."""
        if not self.foot.isHidden():
            self.show_plan(known)

    def show_plan(self, plan: Mapping[str, Any]) -> None:
        """Show a plan; how long it will take is told once earlier runs were read, off the GUI thread."""
        self.form.show_plan(dict(plan))
        wanted = self.form.recipe()
        trains = wanted is None or wanted.method.method.trains
        self._planned = None
        self.foot.show_plan(plan, trains=trains)
        if wanted is None:
            return
        self.effect.show_plan(plan, wanted.method)
        self.preview.show_tokens((plan.get("learned_preview") or {}).get("pieces") or ())
        if trains:
            self._planned = plan
            steps = int(plan.get("steps") or 0)
            self.background.run(
                lambda: expected_seconds(wanted, steps), lambda seconds: self._show_time(plan, seconds)
            )

    def _show_time(self, plan: Mapping[str, Any], seconds: float | None) -> None:
        """Add the expected time to a plan, unless something else is shown by now."""
        if plan is self._planned and seconds is not None:
            self.foot.show_plan({**plan, "seconds": seconds}, trains=True)


class LabelPreview(Card):
    """The first training example as the model sees it, label tokens marked; hidden if none are trained."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, margin=16, spacing=8)
        self.text = TextView(role="body", token="muted")
        self._legend = Label(tr("marked: what it learns to write"), "label", "muted", wrap=True)
        self._legend.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
        title = Label(tr("What the model reads and learns to write"), "section", wrap=True)
        head = hbox((title, 1), (self._legend, 1))
        scroll = Scroll(margins=(0, 0, 0, 0))
        scroll.column.addWidget(self.text)
        style.scale(scroll, QWidget.setFixedHeight, PREVIEW_HEIGHT)
        # The trained tokens are at the end, so scroll there.
        bar = scroll.verticalScrollBar()
        bar.rangeChanged.connect(lambda _least, most: bar.setValue(most))
        self.column.addLayout(head)
        self.column.addWidget(scroll)
        self.hide()

    def show_legend(self, shown: bool) -> None:
        """Show or hide what the marks are."""
        self._legend.setVisible(shown)

    def show_tokens(self, tokens: Sequence[Sequence[object]]) -> None:
        """Show tokens as (text, is trained) pairs."""
        text = ""
        marks: list[Mark] = []
        for piece, is_label in tokens:
            if is_label:
                if not marks and not text.endswith((" ", "\n")):
                    text += "\n"
                marks.append(Mark(len(text), len(str(piece))))
            text += str(piece)
        # Show before the text is set: a hidden label keeps the size of its earlier text.
        self.setVisible(bool(text))
        self.text.set_text(text, joined(marks))


def joined(marks: Sequence[Mark]) -> list[Mark]:
    made: list[Mark] = []
    for mark in marks:
        if made and made[-1].start + made[-1].length == mark.start:
            made[-1] = Mark(made[-1].start, made[-1].length + mark.length)
        else:
            made.append(mark)
    return made
