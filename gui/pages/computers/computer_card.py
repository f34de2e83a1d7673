"""The card of another computer: how it is reached, what it has, and what runs there."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.api import AppError, Computer, Ending
from gui.look.language import tr, translate
from gui.pages.computers import computer_text
from gui.pages.computers.computer_text import STATES, Facts
from gui.widgets.buttons import link
from gui.widgets.cards import Card
from gui.widgets.labels import ElidedLabel, IconLabel, Label
from gui.widgets.layouts import Line, hbox, vbox
from gui.workers.active_job import ActiveJob
from gui.workers.worker_manager import WorkerManager


class ComputerCard(Card):
    """One computer, asked in a process of its own. `answered` reports a new state."""

    answered = Signal()
    remove_wanted = Signal()

    def __init__(self, computer: Computer, manager: WorkerManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.computer = computer
        self.state = "unknown"
        self._manager, self._job = manager, ActiveJob(self)
        self._icon, self._state = IconLabel("info"), Label("", "label", "muted")
        self.ask_button, self.remove_button = link(tr("Ask")), link(tr("Remove"))
        self.free_button = link(tr("Free space…"))
        self.free_button.setToolTip(tr("Lists base models and data that it keeps and no run needs."))
        self.kept = KeptPart(computer, manager, self)
        self.problem = Label("", "body", "text", wrap=True, selectable=True)
        self._nodes = vbox(spacing=8)
        self._parts: list[QWidget] = []
        self.runs = Label("", "body", "muted", wrap=True)
        self._lay_out()
        self.ask_button.clicked.connect(self._ask_or_cancel)
        self.free_button.clicked.connect(self.kept.look)
        self.remove_button.clicked.connect(self.remove_wanted)
        self._show_state("unknown")

    def _lay_out(self) -> None:
        buttons = self.ask_button, self.free_button, self.remove_button
        head = hbox(
            IconLabel("device", "muted", 20),
            Label(self.computer.name, "title"),
            (ElidedLabel(self.computer.destination, "label", "muted"), 1),
            self._icon,
            self._state,
            *buttons,
            spacing=12,
        )
        for button in buttons:
            button.setAccessibleDescription(self.computer.name)
        self.column.addLayout(head)
        self.column.addWidget(self.problem)
        self.column.addLayout(self._nodes)
        self.column.addWidget(self.runs)
        self.column.addWidget(self.kept)
        self.problem.hide()
        self.runs.hide()
        self.setAccessibleName(self.computer.name)

    def ask(self) -> None:
        """Ask the computer what it has; takes seconds, or half a minute where it does not answer."""
        self._job.cancel()
        try:
            thread = self._manager.ask("computers", {"names": [self.computer.name]}, parent=self)
        except AppError as error:
            self._fail(f"{error.message} {error.hint}")
            return
        self._show_state("asking")
        self._job.take(thread, self._end, events=lambda _events: None, result=self._take)

    def _ask_or_cancel(self) -> None:
        if self._job.cancel():
            self._show_state("unknown")
        else:
            self.ask()

    def _take(self, result: dict[str, Any]) -> None:
        self._job.disconnect()
        [facts] = result["computers"]
        self.problem.setText(computer_text.problem_text(facts))
        self.problem.setVisible(bool(facts["problem"]))
        self._clear_nodes()
        for node in facts["nodes"]:
            self._parts += (Line(), _NodeRow(node))
        for part in self._parts:
            self._nodes.addWidget(part)
        self.runs.setText(computer_text.runs_text(facts["entries"]))
        self.runs.setVisible(facts["reachable"])
        self._show_state(computer_text.state_of(facts))

    def _end(self, ending: Ending) -> None:
        """Show why the question had no answer."""
        self._fail(f"{ending.message} {ending.hint}")

    def _fail(self, why: str) -> None:
        self._clear_nodes()
        self.runs.hide()
        self.problem.setText(translate(why.strip()) or tr("The worker reported nothing."))
        self.problem.show()
        self._show_state("unreachable")

    def _clear_nodes(self) -> None:
        for widget in self._parts:
            self._nodes.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._parts = []

    def _show_state(self, state: str) -> None:
        self.state = state
        icon, token, text = STATES[state]
        self._icon.set_icon(icon, token)
        self._state.setText(tr(text))
        self.ask_button.setText(tr("Cancel") if state == "asking" else tr("Ask"))
        self.setAccessibleDescription(f"{tr(text)}. {self.problem.text()}".strip())
        self.answered.emit()


class _NodeRow(QWidget):
    """One node of a cluster."""

    def __init__(self, node: Facts) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        icon, token, word = STATES["ready" if node["fits"] else "unfit"]
        mark = IconLabel(icon, token)
        mark.setAccessibleName(tr(word))
        row.addWidget(mark, alignment=Qt.AlignmentFlag.AlignTop)
        column = vbox(
            Label(computer_text.node_title(node), "body_medium", wrap=True, selectable=True), spacing=2
        )
        about = computer_text.node_text(node)
        if about:
            column.addWidget(Label(about, "label", "muted", wrap=True, selectable=True))
        for remark in computer_text.node_remarks(node):
            column.addWidget(Label(remark, "body", "text", wrap=True, selectable=True))
        row.addLayout(column, 1)


class KeptPart(QWidget):
    """What the computer keeps that no run there needs, to be removed if a person wants that; hidden until `look`."""

    def __init__(self, computer: Computer, manager: WorkerManager, parent: QWidget) -> None:
        super().__init__(parent)
        self._name, self._manager, self._job = computer.name, manager, ActiveJob(self)
        self.text = Label("", "body", "text", wrap=True, selectable=True)
        self.remove_button = link(tr("Remove them"))
        self.remove_button.setAccessibleDescription(computer.name)
        hbox((self.text, 1), self.remove_button, of=self, spacing=12)
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
