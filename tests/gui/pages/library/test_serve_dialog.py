import http.client
import json
import threading
from contextlib import closing

import pytest

from engine.adapters.metadata import BaseModelFacts
from gui.pages.library.serve_dialog import ServeDialog
from tests.helpers.homes import add_adapter
from tests.helpers.layout_problems import layout_problems
from tests.helpers.scripted_manager import end, scripted_manager

READY = [
    "emit",
    {"event": "base_ready", "family": "encoder-decoder", "precision": "float32", "device": "cpu"},
]


def starter(name):
    return add_adapter(name, base_model=BaseModelFacts(id="starter"))


class Stage:
    def __init__(self, qtbot, *adapters):
        self.script = [READY, ["deaf", None]]
        self.manager = scripted_manager(lambda job: self.script)
        self.dialog = ServeDialog(adapters, self.manager)
        qtbot.addWidget(self.dialog)
        self.dialog.show()
        self._qtbot = qtbot

    def serve(self):
        self.dialog.start_button.click()
        self._qtbot.waitUntil(lambda: self.dialog.is_serving)
        return self.dialog.serving


@pytest.fixture
def stage(qtbot, home):
    made = []

    def make(*adapters):
        made.append(Stage(qtbot, *adapters))
        return made[-1]

    yield make
    for each in made:
        each.dialog.stop()
        end(each.manager)


def status(address, token):
    host, _, path = address.removeprefix("http://").partition("/")
    with closing(http.client.HTTPConnection(host)) as connection:
        connection.request("GET", f"/{path}/models", headers={"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        return response.status, response.read()


@pytest.mark.usefixtures("styled")
def test_clients_find_what_the_dialog_says_until_it_is_closed(stage, qtbot):
    made = stage(starter("chats"), starter("mails"))
    made.script = [READY, *[["emit", {"event": "summary_finished", "request": "x"}]] * 3, ["deaf", None]]
    assert not made.dialog.stop_button.isVisible()
    running = made.serve()
    found = []
    asking = threading.Thread(
        target=lambda: found.append(status(made.dialog.address.text(), made.dialog.token.text()))
    )
    asking.start()
    asking.join()
    code, body = found[0]
    assert code == 200
    assert [model["id"] for model in json.loads(body)["data"]] == ["chats", "mails", "base"]
    assert made.dialog.curl.toPlainText() == running.curl
    qtbot.waitUntil(lambda: made.dialog.state.text() == "3 summaries written.")
    qtbot.waitUntil(lambda: layout_problems(made.dialog) == [])

    made.dialog.close()
    with pytest.raises(OSError, match="refused"):
        status(running.address, running.token)
    assert not made.dialog.is_serving


def test_a_worker_that_ends_ends_the_service_and_says_why(stage, qtbot):
    made = stage(starter("chats"))
    made.script = [READY, ["fail", {"message": "The card fell off.", "hint": "Start again."}]]
    made.dialog.start_button.click()
    qtbot.waitUntil(lambda: "fell off" in made.dialog.problem.text())
    assert made.dialog.start_button.isVisible()


def test_adapters_of_several_bases_and_a_device_in_use_are_refused(stage, monkeypatch):
    made = stage(
        add_adapter("one", base_model=BaseModelFacts(id="starter")),
        add_adapter("two", base_model=BaseModelFacts(id="someone/else")),
    )
    made.dialog.begin()
    assert "different base models" in made.dialog.problem.text()
    made = stage(starter("chats"))
    monkeypatch.setattr(made.manager, "device_text", lambda: "A run is using the device.")
    made.dialog.begin()
    assert "A run is using the device" in made.dialog.problem.text()
