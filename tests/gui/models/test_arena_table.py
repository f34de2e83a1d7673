"""The table of an arena: the column of blind votes comes and goes with them."""

from __future__ import annotations

from engine.api import arenas
from gui.models.arena_table import ArenaTable
from gui.models.cells import Scored, Text
from tests.helpers.arenas import BASE, FULL, make_arena, score
from tests.helpers.blind_votes import voted_on


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
    assert isinstance(cell, Scored)
    assert cell.text == "99\xa0%"
    assert "of blind votes" in table.explanation(worse, "preferred")
    assert "of blind votes" in table.accessible_text(best)
    assert table.cell(unknown, "preferred") == Text("–")
    table.set_metrics(["rouge2"])
    assert [column.key for column in table.columns][1:4] == ["score", "rouge2", "preferred"]
