from dataclasses import asdict

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from engine.api import Computer, computer_store
from gui.pages.computers.page import ComputerForm, ComputersPage
from tests.helpers.layout_problems import layout_problems
from tests.helpers.scripted_manager import scripted_manager

GIGABYTE = 1_000_000_000
CARD = {"name": "RTX 3090", "memory_bytes": 24 * GIGABYTE, "free_bytes": 23 * GIGABYTE}
NODE = {
    "node": "1", "address": "10.0.0.2", "alive": True, "processors": 16, "cards_for_entries": 2, "host": "blue",
    "system": "Linux", "python": "3.12.3", "tunesmith": "0.1.0", "packages": {"torch": "2.13.0"},
    "memory_bytes": 64 * GIGABYTE, "free_memory_bytes": 50 * GIGABYTE, "free_disk_bytes": 300 * GIGABYTE,
    "cards": [CARD, CARD], "fits": True, "problems": [], "remarks": [],
}  # fmt: skip
OLD = {
    "field": "tunesmith",
    "message": "The node has Tunesmith 0.0.9, this computer 0.1.0.",
    "hint": "Install it.",
}
REFUSED = {"field": "ssh", "message": "blue refuses SSH connections.", "hint": "Start its SSH server."}
ENTRY = {"name": "chats.csv · LoRA r 32", "state": "running", "cards": 2}


MODEL = {"what": "model", "name": "t5", "bytes": 3 * GIGABYTE}
KEPT = {
    "computer": "blue",
    "bytes": 8 * GIGABYTE,
    "storage": [MODEL, {"what": "data", "name": "", "bytes": 2 * GIGABYTE}],
    "nodes": [
        {"host": "blue", "kept": [], "in_use": True, "problem": ""},
        {"host": "red", "kept": [MODEL], "in_use": False, "problem": ""},
    ],
}


def answer(computer, **facts):
    found = {**asdict(computer), "reachable": True, "problem": None, "nodes": [], "entries": []} | facts
    return [["emit", {"event": "result_made", "result": {"computers": [found]}}]]


def texts(widget):
    return [text for each in widget.findChildren(QWidget) if each.isVisible() and (text := shown(each))]


def shown(widget):
    return widget.text() if hasattr(widget, "text") and callable(widget.text) else ""


class Stage:
    def __init__(self, qtbot):
        self.qtbot = qtbot
        self.facts = {}
        self.clears = []
        self.manager = scripted_manager(self._script)
        self.page = qtbot.place(ComputersPage(self.manager), 900, 700)

    def _script(self, job):
        request = job.request()
        if request["kind"] == "clear_computer":
            self.clears.append(request["remove"])
            return [["emit", {"event": "result_made", "result": KEPT | {"removed": request["remove"]}}]]
        [name] = request["names"]
        return self.facts.get(name) or answer(computer_store.find(name))

    def ask(self):
        self.page.ask_all()
        states = lambda: {card.state for card in self.page.cards.values()}  # noqa: E731
        self.qtbot.waitUntil(lambda: not states() & {"asking", "unknown"})
        # A layout shows new rows in the next turn of the event loop.
        QTest.qWait(1)


@pytest.fixture
def blue(home):
    return computer_store.add(Computer("blue", "ssh", "127.0.0.1:8265", "ute@blue"))


def test_without_others_it_says_what_they_are_for(stage):
    assert "No other computer yet" in texts(stage.page)
    assert stage.page.header.subtitle() == "This computer only"
    assert not stage.page.ask_button.isVisible()


@pytest.mark.usefixtures("styled")
def test_a_computer_says_what_it_has_what_runs_there_or_why_it_does_not_fit(blue, stage):
    misfit = {**NODE, "host": "green", "fits": False, "cards": [], "problems": [OLD]}
    stage.facts["blue"] = answer(blue, nodes=[misfit])
    stage.ask()
    found = texts(stage.page.cards["blue"])
    assert "Incompatible" in found
    assert "The node has Tunesmith 0.0.9, this computer 0.1.0. Install it." in found
    assert "green · no GPU" in found
    stage.facts["blue"] = answer(blue, nodes=[NODE], entries=[ENTRY])
    stage.ask()
    found = texts(stage.page.cards["blue"])
    assert not any("green" in text for text in found)
    assert "blue · 2 × RTX 3090 (24.0 GB)" in found
    assert any("50.0 GB of 64.0 GB memory free" in text and "torch 2.13.0" in text for text in found)
    assert "1 run there: chats.csv · LoRA r 32 (running, 2 processes)" in found
    assert "Ready" in found
    assert stage.page.header.subtitle() == "1 other computer, 1 ready"
    assert layout_problems(stage.page) == []


def test_one_that_is_not_reached_holds_up_no_other(blue, stage):
    grey = computer_store.add(Computer("grey", "ray", "10.0.0.9:8265"))
    stage.facts["blue"] = [["deaf", None]]
    stage.facts["grey"] = answer(grey, reachable=False, problem=REFUSED)
    stage.page.ask_all()
    stage.qtbot.waitUntil(lambda: stage.page.cards["grey"].state == "unreachable")
    assert "blue refuses SSH connections. Start its SSH server." in texts(stage.page.cards["grey"])
    card = stage.page.cards["blue"]
    assert card.state == "asking"
    assert card.ask_button.text() == "Cancel"
    card.ask_button.click()
    assert card.state == "unknown"


@pytest.mark.usefixtures("styled")
def test_the_form_adds_a_computer_which_is_asked_and_what_is_wrong_stands_beside_its_field(stage):
    stage.page.open_form()
    form = stage.page.form
    form.name.setText("blue")
    form.ssh.setText("ute@blue")
    form.add_button.click()
    [computer] = computer_store.list_computers()
    assert (computer.kind, computer.ssh, computer.address) == ("ssh", "ute@blue", "127.0.0.1:8265")
    assert stage.page.cards["blue"].state == "asking"
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert stage.page.findChild(ComputerForm) is None

    stage.page.open_form()
    form = stage.page.form
    form.ways.set_current("ray")
    form.name.setText("blue")
    form.address.setText("no host!")
    form.add_button.click()
    assert "already" in form._fields["name"].problem()
    assert "is not an address" in form._fields["address"].problem()
    assert form.isVisible()
    QApplication.processEvents()
    assert layout_problems(form) == []
    assert computer_store.list_computers() == [computer]


def test_a_removed_computer_can_be_put_back(blue, stage):
    stage.page.refresh()
    stage.page.cards["blue"].remove_button.click()
    assert computer_store.list_computers() == []
    assert stage.page.cards == {}
    stage.page.removed_strip.action_button().click()
    assert computer_store.list_computers() == [blue]
    assert "blue" in stage.page.cards


def test_what_is_kept_there_is_listed_and_removed_when_wanted(blue, stage):
    card = stage.page.cards["blue"]
    card.free_button.click()
    stage.qtbot.waitUntil(card.kept.remove_button.isVisible)
    assert card.kept.text.text() == (
        "8.0 GB can be freed. In its storage: t5 (3.0 GB), data of finished runs (2.0 GB). "
        "A run is using the files on blue. On red: t5 (3.0 GB)."
    )
    card.kept.remove_button.click()
    stage.qtbot.waitUntil(lambda: "Freed 8.0 GB." in card.kept.text.text())
    assert stage.clears == [False, True]
    assert not card.kept.remove_button.isVisible()
