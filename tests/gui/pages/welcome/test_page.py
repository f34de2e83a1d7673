import pytest
from PySide6.QtGui import QAccessible

from engine.api import Ending, Problem
from gui.inputs.choices import ChoiceCards
from gui.pages.welcome import guide_text
from gui.pages.welcome import page as page_module
from gui.pages.welcome.guide_text import METHODS, STARTER_MODEL, STEPS, offered_models
from gui.pages.welcome.page import WelcomePage
from tests.helpers.homes import add_run
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


@pytest.fixture
def guide(story):
    """What a window's workers tell, to be changed before `welcome` opens it."""
    for kind, result in (("devices", DEVICES), ("models", {"models": [STARTER]})):
        story.scripts[kind] = answer(result)
    story.scripts |= {"plan": [["answer", PLAN]], "train": [["emit", STARTED]]}
    return story


def answer(result):
    return [["emit", {"event": "result_made", "result": result}]]


def welcome(guide) -> WelcomePage:
    return guide.open(guides=True).built("welcome")


@pytest.fixture
def page(guide) -> WelcomePage:
    return welcome(guide)


def test_it_comes_at_the_first_start_until_it_was_left(guide):
    window = guide.open(guides=True)
    assert window.current_key() == "welcome"
    # Help alone does not end it.
    window.show_page("help")
    assert guide.open(guides=True).current_key() == "welcome"
    window.show_page("welcome")
    window.built("welcome").skip_button.click()
    assert window.current_key() == "home"
    assert guide.open(guides=True).current_key() == "home"


def test_who_has_runs_needs_no_guide(guide):
    add_run()
    assert guide.open(guides=True).current_key() == "home"


def wait_for_devices(page, qtbot):
    qtbot.waitUntil(lambda: not page.steps["device"].isHidden())


def test_one_step_is_open_those_before_can_be_changed_and_what_is_planned_is_said(page, qtbot, tmp_path):
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

    qtbot.waitUntil(lambda: "A card with 11.6 GB" in page.steps["device"].text())
    qtbot.waitUntil(lambda: "1,540 steps" in page.steps["run"].text())
    assert "1,228 conversations to train on, 819 to test on" in page.steps["data"].text()
    assert "bfloat16" in page.steps["device"].text()
    page.devices.choose("cpu")
    assert page.recipe().training.device == "cpu"
    for method_id in METHODS:
        page.methods.choose(method_id)
        made = page.recipe()
        assert made.method.id == method_id
        assert (made.training.learning_rate is None) == (method_id != "lora")

    text = "Can't read \"R&D's <chats>.csv\"."
    page.planner.refused.emit([Problem("data.source", text)])
    assert page.steps["run"].text() == text
    page.planner.unavailable.emit(Ending("failed", f"{text} Again."))
    assert page.steps["run"].text() == f"{text} Again."
    assert "R&D's <chats>" in page.steps["run"].accessibleName()
    page.data.choose("own")
    page.own_data.choose(str(tmp_path / "gone.csv"))
    assert "gone.csv" in page.own_data.problem()
    assert page.recipe() is None


def test_cards_are_radio_buttons_and_the_left_side_goes_where_there_is_no_room(page):
    interface = QAccessible.queryAccessibleInterface(page.methods.buttons["lora"])
    assert interface.role() == QAccessible.Role.RadioButton
    assert interface.text(QAccessible.Text.Name) == "LoRA"
    page.methods.say("lora", "9 trainable")
    assert interface.text(QAccessible.Text.Description).endswith("9 trainable")
    page.adapt(1440)
    assert page.left.isVisible()
    page.adapt(1100)
    assert not page.left.isVisible()


