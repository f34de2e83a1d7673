"""Shares the device between the run and the summarizer: only one of them uses it at a time.

Pauses a run when summaries are wanted, and ends the summarizer's worker when the run continues. Knows no widget.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from gui.look.format import about_text, number_text
from gui.look.language import tr
from gui.workers.run_model import RunModel
from gui.workers.worker_manager import WorkerManager


@dataclass(frozen=True)
class Strip:
    """The strip above the columns: its text, the text of its action, and a log below."""

    text: str
    action: str = ""
    icon: str = ""
    token: str = "warning"
    log: str = ""


class DeviceLock(QObject):
    """Shares the device with the current run.

    Signals: `came` when a run that was to pause rests, `changed` when there is something else to say.
    """

    came = Signal()
    changed = Signal()

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._manager = manager
        self._summarizer = summarizer = manager.summarizer
        self._pausing = False
        self._giving_back = False
        summarizer.changed.connect(self._on_summarizer_changed)
        for signal in (manager.run_started, manager.run_changed, manager.run_ended):
            signal.connect(self._on_device_changed)
        manager.device_changed.connect(self._on_device_changed)

    @property
    def is_ours(self) -> bool:
        return not self._taken and not self._pausing and not self._giving_back

    @property
    def run_is_computing(self) -> bool:
        """Whether a run has the device and was not yet asked to pause."""
        return self._manager.run_holds_device and not self._pausing

    @property
    def _taken(self) -> str:
        """Who else has the device, as a sentence; "" if nobody has."""
        return self._manager.device_text(apart_from="summarize")

    def pause_run(self) -> None:
        """Pause the run; `came` is emitted when it has paused."""
        run = self._manager.current
        if run is not None and run.holds_device and not self._pausing:
            self._pausing = True
            run.pause()
            self.changed.emit()

    def give_back(self) -> None:
        """End the summarizer's worker and continue the run as soon as it has ended."""
        self._giving_back = True
        self._summarizer.close()
        self._on_summarizer_changed()

    def _on_device_changed(self, _run: RunModel | None = None) -> None:
        run = self._manager.current
        if run is None:
            self._giving_back = False
        if self._pausing and (run is None or run.state.paused):
            self._pausing = False
            self.came.emit()
        elif self._taken and not self._pausing and self._summarizer.alive:
            self._giving_back = False
            self._summarizer.close()
        self.changed.emit()

    def _on_summarizer_changed(self) -> None:
        run = self._manager.current
        if self._giving_back and not self._summarizer.alive:
            self._giving_back = False
            if run is not None and run.running and run.state.paused:
                run.go_on()
            self.changed.emit()

    def act(self) -> None:
        strip = self.strip()
        if strip is not None and strip.action:
            if self.run_is_computing:
                self.pause_run()
            else:
                self.give_back()

    def strip(self) -> Strip | None:
        """Return the strip about the device, if there is anything to show."""
        run = self._manager.current
        if self._pausing:
            return Strip(tr("The run pauses after this step, then the summaries start."), icon="pause")
        if run is not None and run.holds_device:
            left = run.state.seconds_left()
            if left is None:
                choice = tr("Pause it to try summaries now, or wait.")
            else:
                choice = tr("Pause it to try summaries now, or wait {time}.", time=about_text(left))
            text = f"{tr('A run is using the device.')} {choice}"
            return Strip(text, tr("Pause training and try now"), "clock")
        if run is not None and run.running:
            step, total = number_text(run.state.step), number_text(run.state.total_steps)
            text = tr("The run is paused at step {step} of {total}.", step=step, total=total)
            return Strip(text, "" if self._giving_back else tr("Continue the run"), "pause")
        if self._taken:
            wait = tr("Wait, or stop it in the queue.")
            return Strip(f"{self._taken} {wait}", icon="clock")
        return None
