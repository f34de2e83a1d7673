"""The first-run guide: device, data, method, run. Every step has a default; the guide can be skipped at any time.

Asks a worker for the devices and plans the recipe of the choices; `start_requested` requests the run.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.api import AppError, Ending, Problem, Recipe, method, paths, recipe
from gui.look.fonts import px
from gui.look.format import bytes_text, number_text
from gui.look.language import mark, tr, translate
from gui.pages.train.plan_line import plan_text
from gui.pages.train.recipe_files import STARTER_FILE
from gui.pages.welcome.cards import Card, ChoiceCards
from gui.pages.welcome.intro_pane import IntroPane
from gui.pages.welcome.step import Step
from gui.shell.page import NARROW, Page
from gui.widgets.buttons import plain, primary, quiet
from gui.widgets.labels import Label
from gui.widgets.line import Line
from gui.widgets.scroll import Scroll, at_most_so_wide
from gui.workers.worker_manager import WorkerManager

# The steps by key: title and accessible name of the Change button.
STEPS = {
    "device": (mark("Device"), mark("Change device")),
    "data": (mark("Data"), mark("Change data")),
    "method": (mark("Method"), mark("Change method")),
    "run": (mark("Run"), mark("Change run")),
}
LAST = len(STEPS) - 1
ONWARD = (
    mark("Continue to the data"),
    mark("Continue to the method"),
    mark("Continue to the run"),
    mark("Start the run"),
)
STEPS_WIDTH = 640
# Three different methods, the usual one first.
METHODS = ("lora", "prefix_tuning", "full")
SAMPLE, OWN = "sample", "own"
AUTO = "auto"


class WelcomePage(Page):
    """Signals: `start_requested(recipe)`, `data_requested` to choose other data, `skipped`."""

    start_requested = Signal(object)
    data_requested = Signal()
    skipped = Signal()

    def __init__(self, manager: WorkerManager, parent: QWidget | None = None) -> None:
        super().__init__(tr("Welcome"), parent=parent)
        self.header.hide()
        self._manager = manager
        self._planner = manager.new_planner(manager)
        self._starter = recipe.load(paths.presets_folder() / STARTER_FILE)
        self._at, self._asked = 0, False
        self.left = IntroPane()
        self._edge = Line(vertical=True)
        self.steps = {
            key: Step(at + 1, tr(title), tr(change), is_last=at == LAST)
            for at, (key, (title, change)) in enumerate(STEPS.items())
        }
        self.devices, self.data, self.methods = ChoiceCards(), ChoiceCards(), ChoiceCards()
        self.back_button = plain(tr("Back"))
        self.onward_button = primary(tr(ONWARD[0]), "arrow-right")
        self.skip_button = quiet(tr("Skip the guide"))
        self._fill()
        self._lay_out()
        self._connect()
        self._show()

    def _fill(self) -> None:
        here = Card(AUTO, tr("This computer"), tr("Best device available"), tr("Checking…"))
        self.devices.offer([here], AUTO)
        self.data.offer(_data_cards(), SAMPLE)
        cards = [
            Card(each, translate(method(each).title), translate(method(each).summary)) for each in METHODS
        ]
        self.methods.offer(cards, METHODS[0])
        for key, part in (("device", self.devices), ("data", self.data), ("method", self.methods)):
            self.steps[key].add(part)
        hint = Label(tr("You can compare any others in the arena later."), "label", "ink2")
        hint.setContentsMargins(0, 8, 0, 0)
        self.steps["method"].add(hint)
        self.steps["device"].say(tr("Checking this computer…"))
        self.steps["data"].say(tr("The sample conversations. No download."))

    def _lay_out(self) -> None:
        content = QWidget()
        content.setMaximumWidth(px(STEPS_WIDTH))
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for step in self.steps.values():
            column.addWidget(step)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.back_button)
        foot.addWidget(self.onward_button)
        foot.addStretch(1)
        foot.addWidget(self.skip_button)
        column.addLayout(foot)
        scroll = Scroll((64, 24, 64, 24), spacing=0)
        scroll.column.addStretch(1)
        scroll.column.addLayout(at_most_so_wide(content))
        scroll.column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(0)
        for part in (self.left, self._edge):
            row.addWidget(part)
        row.addWidget(scroll, 1)
        self.body.addLayout(row, 1)

    def _connect(self) -> None:
        for at, step in enumerate(self.steps.values()):
            step.change_wanted.connect(lambda at=at: self.go_to(at))
        self.back_button.clicked.connect(lambda: self.go_to(self._at - 1))
        self.onward_button.clicked.connect(self._go_on)
        self.skip_button.clicked.connect(self.skipped)
        self.data.chosen.connect(self._choose_data)
        self.methods.chosen.connect(lambda _key: self._plan())
        self.devices.chosen.connect(lambda _key: self._plan())
        self._planner.planned.connect(self._show_plan)
        self._planner.refused.connect(self._show_problems)
        self._planner.unavailable.connect(self._show_ending)
        self._planner.counted.connect(self._show_count)

    def adapt(self, width: int) -> None:
        """Hide the left pane in a narrow window."""
        is_wide = width >= px(NARROW)
        self.left.setVisible(is_wide)
        self._edge.setVisible(is_wide)

    def showEvent(self, event: QShowEvent) -> None:
        """Focus the Continue button, and plan the recipe."""
        super().showEvent(event)
        self.onward_button.setFocus()
        self._plan()
        self._planner.count({each: self.recipe_with(each) for each in METHODS})

    def hideEvent(self, event: QHideEvent) -> None:
        """End the plan worker; the Train page has its own."""
        super().hideEvent(event)
        self._planner.rest()

    def shown(self) -> None:
        """Ask for the devices when first shown."""
        if not self._asked:
            self._asked = True
            self._ask_devices()

    def _ask_devices(self) -> None:
        try:
            job = self._manager.ask("devices", {}, parent=self)
        except AppError as error:
            self.steps["device"].say(translate(error.message))
            return
        job.subscribe(
            self,
            result=self._take_devices,
            failed=lambda ending: self.steps["device"].say(translate(ending.message)),
        )

    def _take_devices(self, found: dict[str, Any]) -> None:
        chosen = next(each for each in found["devices"] if each["id"] == found["chosen"])
        name, precision = translate(chosen["name"]), found["precision"]
        if "free_bytes" in chosen:
            size = bytes_text(chosen["free_bytes"])
            text = tr(
                "{name} with {size} of memory free, in {precision}.",
                name=name,
                size=size,
                precision=precision,
            )
        else:
            text = tr("{name}, in {precision}.", name=name, precision=precision)
        self.steps["device"].say(text)
        cards = [
            Card(each["id"], translate(each["name"]), each["id"], _room(each))
            for each in found["devices"]
            if each != chosen
        ]
        best = Card(AUTO, name, tr("Best device available"), _room(chosen))
        self.devices.offer([best, *cards][: len(METHODS)], self.devices.current())

    # Navigation

    def go_to(self, at: int) -> None:
        """Open a step."""
        self._at = min(LAST, max(0, at))
        self._show()

    def _go_on(self) -> None:
        if self._at == LAST:
            self.start_requested.emit(self.recipe())
        else:
            self.go_to(self._at + 1)

    def _choose_data(self, key: str) -> None:
        if key == OWN:
            self.data.offer(_data_cards(), SAMPLE)
            self.data_requested.emit()

    def _show(self) -> None:
        for at, step in enumerate(self.steps.values()):
            step.show_state(is_open=at == self._at, is_done=at < self._at)
        self.back_button.setVisible(self._at > 0)
        self.onward_button.setText(tr(ONWARD[self._at]))
        self.onward_button.set_icon("play" if self._at == LAST else "arrow-right")
        self.onward_button.setFocus()

    # The recipe

    def recipe(self) -> Recipe:
        """Return the recipe of the choices."""
        return self.recipe_with(self.methods.current(), self.devices.current())

    def recipe_with(self, method_id: str, device: str = AUTO) -> Recipe:
        """Return the starter's recipe with another method and its preset."""
        tables = self._starter.as_tables()
        tables["training"]["device"] = device
        if method_id != self._starter.method.id:
            tables["method"] = {"id": method_id}
            tables["name"] = tr(
                "Starter on the sample conversations with {method}", method=translate(method(method_id).title)
            )
            del tables["training"]["learning_rate"]
        return recipe.from_tables(tables)

    def _plan(self) -> None:
        chosen = self.methods.current()
        self.steps["method"].say(f"{translate(method(chosen).title)}. {translate(method(chosen).summary)}.")
        self._planner.plan(self.recipe())

    def _show_plan(self, plan: dict[str, Any]) -> None:
        self.steps["run"].say(plan_text(plan))
        examples = plan.get("examples") or {}
        if examples:
            train, test = (
                number_text(int(examples.get("train", 0))),
                number_text(int(examples.get("test", 0))),
            )
            self.steps["data"].say(
                tr(
                    "The sample conversations: {train} for training, {test} for testing. No download.",
                    train=train,
                    test=test,
                )
            )

    def _show_problems(self, problems: list[Problem]) -> None:
        self.steps["run"].say(translate(problems[0].message))

    def _show_ending(self, ending: Ending) -> None:
        self.steps["run"].say(translate(ending.message))

    def _show_count(self, method_id: str, trainable: int | None) -> None:
        if trainable is not None:
            self.methods.say(method_id, tr("{number} trainable", number=number_text(trainable)))


def _data_cards() -> tuple[Card, ...]:
    return (
        Card(SAMPLE, tr("The sample"), tr("Included with Tunesmith"), tr("No download")),
        Card(OWN, tr("Your own"), tr("Files, chats, the hub"), tr("Chosen on the data page")),
    )


def _room(device: dict[str, Any]) -> str:
    return tr("{size} free", size=bytes_text(device["free_bytes"])) if "free_bytes" in device else ""
