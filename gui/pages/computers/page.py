"""The page "Computers": this one, and others that runs can be sent to; their cards, and the dialog that adds one.

The dialog asks what to call a computer and how it is reached; nothing is asked or sent yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QStackedWidget, QWidget

from engine.api import AppError, Computer, Ending, Problem, computer_store, computers
from gui.inputs.choices import SegmentedControl
from gui.inputs.fields import Field, ProblemLine
from gui.look import style
from gui.look.format import bytes_text, number_text
from gui.look.language import mark, sentences, tr, tr_count, translate
from gui.shell.page import Page
from gui.widgets.buttons import link, plain, primary
from gui.widgets.cards import Card, ClosableNotice, EmptyState, UndoStrip
from gui.widgets.growing_dialog import ScrollingDialog
from gui.widgets.labels import ElidedLabel, IconLabel, Label
from gui.widgets.layouts import Line, Scroll, at_most_so_wide, discard, fill, hbox, vbox
from gui.workers.engine_thread import AskedJob
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
        self.removed_strip, self.notice = UndoStrip(), ClosableNotice()
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
            self.notice.show_error(error)
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
            self.notice.show_error(error)
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


class ComputerCard(Card):
    """One computer, asked in a process of its own. `answered` reports a new state."""

    answered = Signal()
    remove_wanted = Signal()

    def __init__(self, computer: Computer, manager: WorkerManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.computer = computer
        self.state = "unknown"
        self._job = AskedJob(self, manager)
        self._icon, self._state = IconLabel("info"), Label("", "label", "muted")
        self.ask_button, self.remove_button = link(tr("Check connection")), link(tr("Remove"))
        self.free_button = link(tr("Free space…"))
        self.free_button.setToolTip(tr("Lists base models and data that no run needs."))
        self.kept = KeptPart(computer, manager, self)
        self.problem = Label("", "body", "text", wrap=True, selectable=True)
        self._nodes = vbox(spacing=8)
        self._parts: list[QWidget] = []
        self.runs = Label("", "body", "muted", wrap=True)
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
        fill(self.column, head, self.problem, self._nodes, self.runs, self.kept)
        self.problem.hide()
        self.runs.hide()
        self.setAccessibleName(self.computer.name)
        self.ask_button.clicked.connect(self._ask_or_cancel)
        self.free_button.clicked.connect(self.kept.look)
        self.remove_button.clicked.connect(self.remove_wanted)
        self._show_state("unknown")

    def ask(self) -> None:
        """Ask the computer what it has; takes seconds, or half a minute where it does not answer."""
        self._show_state("asking")
        self._job.ask("computers", {"names": [self.computer.name]}, self._take, self._refuse)

    def _ask_or_cancel(self) -> None:
        if self._job.cancel():
            self._show_state("unknown")
        else:
            self.ask()

    def _take(self, result: dict[str, Any]) -> None:
        [facts] = result["computers"]
        self.problem.setText(problem_text(facts))
        self.problem.setVisible(bool(facts["problem"]))
        self._clear_nodes()
        for node in facts["nodes"]:
            self._parts += (Line(), _NodeRow(node))
        for part in self._parts:
            self._nodes.addWidget(part)
        self.runs.setText(runs_text(facts["entries"]))
        self.runs.setVisible(facts["reachable"])
        self._show_state(state_of(facts))

    def _refuse(self, ending: Ending) -> None:
        """Show why the question had no answer."""
        self._clear_nodes()
        self.runs.hide()
        why = sentences(ending.message, ending.hint)
        self.problem.setText(why or tr("The worker reported nothing."))
        self.problem.show()
        self._show_state("unreachable")

    def _clear_nodes(self) -> None:
        for widget in self._parts:
            self._nodes.removeWidget(widget)
            discard(widget)
        self._parts = []

    def _show_state(self, state: str) -> None:
        self.state = state
        icon, token, text = STATES[state]
        self._icon.set_icon(icon, token)
        self._state.setText(tr(text))
        self.ask_button.setText(tr("Cancel") if state == "asking" else tr("Check connection"))
        self.setAccessibleDescription(f"{tr(text)}. {self.problem.text()}".strip())
        self.answered.emit()


class _NodeRow(QWidget):
    def __init__(self, node: Facts) -> None:
        super().__init__()
        icon, token, word = STATES["ready" if node["fits"] else "unfit"]
        mark = IconLabel(icon, token)
        mark.setAccessibleName(tr(word))
        column = vbox(Label(node_title(node), "body_medium", wrap=True, selectable=True), spacing=2)
        about = node_text(node)
        if about:
            column.addWidget(Label(about, "label", "muted", wrap=True, selectable=True))
        for remark in node_remarks(node):
            column.addWidget(Label(remark, "body", "text", wrap=True, selectable=True))
        hbox((mark, 0, Qt.AlignmentFlag.AlignTop), (column, 1), of=self, spacing=12)


class KeptPart(QWidget):
    """What the computer keeps that no run there needs, to be removed if a person wants that; hidden until `look`."""

    def __init__(self, computer: Computer, manager: WorkerManager, parent: QWidget) -> None:
        super().__init__(parent)
        self._name, self._job = computer.name, AskedJob(self, manager)
        self.text = Label("", "body", "text", wrap=True, selectable=True)
        self.remove_button = link(tr("Remove them"), press=lambda: self._ask(remove=True))
        self.remove_button.setAccessibleDescription(computer.name)
        hbox((self.text, 1), self.remove_button, of=self, spacing=12)
        self.hide()

    def look(self) -> None:
        """Ask the computer what it keeps; takes seconds."""
        self._ask(remove=False)

    def _ask(self, *, remove: bool) -> None:
        self._say(tr("Removing…") if remove else tr("Looking…"))
        self._job.ask("clear_computer", {"name": self._name, "remove": remove}, self._take, self._refuse)

    def _take(self, result: dict[str, Any]) -> None:
        self._say(kept_text(result), removable=bool(result["bytes"]) and not result["removed"])

    def _refuse(self, ending: Ending) -> None:
        self._say(sentences(ending.message, ending.hint))

    def _say(self, text: str, *, removable: bool = False) -> None:
        self.text.setText(text)
        self.remove_button.setVisible(removable)
        self.show()


Facts = Mapping[str, Any]
BETWEEN = " · "
# The icon, colour and text of a state.
STATES = {
    "unknown": ("info", "hint", mark("Not checked")),
    "asking": ("clock", "muted", mark("Connecting…")),
    "ready": ("check", "accent", mark("Ready")),
    "unfit": ("info", "warning", mark("Incompatible")),
    "unreachable": ("problem", "error", mark("Unreachable")),
}
# Keys of the states of a run on a cluster.
RUN_STATES = {
    "waiting": mark("waiting"),
    "running": mark("running"),
    "held": mark("paused"),
    "ended": mark("done, not fetched yet"),
}


def state_of(facts: Facts) -> str:
    """Return the key of a computer's state: it is ready if one of its nodes fits."""
    if not facts["reachable"]:
        return "unreachable"
    return "ready" if any(node["fits"] for node in facts["nodes"]) else "unfit"


