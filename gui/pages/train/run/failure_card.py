"""The error card of a run: what failed, what is saved, and the ways to go on: memory fallbacks, or the log.

One primary action that names what it does.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from engine.api import OUT_OF_MEMORY, Ending, MemoryFallback, RunState
from gui.look import style
from gui.look.fonts import font, px
from gui.look.format import bytes_text, number_text
from gui.look.language import mark, tr, translate
from gui.pages.train.run.run_text import what_is_safe
from gui.widgets.cards import ErrorCard, Fallback

LOG_LINES = 9
# The headline by the ending's outcome, or its kind for out-of-memory errors.
AT_STEP = {
    "failed": mark("Failed at step {step}"),
    "crashed": mark("Crashed at step {step}"),
    OUT_OF_MEMORY: mark("Out of memory at step {step}"),
}
BEFORE_FIRST_STEP = {
    "failed": mark("Failed before the first step"),
    "crashed": mark("Crashed before the first step"),
    OUT_OF_MEMORY: mark("Out of memory before the first step"),
}


class FailureCard(ErrorCard):
    """A card for a run that failed or crashed. Signals report presses; `plan_wanted` carries the chosen fallback.

    `plans` are memory fallbacks, None during the search.
    """

    resume_wanted = Signal()
    copy_wanted = Signal()
    plan_wanted = Signal(object)

    def __init__(
        self,
        ending: Ending,
        state: RunState,
        plans: Sequence[MemoryFallback] | None = (),
        parent: QWidget | None = None,
    ) -> None:
        self.can_resume = state.checkpoint is not None
        self.plans = tuple(plans or ())
        super().__init__(
            failure_title(ending, state),
            _text(ending, state, plans),
            [plan_row(plan) for plan in self.plans],
            primary_text=_primary(state, has_fallbacks=bool(plans)),
            second_text=tr("Edit a copy") if self.can_resume or plans else "",
            link_text=tr("Show log") if ending.log_tail else "",
            parent=parent,
            primary_icon="play" if self.can_resume or plans else "edit",
        )
        self.accepted.connect(self._accept)
        self.second.connect(self.copy_wanted)
        self._log = LogView(ending.log_tail)
        # The fallbacks make the log unnecessary.
        self._log.setVisible(bool(ending.log_tail) and not self.plans)
        self.column.insertWidget(2, self._log)

    def _accept(self, chosen: int) -> None:
        if self.plans:
            self.plan_wanted.emit(self.plans[chosen])
        elif self.can_resume:
            self.resume_wanted.emit()
        else:
            self.copy_wanted.emit()


def _text(ending: Ending, state: RunState, plans: Sequence[MemoryFallback] | None) -> str:
    # The hint for a crash or too little memory is replaced by what follows.
    hint = ending.hint if ending.outcome == "failed" and not plans else ""
    searching = tr("Looking for plans that fit.")
    safe = searching if plans is None else what_is_safe(state, plans=bool(plans))
    texts = (translate(ending.message), translate(hint), safe)
    return " ".join(part for part in texts if part)


def plan_row(plan: MemoryFallback) -> Fallback:
    """Return a fallback as texts."""
    return Fallback(
        _changes(plan.title),
        ". ".join(translate(part) for part in plan.detail.split(". ")),
        bytes_text(plan.memory_bytes),
        plan.saving,
        translate(plan.time),
        translate(plan.learning),
    )


def _changes(title: str) -> str:
    """Return the changes of a fallback, of which all but the first begin in lower case."""
    first, *more = title.split(", ")
    texts = [translate(first)]
    for part in more:
        as_first = part[:1].upper() + part[1:]
        translated = translate(as_first)
        texts.append(part if translated == as_first else translated)
    return ", ".join(texts)


def _primary(state: RunState, *, has_fallbacks: bool) -> str:
    if state.checkpoint is None:
        return tr("Start again with this plan") if has_fallbacks else tr("Edit a copy")
    at = number_text(int(state.checkpoint["step"]))
    return (
        tr("Continue from step {step}", step=at) if has_fallbacks else tr("Resume from step {step}", step=at)
    )


def failure_title(ending: Ending, state: RunState) -> str:
    """Return the headline: "Crashed at step 212"."""
    what = OUT_OF_MEMORY if ending.kind == OUT_OF_MEMORY else ending.outcome
    return tr(AT_STEP[what], step=number_text(state.step)) if state.step else tr(BEFORE_FIRST_STEP[what])


class LogView(QPlainTextEdit):
    """The last lines of a worker's log."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setReadOnly(True)
        self.setAccessibleName(tr("Last lines of the log"))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        style.set_property(self, "read_only", "true")
        style.on_style_changed(self._restyle)
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _restyle(self) -> None:
        self.setFont(font("fixed"))
        self.setFixedHeight(px(18) * LOG_LINES + 16)
