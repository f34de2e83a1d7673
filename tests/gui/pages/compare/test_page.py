import pytest
from PySide6.QtWidgets import QPushButton

from engine import arena as arenas
from engine.adapters import library, metadata
from engine.runs import example_scores
from gui.look import style
from gui.main_window import MainWindow
from gui.pages.compare.page import TABS, ComparePage
from gui.widgets.labels import Label
from tests.helpers.homes import make_recipe
from tests.helpers.layout_problems import layout_problems
from tests.helpers.scored_runs import bundled, scored_events, scores_of
from tests.helpers.votes_stage import add_runs, settle


@pytest.fixture
def window(story):
    return story.open("library")


def is_read(page, qtbot) -> None:
    qtbot.waitUntil(lambda: page.found is not None and not page.is_reading)


def prepared(window: MainWindow, qtbot) -> list[tuple[str, str]]:
    """Return the runs and labels that are about to be voted on."""
    assert window.current_key() == "compare"
    page = window.built("compare")
    is_read(page, qtbot)
    settle(page.votes)
    return [(each.origin, each.label) for each in page.votes.controller.sources]


def linked_runs(count: int):
    """Add runs whose adapters know them."""
    jobs = add_runs(count)
    for at, job in enumerate(jobs):
        adapter = library.find(f"adapter-{at}")
        training = adapter.metadata.training.model_copy(update={"run": job.id})
        metadata.save(adapter.metadata.model_copy(update={"training": training}), adapter.folder)
    return jobs


def test_its_own_tab_begins_with_the_newest_run_and_says_where_there_is_none(window, qtbot):
    page = window.show_built("compare")
    assert "Nothing to compare yet" in [
        label.text() for label in page.findChildren(Label) if label.isVisible()
    ]
    [job] = add_runs(1)
    window.show_page("library")
    window.show_page("compare")
    is_read(page, qtbot)
    assert page.scores.headline.text() == "adapter-0: Better than the base model"
    page.show_tab("votes")
    assert prepared(window, qtbot) == [(job.id, "adapter-0")]


def test_from_a_finished_run_and_from_an_adapter_to_scores_conversations_and_votes_on_the_same(window, qtbot):
    [job] = linked_runs(1)
    train = window.show_built("train")
    train.open_run(job.id)
    qtbot.waitUntil(lambda: train.run_view.card is not None)
    buttons = {button.text(): button for button in train.run_view.card.findChildren(QPushButton)}
    buttons["Compare blind…"].click()
    assert prepared(window, qtbot) == [(job.id, "adapter-0")]

    page = window.show_built("library")
    qtbot.waitUntil(lambda: page.panel.adapter() is not None)
    page.panel.compare_button.click()
    compare = window.built("compare")
    is_read(compare, qtbot)
    assert compare.tabs.current() == "scores"
    assert [line.name for line in compare.scores.systems.items()] == [
        "Base model (the practice model)",
        "adapter-0",
    ]
    compare.show_tab("conversations")
    assert len(compare.conversations.table.items()) == 30
    compare.show_tab("votes")
    assert prepared(window, qtbot) == [(job.id, "adapter-0")]
    compare.show_tab("scores")
    compare.scores.system_view.opened.emit(compare.scores.systems.items()[1])
    assert window.current_key() == "library"


