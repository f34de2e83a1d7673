"""The page "Computers": this one, and others that runs can be sent to; and the dialog that adds one.

The dialog asks what to call a computer and how it is reached; nothing is asked or sent yet.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QStackedWidget, QWidget

from engine.api import AppError, Computer, Problem, computer_store, computers
from gui.inputs.choices import SegmentedControl
from gui.inputs.fields import Field, ProblemLine
from gui.look import style
from gui.look.language import sentences, tr, tr_count, translate
from gui.pages.computers.computer_card import ComputerCard
from gui.shell.page import Page
from gui.widgets.buttons import plain, primary
from gui.widgets.cards import EmptyState, NoticeStrip, UndoStrip
from gui.widgets.growing_dialog import ScrollingDialog
from gui.widgets.labels import Label
from gui.widgets.layouts import Scroll, at_most_so_wide, discard, fill, hbox, vbox
from gui.workers.worker_manager import WorkerManager


class ComputersPage(Page):
    """Lists the computers; asks them when first shown and on request."""

    def __init__(self, manager: WorkerManager, parent: QWidget | None = None) -> None:
        super().__init__(tr("Computers"), "", parent)
        self._manager = manager
        self._was_shown = False
        self.cards: dict[str, ComputerCard] = {}
        self.ask_button = plain(tr("Check all"), "retry", press=self.ask_all)
        self.add_button = primary(tr("Add a computer…"), "plus", press=self.open_form)
        self.removed_strip, self.notice = UndoStrip(), NoticeStrip()
        self.notice.hide()
        self.form: ComputerForm | None = None
        for button in (self.ask_button, self.add_button):
            self.header.add(button)
        self._list = vbox(spacing=16)
        self._stack = QStackedWidget()
        content = QWidget()
        style.scale(content, QWidget.setMaximumWidth, 880)
        column = vbox(self.removed_strip, self.notice, self._list, of=content, spacing=16)
        self._empty = EmptyState(
            "device",
            tr("No other computer yet"),
            tr("Train on a computer with a better GPU, or on a cluster. You see first what is sent."),
            card=True,
        )
        fill(column, self._empty, 1)
        scroll = Scroll((24, 20, 24, 24), spacing=0)
        scroll.column.addLayout(at_most_so_wide(content))
        self.body.addWidget(scroll, 1)
        self.notice.acted.connect(self.notice.hide)
        self.refresh()

    def shown(self) -> None:
        """Ask all computers when first shown."""
        if not self._was_shown:
            self._was_shown = True
            self.ask_all()

    def refresh(self) -> None:
        """Show the computers of the list, also what another window or the command line added."""
        try:
            computers = computer_store.list_computers()
        except AppError as error:
            self.notice.show_notice(sentences(error.message, error.hint), tr("Close"), "warning")
            computers = []
        kept = {computer.name: computer for computer in computers}
        for name, card in list(self.cards.items()):
            if kept.get(name) != card.computer:
                self._drop(name)
        for computer in computers:
            if computer.name not in self.cards:
                self._insert(computer)
        self._describe()

    def ask_all(self) -> None:
        self.refresh()
        for card in self.cards.values():
            card.ask()

    def open_form(self) -> None:
        self.form = ComputerForm(self)
        self.form.added.connect(self._take_new)
        self.form.open()

    def _take_new(self, name: str) -> None:
        self.refresh()
        self.cards[name].ask()

    def _insert(self, computer: Computer) -> None:
        card = self.cards[computer.name] = ComputerCard(computer, self._manager, self)
        card.answered.connect(self._describe)
        card.remove_wanted.connect(partial(self._remove, computer))
        self._list.addWidget(card)

    def _drop(self, name: str) -> None:
        card = self.cards.pop(name)
        discard(card)

    def _remove(self, computer: Computer) -> None:
        try:
            computer_store.remove(computer.name)
        except AppError as error:
            self.notice.show_notice(sentences(error.message, error.hint), tr("Close"), "warning")
            return
        self.refresh()
        text = tr("{name} was removed. Runs there keep going.", name=computer.name)
        self.removed_strip.offer(text, partial(self._put_back, computer))

    def _put_back(self, computer: Computer) -> None:
        computer_store.add(computer)
        self._take_new(computer.name)

    def _describe(self) -> None:
        states = [card.state for card in self.cards.values()]
        self._empty.setVisible(not states)
        self.ask_button.setVisible(bool(states))
        self.ask_button.setEnabled("asking" not in states)
        self.header.set_subtitle(_summary(states))


def _summary(states: list[str]) -> str:
    if not states:
        return tr("This computer only")
    others = tr_count(len(states), "{n} other computer", "{n} other computers")
    ready = states.count("ready")
    return f"{others}, {tr_count(ready, '{n} ready', '{n} ready')}" if ready else others


# Where Ray listens on the other end of an SSH tunnel.
OTHER_END = "127.0.0.1"


class ComputerForm(ScrollingDialog):
    """`added(name)` reports a new computer."""

    added = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(520, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Add a computer"))
        self.ways = SegmentedControl(
            [("ssh", tr("SSH")), ("ray", tr("Address of a cluster"))], stretch=True, name=tr("Connect via")
        )
        self.name, self.ssh, self.address = QLineEdit(), QLineEdit(), QLineEdit()
        self.token_file, self.storage = QLineEdit(), QLineEdit()
        self.ssh.setPlaceholderText("ute@blue.example.org")
        self.address.setPlaceholderText(f"192.168.1.20:{computers.JOBS_PORT}")
        self.add_button, self.cancel_button = primary(tr("Add"), "plus", press=self._add), plain(tr("Cancel"))
        self._fields = {
            "name": Field(tr("Name"), self.name),
            "ssh": Field(
                tr("Computer"),
                self.ssh,
                helper_text=tr(
                    "As you would type it after ssh. Uses your key or agent; passwords aren't stored."
                ),
            ),
            "address": Field(tr("Address"), self.address),
            "token_file": Field(tr("File with the token"), self.token_file),
            "storage": Field(
                tr("Storage"),
                self.storage,
                helper_text=tr(
                    "Empty: a private folder on the head. Or a path that all nodes share, or s3://."
                ),
            ),
        }
        self._problem = ProblemLine()
        self.column.addWidget(Label(tr("Add a computer"), "section"))
        about = tr("Needs Tunesmith with Ray: run `tunesmith node start` there.")
        self.column.addWidget(Label(about, "body", "muted", wrap=True))
        fields = list(self._fields.values())
        fill(self.column, fields[0], Field(tr("Connect via"), self.ways))
        for field in fields[1:]:
            self.column.addWidget(field)
        self.column.addWidget(self._problem)
        self.foot.addLayout(hbox(self.add_button, self.cancel_button, 1, spacing=8))
        self.ways.currentChanged.connect(self._follow)
        self.cancel_button.clicked.connect(self.reject)
        self._follow()

    def _follow(self) -> None:
        by_ssh = self.ways.current() == "ssh"
        self._fields["ssh"].setVisible(by_ssh)
        self._fields["address"].setVisible(not by_ssh)
        self._fields["token_file"].set_helper_text(
            tr("Empty: where `tunesmith node start` puts it.")
            if by_ssh
            else tr("Your copy of the token file from `tunesmith node start`.")
        )

    def computer(self) -> Computer:
        by_ssh = self.ways.current() == "ssh"
        address = OTHER_END if by_ssh else self.address.text().strip()
        return Computer(
            self.name.text().strip(),
            "ssh" if by_ssh else "ray",
            computers.with_port(address),
            self.ssh.text().strip() if by_ssh else "",
            self.token_file.text().strip(),
            self.storage.text().strip(),
        )

    def _add(self) -> None:
        self._show_problems(())
        try:
            added = computer_store.add(self.computer())
        except AppError as error:
            self._show_problems(error.problems)
            return
        self.added.emit(added.name)
        self.accept()

    def _show_problems(self, problems: tuple[Problem, ...] | list[Problem]) -> None:
        beside = {problem.field: problem for problem in problems}
        for name, field in self._fields.items():
            problem = beside.pop(name, None)
            field.set_problem(*((translate(problem.message), translate(problem.hint)) if problem else ("",)))
        others = " ".join(sentences(each.message, each.hint) for each in beside.values())
        self._problem.show_problem(others)
