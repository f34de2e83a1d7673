"""The command that starts a run of a recipe, to paste into a terminal: the recipe comes with it."""

from __future__ import annotations

import re
import shlex
import sys
from typing import Any

import tomlkit

from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.system.paths import program

# What stands for a file that is read from the command itself.
STDIN = "-"
# The PowerShell of Windows would write ASCII.
UNICODE_PIPE = "$OutputEncoding=[Text.UTF8Encoding]::new()"


def essential_tables(recipe: Recipe) -> dict[str, Any]:
    """Return the tables that make this recipe: what differs from the defaults."""
    tables = recipe.as_tables()
    needed = {
        "base_model": {"id": recipe.base_model.id},
        "data": {"source": recipe.data.source},
        "method": {"id": recipe.method.id},
    }
    defaults = recipes.from_tables(needed).as_tables()
    found: dict[str, Any] = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            found[name] = table
            continue
        usual = defaults.get(name, {})
        values = {key: value for key, value in table.items() if key not in usual or usual[key] != value}
        if values or name in needed:
            found[name] = needed.get(name, {}) | values
    return found


def command(recipe: Recipe, windows: bool = sys.platform == "win32") -> str:
    """Return the command, for a POSIX shell or for PowerShell."""
    text = tomlkit.dumps(essential_tables(recipe)).strip()
    if windows:
        # PowerShell takes typographic quotes for plain ones.
        words = ["'" + re.sub("['‘’‚‛]", r"\g<0>\g<0>", word) + "'" for word in (*program(), "train", STDIN)]
        return f"{UNICODE_PIPE}\n@'\n{text}\n'@ | & {' '.join(words)}\n"
    end = "RECIPE"
    while end in text.splitlines():
        end += "_"
    return f"{shlex.join([*program(), 'train', STDIN])} <<'{end}'\n{text}\n{end}\n"