def test_others_are_added_and_their_votes_come_back_in_the_arena(window, qtbot):
    first, second = jobs = linked_runs(2)
    page = window.show_built("compare")
    page.open_runs([(first.id, "")], "conversations")
    is_read(page, qtbot)
    page.add_button.click()
    qtbot.waitUntil(page.chooser.isVisible)
    assert not page.tabs.isVisible()
    [other] = page.chooser.table.items()
    page.chooser.view.check_pressed.emit(other)
    page.chooser.compare_button.click()
    qtbot.waitUntil(lambda: len(page.found.systems) == 2)
    page.show_tab("votes")
    assert prepared(window, qtbot) == [(first.id, "adapter-0"), (second.id, "adapter-1")]

    made = arenas.create(
        make_recipe("Starter", base="starter", source="sample"),
        [{"method": {"id": each}} for each in ("lora", "ia3")],
    )
    for entry, job in zip(made.entries, jobs, strict=True):
        arenas.set_run(made, entry.id, job.id)
    arena = window.show_built("arena")
    qtbot.waitUntil(lambda: arena.table.rowCount() == 2)
    qtbot.waitUntil(arena.blind_button.isVisible)
    assert "preferred" not in [column.key for column in arena.table.columns]
    arena.blind_button.click()
    assert prepared(window, qtbot) == [(jobs[0].id, "LoRA, r 32"), (jobs[1].id, "IA3")]
    votes = page.votes
    votes.setup.pairs.setValue(40)
    votes.setup.start_button.click()
    settle(votes)
    assert not page.add_button.isVisible()
    assert not [secret for secret in ("LoRA", "IA3", "adapter") if secret in page.header.subtitle()]
    while votes.controller.question is not None:
        votes.vote.buttons["left"].click()
    settle(votes)
    window.show_room("train")
    assert window.current_key() == "arena"
    qtbot.waitUntil(lambda: "preferred" in [column.key for column in arena.table.columns])
    page.open_adapters(["adapter-0", "adapter-1"])
    qtbot.waitUntil(lambda: page.found is not None and page.found.preferred != {})
    assert [column.key for column in page.scores.systems.columns][-1] == "preferred"
    assert [line.preferred is None for line in page.scores.systems.items()] == [True, False, False]


def test_a_file_of_another_system_is_compared_by_scores_conversations_and_votes(window, qtbot, tmp_path):
    [job] = add_runs(1)
    made = arenas.create(
        make_recipe("Starter", base="starter", source="sample"), [{"method": {"id": "lora"}}]
    )
    kept = scores_of(bundled(30), tuned=0.5)
    example_scores.save(tmp_path, kept)
    _base, tuned = scored_events(kept, "x")
    base = {"scores": _base["scores"], "measures": _base["measures"]}
    arenas.add_summaries(made, "Cloud", "cloud.jsonl", tmp_path, {**tuned, "conversations": 30, "base": base})
    page = window.show_built("compare")
    page.open_runs([(job.id, "")], "scores")
    is_read(page, qtbot)
    page.add_button.click()
    qtbot.waitUntil(page.chooser.isVisible)
    cloud = next(each for each in page.chooser.table.items() if each.label == "Cloud")
    assert page.chooser.table.index(page.chooser.table.row_of(cloud.origin), 1).data() == "cloud.jsonl"
    page.chooser.view.check_pressed.emit(cloud)
    page.chooser.compare_button.click()
    qtbot.waitUntil(lambda: len(page.found.systems) == 2)
    assert [line.name for line in page.scores.systems.items()][1:] == ["adapter-0", "Cloud"]
    assert page.scores.headline.text() == "adapter-0 writes better summaries than Cloud"
    page.show_tab("conversations")
    assert len(page.conversations.table.items()[0].sides) == 2
    page.show_tab("votes")
    assert [label for _, label in prepared(window, qtbot)] == ["adapter-0", "Cloud"]


def test_a_system_that_is_gone_is_said(window, qtbot):
    page = window.show_built("compare")
    page.open_adapters(["nobody"])
    qtbot.waitUntil(page.notice.isVisible)
    assert "nobody" in page.notice.text()
    assert page.found is None


@pytest.mark.usefixtures("styled")
@pytest.mark.parametrize(("code", "width", "scale"), [("en", 1232, 1.0), ("de", 968, 2.0)])
def test_nothing_is_cut_off(qapp, qtbot, home, speak, width, scale, code):
    speak(code)
    style.apply(qapp, "light", scale)
    linked_runs(3)
    page = qtbot.place(ComparePage(), width, 800)
    page.open_adapters(["adapter-0", "adapter-1", "adapter-2"])
    is_read(page, qtbot)
    found = []
    for tab in TABS:
        page.show_tab(tab)
        settle(page.votes)
        found += [f"{tab}: {fault}" for fault in layout_problems(page)]
    assert found == []
