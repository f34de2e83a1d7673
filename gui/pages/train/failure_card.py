"""What went wrong in a run, what is safe, and the ways on: smaller plans where memory did not suffice, else the log.

One primary action that names what it does.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from engine.api import OUT_OF_MEMORY, Ending, RunState, SmallerPlan
from gui.look import style
from gui.look.format import number
from gui.look.type import font, px
from gui.pages.train.words import what_is_safe
from gui.widgets.cards import ErrorCard, Plan

LOG_LINES = 9


class FailureCard(ErrorCard):
    """For a run that failed or crashed; the signals tell what was pressed, `plan_wanted` with the chosen plan.

    `plans` are ways to go on with less memory, None while they are looked for.
    """

    resume_wanted = Signal()
    copy_wanted = Signal()
    plan_wanted = Signal(object)

    def __init__(
        self,
        ending: Ending,
        state: RunState,
        plans: Sequence[SmallerPlan] | None = (),
        parent: QWidget | None = None,
    ) -> None:
        self.can_resume = state.checkpoint is not None
        self.plans = tuple(plans or ())
        super().__init__(
            failure_title(ending, state),
            _text(ending, state, plans),
            [_row(plan) for plan in self.plans],
            primary_text=_primary(state, has_plans=bool(plans)),
            second_text="Edit a copy" if self.can_resume or plans else "",
            link_text="Show log" if ending.log_tail else "",
            parent=parent,
            primary_icon="play" if self.can_resume or plans else "edit",
        )
        self.accepted.connect(self._accept)
        self.second.connect(self.copy_wanted)
        self._log = LogView(ending.log_tail)
        # Who chooses among plans needs no log.
        self._log.setVisible(bool(ending.log_tail) and not self.plans)
        self.column.insertWidget(2, self._log)

    def _accept(self, chosen: int) -> None:
        if self.plans:
            self.plan_wanted.emit(self.plans[chosen])
        elif self.can_resume:
            self.resume_wanted.emit()
        else:
            self.copy_wanted.emit()


def _text(ending: Ending, state: RunState, plans: Sequence[SmallerPlan] | None) -> str:
    # What to do about a crash, or about too little memory, is what comes behind.
    hint = ending.hint if ending.outcome == "failed" and not plans else ""
    safe = "Smaller plans are being looked for." if plans is None else what_is_safe(state, plans=bool(plans))
    return " ".join(part for part in (html.escape(ending.message), html.escape(hint), safe) if part)


def _row(plan: SmallerPlan) -> Plan:
    return Plan(plan.title, plan.detail, plan.memory, plan.saving, plan.time, plan.learning)


def _primary(state: RunState, *, has_plans: bool) -> str:
    if state.checkpoint is None:
        return "Start again with this plan" if has_plans else "Edit a copy"
    at = number(int(state.checkpoint["step"]))
    return f"Continue from step {at}" if has_plans else f"Resume from step {at}"


def failure_title(ending: Ending, state: RunState) -> str:
    """Return the headline: "Crashed at step 212"."""
    word = "Out of memory" if ending.kind == OUT_OF_MEMORY else ending.outcome.capitalize()
    return f"{word} at step {number(state.step)}" if state.step else f"{word} before the first step"


class LogView(QPlainTextEdit):
    """The last lines of a worker's log."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setReadOnly(True)
        self.setAccessibleName("Last lines of the log")
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        style.set_property(self, "fixed", "true")
        style.follow(self._restyle)
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _restyle(self) -> None:
        self.setFont(font("fixed"))
        self.setFixedHeight(px(18) * LOG_LINES + 16)
