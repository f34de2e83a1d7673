"""What another computer keeps that no run there needs: listed when asked for, and removed if a person wants that."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.api import AppError, Computer, Ending
from gui.look.language import tr, translate
from gui.pages.computers import computer_text
from gui.widgets.buttons import link
from gui.widgets.labels import Label
from gui.workers.active_job import ActiveJob
from gui.workers.worker_manager import WorkerManager


class KeptPart(QWidget):
    """Hidden until `look` is called."""

    def __init__(self, computer: Computer, manager: WorkerManager, parent: QWidget) -> None:
        super().__init__(parent)
        self._name, self._manager, self._job = computer.name, manager, ActiveJob(self)
        self.text = Label("", "body", "ink", wrap=True, selectable=True)
        self.remove_button = link(tr("Remove them"))
        self.remove_button.setAccessibleDescription(computer.name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.text, 1)
        row.addWidget(self.remove_button)
        self.remove_button.clicked.connect(lambda: self._ask(remove=True))
        self.hide()

    def look(self) -> None:
        """Ask the computer what it keeps; takes seconds."""
        self._ask(remove=False)

    def _ask(self, *, remove: bool) -> None:
        self._job.cancel()
        self._say(tr("Removing…") if remove else tr("Looking…"))
        try:
            thread = self._manager.ask("clear_computer", {"name": self._name, "remove": remove}, parent=self)
        except AppError as error:
            self._say(translate(f"{error.message} {error.hint}"))
            return
        self._job.take(thread, self._end, events=lambda _events: None, result=self._take)

    def _take(self, result: dict[str, Any]) -> None:
        self._job.disconnect()
        self._say(computer_text.kept_text(result), removable=bool(result["bytes"]) and not result["removed"])

    def _end(self, ending: Ending) -> None:
        """Show why there was no answer."""
        self._say(translate(f"{ending.message} {ending.hint}".strip()))

    def _say(self, text: str, *, removable: bool = False) -> None:
        self.text.setText(text)
        self.remove_button.setVisible(removable)
        self.show()
