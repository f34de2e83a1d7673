import time

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from engine.api import Example, labelling
from gui.core.preferences import Preferences
from gui.dialogs.queue_dialog import QueueDialog
from gui.pages.home.page import HomePage
from gui.workers.worker_manager import WorkerManager
from tests.helpers.background import wait_for
from tests.helpers.homes import RunSpec, add_adapter, add_run, make_metadata, score_card
from tests.helpers.scored_runs import add_scored_run


def scored_adapter(name: str, verdict: str = "better", **values):
    return add_adapter(name, time.time(), [score_card(0.611, verdict=verdict, source="chats.csv")], **values)


def begun_set(written: int, total: int) -> str:
    made = labelling.create(
        "Calls", "/data/calls.csv", [Example(f"c{n}", f"A: {n}?", "") for n in range(total)]
    )
    opened = labelling.LabellingSet(made.id)
    for number in range(1, written + 1):
        opened.write(number, "A asks.")
        opened.accept(number)
    opened.close()
    return made.id


@pytest.fixture
def make(qtbot, home):
    """Return a function that shows Home as it is after reading everything."""
    managers: list[WorkerManager] = []

    def shown() -> HomePage:
        manager = WorkerManager()
        managers.append(manager)
        page = qtbot.place(HomePage(manager, Preferences()), 1232, 900)
        page.shown()
        wait_for(page)
        qtbot.waitUntil(lambda: page.found is not None)
        return page

    yield shown
    for manager in managers:
        manager.leave()


def test_nothing_begun_leads_to_the_guide_by_one_primary_button(make, qtbot):
    page = make()
    assert page.guide_button.isVisible()
    assert not page.new_button.isVisible()
    assert page.header.subtitle() == "Nothing trained yet"
    for button, key in ((page.guide_button, "welcome"), (page.own_button, "data")):
        with qtbot.waitSignal(page.view_requested) as asked:
            button.click()
        assert asked.args == [key]


def test_the_newest_verdict_is_told_with_a_typical_conversation_and_leads_on(make, qtbot):
    job = add_scored_run(adapter_name="of the run")
    training = make_metadata("x").training.model_copy(update={"run": job.id})
    scored_adapter("Chats · LoRA", training=training)
    add_adapter("older", 1.0, [score_card(0.43, verdict="worse")])
    page = make()
    verdict = page.verdict
    assert verdict.headline.text() == "Chats · LoRA writes better summaries"
    assert "rose by 14.2 points" in verdict.sentence.text()
    shown = page.found.verdict.shown
    assert [text.text() for _, text in verdict.columns.values()] == [
        shown.conversation, shown.base, shown.tuned,
    ]  # fmt: skip
    assert verdict.columns["tuned"][1].marks()
    adapter = page.found.verdict.adapter.id
    for button, signal, wanted in (
        (verdict.try_button, page.try_requested, [adapter]),
        (verdict.run_button, page.open_requested, job.id),
    ):
        with qtbot.waitSignal(signal) as asked:
            button.click()
        assert asked.args == [wanted]
    with qtbot.waitSignal(page.export_requested) as asked:
        verdict.export_button.click()
    assert asked.args == [page.found.verdict.adapter, verdict.export_button]
    assert [step.title for step in page.steps] == ["Ask people, not only ROUGE"]
    with qtbot.waitSignal(page.blind_requested) as asked:
        page.steps[0].button.click()
    assert asked.args == [[(job.id, "")]]


@pytest.mark.parametrize(
    ("verdict", "examples", "said"),
    [
        ("worse", 819, "A writes worse summaries"),
        ("no measurable difference", 819, "A: No measurable difference"),
        ("too few to tell", 3, "A: Too few conversations to tell"),
        ("better", 12, "A: Better than the base model, on few conversations"),
    ],
)
def test_a_verdict_promises_no_more_than_was_measured(make, verdict, examples, said):
    add_adapter("A", time.time(), [score_card(0.5, verdict=verdict, examples=examples)])
    page = make()
    assert page.verdict.headline.text() == said
    # Its run is gone.
    assert not page.verdict.run_button.isVisible()
    assert not page.verdict.columns["base"][1].isVisible()


