"""Asks what to do with a run when the window is closed: keep training, stop and save, or cancel."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.api import AppError, Ending, run_text
from gui.look.format import percent
from gui.look.language import tr, translate
from gui.pages.train.run_notices import StopStrip
from gui.widgets.buttons import plain, primary
from gui.widgets.growing_dialog import GrowingDialog
from gui.widgets.labels import Label
from gui.widgets.layouts import hbox, vbox
from gui.workers.run_model import RunModel


class QuitDialog(GrowingDialog):
    """`keep_chosen`: close and let the run train on. After "Stop and save" the window waits for the end of the run.

    Meanwhile the dialog shows how long that takes and offers Force, as the Train page does. If the run ends before a
    choice is made, the dialog shows how it ended and offers to quit.
    """

    keep_chosen = Signal()

    def __init__(self, model: RunModel, waiting: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.stopping = False
        self.setWindowTitle(tr("Quit Tunesmith"))
        self._title = Label("", "section")
        self._text = Label("", "body", "muted", wrap=True)
        self.waiting = Label(waiting, "body", "muted", wrap=True)
        self.waiting.setVisible(bool(waiting))
        self.stop_strip = StopStrip()
        self._stops = model.recipe.training.when_window_leaves == "stop"
        # The primary button is what the recipe asks for.
        self.keep_button = (plain if self._stops else primary)(tr("Keep training"))
        self.stop_button = (primary if self._stops else plain)(tr("Stop and save"), "stop")
        self.quit_button = primary(tr("Quit"), press=self._quit)
        self.quit_button.hide()
        self.cancel_button = plain(tr("Cancel"), press=self.reject)
        column = vbox(self._title, self._text, self.waiting, self.stop_strip, of=self, margins=24, spacing=8)
        asked_for = (
            [self.stop_button, self.keep_button] if self._stops else [self.keep_button, self.stop_button]
        )
        row = hbox(*asked_for, self.quit_button, self.cancel_button, 1, spacing=8)
        column.addSpacing(8)
        column.addLayout(row)
        self.setMinimumWidth(440)
        self.keep_button.clicked.connect(self._keep)
        self.stop_button.clicked.connect(self._stop)
        model.ended.connect(self._run_ended)
        state = self._model.state
        if state.total_steps:
            self._title.setText(tr("Training is at {share}.", share=percent(state.fraction_done)))
        else:
            self._title.setText(tr("A run is being prepared."))
        if state.paused:
            goes_on = tr("It is paused; its process keeps running.")
        else:
            goes_on = tr("The run can continue without the window.")
        self._text.setText(f"{goes_on} {tr('It is still here when you reopen Tunesmith.')}")

    def _keep(self) -> None:
        if self._asked(self._model.keep_training):
            self.keep_chosen.emit()

    def _asked(self, ask: Callable[[], None]) -> bool:
        """Send the run a command; show the error if it can't be reached."""
        try:
            ask()
        except AppError as error:
            parts = (tr("The run isn't responding."), translate(error.message), translate(error.hint))
            self._text.setText(" ".join(part for part in parts if part))
            return False
        return True

    def _stop(self) -> None:
        if not self._asked(self._model.stop):
            return
        self.stopping = True
        self._text.setText(tr("Tunesmith quits when the run has stopped."))
        self.keep_button.setEnabled(False)
        self.stop_button.setEnabled(False)
        self.stop_strip.follow(self._model)

    def _run_ended(self, ending: Ending) -> None:
        """Offer to quit; close the window if it was waiting for the run to stop."""
        if self.stopping:
            return
        freed = ending.outcome == "stopped" and self._model.state.device_released
        outcome = run_text.outcome_title("paused" if freed else ending.outcome, ending.kind)
        self._title.setText(translate(outcome))
        self._text.setText(f"{translate(ending.message)} {tr('Tunesmith can quit now.')}".strip())
        for button, shown in ((self.keep_button, False), (self.stop_button, False), (self.quit_button, True)):
            button.setVisible(shown)
        self.quit_button.setDefault(True)
        self.quit_button.setFocus()

    def _quit(self) -> None:
        """Close the window; it asks again if the next run of a queue has started meanwhile."""
        self.accept()
        window = self.parentWidget()
        if window is not None:
            window.close()

    def reject(self) -> None:
        """Cancel: the window stays open."""
        self.stopping = False
        super().reject()