def test_what_has_one_answer_is_said_and_not_asked_and_so_are_time_and_doubts(guide, qtbot):
    doubt = {"message": "The data is German.", "hint": "Choose another base.", "level": "warning"}
    notices = [doubt, {"message": "A remark.", "hint": "", "level": "info"}]
    told = PLAN | {"seconds": 540.0, "memory_suffices": True, "notices": notices}
    guide.scripts |= {"devices": answer(ONE_DEVICE), "plan": [["answer", told]]}
    page = welcome(guide)
    qtbot.waitUntil(lambda: "Processor with 8.0 GB" in page.steps["run"].text())
    qtbot.waitUntil(lambda: "about 9 min" in page.steps["run"].text())
    # Offline, with no other model here.
    assert [key for key in STEPS if not page.steps[key].isHidden()] == ["data", "method", "run"]
    assert "Step 1 of 3, Data, open" in page.steps["data"].accessibleName()
    said = page.steps["run"].text()
    assert "starter (practice model) learns from the sample conversations with LoRA." in said
    assert "The data is German. Choose another base." in said
    assert "A remark." not in said
    buttons = page.methods.buttons
    qtbot.waitUntil(lambda: "about 9 min" in buttons["full"].accessibleDescription())
    assert buttons["lora"].accessibleDescription().startswith("Small and quick, a safe choice")
    assert guide_text.cost_text({"memory_suffices": False, "seconds": 1.0}) == "Needs too much memory"


def test_cards_stand_below_each_other_where_they_would_be_narrow(styled, qtbot):
    cards = qtbot.add(ChoiceCards())
    cards.offer(guide_text.method_cards(), "lora")
    cards.resize(640, 400)
    cards.show()
    tops = {button.y() for button in cards.buttons.values()}
    assert len(tops) == 1
    for width, rows in ((400, 2), (300, 3)):
        cards.resize(width, 700)
        qtbot.waitUntil(lambda rows=rows: len({button.y() for button in cards.buttons.values()}) == rows)
    # No text is cut off.
    assert all(each.height() >= each.heightForWidth(each.width()) for each in cards.buttons.values())


def test_a_worker_that_fails_is_said_and_the_guide_goes_on(guide, qtbot):
    # A plan would take the place of what is said.
    guide.scripts |= {"devices": [["fail", {"message": "No torch."}]], "plan": [["wait_for_stop", None]]}
    page = welcome(guide)
    qtbot.waitUntil(lambda: page.steps["run"].text() == "No torch.")
    assert page.onward_button.isEnabled()


def test_another_base_model_is_offered_where_there_is_one(guide, qtbot):
    guide.scripts["models"] = answer({"models": [STARTER, SMALL]})
    page = welcome(guide)
    qtbot.waitUntil(lambda: not page.steps["model"].isHidden())
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


def test_data_of_ones_own_stays_inside_the_guide(guide, qtbot, tmp_path, monkeypatch):
    file = tmp_path / "chats.csv"
    file.write_text("dialogue,summary\nAnn: Hi.,Ann greets.\n")
    window = guide.open(guides=True)
    page = window.built("welcome")
    page.data.choose("own")
    assert window.current_key() == "welcome"
    assert not page.onward_button.isEnabled()
    assert "Choose a file" in page.steps["data"].text()
    monkeypatch.setattr(page_module, "ask_for_file", lambda _parent: str(file))
    page.own_data.file_button.click()
    assert page.onward_button.isEnabled()
    qtbot.waitUntil(lambda: "chats.csv: 1,228 conversations to train on" in page.steps["data"].text())
    made = page.recipe()
    assert made.data.source == str(file)
    # What is tuned for the sample alone.
    assert (made.data.conversation, made.data.max_conversation_tokens) == ("auto", 512)
    training = made.training
    assert (training.epochs, training.max_steps, training.evaluate_every, training.batch_size) == (
        0, 0, 0, 16,
    )  # fmt: skip
    assert "chats.csv" in page.steps["run"].text()
    page.data.choose("sample")
    assert page.recipe().data.source == "sample"


def test_only_a_problem_of_own_data_leads_to_the_data_page(guide, qtbot, tmp_path):
    file = tmp_path / "chats.csv"
    file.write_text("a,b\n1,2\n")
    problem = {"field": "data.summary", "message": "No column holds summaries.", "hint": "Name it."}
    guide.scripts["plan"] = [["answer", PLAN | {"problems": [problem]}]]
    window = guide.open(guides=True)
    page = window.built("welcome")
    page.data.choose("own")
    page.own_data.choose(str(file))
    qtbot.waitUntil(lambda: page.own_data.problem() == "No column holds summaries. Name it.")
    assert not page.onward_button.isEnabled()
    page.own_data.page_button.click()
    assert window.current_key() == "data"
    assert window.built("data").parts.source.source.text() == str(file)
