"""The command behind a recipe starts just this recipe."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import recipe, recipe_command
from engine.system import paths

PRESETS = sorted(paths.presets_folder().glob("*.toml"))
ODD = 'Monday\'s "run"\nRECIPE\n$(touch made)'


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_what_is_essential_makes_the_same_recipe(preset: Path):
    wanted = recipe.load(preset)
    tables = recipe_command.essential_tables(wanted)
    assert recipe.from_tables(tables) == wanted
    assert "weight_decay" not in tables["training"] or wanted.training.weight_decay != 0.01


@pytest.mark.skipif(shutil.which("sh") is None, reason="no POSIX shell here")
@pytest.mark.parametrize("name", ["", ODD])
def test_a_shell_hands_over_the_recipe_and_nothing_else(tmp_path: Path, monkeypatch, name: str):
    wanted = replace(recipe.load(PRESETS[0]), given_name=name)
    echo = tmp_path / "echo its input.py"
    echo.write_text("import sys; sys.stdout.write(sys.stdin.read())")
    monkeypatch.setattr(recipe_command, "program", lambda: [sys.executable, str(echo)])
    done = subprocess.run(
        ["sh", "-c", recipe_command.command(wanted, windows=False)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert recipe.loads(done.stdout) == wanted
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == [echo.name]


def test_power_shell_gets_its_own_form():
    command = recipe_command.command(recipe.load(PRESETS[0]), windows=True)
    assert command.startswith("@'\n")
    assert command.rstrip().endswith("'train' '-'")
