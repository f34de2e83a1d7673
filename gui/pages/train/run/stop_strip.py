"""The strip of a stopping run: what it still does, for how long, and a button to force it."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from gui.look.format import duration_text
from gui.look.language import tr
from gui.widgets.cards import NoticeStrip
from gui.workers.run_model import RunModel

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
        self.hide()

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
        what = tr("Finishing the step, {time}.", time=duration_text(float(round(left))))
    else:
        so_far = duration_text(float(round(waited_seconds)))
        what = tr("Finishing the current work, {time} so far.", time=so_far)
    text = f"{what} {tr('Then a checkpoint and the adapter are saved.')}"
    if waited_seconds < INSIST_AFTER_SECONDS:
        return text
    checkpoint = model.state.checkpoint
    if checkpoint is None:
        return f"{text} {tr('Force ends the run now and loses all training so far.')}"
    lost = tr(
        "Force ends the run now and loses the steps after the checkpoint at step {step}.",
        step=checkpoint["step"],
    )
    return f"{text} {lost}"
