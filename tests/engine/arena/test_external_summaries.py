import pytest

from engine import arena as arenas
from engine.arena import Arena, external_summaries
from engine.errors import ArenaError
from engine.runs import example_scores
from engine.scoring import bootstrap
from tests.helpers.arenas import BASE, FULL, add_file, make_arena, score
from tests.helpers.repository import GOLDEN

CLOUD = (0.6, 0.7, 0.8, 0.9)


def rows(arena: Arena) -> dict[str, arenas.Row]:
    found = arenas.groups(arenas.Reader().read(arenas.open_arena(arena.folder)))
    return {row.status.entry.title: row for group in found for row in group.rows}


@pytest.fixture
def arena(home):
    arena = make_arena("lora", "full")
    score(arena, 0, (0.4, 0.5, 0.6, 0.7))
    score(arena, 1, FULL)
    return arenas.open_arena(arena.folder)


def test_it_is_a_row_of_the_same_group_paired_with_base_and_full(arena, tmp_path):
    add_file(arena, "Cloud model", CLOUD, tmp_path)
    [group] = arenas.groups(arenas.Reader().read(arenas.open_arena(arena.folder)))
    assert [row.status.entry.title for row in group.rows] == ["Cloud model", "Full fine-tuning", "LoRA"]
    row = group.rows[0]
    assert row.name == "Cloud model, from a file"
    assert row.mean == pytest.approx(0.75)
    assert row.base["rouge1"] == bootstrap.interval(BASE, 1000).as_dict()
    assert row.against_base["rouge1"]["mean"] == pytest.approx(0.3)
    assert row.against_base["rouge1"]["verdict"] == "too few to tell"
    assert row.against_full is not None
    assert row.against_full["rouge1"]["mean"] == pytest.approx(0.1)
    assert [row.cost(kind) for kind in arenas.COSTS] == [None, None, None]
    assert row.remark == "From cloud.jsonl; its prompt is unknown."


def test_a_name_is_needed_and_taken_once(arena, tmp_path):
    add_file(arena, "Cloud model", CLOUD, tmp_path)
    for name in ("Cloud  model ", "  ", "LoRA"):
        with pytest.raises(ArenaError) as caught:
            add_file(arenas.open_arena(arena.folder), name, CLOUD, tmp_path)
        assert caught.value.field == "name"


def test_what_can_not_be_read_says_so(arena, tmp_path):
    added = add_file(arena, "Cloud model", CLOUD, tmp_path)
    entry = added.entries[-1]
    folder = added.folder / "summaries" / entry.id
    (folder / example_scores.FILE_NAME).unlink()
    assert rows(added)["Cloud model"].full_missing == "Scores per conversation are missing."
    (folder / "card.json").write_text('{"schema": 1}', encoding="utf-8")
    status = arenas.Reader().read(added)[-1]
    assert (status.state, status.reason) == (
        "failed", "Its summaries can't be read. Add the file again.",
    )  # fmt: skip
    assert "Cloud model" not in rows(added)


def test_a_card_of_the_first_version_can_be_read():
    found = external_summaries.load(GOLDEN / "external_summaries_v1")
    assert found is not None
    card = found.card
    assert (card.file, card.conversations, card.protocol["examples"]) == ("cloud.jsonl", 40, 38)
    assert card.difference["rouge1"]["verdict"] == "better"
    assert {"chrf", "words"} <= card.measures.keys() & card.base.measures.keys()
