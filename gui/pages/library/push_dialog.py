"""The dialog that sends an adapter to the Hugging Face Hub: asks what goes where, and shows all of it first."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.api import Adapter, AppError, Ending, Event
from gui.graphics.bars import BusyRow
from gui.inputs.fields import ProblemLine
from gui.look import style
from gui.look.fonts import px
from gui.look.language import tr, translate
from gui.pages.library.push_form import ChooseFolder, PushForm
from gui.pages.library.push_preview import PushPreview
from gui.pages.library.push_request import PushRequest
from gui.widgets.buttons import plain, primary
from gui.widgets.growing_dialog import ScrollingDialog
from gui.widgets.labels import Label
from gui.workers.active_job import ActiveJob
from gui.workers.worker_manager import WorkerManager

WIDTH = 640


class PushDialog(ScrollingDialog):
    """Asks, then shows a dry run. `send_wanted(request)`: the person has seen it and sends it.

    The dialog stays until it is accepted or rejected, so that a refusal can be said in it.
    """

    send_wanted = Signal(object)

    def __init__(
        self,
        adapter: Adapter,
        manager: WorkerManager,
        choose_folder: ChooseFolder,
        asked: PushRequest | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._adapter, self._manager = adapter, manager
        self._job = ActiveJob(self)
        self._shown: PushRequest | None = None
        self._notices: list[Event] = []
        self.form, self.preview = PushForm(adapter, choose_folder, asked), PushPreview()
        self._busy = BusyRow(tr("Collecting what would be sent"))
        self.problem = ProblemLine()
        self.show_button = primary(tr("Show what is sent"))
        self.send_button, self.back_button = primary(tr("Send"), "export"), plain(tr("Back"))
        self.cancel_button = plain(tr("Cancel"))
        self.setWindowTitle(tr("Send to the Hugging Face Hub"))
        self._lay_out()
        self._connect()
        self._show(asking=True)
        style.follow(self._restyle)

    def _lay_out(self) -> None:
        title = tr("Send {name} to the Hugging Face Hub", name=self._adapter.name)
        self.column.addWidget(Label(title, "section", wrap=True))
        self._about = Label(
            tr("Nothing is sent before you have seen all of it. The hub wants a token: run `hf auth login` once."),
            "body",
            "ink2",
            wrap=True,
        )  # fmt: skip
        for part in (self._about, self.form, self.preview, self._busy, self.problem):
            self.column.addWidget(part)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        for button in (self.show_button, self.send_button, self.back_button, self.cancel_button):
            foot.addWidget(button)
        foot.addStretch(1)
        self.foot.addLayout(foot)

    def _connect(self) -> None:
        self.form.changed.connect(self._follow_form)
        self.show_button.clicked.connect(self._look)
        self.send_button.clicked.connect(lambda: self.send_wanted.emit(self._shown))
        self.back_button.clicked.connect(lambda: self._show(asking=True))
        self.cancel_button.clicked.connect(self.reject)
        self.finished.connect(self._job.cancel)

    def _restyle(self) -> None:
        self.setMinimumWidth(px(WIDTH))
        self.grow()

    def _follow_form(self) -> None:
        self.problem.show_problem("")
        self.show_button.setEnabled(self.form.request() is not None)

    # The dry run.
    def _look(self) -> None:
        wanted = self.form.request()
        if wanted is None:
            return
        self._notices = []
        try:
            arguments = wanted.arguments(self._adapter.id, dry_run=True)
            thread = self._manager.ask("push", arguments, parent=self)
        except AppError as error:
            self.show_problem(error.message, error.hint)
            return
        self._show(asking=True, busy=True)
        self._job.take(
            thread, self._end, events=self._follow, result=lambda found: self._show_found(wanted, found)
        )

    def _follow(self, events: list[Event]) -> None:
        self._notices += [event for event in events if event["event"] == "notice"]

    def _show_found(self, wanted: PushRequest, found: dict[str, Any]) -> None:
        self._job.disconnect()
        self._shown = wanted
        prompt = self._adapter.metadata.prompt
        shown = len(prompt.shots) if prompt and wanted.with_conversations else 0
        self.preview.show_dry_run(found, self._notices, shown)
        self._show(asking=False)

    def _end(self, ending: Ending) -> None:
        """Say why nothing was found."""
        self._show(asking=True)
        self.show_problem(ending.message or tr("The worker ended without a result."), ending.hint)

    # Display
    def show_problem(self, message: str, hint: str = "") -> None:
        """Show why it can't go on."""
        self.problem.show_problem(translate(message), translate(hint))

    def _show(self, *, asking: bool, busy: bool = False) -> None:
        self.problem.show_problem("")
        self.form.setVisible(asking)
        self.form.setEnabled(not busy)
        self._about.setVisible(asking)
        self.preview.setVisible(not asking)
        self._busy.setVisible(busy)
        self.show_button.setVisible(asking)
        self.show_button.setEnabled(not busy and self.form.request() is not None)
        for button in (self.send_button, self.back_button):
            button.setVisible(not asking)
        # Return never sends: it may be pressed once more before anything was read.
        self.show_button.setDefault(asking)
        (self.form.name if asking else self.preview.card).setFocus()
