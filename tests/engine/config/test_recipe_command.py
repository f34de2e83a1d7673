import pytest

from engine.config import recipe, recipe_command
from engine.system import paths

PRESETS = sorted(paths.presets_folder().glob("*.toml"))


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_what_is_essential_makes_the_same_recipe(preset):
    wanted = recipe.load(preset)
    tables = recipe_command.essential_tables(wanted)
    assert recipe.from_tables(tables) == wanted
    assert "weight_decay" not in tables["training"] or wanted.training.weight_decay != 0.01
