"""Another system's summaries as an entry: stored beside the runs, a row like the others, and no cost."""

from __future__ import annotations

import json

import pytest

from engine import arena as arenas
from engine.arena import Arena, external_summaries
from engine.errors import ArenaError
from engine.runs import example_scores
from engine.scoring import bootstrap
from tests.helpers.arenas import BASE, FULL, make_arena, score
from tests.helpers.external_files import add_file
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
    assert row.remark == "From cloud.jsonl: its prompt is not known."


def test_it_has_nothing_to_run(arena, tmp_path):
    add_file(arena, "Cloud model", CLOUD, tmp_path)
    statuses = arenas.Reader().read(arenas.open_arena(arena.folder))
    assert [each.state for each in statuses] == ["completed"] * 3
    assert arenas.next_up(statuses, set()) is None
    assert arenas.time_left(statuses).queue is None
    assert statuses[2].run is None
    assert statuses[2].recipe is None


def test_it_leaves_with_the_table_and_the_tree(arena, tmp_path):
    add_file(arena, "Cloud model", CLOUD, tmp_path)
    opened = arenas.open_arena(arena.folder)
    statuses = arenas.Reader().read(opened)
    groups = arenas.groups(statuses)
    head, lines = arenas.table(statuses, groups)
    first = dict(zip(head, lines[0], strict=True))
    assert (first["entry"], first["detail"], first["run"], first["minutes"]) == (
        "Cloud model",
        "from a file",
        "",
        "",
    )
    assert first["rouge1_mean"] == pytest.approx(0.75)
    tree = arenas.tree(opened, statuses, groups)
    assert tree["groups"][0]["rows"][0]["adapter"] is None
    json.dumps(tree, allow_nan=False)


def test_fewer_conversations_are_no_row_of_the_same_group(arena, tmp_path):
    add_file(arena, "Cloud model", CLOUD[:3], tmp_path)
    first, second = arenas.groups(arenas.Reader().read(arenas.open_arena(arena.folder)))
    assert len(first.rows) == 2
    [row] = second.rows
    assert set(second.unlike) == {"examples", "data.fingerprint"}
    assert "On 3 of 4 conversations." in row.remark


def test_a_name_is_needed_and_taken_once(arena, tmp_path):
    add_file(arena, "Cloud model", CLOUD, tmp_path)
    for name in ("Cloud  model ", "  ", "LoRA"):
        with pytest.raises(ArenaError) as caught:
            add_file(arenas.open_arena(arena.folder), name, CLOUD, tmp_path)
        assert caught.value.field == "name"


def test_it_can_be_removed_and_put_back(arena, tmp_path):
    added = add_file(arena, "Cloud model", CLOUD, tmp_path)
    entry = added.entries[-1]
    left = arenas.remove(added, entry.id)
    # Another one of the same name does not write into the removed one's folder.
    other = add_file(left, "Cloud model", BASE, tmp_path)
    assert other.entries[-1].id != entry.id
    back = arenas.put_back(arenas.remove(other, other.entries[-1].id), entry, 0)
    assert back.entries[0] == entry
    assert rows(back)["Cloud model"].mean == pytest.approx(0.75)


def test_what_can_not_be_read_says_so(arena, tmp_path):
    added = add_file(arena, "Cloud model", CLOUD, tmp_path)
    entry = added.entries[-1]
    folder = added.folder / "summaries" / entry.id
    (folder / example_scores.FILE_NAME).unlink()
    assert rows(added)["Cloud model"].full_missing == "The scores of single conversations are missing."
    (folder / "card.json").write_text('{"schema": 1}', encoding="utf-8")
    status = arenas.Reader().read(added)[-1]
    assert (status.state, status.reason) == (
        "failed", "Its summaries can't be read. Remove it, and add the file again.",
    )  # fmt: skip
    assert "Cloud model" not in rows(added)


def test_it_is_scored_on_a_scored_run_with_the_best_base(home, tmp_path):
    arena = make_arena("lora", "ia3", "full")
    with pytest.raises(ArenaError) as caught:
        arenas.job_arguments(arenas.Reader().read(arena), tmp_path / "own.csv")
    assert caught.value.message == "No entry is scored yet."
    score(arena, 0, FULL, (0.3, 0.4, 0.5, 0.5))
    best = score(arena, 1, FULL)
    score(arena, 2, FULL, (0.9, 0.9, 0.9, 0.9), beams=4)
    asked = arenas.job_arguments(
        arenas.Reader().read(arenas.open_arena(arena.folder)), tmp_path / "own.csv", "out"
    )
    assert asked == {
        "run_folder": str(best.folder),
        "predictions": str(tmp_path / "own.csv"),
        "column": "out",
        "split": "test",
        "bootstrap": 1000,
    }


def test_files_of_arenas_without_it_stay_as_they_were(arena):
    assert "file" not in (arena.folder / "arena.toml").read_text(encoding="utf-8")


def test_a_card_of_the_first_version_can_be_read():
    found = external_summaries.load(GOLDEN / "external_summaries_v1")
    assert found is not None
    card = found.card
    assert (card.file, card.conversations, card.protocol["examples"]) == ("cloud.jsonl", 40, 38)
    assert card.difference["rouge1"]["verdict"] == "better"
    assert {"chrf", "words"} <= card.measures.keys() & card.base.measures.keys()
