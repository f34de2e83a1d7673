"""Methods with several seeds on the arena page: a row each, every seed in the queue, and forms that ask for them."""

import random
from typing import Any

import pytest

from engine.api import arenas
from gui.models.folder_readers import chosen_for_blind
from tests.helpers import arena_bench
from tests.helpers.arenas import make_arena, score
from tests.helpers.homes import RunSpec, add_run

Bench = arena_bench.Bench
BASE = [0.3 + at / 100 for at in range(40)]
GAINS = (0.08, 0.1, 0.13)


@pytest.fixture
def seeded(home) -> arenas.Arena:
    """An arena whose LoRA has three scored seeds; IA3 has one, one that failed and one that waits."""
    arena = make_arena("lora", "ia3", "prompt_only", name="Seeds", seeds=3)
    draw = random.Random(3)
    spec = RunSpec(steps=20, outcome=None, gain=None, facts={"trainable_parameters": 1000})
    for place, gain in zip((0, 3, 5), GAINS, strict=True):
        score(arena, place, [value + gain + draw.gauss(0, 0.02) for value in BASE], BASE, spec=spec)
    score(arena, 1, [value + 0.05 for value in BASE], BASE, spec=spec)
    score(arena, 2, BASE, BASE)
    failed = add_run(arenas.Reader().read(arena)[4].recipe, RunSpec(steps=3, outcome="failed", gain=None))
    arenas.set_run(arena, arena.entries[4].id, failed.id)
    return arenas.open_arena(arena.folder)


def cells(page: Any, row: int) -> dict[str, Any]:
    table = page.table
    return {column.key: table.index(row, at).data() for at, column in enumerate(table.columns)}


def test_seeds_are_one_row_that_says_their_spread_and_which_are_missing(bench, seeded):
    made = bench()
    page, table = made.page, made.page.table
    assert made.names() == ["LoRA, r 32", "IA3", "Prompt only, no examples"]
    assert "spread" in [column.key for column in table.columns]
    shown = [cells(page, row)["spread"] for row in range(3)]
    spread, _, seeds = shown[0].partition(" · ")
    assert float(spread) == pytest.approx(2.5, abs=0.5)
    assert (seeds, *shown[1:]) == ("3 seeds", "– · 1 of 3 seeds", "–")
    assert page.header.subtitle().startswith("Seeds. 5 of 7 entries scored")
    details = [table.cell(row, "name").detail for row in table.items()]
    assert details == ["r 32, 3 seeds", "1 of 3 seeds", "no examples"]

    lora, ia3, prompt = table.items()
    assert table.explanation(lora, "score") == (
        "Mean of 3 seeds; the interval covers seeds and conversations."
    )
    assert "with seed 42, 5" in table.explanation(lora, "spread")
    assert table.explanation(lora, "name") == "LoRA, r 32, 3 seeds"
    assert table.explanation(lora, "minutes").endswith("The mean of the seeds.")
    assert "The whole run took" in table.explanation(ia3, "minutes")
    assert table.explanation(ia3, "score") == (
        "One seed: the interval covers conversations alone. Not scored yet: seed 44. Failed: seed 43."
    )
    assert table.explanation(ia3, "spread").endswith("with seed 42.")
    assert table.explanation(prompt, "spread") == "Nothing is trained, so the seed doesn't matter."
    spoken = table.accessible_text(lora)
    assert spoken.startswith("LoRA, r 32, 3 seeds, ROUGE-1 5")
    assert "Standard deviation over seeds" in spoken
    page.view.order_wanted.emit("spread")
    assert made.names()[-1] == "LoRA, r 32"
    page.view.order_wanted.emit("score")

    # A seed that comes later, and one that is taken out.
    score(seeded, 6, [value + 0.06 for value in BASE], BASE)
    page.refresh()
    made.settle()
    assert table.items()[1].remark == "Failed: seed 43."
    arenas.remove(seeded, seeded.entries[4].id)
    page.refresh()
    made.settle()
    assert table.items()[1].remark == ""


def test_the_queue_has_each_seed_and_the_charts_a_point_for_each_row(bench, seeded, qtbot):
    page = bench().page
    queue, front = page.lower_pane.queue, page.lower_pane.front
    names = [queue.table.index(row, 0).data() for row in range(queue.table.rowCount())]
    assert names[:2] == ["LoRA, r 32, seed 42", "IA3, seed 42"]
    assert names[5] == "LoRA, r 32, seed 44"
    # The seed is read where the column is too narrow for the name.
    assert queue.table.cell(queue.table.items()[5], "name").tail == ", seed 44"
    page.choose("ia3-seed-42")
    queue.view.choose("lora-r-32-seed-44")
    assert page.view.current().name == "LoRA, r 32"
    assert queue.view.current().entry.seed == 44
    page.view.choose("ia3-seed-42")
    assert queue.view.current().entry.id == "ia3-seed-42"

    assert {point.name for point in front.chart.points()} == {"LoRA, r 32", "IA3", "Prompt only, no examples"}
    assert [line.name for line in page.lower_pane.losses.chart.lines()][:2] == names[:2]
    front.set_axes("rouge1", "spread")
    assert [point.id for point in front.chart.points()] == ["lora-r-32-seed-42"]
    chosen = chosen_for_blind(page._shown, page.checked)
    assert chosen[0] == (seeded.entries[0].run, "LoRA, r 32, seed 42")
    page.differences_button.click()
    heads = [column.head for column in page.lower_pane.differences.table.columns]
    assert heads[1:3] == ["LoRA, r 32", "IA3"]

    row = page.table.items()[0]
    with qtbot.waitSignal(page.open_requested) as asked:
        page.view.opened.emit(row)
    assert asked.args == [seeded.entries[0].run]
    entries = {each.text(): each for each in page.menu.of_row(row)}
    assert [text for text in entries if text.startswith("Open")] == [
        f"Open the run: seed {seed}" for seed in (42, 43, 44)
    ]
    with qtbot.waitSignal(page.open_requested) as asked:
        entries["Open the run: seed 44"].trigger()
    assert asked.args == [seeded.entries[5].run]
    assert not any("Remove" in text for text in entries)
    # A row without seeds has all that its entry has.
    assert "Remove from the arena" in [each.text() for each in page.menu.of_row(page.table.items()[2])]


def test_a_new_arena_asks_for_seeds_and_more_join_the_entries_that_are_there(bench):
    made = bench()
    made.offer()
    form = made.page.form

    def seeds():
        return [each.seed for each in arenas.list_arenas()[0][0].entries]

    made.page.empty_button.click()
    assert form.seeds.value() == 1
    for method in ("ia3", "full", "prompt_only"):
        form.methods.chips[method].click()
    form.seeds.setValue(2)
    assert "3 entries" in form.entries_field.helper.text()
    form.make_button.click()
    made.settle()
    assert seeds() == [42, None, 43]
    made.page.add_button.click()
    form.seeds.setValue(3)
    form.make_button.click()
    made.settle()
    assert seeds() == [42, None, 43, 44]
    made.page.add_button.click()
    form.make_button.click()
    assert form.isVisible()
    assert "has all these entries with 3 seeds" in form.problem.text()