def problem_text(facts: Facts) -> str:
    """Return why a computer could not be asked and what to do, "" if it could."""
    return _problem_line(facts["problem"]) if facts["problem"] else ""


def node_title(node: Facts) -> str:
    """Return a node's name with its cards: "blue · 2 × RTX 3090 (24 GB)"."""
    name = node.get("host") or node["address"]
    if "cards" not in node:
        return str(name)
    counts = Counter((card["name"], card["memory_bytes"]) for card in node["cards"])
    cards = [_card(*kind, count) for kind, count in counts.items()]
    return BETWEEN.join([name, *(cards or [tr("no GPU")])])


def _card(name: str, memory_bytes: int, count: int) -> str:
    one = f"{name} ({bytes_text(memory_bytes)})"
    return one if count == 1 else tr("{count} × {card}", count=number_text(count), card=one)


def node_text(node: Facts) -> str:
    """Return a node's processors, memory, disk and versions; "" for one that did not answer."""
    if "python" not in node:
        return ""
    free, total = bytes_text(node["free_memory_bytes"]), bytes_text(node["memory_bytes"])
    packages = node["packages"]
    versions = {"Tunesmith": node["tunesmith"], "Python": node["python"], "torch": packages.get("torch")}
    return BETWEEN.join([
        tr_count(node["processors"], "{n} processor core", "{n} CPU cores"),
        tr("{free} of {total} memory free", free=free, total=total),
        tr("{free} of disk free", free=bytes_text(node["free_disk_bytes"])),
        *(f"{name} {version}" for name, version in versions.items() if version),
    ])  # fmt: skip


def node_remarks(node: Facts) -> list[str]:
    """Return what keeps a node from computing, and what differs from this computer, with what to do."""
    return [_problem_line(each) for each in (*node["problems"], *node.get("remarks", ()))]


def runs_text(entries: Sequence[Facts]) -> str:
    """Return what runs on a computer: "2 runs there: chats.csv (running, 2 processes), notes (waiting)"."""
    if not entries:
        return tr("You have no runs there.")
    named = ", ".join(f"{entry['name']} ({_entry_text(entry)})" for entry in entries)
    return tr_count(len(entries), "{n} run there: {runs}", "{n} runs there: {runs}", runs=named)


def _entry_text(entry: Facts) -> str:
    """Return an entry's state, with the number of its processes if there are several, each on a card or on none."""
    state = run_state_text(entry["state"])
    if entry["cards"] == 1:
        return state
    return f"{state}, {tr_count(entry['cards'], '{n} process', '{n} processes')}"


def run_state_text(state: str) -> str:
    """Return the name of a run's state on a cluster."""
    return tr(RUN_STATES[state]) if state in RUN_STATES else state


def kept_text(result: Facts) -> str:
    """Return what a computer keeps that no run needs, or what of it was removed, by place."""
    where = [tr("In its storage: {kept}.", kept=kept) for kept in [_kept_list(result["storage"])] if kept]
    for node in result["nodes"]:
        if node["problem"]:
            where.append(f"{node['host']}: {translate(node['problem'])}")
        elif node["in_use"]:
            where.append(tr("A run is using the files on {node}.", node=node["host"]))
        elif kept := _kept_list(node["kept"]):
            where.append(tr("On {node}: {kept}.", node=node["host"], kept=kept))
    return " ".join([_kept_whole(result), *where])


def _kept_whole(result: Facts) -> str:
    whole = bytes_text(result["bytes"])
    if not result["bytes"]:
        return tr("Nothing to clean up.")
    if result["removed"]:
        return tr("Freed {size}.", size=whole)
    return tr("{size} can be freed.", size=whole)


def _kept_list(kept: Sequence[Facts]) -> str:
    titles = {"model": tr("a base model"), "data": tr("data of finished runs")}
    return ", ".join(f"{each['name'] or titles[each['what']]} ({bytes_text(each['bytes'])})" for each in kept)


def _problem_line(problem: Facts) -> str:
    return sentences(problem["message"], problem["hint"])
