import shutil
from pathlib import Path

import pytest

from engine import arena as arenas
from engine.arena import arena_store
from engine.config import recipe as recipes
from engine.errors import ArenaError, RecipeError
from engine.methods import METHODS
from tests.helpers import repository
from tests.helpers.homes import make_recipe

GOLDEN = repository.GOLDEN / "arena_v1"
STARTER = {"base": "starter", "source": "sample"}


def make(preset: str = "ranks", **values) -> arenas.Arena:
    return arenas.create(make_recipe("Starter", **STARTER, **values), arenas.preset(preset).changes)


def names(arena: arenas.Arena) -> list[str]:
    return [entry.name for entry in arena.entries]


def test_the_golden_arena_of_version_1_reads_and_is_written_the_same(home):
    folder = Path(shutil.copytree(GOLDEN, home / "arenas" / GOLDEN.name))
    arena = arenas.open_arena(folder)
    assert (arena.name, arena.paused) == ("Starter on sample", False)
    assert [(entry.id, entry.name, entry.run) for entry in arena.entries] == [
        ("lora-r-16", "LoRA, r 16", "20260312-140200-lora-3f9a"),
        ("lora-r-16-learning-rate-0-001", "LoRA, r 16, learning rate 0.001", ""),
    ]
    assert arenas.differences([arena.tables(entry) for entry in arena.entries]) == (
        arenas.Difference("training.learning_rate", (None, 0.001)),
    )
    before = (folder / "arena.toml").read_text(encoding="utf-8")
    arenas.set_paused(arenas.set_paused(arena, paused=True), paused=False)
    assert (folder / "arena.toml").read_text(encoding="utf-8") == before
    assert 'of_a_later_version = "kept"' in before


def test_a_new_arena_waits_with_an_entry_for_each_change():
    arena = make("ranks")
    assert arena.paused
    assert names(arena) == [f"LoRA, r {rank}" for rank in (1, 2, 4, 8, 16, 32, 64)]
    assert [entry.run for entry in arena.entries] == [""] * 7
    assert arenas.open_arena(arena.folder) == arena == arenas.find(arena.id) == arenas.find("Starter")
    four = recipes.load(arena.recipe_path(arena.entries[2]))
    assert (four.method.options.rank, four.method.options.alpha) == (4, 4)
    assert four.name == "Starter: LoRA, r 4"


def test_all_methods_are_the_registrys_each_at_its_own_preset_and_rate():
    arena = make("all", rank=3)
    assert [arena.tables(entry)["method"]["id"] for entry in arena.entries] == [each.id for each in METHODS]
    for entry in arena.entries:
        tables = arena.tables(entry)
        assert "learning_rate" not in tables["training"]
    lora = next(entry for entry in arena.entries if entry.id.startswith("lora"))
    assert arena.tables(lora)["method"]["rank"] == 32  # the preset's, not the recipe's
    prompt = next(entry for entry in arena.entries if entry.title == "Prompt only")
    assert prompt.detail == "2 examples"


def test_without_a_name_an_arena_is_called_after_what_its_entries_share():
    recipe = recipes.from_tables(
        {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}
    )
    arena = arenas.create(recipe, arenas.preset("ranks").changes)
    assert arena.name == "starter · sample"
    assert recipes.load(arena.recipe_path(arena.entries[0])).name == "starter · sample: LoRA, r 1"


def test_the_time_of_each_is_shared():
    recipe = arenas.for_minutes(make_recipe("Starter", base="starter", source="sample"), 5.0)
    arena = arenas.create(recipe, arenas.preset("all").changes)
    assert {arena.tables(entry)["training"]["max_minutes"] for entry in arena.entries} == {5.0}
    assert arenas.preset("all").minutes == arenas.MINUTES == 10.0


def test_a_quantization_changes_the_base_and_nothing_else():
    arena = make("quantization", rank=3)
    assert names(arena) == ["LoRA, r 3", "LoRA, r 3, int8", "LoRA, r 3, nf4", "LoRA, r 3, nf4+double"]
    found = arenas.differences([arena.tables(entry) for entry in arena.entries])
    assert [each.key for each in found] == ["base_model.quantization", "base_model.double_quantization"]
    assert found[0].values == ("none", "int8", "nf4", "nf4")


def test_of_a_base_that_is_not_here_only_what_all_families_share_is_preset():
    arena = arenas.create(
        make_recipe("Hub", base="owner/model", source="sample"), arenas.preset("all").changes
    )
    lora = next(entry for entry in arena.entries if entry.id.startswith("lora"))
    assert arena.tables(lora)["method"]["rank"] == 16
    known = arenas.create(
        make_recipe("Hub", base="owner/model", source="sample"),
        [{"method": {"id": "ia3"}}],
        family="decoder-only",
    )
    assert len(known.entries) == 1


def test_a_recipe_joins_only_if_it_compares():
    arena = make("ranks")
    joined = arenas.add_recipe(arena, make_recipe("Other", **STARTER, method_id="ia3"))
    assert joined.entries[-1].title == "IA3"
    with pytest.raises(RecipeError) as refused:
        arenas.add_recipe(arena, make_recipe("Other", base="starter", source="other/data"))
    [problem] = refused.value.problems
    assert problem.field == "data.source"
    assert problem.message == 'data.source is "other/data" here and "sample" in the arena.'


@pytest.mark.parametrize(
    ("table", "key", "value", "free"),
    [
        ("training", "epochs", 7, True),
        ("training", "seed", 7, False),
        ("base_model", "quantization", "nf4", True),
        ("base_model", "precision", "float32", False),
        ("data", "prompt", "Short: {conversation}", False),
        ("evaluation", "examples", 5, False),
    ],
)
def test_entries_share_data_prompt_scoring_and_seed(table, key, value, free):
    common = make_recipe("One", **STARTER).as_tables()
    other = {**common, table: {**common[table], key: value}}
    found = arena_store.unlike(common, other, trains=True)
    assert [each.field for each in found] == ([] if free else [f"{table}.{key}"])


def test_to_a_prompt_alone_its_words_are_what_is_compared():
    common = make_recipe("One", **STARTER).as_tables()
    other = {**common, "data": {**common["data"], "prompt": "Short: {conversation}", "shots": 3}}
    assert arena_store.unlike(common, other, trains=False) == ()
    assert len(arena_store.unlike(common, other, trains=True)) == 2


def test_a_queue_has_one_worker_at_a_time():
    arena = make("quantization")
    assert not arenas.is_worked(arena)
    with arenas.working(arena):
        assert arenas.is_worked(arena)
        with pytest.raises(ArenaError, match="is already running elsewhere"), arenas.working(arena):
            pass
        with pytest.raises(ArenaError, match="is running"):
            arenas.delete(arena)
    assert not arenas.is_worked(arena)


def test_a_deleted_arena_is_in_the_trash(home):
    arena = make("quantization")
    assert arenas.delete(arena).parent == home / "trash"
    assert arenas.list_arenas() == ([], [])
    with pytest.raises(ArenaError):
        arenas.set_paused(arena, paused=True)


@pytest.mark.parametrize("text", ["schema = 1\n", "schema = [", 'schema = 2\nname = "x"\nmade_at = "x"\n'])
def test_a_folder_that_is_no_arena_is_told_beside_the_others(text):
    arena = make("quantization")
    (arena.folder / "arena.toml").write_text(text, encoding="utf-8")
    good = make("ranks")
    found, [damaged] = arenas.list_arenas()
    assert found == [good]
    assert damaged.folder == arena.folder
    assert arena.id in damaged.reason
