"""The dialog that serves adapters: clients of this computer get summaries at an address, with a token."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QSizePolicy, QWidget

from engine.api import Adapter, AppError, Ending, Event, serving
from gui.core.clipboard import copy_text
from gui.graphics.bars import BusyRow
from gui.inputs.fields import Field, ProblemLine
from gui.look import style
from gui.look.fonts import metrics, px
from gui.look.language import sentences, tr, tr_count
from gui.widgets.buttons import IconButton, plain, primary
from gui.widgets.growing_dialog import ScrollingDialog
from gui.widgets.labels import Label
from gui.widgets.layouts import fill, hbox, vbox
from gui.workers.download_prompt import DownloadPrompt, base_repositories
from gui.workers.engine_thread import ActiveJob
from gui.workers.worker_manager import WorkerManager


class ServeDialog(ScrollingDialog):
    """Serves while it is open; it can be put aside, and closing it ends the service."""

    def __init__(
        self, adapters: Sequence[Adapter], manager: WorkerManager, parent: QWidget | None = None
    ) -> None:
        super().__init__(600, parent)
        self._adapters, self._manager = list(adapters), manager
        self._job = ActiveJob(self)
        self.serving: serving.Serving | None = None
        self._answered = 0
        self._prompt = DownloadPrompt(manager, self)
        self.setWindowTitle(tr("Serve"))
        self.setModal(False)
        self.address, self.token = _read_only(), _read_only()
        self.curl = QPlainTextEdit(readOnly=True)
        self.state = Label("", "body", "muted", wrap=True)
        self._busy = BusyRow(tr("Loading the base model"))
        self.problem = ProblemLine()
        self._details = QWidget()
        self.start_button = primary(tr("Start serving"), "play", press=self._start_or_confirm)
        self.stop_button, self.close_button = plain(tr("Stop"), "stop", press=self.stop), plain(tr("Close"))
        names = ", ".join(adapter.name for adapter in self._adapters)
        self.column.addWidget(Label(tr("Serve {names}", names=names), "section", wrap=True))
        about = tr(
            "Apps on this computer can use it through an OpenAI-compatible API, with the token. "
            "Other computers can't reach it."
        )
        self.column.addWidget(Label(about, "body", "muted", wrap=True))
        vbox(
            _field_to_copy(tr("Address"), self.address),
            _field_to_copy(tr("Token"), self.token),
            _field_to_copy(tr("For a terminal"), self.curl),
            of=self._details,
            spacing=16,
        )
        fill(self.column, self._busy, self._details, self.state, self.problem)
        self.foot.addLayout(hbox(self.start_button, self.stop_button, 1, self.close_button, spacing=8))
        self.close_button.clicked.connect(self.close)
        self.finished.connect(self.stop)
        self._prompt.opened.connect(lambda _work: self.begin())
        self._prompt.says.connect(self._ask)
        style.on_style_changed(self._restyle)
        self._show_idle()

    def _restyle(self) -> None:
        self.curl.setFixedHeight(round(4 * metrics("fixed").lineSpacing()) + px(18))

    # Serving
    def _start_or_confirm(self) -> None:
        if self._prompt.question:
            self._prompt.confirm()
        else:
            self._prompt.request(True, base_repositories(self._adapters[0].metadata.base_model.as_table()))

    def _ask(self, text: str, action: str) -> None:
        self.state.setText(text)
        self.state.show()
        if action:
            self.start_button.setText(action)

    def begin(self) -> None:
        taken = self._manager.device_text()
        if taken:
            self._show_problem(taken)
            return
        try:
            thread = self._manager.ask("summarize", serving.job_arguments(self._adapters), parent=self)
            self._job.take(thread, self._end, events=self._follow)
            self.serving = serving.start(self._adapters, thread.send, port=0)
        except AppError as error:
            self._job.cancel()
            self._show_problem(sentences(error.message, error.hint))
            return
        self._answered = 0
        self._show(busy=True, serving_now=False)
        self.state.hide()

    def _follow(self, events: list[Event]) -> None:
        for event in events:
            if self.serving is not None:
                self.serving.tell(event)
            if event["event"] == "base_ready":
                assert self.serving is not None
                self.address.setText(self.serving.address)
                self.token.setText(self.serving.token)
                self.curl.setPlainText(self.serving.curl)
                self._show(busy=False, serving_now=True)
            elif event["event"] == "summary_finished":
                self._answered += 1
        if self.is_serving:
            count = tr_count(self._answered, "{n} summary written.", "{n} summaries written.")
            self.state.setText(count)
            self.state.show()

    def stop(self) -> None:
        running, self.serving = self.serving, None
        self._prompt.forget()
        self._job.cancel()
        if running is not None:
            running.close()
        self._show_idle()

    def _end(self, ending: Ending) -> None:
        """Say why the worker ended without being asked to."""
        self.stop()
        self._show_problem(sentences(ending.message, ending.hint) or tr("The worker ended."))

    # Display
    @property
    def is_serving(self) -> bool:
        return self._details.isVisibleTo(self)

    def _show_idle(self) -> None:
        self.start_button.setText(tr("Start serving"))
        self._show(busy=False, serving_now=False)
        self.state.hide()

    def _show(self, *, busy: bool, serving_now: bool) -> None:
        self._busy.setVisible(busy)
        self._details.setVisible(serving_now)
        self.start_button.setVisible(not busy and not serving_now)
        self.stop_button.setVisible(busy or serving_now)
        self.problem.show_problem("")

    def _show_problem(self, text: str) -> None:
        self.problem.show_problem(text)


def _read_only() -> QLineEdit:
    return QLineEdit(readOnly=True)


def _field_to_copy(title: str, field: QLineEdit | QPlainTextEdit) -> Field:
    """Return a field with a button that copies its text."""
    row = QWidget()
    row.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    field.setAccessibleName(title)
    button = IconButton("copy", tr("Copy: {what}", what=title))
    text = field.text if isinstance(field, QLineEdit) else field.toPlainText
    button.clicked.connect(lambda: copy_text(text()))
    hbox((field, 1), button, of=row, spacing=8)
    row.setFocusProxy(field)
    return Field(title, row)
