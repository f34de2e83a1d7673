"""The first-run guide: it comes once, every step works as it is, and keys alone lead to a run."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest

from engine.api import Ending, Problem
from gui.core.preferences import Preferences
from gui.main_window import MainWindow
from gui.pages.welcome.page import METHODS, STEPS, WelcomePage
from tests.helpers.homes import add_run, unsynced
from tests.helpers.scripted_manager import end, scripted_manager
from tests.helpers.train_stage import PLAN, STARTED

DEVICES = {
    "devices": [
        {"id": "cpu", "name": "Processor", "free_bytes": 8_000_000_000},
        {"id": "cuda:0", "name": "A card", "free_bytes": 11_600_000_000},
    ],
    "chosen": "cuda:0",
    "precision": "bfloat16",
    "precision_reason": "",
}
WAIT = 20_000


class PageHarness:
    def __init__(self, qtbot):
        self.qtbot = qtbot
        self.devices = [["emit", {"event": "result_made", "result": DEVICES}]]
        self.manager = scripted_manager(self._script)

    def _script(self, job):
        kind = job.request()["kind"]
        scripts = {
            "devices": self.devices,
            "train": [["emit", STARTED], ["steps", {"count": 3, "per_second": 50}]],
        }
        return scripts.get(kind, [["answer", PLAN]])

    def window(self):
        made = MainWindow(self.manager, Preferences(), guides=True)
        self.qtbot.addWidget(made, before_close_func=lambda window: setattr(window, "_may_close", True))
        with self.qtbot.waitActive(made):
            made.show()
        return made


@pytest.fixture
def harness(styled, qtbot, home):
    made = PageHarness(qtbot)
    yield made
    end(made.manager)


@pytest.fixture
def page(harness) -> WelcomePage:
    return harness.window().built("welcome")


def test_it_comes_at_the_first_start_until_it_was_left_and_never_where_runs_are(harness):
    window = harness.window()
    assert window.current_key() == "welcome"
    window.built("welcome").skip_button.click()
    assert window.current_key() == "train"
    assert harness.window().current_key() == "train"


def test_who_has_runs_needs_no_guide(harness):
    with unsynced():
        add_run()
    assert harness.window().current_key() == "train"


def test_one_step_is_open_and_those_before_can_be_changed(page):
    assert page.devices.isVisible()
    assert not page.back_button.isVisible()
    page.onward_button.click()
    page.onward_button.click()
    assert page.methods.isVisible()
    assert not page.devices.isVisible()
    assert [key for key in STEPS if page.steps[key].change_button.isVisible()] == ["device", "data"]
    page.steps["device"].change_button.click()
    assert page.devices.isVisible()
    assert "Step 1 of 4, Device, open" in page.steps["device"].accessibleName()


def test_what_is_found_and_planned_is_said(page, qtbot):
    qtbot.waitUntil(lambda: "A card with 11.6 GB" in page.steps["device"].text(), timeout=WAIT)
    qtbot.waitUntil(lambda: "1,540 steps" in page.steps["run"].text(), timeout=WAIT)
    assert "1,228 for training, 819 for testing" in page.steps["data"].text()
    assert "bfloat16" in page.steps["device"].text()
    page.devices.choose("cpu")
    assert page.recipe().training.device == "cpu"


def test_a_worker_that_fails_is_said_and_the_guide_goes_on(harness, qtbot):
    harness.devices = [["fail", {"message": "No torch."}]]
    page = harness.window().built("welcome")
    qtbot.waitUntil(lambda: page.steps["device"].text() == "No torch.", timeout=WAIT)
    assert page.onward_button.isEnabled()


def test_names_in_what_is_said_stand_as_they_are(page):
    text = "Can't read \"R&D's <chats>.csv\"."
    page._planner.refused.emit([Problem("data.source", text)])
    assert page.steps["run"].text() == text
    page._planner.unavailable.emit(Ending("failed", f"{text} Again."))
    assert page.steps["run"].text() == f"{text} Again."
    assert "R&D's <chats>" in page.steps["run"].accessibleName()


@pytest.mark.parametrize("method_id", METHODS)
def test_every_method_offered_makes_a_recipe_that_can_be_run(page, method_id):
    page.methods.choose(method_id)
    made = page.recipe()
    assert made.method.id == method_id
    assert (made.training.learning_rate is None) == (method_id != METHODS[0])


def test_keys_alone_lead_to_a_run(harness, qtbot):
    window = harness.window()
    page = window.built("welcome")
    for _step in STEPS:
        qtbot.waitUntil(page.onward_button.hasFocus, timeout=WAIT)
        QTest.keyClick(page.onward_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.current_key() == "train", timeout=WAIT)
    qtbot.waitUntil(lambda: window.built("train").header.title().startswith("starter"), timeout=WAIT)
    assert Preferences().get("guided") == "yes"
    qtbot.waitUntil(lambda: harness.manager.current is None, timeout=WAIT)


def test_data_of_ones_own_leads_to_the_data_page(harness):
    window = harness.window()
    page = window.built("welcome")
    page.onward_button.click()
    page.data.choose("own")
    assert window.current_key() == "data"
    assert page.data.current() == "sample"


def test_cards_are_radio_buttons_with_what_they_say(page):
    (button, *_) = page.methods.findChildren(type(page.methods._buttons["lora"]))
    interface = QAccessible.queryAccessibleInterface(button)
    assert interface.role() == QAccessible.Role.RadioButton
    assert interface.text(QAccessible.Text.Name) == "LoRA"
    page.methods.say("lora", "9 trainable")
    assert interface.text(QAccessible.Text.Description).endswith("9 trainable")


def test_the_left_side_goes_where_there_is_no_room(page):
    page.adapt(1440)
    assert page.left.isVisible()
    page.adapt(1100)
    assert not page.left.isVisible()
