"""The dialog that adds a computer: what to call it and how it is reached. Nothing is asked or sent yet."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.api import AppError, Computer, Problem, computer_store, computers
from gui.inputs.fields import Field, ProblemLine
from gui.inputs.segmented_control import SegmentedControl
from gui.look import style
from gui.look.fonts import px
from gui.look.language import tr, translate
from gui.widgets.buttons import plain, primary
from gui.widgets.growing_dialog import ScrollingDialog
from gui.widgets.labels import Label
from gui.widgets.layouts import hbox

WIDTH = 520
# Where Ray listens on the other end of an SSH tunnel.
OTHER_END = "127.0.0.1"


class ComputerForm(ScrollingDialog):
    """`added(name)` reports a new computer."""

    added = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Add a computer"))
        self.ways = SegmentedControl(
            [("ssh", tr("SSH")), ("ray", tr("Address of a cluster"))], stretch=True, name=tr("Reached by")
        )
        self.name, self.ssh, self.address = QLineEdit(), QLineEdit(), QLineEdit()
        self.token_file, self.storage = QLineEdit(), QLineEdit()
        self.ssh.setPlaceholderText("ute@blue.example.org")
        self.address.setPlaceholderText(f"192.168.1.20:{computers.JOBS_PORT}")
        self.add_button, self.cancel_button = primary(tr("Add"), "plus"), plain(tr("Cancel"))
        self._fields = {
            "name": Field(tr("Name"), self.name),
            "ssh": Field(
                tr("Computer"),
                self.ssh,
                helper_text=tr("As behind the command ssh. It needs a key or an agent: no password is kept."),
            ),
            "address": Field(tr("Address"), self.address),
            "token_file": Field(tr("File with the token"), self.token_file),
            "storage": Field(
                tr("Storage"),
                self.storage,
                helper_text=tr(
                    "Where checkpoints and results are kept: empty for a private folder on its head, a path that "
                    "all of its nodes see, or an address such as s3://."
                ),
            ),
        }
        self._problem = ProblemLine()
        self._lay_out()
        self.ways.currentChanged.connect(self._follow)
        self.add_button.clicked.connect(self._add)
        self.cancel_button.clicked.connect(self.reject)
        style.on_style_changed(self._restyle)
        self._follow()

    def _lay_out(self) -> None:
        self.column.addWidget(Label(tr("Add a computer"), "section"))
        about = tr("It needs Tunesmith with Ray, started there by `tunesmith node start`.")
        self.column.addWidget(Label(about, "body", "muted", wrap=True))
        fields = list(self._fields.values())
        self.column.addWidget(fields[0])
        self.column.addWidget(Field(tr("Reached by"), self.ways))
        for field in fields[1:]:
            self.column.addWidget(field)
        self.column.addWidget(self._problem)
        self.foot.addLayout(hbox(self.add_button, self.cancel_button, 1, spacing=8))

    def _restyle(self) -> None:
        self.setMinimumWidth(px(WIDTH))
        self.grow()

    def _follow(self) -> None:
        """Show the fields of the chosen way."""
        by_ssh = self.ways.current() == "ssh"
        self._fields["ssh"].setVisible(by_ssh)
        self._fields["address"].setVisible(not by_ssh)
        self._fields["token_file"].set_helper_text(
            tr("A path on that computer; empty for where `tunesmith node start` puts it.")
            if by_ssh
            else tr("A copy on this computer of the file that `tunesmith node start` names.")
        )

    def computer(self) -> Computer:
        """Return the computer as it is filled in."""
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
        """Show each problem beside its field, the others below."""
        beside = {problem.field: problem for problem in problems}
        for name, field in self._fields.items():
            problem = beside.pop(name, None)
            field.set_problem(*((translate(problem.message), translate(problem.hint)) if problem else ("",)))
        others = " ".join(translate(f"{each.message} {each.hint}".strip()) for each in beside.values())
        self._problem.show_problem(others)
