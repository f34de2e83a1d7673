"""The ways to a blind comparison: from a finished run, its conversations, the arena and the library."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QPushButton

from engine import arena as arenas
from engine.adapters import library
from engine.config import recipe
from engine.runs import run_comparison
from gui.main_window import MainWindow
from tests.helpers.blind_stage import add_runs, settle
from tests.helpers.homes import make_recipe

WAIT = 10_000


@pytest.fixture
def window(story):
    # No other page is built as quickly as the history.
    return story.open("history")


def prepared(window: MainWindow) -> list[tuple[str, str]]:
    """Return the runs and labels that the page is about to compare."""
    assert window.current_key() == "blind"
    page = window.built("blind")
    settle(page)
    return [(each.origin, each.label) for each in page.controller.sources]


def test_from_its_own_tab_with_the_newest_run(window, qtbot):
    page = window.show_built("blind")
    page.newest_button.click()
    qtbot.waitUntil(lambda: "Train an adapter first." in page.notice.text(), timeout=WAIT)
    assert page.controller.sources == []
    [job] = add_runs(1)
    page.newest_button.click()
    qtbot.waitUntil(lambda: page.controller.sources != [], timeout=WAIT)
    assert prepared(window) == [(job.id, "LoRA, r 16")]


def test_from_a_finished_run_and_back_and_from_an_adapter_whose_run_has_summaries(window, qtbot):
    [job] = add_runs(1)
    train = window.show_built("train")
    train.open_run(job.id)
    qtbot.waitUntil(lambda: train.run_view.card is not None, timeout=WAIT)
    buttons = {button.text(): button for button in train.run_view.card.findChildren(QPushButton)}
    buttons["Compare blind…"].click()
    assert prepared(window) == [(job.id, "LoRA, r 16")]
    window.built("blind").setup.cancel_button.click()
    assert window.current_key() == "train"

    adapter = library.find("adapter-0")
    page = window.show_built("library")
    assert "Compare blind…" not in [text for text, _, _ in page._entries_for(adapter)]
    training = adapter.metadata.training.model_copy(update={"run": job.id})
    adapter = library.Adapter(adapter.folder, adapter.metadata.model_copy(update={"training": training}))
    entries = {text: act for text, act, _ in page._entries_for(adapter)}
    entries["Compare blind…"]()
    assert prepared(window) == [(job.id, "adapter-0")]


def test_from_the_conversations_of_several_runs_and_from_an_arena_where_the_votes_come_back(window, qtbot):
    first, second = jobs = add_runs(2)
    examples = window.show_built("examples")
    examples.open_run(first, recipe.load(first.recipe_path), "adapter-0")
    qtbot.waitUntil(lambda: len(examples._shown) == 1, timeout=WAIT)
    examples.compare(run_comparison.candidates(examples._shown[0]))
    qtbot.waitUntil(lambda: len(examples._shown) == 2, timeout=WAIT)
    examples.blind_button.click()
    assert prepared(window) == [(first.id, "LoRA, r 16"), (second.id, "LoRA, r 16 (2)")]

    made = arenas.create(
        make_recipe("Starter", base="starter", source="sample"),
        [{"method": {"id": each}} for each in ("lora", "ia3")],
    )
    for entry, job in zip(made.entries, jobs, strict=True):
        arenas.set_run(made, entry.id, job.id)
    page = window.show_built("arena")
    qtbot.waitUntil(lambda: page.table.rowCount() == 2, timeout=WAIT)
    qtbot.waitUntil(page.blind_button.isVisible, timeout=WAIT)
    assert "preferred" not in [column.key for column in page.table.columns]
    page.blind_button.click()
    assert prepared(window) == [(jobs[0].id, "LoRA, r 32"), (jobs[1].id, "IA3")]
    blind = window.built("blind")
    blind.setup.pairs.setValue(40)
    blind.setup.start_button.click()
    settle(blind)
    while blind.controller.question is not None:
        blind.vote.buttons["left"].click()
    settle(blind)
    window.show_room("train")
    assert window.current_key() == "arena"
    qtbot.waitUntil(lambda: "preferred" in [column.key for column in page.table.columns], timeout=WAIT)
