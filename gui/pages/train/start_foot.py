"""What stands beside Start: what a run will do, what speaks against it, and why Start is grey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.api import Problem
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field, ProblemLine
from gui.look.format import number_text
from gui.look.language import tr, tr_count, translate
from gui.pages.labelling.no_summaries import NoSummaries
from gui.pages.train.plan_line import plan_text, readiness_text
from gui.pages.train.run.remarks_view import RemarksView
from gui.widgets.buttons import primary
from gui.widgets.cards import NoticeStrip
from gui.widgets.dimming import dim
from gui.widgets.layouts import hbox, vbox
from gui.widgets.scroll import FittedScroll
from gui.widgets.text_view import TextView

# A warning about this field says that a run is too short.
EPOCHS = "training.epochs"


class StartFoot(QWidget):
    """A plan's warnings, the plan in two lines, the first problem, the computer and its cards, and Start.

    In place of Start stands what to do first where the conversations have no summaries yet.

    `computer_chosen` reports another computer, `length_wanted` that a run too short to learn is to be longer.
    """

    computer_chosen = Signal()
    length_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ready, self.happening = (
            TextView(role="label", token="muted"),
            TextView(role="label", token="muted"),
        )
        self._has_plan = False
        self.warnings, self.too_short = RemarksView(), NoticeStrip()
        self.too_short.acted.connect(self.length_wanted)
        self.too_short.hide()
        self._problem = ProblemLine()
        self.no_summaries = NoSummaries()
        self._computers = ComboBox([("", tr("This computer"))])
        self._where = Field(tr("Train on"), self._computers)
        self._where.hide()
        self._cards = ComboBox([])
        self._how_many = Field(tr("Cards"), self._cards)
        self.offer_cards(1)
        self.start_button = primary(tr("Start"), "play")
        self._computers.chosen.connect(lambda _name: self.computer_chosen.emit())
        self.said = FittedScroll((24, 12, 24, 4), spacing=8)
        for part in (self.warnings, self.too_short, self.ready, self.happening):
            self.said.column.addWidget(part)
        below = vbox(
            hbox((self._where, 2), (self._how_many, 1), spacing=12),
            self._problem,
            self.no_summaries,
            self.start_button,
            margins=(24, 4, 24, 16),
            spacing=8,
        )
        vbox(self.said, below, of=self, spacing=0)
        self.ready.hide()

    def offer_computers(self, names: Sequence[str]) -> None:
        """Offer other computers; one that is gone is no longer chosen."""
        before = self.computer()
        self._computers.set_items([("", tr("This computer")), *((name, name) for name in names)])
        self._where.setVisible(bool(names))
        if self.computer() != before:
            self.computer_chosen.emit()

    def computer(self) -> str:
        """Return the name of the computer that is to train, "" for this one."""
        return self._computers.key()

    def offer_cards(self, most: int) -> None:
        """Offer up to so many cards of one node of the chosen computer."""
        self._cards.set_items([(str(count), number_text(count)) for count in range(1, most + 1)])
        self._how_many.setVisible(most > 1)

    def cards(self) -> int:
        """Return how many cards of the chosen computer a run takes."""
        return int(self._cards.key())

    def place(self) -> tuple[str, int]:
        """Return the computer that is to train, and how many of its cards a run takes."""
        return self.computer(), self.cards()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show why Start is grey: the first problem, and how many more there are. Any problem disables Start."""
        message, hint = "", ""
        if problems:
            message, hint = translate(problems[0].message), translate(problems[0].hint)
        if others := len(problems) - 1:
            more = tr_count(others, "{n} more problem above.", "{n} more problems above.")
            hint = f"{hint} {more}".strip() if problems else ""
        self._problem.show_problem(message, hint)
        self.start_button.setEnabled(not problems)

    def show_unlabelled(self, source: str, count: int) -> None:
        """Offer to write the summaries of a source, in place of Start; `count` conversations lack them."""
        self.no_summaries.show_source(source, count)
        self.start_button.setVisible(not count)

    def show_waits(self, waits: bool) -> None:
        """Show whether a run would start now, or wait for its turn."""
        self.start_button.setText(tr("Add to queue") if waits else tr("Start"))
        self.start_button.set_icon("plus" if waits else "play")

    def show_busy(self, busy: bool) -> None:
        """Show that a plan is being made, and dim the one before."""
        dim((self.warnings, self.too_short, self.happening), busy and self._has_plan)
        # As high as before, so that nothing moves.
        self.ready.setMinimumHeight(self.ready.height() if busy and self.ready.isVisible() else 0)
        if busy and self._has_plan:
            self.ready.set_markup(tr("Updating…"))
            self.ready.show()
        elif busy:
            self._show(tr("Checking the base model and the data…"), "", ())

    def say(self, text: str) -> None:
        """Show another text in place of the plan."""
        self._has_plan = False
        self.show_busy(False)
        self._show(text, "", ())

    def show_plan(self, plan: Mapping[str, Any], *, trains: bool) -> None:
        """Show a plan, its readiness and its warnings."""
        self._has_plan = True
        self.show_busy(False)
        warnings = [notice for notice in plan.get("notices") or () if notice.get("level") == "warning"]
        short = next((each for each in warnings if each.get("field") == EPOCHS), None)
        others = [each for each in warnings if each is not short]
        self._show(plan_text(plan, trains=trains), readiness_text(plan, trains=trains), others)
        if short is not None:
            self.too_short.show_notice(translate(short["message"]), tr("Train longer"), "warning")

    def _show(self, happening: str, ready: str, warnings: Sequence[dict[str, Any]]) -> None:
        for label, text in ((self.ready, ready), (self.happening, happening)):
            label.set_markup(text)
            label.setVisible(bool(text))
        self.warnings.show_notices(warnings)
        self.too_short.hide()
