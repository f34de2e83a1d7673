"""Entries with several seeds: their order, their names, and what can't be."""

import pytest

from engine import arena as arenas
from engine.config import recipe as recipes
from engine.errors import ArenaError, RecipeError
from tests.helpers.arenas import make_arena
from tests.helpers.homes import make_recipe

TWO = [{"method": {"id": "lora"}}, {"method": {"id": "ia3"}}]


def names(arena: arenas.Arena) -> list[str]:
    return [each.name for each in arena.entries]


def test_every_method_has_its_first_seed_before_any_has_its_second(home):
    arena = make_arena("lora", "prompt_only", "ia3", seeds=3)
    assert names(arena) == [
        "LoRA, r 32, seed 42", "Prompt only, no examples", "IA3, seed 42", "LoRA, r 32, seed 43",
        "IA3, seed 43", "LoRA, r 32, seed 44", "IA3, seed 44",
    ]  # fmt: skip
    seeds = [recipes.load(arena.recipe_path(each)).training.seed for each in arena.entries]
    assert seeds == [42, 42, 42, 43, 43, 44, 44]
    assert arena.entries[0].id == "lora-r-32-seed-42"


@pytest.mark.parametrize("seeds", [0, -1, 11])
def test_numbers_of_seeds_that_can_not_be_make_no_arena(home, seeds):
    with pytest.raises(RecipeError) as told:
        make_arena("lora", seeds=seeds)
    assert told.value.problems[0].field == "seeds"
    assert "Choose 1 to" in told.value.problems[0].message
    assert arenas.list_arenas() == ([], [])


def test_seeds_beyond_the_largest_are_refused(home):
    tables = make_recipe("R", base="starter", source="sample").as_tables()
    recipe = recipes.from_tables(tables | {"training": {"seed": 2**31 - 2}})
    with pytest.raises(RecipeError) as told:
        arenas.create(recipe, [{}], seeds=3)
    assert told.value.problems[0].field == "training.seed"
    assert arenas.list_arenas() == ([], [])
    assert [each.seed for each in arenas.create(recipe, [{}], seeds=2).entries] == [2**31 - 2, 2**31 - 1]


def test_an_entry_that_is_there_becomes_the_first_of_its_seeds(home):
    arena = make_arena("lora", "full")
    arenas.set_run(arena, arena.entries[0].id, "its-run")
    more = arenas.add(arena, TWO, seeds=3)
    assert names(more) == [
        "LoRA, r 32, seed 42", "Full fine-tuning", "IA3, seed 42",
        "LoRA, r 32, seed 43", "IA3, seed 43", "LoRA, r 32, seed 44", "IA3, seed 44",
    ]  # fmt: skip
    assert (more.entries[0].id, more.entries[0].run) == ("lora-r-32", "its-run")


def test_a_set_grows_and_is_not_added_twice(home):
    arena = arenas.add(make_arena("lora", seeds=2), TWO[:1], seeds=4)
    assert [each.seed for each in arena.entries] == [42, 43, 44, 45]
    with pytest.raises(ArenaError, match="has all these entries with 3 seeds"):
        arenas.add(arena, TWO[:1], seeds=3)
    assert len(arenas.open_arena(arena.folder).entries) == 4


def test_a_seed_that_was_removed_comes_back_as_a_new_entry(home):
    arena = make_arena("lora", seeds=3)
    arena = arenas.remove(arena, arena.entries[1].id)
    assert [each.seed for each in arena.entries] == [42, 44]
    assert [each.seed for each in arenas.add(arena, TWO[:1], seeds=3).entries] == [42, 44, 43]


def test_the_recipe_at_hand_joins_with_its_seeds(home):
    recipe = make_recipe("Present", base="starter", source="sample")
    arena = arenas.add_recipe(make_arena("ia3"), recipe, seeds=2)
    assert [each.seed for each in arena.entries] == [None, 42, 43]
    more = arenas.add_recipe(arena, recipe, seeds=3)
    assert [each.seed for each in more.entries] == [None, 42, 43, 44]
    # A recipe with every default written out is the same one.
    assert [each.seed for each in arenas.add(more, [{}], seeds=4).entries] == [None, 42, 43, 44, 45]


def test_a_file_of_an_earlier_version_has_entries_without_seeds(home):
    arena = make_arena("lora", seeds=2)
    path = arena.folder / "arena.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(each for each in lines if not each.startswith("seed")), encoding="utf-8")
    assert [each.seed for each in arenas.open_arena(arena.folder).entries] == [None, None]
