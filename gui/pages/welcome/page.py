"""The first-run guide: data, base model, method, run. Every step has a default; the guide can be skipped at any time.

What has one answer is not asked but said. Asks workers for devices and base models and plans the recipe of the choices;
`run_again_requested` requests the run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.api import SAMPLE, AppError, Ending, Problem, Recipe, paths, recipe, run_store
from gui.forms.choosers import ask_for_file, ask_for_folder
from gui.forms.recipe_files import STARTER_FILE
from gui.graphics.drawing import Drawing
from gui.inputs.choices import ChoiceCards
from gui.inputs.fields import ProblemLine
from gui.look import style
from gui.look.fonts import px
from gui.look.language import mark, tr, translate
from gui.pages.labelling.no_summaries import NoSummaries
from gui.pages.train.start_foot import happening_text
from gui.pages.welcome import guide_text
from gui.pages.welcome.guide_text import (
    AUTO,
    METHODS,
    OWN,
    START,
    STARTER_MODEL,
    STEPS,
    OfferedModel,
    guide_recipe,
    offered_models,
)
from gui.shell.page import NARROW, Page
from gui.widgets.buttons import link, plain, primary, quiet
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import FlowBox, Line, Scroll, at_most_so_wide, fill, hbox, vbox
from gui.widgets.text_view import TextView
from gui.workers.engine_thread import AskedJob
from gui.workers.worker_manager import WorkerManager

MARGIN, NARROW_MARGIN = 64, 16
ENGLISH = "en"
INTRO_MARGIN = 64
INTRO_TITLE = mark("Teach a model to summarise your conversations")
INTRO_TEXT = mark(
    "In a few minutes you see the loss fall and the summaries improve. Everything stays on this computer."
)


class WelcomePage(Page):
    """Signals: `run_again_requested(recipe)`, `data_requested(source)` to look at own data, `view_requested(key)`.

    `label_requested([data] values, base model)` to write the summaries of own data.
    """

    run_again_requested = Signal(object)
    data_requested = Signal(str)
    label_requested = Signal(dict, str)
    view_requested = Signal(str)

    def __init__(self, manager: WorkerManager, parent: QWidget | None = None) -> None:
        super().__init__(tr("Welcome"), parent=parent)
        self.header.hide()
        self._manager, self._models_job = manager, AskedJob(self, manager)
        self.planner = manager.new_planner(manager)
        self._starter = recipe.load(paths.presets_folder() / STARTER_FILE)
        self._open, self._asked = "data", False
        self._asks_device = False
        self._device_said = ""
        self._here: list[Mapping[str, Any]] = []
        self._models: tuple[OfferedModel, ...] = (STARTER_MODEL,)
        self._plan_shown: Mapping[str, Any] = {}
        self.left = IntroPane()
        self._edge = Line(vertical=True)
        self.steps = {
            key: Step(tr(title), tr(change), is_last=key == "run")
            for key, (title, change, _) in STEPS.items()
        }
        self.devices, self.data, self.models, self.methods = (ChoiceCards() for _ in range(4))
        self.own_data = OwnData()
        self.back_button = plain(tr("Back"), press=lambda: self._move(-1))
        self.onward_button = primary(tr(START), "arrow-right", press=self._go_on)
        self.skip_button = quiet(tr("Skip the guide"), press=lambda: self.view_requested.emit("home"))
        self._fill()
        content = QWidget()
        style.scale(content, QWidget.setMaximumWidth, 640)
        foot = FlowBox([self.back_button, self.onward_button, self.skip_button])
        vbox(*self.steps.values(), foot, of=content, spacing=0)
        self._scroll = Scroll((MARGIN, 24, MARGIN, 24), spacing=0)
        fill(self._scroll.column, 1, at_most_so_wide(content), 1)
        self.body.addLayout(hbox(self.left, self._edge, (self._scroll, 1), spacing=0), 1)
        self._connect()
        self._show()

    def _fill(self) -> None:
        self.data.offer(guide_text.data_cards(), SAMPLE)
        self.models.offer(guide_text.model_cards(self._models), STARTER_MODEL.id)
        self.methods.offer(guide_text.method_cards(), next(iter(METHODS)))
        for key, part in (
            ("device", self.devices),
            ("data", self.data),
            ("data", self.own_data),
            ("model", self.models),
            ("method", self.methods),
        ):
            self.steps[key].add(part)
        hint = Label(tr("Compare the others in the arena later."), "label", "muted")
        hint.setContentsMargins(0, 8, 0, 0)
        self.steps["method"].add(hint)

    def _connect(self) -> None:
        for key, step in self.steps.items():
            step.change_button.clicked.connect(lambda _on, key=key: self.go_to(key))
        for cards in (self.devices, self.data, self.models, self.methods):
            cards.chosen.connect(lambda _key: self._plan())
        self.data.chosen.connect(lambda key: self.own_data.line.setFocus() if key == OWN else None)
        self.own_data.picked.connect(lambda _source: self._plan())
        self.own_data.page_button.clicked.connect(lambda: self.data_requested.emit(self.own_data.source()))
        self.own_data.no_summaries.write_button.clicked.connect(
            lambda: self.label_requested.emit({"source": self.own_data.source()}, self._model().id)
        )
        self.planner.planned.connect(self._show_plan)
        self.planner.refused.connect(self._show_problems)
        self.planner.unavailable.connect(self._show_ending)
        self._manager.devices.found.connect(self._take_devices)
        self._manager.devices.failed.connect(self._show_ending)
        self.planner.compared.connect(self._show_cost)

    def adapt(self, width: int) -> None:
        """Hide the left pane in a narrow window, and leave less margin."""
        is_wide = width >= px(NARROW)
        self.left.setVisible(is_wide)
        self._edge.setVisible(is_wide)
        side = MARGIN if is_wide else NARROW_MARGIN
        self._scroll.column.setContentsMargins(side, 24, side, 24)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.onward_button.setFocus()
        self._plan()

    def hideEvent(self, event: QHideEvent) -> None:
        """End the plan worker; the Train page has its own."""
        super().hideEvent(event)
        self.planner.rest()

    # What is there

    def shown(self) -> None:
        """Ask for devices and base models when first shown."""
        if not self._asked:
            self._asked = True
            self._manager.devices.want()
            self._models_job.ask("models", {"action": "list"}, self._take_models, self._show_ending)

    def _take_devices(self, found: dict[str, Any]) -> None:
        """Say which device computes; ask only where there are several."""
        chosen = next(each for each in found["devices"] if each["id"] == found["chosen"])
        self._device_said = guide_text.device_text(found, chosen)
        cards = guide_text.device_cards(found, chosen)
        self._asks_device = len(cards) > 1
        self.devices.offer(cards[:3], self.devices.current() or AUTO)
        self.steps["device"].say(self._device_said)
        self._show()
        self._show_run()

    def _take_models(self, found: dict[str, Any]) -> None:
        self._here = [each for each in found["models"] if each.get("family")]
        self._offer_models(ENGLISH)

    def _offer_models(self, language: str) -> None:
        chosen = self._model()
        models = offered_models(self._here, language, chosen)
        if models != self._models:
            self._models = models
            self.models.offer(guide_text.model_cards(models), chosen.id)
            self._show()

    # Navigation

    def _keys(self) -> list[str]:
        hidden = {"device": not self._asks_device, "model": len(self._models) == 1}
        return [key for key in STEPS if not hidden.get(key)]

    def go_to(self, key: str) -> None:
        self._open = key
        self._show()
        self.onward_button.setFocus()

    def _move(self, by: int) -> None:
        keys = self._keys()
        self.go_to(keys[max(0, min(len(keys) - 1, keys.index(self._open) + by))])

    def _go_on(self) -> None:
        wanted = self.recipe() if self._open == "run" else None
        if wanted is not None:
            self.run_again_requested.emit(wanted)
        elif self._open != "run":
            self._move(1)

    def _show(self) -> None:
        keys = self._keys()
        if self._open not in keys:
            self._open = keys[0]
        at = keys.index(self._open)
        for key, step in self.steps.items():
            step.setVisible(key in keys)
            if key in keys:
                own = keys.index(key)
                step.show_state(own + 1, len(keys), is_open=own == at, is_done=own < at)
        self.own_data.setVisible(self._open == "data" and self.data.current() == OWN)
        is_last = at == len(keys) - 1
        self.back_button.setVisible(at > 0)
        self.onward_button.setText(tr(START if is_last else STEPS[keys[at + 1]][2]))
        self.onward_button.set_icon("play" if is_last else "arrow-right")
        self.onward_button.setEnabled(bool(self.source()) and not self.own_data.problem())
        self.onward_button.setVisible(not self._lacks_summaries())

    # The recipe

    def source(self) -> str:
        """Return the chosen conversations, "" if own ones are wanted and not chosen yet."""
        return SAMPLE if self.data.current() == SAMPLE else self.own_data.source()

    def _lacks_summaries(self) -> bool:
        return self.data.current() == OWN and self.own_data.lacks_summaries()

    def _model(self) -> OfferedModel:
        return next(each for each in self._models if each.id == self.models.current())

    def recipe(self, method_id: str = "") -> Recipe | None:
        """Return the recipe of the choices, with another method if given; None while it has problems."""
        choices = (self.source(), method_id or self.methods.current(), self.devices.current() or AUTO)
        try:
            made = guide_recipe(self._starter, self._model(), *choices)
            problems = run_store.problems(made)
        except AppError as error:
            problems = error.problems
        if problems:
            self._show_problems(problems)
            return None
        return made

    def _plan(self) -> None:
        self._plan_shown = {}
        self.own_data.show_problem()
        self._say_choices()
        self._show()
        wanted = self.recipe() if self.source() else None
        if wanted is None:
            self.planner.forget()
            return
        self.planner.plan(wanted)
        others = {name: self.recipe(name) for name in METHODS}
        self.planner.compare({name: one for name, one in others.items() if one is not None})

    def _say_choices(self) -> None:
        source = self.source()
        if source:
            self.steps["data"].say(guide_text.source_text(source, self._plan_shown))
        else:
            self.steps["data"].say(tr("Choose a file or folder, or type a hub id."))
        cards = {card.key: card for card in guide_text.model_cards(self._models)}
        card = cards[self.models.current()]
        self.steps["model"].say(f"{card.title}. {card.line}. {card.small}.")
        self.steps["method"].say(guide_text.method_text(self.methods.current(), self._plan_shown))
        self._show_run()

    def _show_run(self) -> None:
        if not self.source() or self._lacks_summaries():
            self.steps["run"].say("")
            return
        choices = (self.models.current(), self.source(), self.methods.current())
        text = guide_text.run_text(*choices, "" if self._asks_device else self._device_said)
        planned = [happening_text(self._plan_shown), guide_text.warnings_text(self._plan_shown)]
        self.steps["run"].say(" ".join(part for part in (text, *planned) if part))

    def _show_plan(self, plan: dict[str, Any]) -> None:
        self._plan_shown = plan
        language = str((plan.get("readiness") or {}).get("language") or ENGLISH)
        self._offer_models(language)
        unlabelled = plan.get("unlabelled", 0)
        self.own_data.no_summaries.show_source(self.own_data.source(), unlabelled)
        self._say_choices()
        self._show()
        problems = plan.get("problems") or ()
        if problems and not unlabelled:
            self._show_problems([Problem(each["field"], each["message"], each["hint"]) for each in problems])

    def _show_problems(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        message, hint = translate(first.message), translate(first.hint)
        if first.field.startswith("data.") and self.data.current() == OWN:
            self.own_data.show_problem(message, hint)
            self._show()
        self.steps["run"].say(message)

    def _show_ending(self, ending: Ending) -> None:
        self.steps["run"].say(translate(ending.message))

    def _show_cost(self, method_id: str, plan: dict[str, Any]) -> None:
        self.methods.say(method_id, guide_text.cost_text(plan))


class OwnData(QWidget):
    """`picked(source)` for other conversations."""

    picked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.line = QLineEdit()
        self.line.setPlaceholderText(tr("File, folder, or Hugging Face data set"))
        self.line.setAccessibleName(tr("Your conversations"))
        self.file_button, self.folder_button = plain(tr("File…")), plain(tr("Folder…"))
        self._problem = ProblemLine(self)
        self.page_button = link(tr("View in Data sets"))
        self.no_summaries = NoSummaries()
        self.no_summaries.train_wanted.connect(lambda values: self.choose(values["source"]))
        self._picked = ""
        row = hbox((self.line, 1), self.file_button, self.folder_button, spacing=8)
        vbox(
            row, self._problem, self.page_button, self.no_summaries, of=self, margins=(0, 12, 0, 0), spacing=6
        )
        self.page_button.setVisible(False)
        self.line.editingFinished.connect(self._take)
        self.file_button.clicked.connect(lambda: self._ask(ask_for_file))
        self.folder_button.clicked.connect(lambda: self._ask(ask_for_folder))

    def source(self) -> str:
        """Return the chosen source, "" before there is one."""
        return self._picked

    def choose(self, source: str) -> None:
        """Choose a source as if the user had."""
        self.line.setText(source)
        self._take()

    def _ask(self, ask: Callable[[QWidget], str]) -> None:
        found = ask(self)
        if found:
            self.choose(found)

    def _take(self) -> None:
        source = self.line.text().strip()
        if source != self._picked:
            self._picked = source
            self.show_problem()
            self.no_summaries.show_source("", 0)
            self.picked.emit(source)

    def show_problem(self, message: str = "", hint: str = "") -> None:
        """Show why the conversations can't be used; the data page then helps."""
        self._problem.show_problem(message, hint)
        self.page_button.setVisible(bool(message))

    def lacks_summaries(self) -> bool:
        return not self.no_summaries.isHidden()

    def problem(self) -> str:
        return self._problem.text()


