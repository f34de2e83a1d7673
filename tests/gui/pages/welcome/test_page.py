"""The first-run guide: it comes once, every step works as it is, and keys alone lead to a run."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest

from engine.api import Ending, Problem
from gui.core.preferences import Preferences
from gui.main_window import MainWindow
from gui.pages.welcome import guide_text, own_data
from gui.pages.welcome.cards import ChoiceCards
from gui.pages.welcome.guide_recipe import STARTER_MODEL, offered_models
from gui.pages.welcome.guide_text import METHODS, STEPS
from gui.pages.welcome.page import WelcomePage
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
ONE_DEVICE = DEVICES | {"devices": DEVICES["devices"][:1], "chosen": "cpu"}
STARTER = {"id": "starter", "family": "encoder-decoder", "size_bytes": 9, "licence": "", "local": True}
SMALL = {"id": "owner/small", "family": "decoder-only", "size_bytes": 9, "licence": "", "local": False}
WAIT = 20_000


class PageHarness:
    def __init__(self, qtbot):
        self.qtbot = qtbot
        self.devices = [["emit", {"event": "result_made", "result": DEVICES}]]
        self.models = {"models": [STARTER]}
        self.plan = PLAN
        self.manager = scripted_manager(self._script)

    def _script(self, job):
        kind = job.request()["kind"]
        scripts = {
            "devices": self.devices,
            "models": [["emit", {"event": "result_made", "result": self.models}]],
            "train": [["emit", STARTED], ["steps", {"count": 3, "per_second": 50}]],
        }
        return scripts.get(kind, [["answer", self.plan]] if self.plan else [["wait_for_stop", 60]])

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


def wait_for_devices(page, qtbot):
    qtbot.waitUntil(lambda: not page.steps["device"].isHidden(), timeout=WAIT)


def test_one_step_is_open_and_those_before_can_be_changed(page, qtbot):
    wait_for_devices(page, qtbot)
    assert page.data.isVisible()
    page.onward_button.click()
    assert page.methods.isVisible()
    assert not page.data.isVisible()
    shown = [key for key in STEPS if page.steps[key].change_button.isVisible()]
    assert shown == ["device", "data"]
    page.steps["device"].change_button.click()
    assert page.devices.isVisible()
    assert "Step 1 of 4, Device, open" in page.steps["device"].accessibleName()


def test_what_has_one_answer_is_said_and_not_asked(harness, qtbot):
    harness.devices = [["emit", {"event": "result_made", "result": ONE_DEVICE}]]
    page = harness.window().built("welcome")
    qtbot.waitUntil(lambda: "Processor with 8.0 GB" in page.steps["run"].text(), timeout=WAIT)
    # Offline, with no other model here.
    assert [key for key in STEPS if not page.steps[key].isHidden()] == ["data", "method", "run"]
    assert "Step 1 of 3, Data, open" in page.steps["data"].accessibleName()
    assert (
        "starter (practice model) learns from the sample conversations with LoRA." in page.steps["run"].text()
    )


def test_what_is_found_and_planned_is_said(page, qtbot):
    qtbot.waitUntil(lambda: "A card with 11.6 GB" in page.steps["device"].text(), timeout=WAIT)
    qtbot.waitUntil(lambda: "1,540 steps" in page.steps["run"].text(), timeout=WAIT)
    assert "1,228 for training, 819 for testing" in page.steps["data"].text()
    assert "bfloat16" in page.steps["device"].text()
    page.devices.choose("cpu")
    assert page.recipe().training.device == "cpu"


def test_the_expected_time_is_said_of_each_method(harness, qtbot):
    harness.plan = PLAN | {"seconds": 540.0, "memory_suffices": True}
    page = harness.window().built("welcome")
    qtbot.waitUntil(lambda: "about 9 min" in page.steps["run"].text(), timeout=WAIT)
    buttons = page.methods._buttons
    qtbot.waitUntil(lambda: "about 9 min" in buttons["full"].accessibleDescription(), timeout=WAIT)
    assert buttons["lora"].accessibleDescription().startswith("Small, quick, a safe choice")
    assert guide_text.cost_text({"memory_suffices": False, "seconds": 1.0}) == "Needs too much memory"


def test_what_lets_expect_little_is_said_before_the_run(harness, qtbot):
    doubt = {"message": "The data is German.", "hint": "Choose another base.", "level": "warning"}
    harness.plan = PLAN | {"notices": [doubt, {"message": "A remark.", "hint": "", "level": "info"}]}
    page = harness.window().built("welcome")
    qtbot.waitUntil(
        lambda: "The data is German. Choose another base." in page.steps["run"].text(), timeout=WAIT
    )
    assert "A remark." not in page.steps["run"].text()


def test_cards_stand_below_each_other_where_they_would_be_narrow(styled, qtbot):
    cards = ChoiceCards()
    qtbot.addWidget(cards)
    cards.offer(guide_text.method_cards(), "lora")
    cards.resize(640, 400)
    cards.show()
    tops = {button.y() for button in cards._buttons.values()}
    assert len(tops) == 1
    cards.resize(300, 700)
    qtbot.waitUntil(lambda: len({button.y() for button in cards._buttons.values()}) == 3, timeout=WAIT)
    # No text is cut off.
    assert all(each.height() >= each.heightForWidth(each.width()) for each in cards._buttons.values())


def test_a_worker_that_fails_is_said_and_the_guide_goes_on(harness, qtbot):
    harness.devices = [["fail", {"message": "No torch."}]]
    # A plan would take the place of what is said.
    harness.plan = {}
    page = harness.window().built("welcome")
    qtbot.waitUntil(lambda: page.steps["run"].text() == "No torch.", timeout=WAIT)
    assert page.onward_button.isEnabled()


def test_another_base_model_is_offered_where_there_is_one(harness, qtbot):
    harness.models = {"models": [STARTER, SMALL]}
    page = harness.window().built("welcome")
    qtbot.waitUntil(lambda: not page.steps["model"].isHidden(), timeout=WAIT)
    page.go_to("model")
    page.models.choose("owner/small")
    made = page.recipe()
    assert made.base_model.id == "owner/small"
    assert made.training.learning_rate is None
    assert made.method.options.target_modules == ("all-linear",)


def test_models_to_download_know_the_language_and_are_not_offered_offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert offered_models([STARTER], "de", STARTER_MODEL) == (STARTER_MODEL,)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    german = offered_models([STARTER], "de", STARTER_MODEL)
    assert [model.id for model in german[1:]] == ["google/flan-t5-small", "Qwen/Qwen2.5-0.5B-Instruct"]
    assert all(model.bytes for model in german[1:])
    # What was chosen stays, whatever the language of other conversations.
    assert offered_models([STARTER, SMALL], "ja", german[1])[-1] == german[1]


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
    assert (made.training.learning_rate is None) == (method_id != "lora")


def test_keys_alone_lead_to_a_run(harness, qtbot):
    window = harness.window()
    page = window.built("welcome")
    for _step in ("data", "method", "run"):
        qtbot.waitUntil(page.onward_button.hasFocus, timeout=WAIT)
        QTest.keyClick(page.onward_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.current_key() == "train", timeout=WAIT)
    qtbot.waitUntil(lambda: window.built("train").header.title().startswith("starter"), timeout=WAIT)
    assert Preferences().get("guided") == "yes"
    qtbot.waitUntil(lambda: harness.manager.current is None, timeout=WAIT)


def test_data_of_ones_own_stays_inside_the_guide(harness, qtbot, tmp_path, monkeypatch):
    file = tmp_path / "chats.csv"
    file.write_text("dialogue,summary\nAnn: Hi.,Ann greets.\n")
    window = harness.window()
    page = window.built("welcome")
    page.data.choose("own")
    assert window.current_key() == "welcome"
    assert not page.onward_button.isEnabled()
    assert "Choose a file" in page.steps["data"].text()
    monkeypatch.setattr(own_data, "ask_for_file", lambda _parent: str(file))
    page.own_data.file_button.click()
    assert page.onward_button.isEnabled()
    qtbot.waitUntil(lambda: "chats.csv: 1,228 for training" in page.steps["data"].text(), timeout=WAIT)
    made = page.recipe()
    assert made.data.source == str(file)
    # What is tuned for the sample alone.
    assert (made.data.conversation, made.data.max_conversation_tokens) == ("auto", 512)
    training = made.training
    assert (training.epochs, training.max_steps, training.evaluate_every, training.batch_size) == (
        0,
        0,
        0,
        16,
    )
    assert "chats.csv" in page.steps["run"].text()
    page.data.choose("sample")
    assert page.recipe().data.source == "sample"


def test_only_a_problem_of_own_data_leads_to_the_data_page(harness, qtbot, tmp_path):
    file = tmp_path / "chats.csv"
    file.write_text("a,b\n1,2\n")
    problem = {"field": "data.summary", "message": "No column holds summaries.", "hint": "Name it."}
    harness.plan = PLAN | {"problems": [problem]}
    window = harness.window()
    page = window.built("welcome")
    page.data.choose("own")
    page.own_data.choose(str(file))
    qtbot.waitUntil(lambda: page.own_data.problem() == "No column holds summaries. Name it.", timeout=WAIT)
    assert not page.onward_button.isEnabled()
    page.own_data.page_button.click()
    assert window.current_key() == "data"
    assert window.built("data").parts.source.source.text() == str(file)


def test_a_file_that_is_gone_is_said_beside_the_choice(page, tmp_path):
    page.data.choose("own")
    page.own_data.choose(str(tmp_path / "gone.csv"))
    assert "gone.csv" in page.own_data.problem()
    assert page.recipe() is None


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
