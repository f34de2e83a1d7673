"""What a run says beside its curve: the card of a failure, the strip of a stopping run, and its remarks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from engine.api import Ending, Event, MemoryFallback, RunState, run_text
from gui.look import style
from gui.look.fonts import px
from gui.look.format import duration_text, number_text
from gui.look.language import sentences, tr, tr_count, translate
from gui.pages.train.run_text import what_is_safe
from gui.widgets.cards import ErrorCard, NoticeStrip
from gui.widgets.layouts import vbox
from gui.workers.run_model import RunModel

LOG_LINES = 9


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
            translate(run_text.failure_title(ending, state)),
            _text(ending, state, plans),
            self.plans,
            primary_text=_primary(state, has_fallbacks=bool(plans)),
            second_text=tr("New run from these settings") if self.can_resume or plans else "",
            link_text=tr("Show log") if ending.log_tail else "",
            parent=parent,
            primary_icon="play" if self.can_resume or plans else "edit",
        )
        self.accepted.connect(self._accept)
        self.second.connect(self.copy_wanted)
        self.log = LogView(ending.log_tail)
        # The fallbacks make the log unnecessary.
        self.log.setVisible(bool(ending.log_tail) and not self.plans)
        self.column.insertWidget(2, self.log)

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
    safe = searching if plans is None else what_is_safe(state, has_fallbacks=bool(plans))
    texts = (translate(ending.message), translate(hint), safe)
    return " ".join(part for part in texts if part)


def _primary(state: RunState, *, has_fallbacks: bool) -> str:
    if state.checkpoint is None:
        return tr("Start again with this plan") if has_fallbacks else tr("New run from these settings")
    at = number_text(int(state.checkpoint["step"]))
    return (
        tr("Continue from step {step}", step=at) if has_fallbacks else tr("Resume from step {step}", step=at)
    )


class LogView(QPlainTextEdit):
    """The last lines of a worker's log."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setReadOnly(True)
        self.setAccessibleName(tr("Last lines of the log"))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        style.set_property(self, "read_only", "true")
        style.set_font(self, "fixed")
        style.on_style_changed(self._restyle)
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _restyle(self) -> None:
        self.setFixedHeight(px(18) * LOG_LINES + 16)


INSIST_AFTER_SECONDS = 2.0
POLL_MILLISECONDS = 250


class StopStrip(NoticeStrip):
    """Hidden unless a run was asked to stop; offers Force after two seconds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._model: RunModel | None = None
        self._clock = QTimer(self)
        self._clock.setInterval(POLL_MILLISECONDS)
        self._clock.timeout.connect(self._look)
        self.acted.connect(self._force)

    def follow(self, model: RunModel | None) -> None:
        """Follow a run; None follows none."""
        self._model = model
        if model is not None and model.stopping:
            self._look()
            self._clock.start()
        else:
            self._clock.stop()
            self.hide()

    def _look(self) -> None:
        model = self._model
        if model is None or model.stop_asked_at is None or not model.running:
            self._clock.stop()
            self.hide()
            return
        waited = time.monotonic() - model.stop_asked_at
        insist = tr("Force") if waited >= INSIST_AFTER_SECONDS else ""
        self.show_notice(stop_text(model, waited), insist, "clock")

    def _force(self) -> None:
        if self._model is not None:
            self._model.force()


def stop_text(model: RunModel, waited_seconds: float) -> str:
    """Return what a stopping run does and for how long: "Finishing the step, 20 s. Then ..."."""
    left = model.step_seconds_left() if model.state.stage == "train" else None
    if left is not None and left >= 1:
        what = tr("Finishing the step ({time}).", time=duration_text(float(round(left))))
    else:
        so_far = duration_text(float(round(waited_seconds)))
        what = tr("Finishing the current work ({time}).", time=so_far)
    text = f"{what} {tr('Then checkpoint and adapter are saved.')}"
    if waited_seconds < INSIST_AFTER_SECONDS:
        return text
    checkpoint = model.state.checkpoint
    if checkpoint is None:
        return f"{text} {tr('Force ends the run now and loses its training.')}"
    lost = tr("Force ends the run now and loses the steps after step {step}.", step=checkpoint["step"])
    return f"{text} {lost}"


# Of a run with more, the newest are unfolded.
MAX_UNFOLDED = 50


class RemarksView(QWidget):
    """Shows a run's notices, folded if there are several."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = NoticeStrip()
        self.line.acted.connect(self._turn)
        self.strips: list[NoticeStrip] = []
        self._unfolded = False
        self._remarks: list[Event] = []
        self._column = vbox(self.line, of=self, spacing=8)
        self.hide()

    def begin(self) -> None:
        """Fold, for another run."""
        self._unfolded, self._remarks = False, []
        self._show()

    def show_notices(self, notices: Sequence[Event]) -> None:
        """Show the notices of a run so far."""
        remarks = distinct(notices)
        if remarks != self._remarks:
            self._remarks = remarks
            self._show()

    def _turn(self) -> None:
        self._unfolded = not self._unfolded
        self._show()

    def _show(self) -> None:
        remarks = self._remarks
        several = len(remarks) > 1
        self.setVisible(bool(remarks))
        self.line.setVisible(several)
        if several:
            action = tr("Hide") if self._unfolded else tr("Show")
            warns = any(_is_warning(each) for each in remarks)
            self.line.show_notice(_folded_text(remarks), action, "warning" if warns else "info")
        shown = remarks[-MAX_UNFOLDED:] if self._unfolded or not several else []
        while len(self.strips) < len(shown):
            self.strips.append(NoticeStrip())
            self._column.addWidget(self.strips[-1])
        for strip in self.strips[len(shown) :]:
            strip.hide()
        for strip, remark in zip(self.strips, shown, strict=False):
            strip.show_notice(
                sentences(remark["message"], remark.get("hint", "")),
                icon_name="warning" if _is_warning(remark) else "info",
            )


def distinct(notices: Sequence[Event]) -> list[Event]:
    """Return each notice once, where it was said last: a resumed run says some again."""
    last: dict[tuple[Any, Any], Event] = {}
    for notice in notices:
        key = (notice["message"], notice.get("hint", ""))
        last.pop(key, None)
        last[key] = notice
    return list(last.values())


def _folded_text(remarks: Sequence[Event]) -> str:
    count = tr_count(len(remarks), "{n} remark", "{n} remarks")
    return tr("{count}. Latest: {message}", count=count, message=translate(remarks[-1]["message"]))


def _is_warning(remark: Event) -> bool:
    return remark.get("level") == "warning"