class IntroPane(QWidget):
    """Fixed in width; hidden in a narrow window."""

    def __init__(self) -> None:
        super().__init__()
        style.set_background(self, "surface")
        vbox(
            1,
            IconLabel("mark", "accent", 32),
            Label(tr(INTRO_TITLE), "welcome", wrap=True),
            TextView(tr(INTRO_TEXT), token="muted"),
            Drawing("falling-loss"),
            Line(),
            1,
            of=self,
            margins=(INTRO_MARGIN, 24, INTRO_MARGIN - 16, 24),
            spacing=16,
        )
        style.scale(self, QWidget.setFixedWidth, 496)


class Step(QWidget):
    """`change` is the accessible name of the button that opens it again."""

    def __init__(self, title: str, change: str, is_last: bool = False) -> None:
        super().__init__()
        self._number, self._count = 1, 1
        self._is_done = self._is_open = False
        self._title = Label(title, "section")
        self._text = TextView(role="body", token="muted")
        self.change_button = link(tr("Change"))
        self.change_button.setAccessibleName(change)
        self._content = vbox(margins=(0, 8, 0, 0))
        row = hbox(
            (vbox(self._title, self._text, spacing=2), 1), (self.change_button, 0, Qt.AlignmentFlag.AlignTop)
        )
        self._mark, self._line = Label("", "body_semibold"), QWidget()
        self._mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._mark.setProperty("kind", "step")
        style.scale(self._mark, QWidget.setFixedWidth, 28)
        style.scale(self._mark, QWidget.setFixedHeight, 28)
        self._line.setFixedWidth(2)
        self._line.setHidden(is_last)
        side = vbox(
            self._mark, (self._line, 1, Qt.AlignmentFlag.AlignHCenter), spacing=6, margins=(0, 0, 0, 6)
        )
        side.addStretch(0)
        column = vbox(row, self._content, margins=(0, 2, 0, 28), spacing=0)
        hbox(side, (column, 1), of=self, spacing=px(24))
        self._parts: list[QWidget] = []
        self.show_state(1, 1, is_open=False, is_done=False)

    def add(self, part: QWidget) -> None:
        """Add a choice, shown while the step is open."""
        self._parts.append(part)
        self._content.addWidget(part)
        part.setVisible(self._is_open)

    def say(self, text: str) -> None:
        self._text.set_markup(text)
        self._text.setVisible(bool(text))
        self._describe()

    def text(self) -> str:
        return self._text.text()

    def show_state(self, number: int, count: int, *, is_open: bool, is_done: bool) -> None:
        """Open or close the step, which is one of `count`; a finished one has a Change button."""
        self._number, self._count = number, count
        self._is_open, self._is_done = is_open, is_done
        self.change_button.setVisible(is_done and not is_open)
        self._title.set_token("text" if is_open or is_done else "muted")
        filled = is_done and not is_open
        self._mark.setText("✓" if filled else str(number))
        style.set_property(self._mark, "state", "open" if is_open else "done" if filled else "")
        style.set_background(self._line, "accent" if is_done else "line")
        for part in self._parts:
            part.setVisible(is_open)
        self._describe()

    def _describe(self) -> None:
        values = {
            "number": self._number,
            "count": self._count,
            "title": self._title.text(),
            "detail": self._text.text(),
        }
        if self._is_open:
            text = tr("Step {number} of {count}, {title}, open. {detail}", **values)
        elif self._is_done:
            text = tr("Step {number} of {count}, {title}, done. {detail}", **values)
        else:
            text = tr("Step {number} of {count}, {title}, to come. {detail}", **values)
        self.setAccessibleName(text)
