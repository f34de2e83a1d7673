from engine.api import arenas
from gui.models.arena_table import ArenaTable
from tests.helpers.arenas import FULL, make_arena, score

PROMPT = "Prompt only"


def groups(arena):
    return arenas.groups(arenas.Reader().read(arenas.open_arena(arena.folder)))


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