def test_adapters_and_data_are_listed_newest_first_and_a_click_or_return_opens_one(make, qtbot):
    scored_adapter("second")
    add_adapter("first", time.time() + 60)
    for number in range(4):
        add_adapter(f"old {number}", 10.0 + number)
    Preferences().set("page.data", '{"recent": "[[\\"/data/mails.csv\\", \\"mails\\"]]"}')
    set_id = begun_set(2, 5)
    page = make()
    assert [item.name for item in page.adapters.items()] == ["first", "second", "old 3", "old 2"]
    texts = [page.data.accessible_text(item) for item in page.data.items()]
    assert texts == [
        "Calls, 2 of 5 written", "samsum, 2,116 conversations", "mails, ", "Sample conversations, bundled",
    ]  # fmt: skip
    assert page.header.subtitle() == "4 data sets, 6 adapters"
    with qtbot.waitSignal(page.library_requested) as asked:
        click(page.adapter_view, 1)
    assert asked.args == [page.adapters.items()[1].id]
    with qtbot.waitSignal(page.set_requested) as asked:
        click(page.data_view, 0)
    assert asked.args == [set_id]
    with qtbot.waitSignal(page.data_requested) as asked:
        page.data_view.choose("/data/mails.csv")
        QTest.keyClick(page.data_view, Qt.Key.Key_Return)
    assert asked.args == ["/data/mails.csv"]
    assert [step.title for step in page.steps] == ["Finish Calls", "Score first"]
    with qtbot.waitSignal(page.score_requested):
        page.steps[1].button.click()


def click(view, row: int) -> None:
    QTest.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(view.table().index(row, 0)).center()
    )


def test_a_run_that_ended_early_is_resumed_and_whoever_has_no_adapter_finds_the_guide(make, qtbot):
    job = add_run(spec=RunSpec(outcome="stopped", checkpoint_at=20, steps=20))
    page = make()
    assert [step.button.text() for step in page.steps] == ["Resume", "Start the guide"]
    with qtbot.waitSignal(page.resume_requested) as asked:
        page.steps[0].button.click()
    assert asked.args == [job.id]


def test_what_waits_for_the_device_is_listed_while_it_waits(make, qtbot):
    add_adapter()
    page = make()
    assert not page.computing.isVisible()
    queue = page.manager.device_queue
    queue.set_paused(True)
    for number in reversed(range(6)):
        queue.put_first("export", f"adapter {number}", {})
    assert page.computing.isVisible()

    def shown() -> list[str]:
        labels = page.computing.findChildren(type(page.computing.title))
        return [label.text() for label in labels if label.isVisible()]

    qtbot.waitUntil(lambda: "Exporting adapter 0" in shown())
    assert "waits: the queue is paused" in shown()
    assert "Exporting adapter 4" not in shown()
    with qtbot.waitSignal(page.queue_wanted):
        page.computing.queue_link.click()
    for entry in list(queue.waiting):
        queue.remove(entry.key)
    assert not page.computing.isVisible()


@pytest.mark.usefixtures("styled")
def test_the_steps_stand_below_the_rest_in_a_narrow_window(make, qtbot):
    scored_adapter("A")
    page = make()
    page.adapt(1440)
    page.resize(1232, 900)
    qtbot.waitUntil(lambda: page.data_view.mapTo(page, QPoint()).x() > page.adapter_view.width())
    page.resize(968, 700)
    qtbot.waitUntil(lambda: page.data_view.mapTo(page, QPoint()).x() < 100)


def test_in_the_window_its_buttons_lead_to_run_exports_playground_set_and_queue(story, monkeypatch, tmp_path):
    job = add_scored_run(adapter_name="of the run")
    training = make_metadata("x").training.model_copy(update={"run": job.id})
    adapter = scored_adapter("Chats · LoRA", training=training)
    begun_set(1, 3)
    window = story.open("home")
    home = window.built("home")

    def press(button_of) -> None:
        window.show_room("home")
        story.until(lambda: home.found is not None and len(home.steps) == 2)
        button_of().click()

    press(lambda: home.verdict.run_button)
    assert window.current_key() == "train"
    assert window.built("train").header.title() == "Starter on the sample"
    menus = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _place: menus.append(menu))
    press(lambda: home.verdict.export_button)
    library, [menu] = window.built("library"), menus
    assert window.current_key() == "home"
    monkeypatch.setattr(library.import_export.dialogs, "path_for_zip", lambda *_: tmp_path / "mine.zip")
    next(each for each in menu.actions() if each.text() == "As a zip file…").trigger()
    menu.close()
    assert window.current_key() == "library"
    story.until((tmp_path / "mine.zip").exists)
    story.until(lambda: library.view.current() is not None)
    assert library.view.current().id == adapter.id
    press(lambda: home.verdict.try_button)
    assert window.current_key() == "playground"
    press(lambda: home.steps[0].button)
    assert window.current_key() == "labelling"
    story.until(lambda: window.built("labelling").header.title() == "Calls")
    press(lambda: home.steps[1].button)
    assert window.current_key() == "compare"
    story.until(lambda: window.built("compare").votes.controller.sources != [])
    home.computing.queue_link.click()
    assert window.findChildren(QueueDialog)
