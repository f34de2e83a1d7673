from __future__ import annotations

from engine.api import arenas
from gui.models.arena_table import ArenaTable
from gui.models.grouped_table import ScoreCell, TextCell
from tests.helpers.arenas import BASE, FULL, make_arena, score
from tests.helpers.blind_votes import voted_on

PROMPT = "Prompt only"


def groups(arena):
    return arenas.groups(arenas.Reader().read(arenas.open_arena(arena.folder)))


def test_a_column_of_blind_votes_stands_beside_rouge_where_there_are_any(qapp):
    arena = make_arena("lora", "ia3", "full")
    jobs = [score(arena, at, values) for at, values in enumerate((FULL, BASE, BASE))]
    table = ArenaTable()
    table.set_groups(groups(arena))
    assert "preferred" not in [column.key for column in table.columns]
    voted_on(jobs[1].id, jobs[0].id)
    table.set_groups(groups(arena))
    assert [column.key for column in table.columns][1:3] == ["score", "preferred"]
    table.sort_by("preferred")
    assert [row.status.entry.run for row in table.items()] == [jobs[1].id, jobs[0].id, jobs[2].id]
    best, worse, unknown = table.items()
    cell = table.cell(best, "preferred")
    assert isinstance(cell, ScoreCell)
    assert cell.text == "99\xa0%"
    assert "of blind votes" in table.explanation(worse, "preferred")
    assert "of blind votes" in table.accessible_text(best)
    assert table.cell(unknown, "preferred") == TextCell("–")
    table.set_metrics(["rouge2"])
    assert [column.key for column in table.columns][1:4] == ["score", "rouge2", "preferred"]


def forgetful(place: int, rise: float, arena) -> None:
    losses = tuple(3.0 + index / 20 for index in range(12))
    measured = {"general_loss": (losses, tuple(loss + rise for loss in losses))}
    score(arena, place, FULL, measured=measured)


def test_forgetting_has_a_column_where_it_was_measured(qapp):
    arena = make_arena("lora", "ia3", "prompt_only")
    table = ArenaTable()
    forgetful(0, 0.14, arena)
    forgetful(1, -0.02, arena)
    score(arena, 2, FULL)
    table.set_groups(groups(arena))
    assert "Forgetting" in [each.title for each in table.columns]
    cells = {row.status.entry.title: table.cell(row, "general_loss") for row in table.items()}
    assert (cells["LoRA"].text, cells["LoRA"].token) == ("+0.14", "error")
    assert cells["IA3"].text == "−0.02"
    assert cells[PROMPT].text == "–"
    told = table.explanation(
        next(row for row in table.items() if row.status.entry.title == "LoRA"), "general_loss"
    )
    assert "3.41" in told
    assert "Base model 3.27; difference +0.14" in told
    table.sort_by("general_loss")
    assert [row.status.entry.title for row in table.items()] == ["IA3", "LoRA", PROMPT]


def test_chrf_has_a_column_where_it_was_measured(qapp):
    arena = make_arena("lora", "ia3")
    table = ArenaTable()
    score(arena, 0, FULL)
    table.set_groups(groups(arena))
    assert not {"chrf", "general_loss"} & {each.key for each in table.columns}
    score(arena, 1, FULL, measured={"chrf": (BASE, FULL)})
    table.set_groups(groups(arena))
    assert [each.key for each in table.columns][1:3] == ["score", "chrf"]
    cells = {row.status.entry.title: table.cell(row, "chrf").text for row in table.items()}
    assert cells == {"LoRA": "–", "IA3": f"{100 * sum(FULL) / len(FULL):.1f}"}
    assert "chrF" in table.accessible_text(
        next(row for row in table.items() if row.status.entry.title == "IA3")
    )
