"""Recipes in files: shipped presets, opening and saving."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import QWidget

from engine.api import AppError, Recipe, paths, recipe, run_names
from gui.core.preferences import WHEN_WINDOW_LEAVES, WINDOW_CHOICES, Preferences
from gui.look.language import mark, tr
from gui.widgets import file_dialogs

FILTER = mark("Recipes (*.toml);;All files (*)")
STARTER_FILE = "starter.toml"


@dataclass(frozen=True)
class Preset:
    """A recipe that ships with Tunesmith."""

    path: Path
    recipe: Recipe


def presets() -> list[Preset]:
    """Return the presets, the starter first, then by name; unreadable ones are left out."""
    found = []
    for path in sorted(paths.presets_folder().glob("*.toml")):
        try:
            found.append(Preset(path, recipe.load(path)))
        except AppError:
            continue
    return sorted(found, key=lambda preset: (preset.path.name != STARTER_FILE, preset.recipe.name.lower()))


def first_recipe(text: str | None) -> tuple[Recipe, str]:
    """Return the first recipe and its origin: the last used one, else the starter.

    A new run makes a new adapter, so the last one's name and the adapter that it started from are dropped.
    """
    if text:
        try:
            tables = recipe.loads(text).as_tables()
            tables["method"]["start_from"] = tables["name"] = ""
            return recipe.from_tables(tables), tr("Based on your last run")
        except AppError:
            pass
    starter = recipe.load(paths.presets_folder() / STARTER_FILE)
    return starter, preset_text(starter)


def as_the_settings_say(wanted: Recipe, preferences: Preferences) -> Recipe:
    """Return a new run's recipe with the defaults of the settings."""
    chosen = preferences.get(WHEN_WINDOW_LEAVES)
    if chosen not in WINDOW_CHOICES:
        return wanted
    tables = wanted.as_tables()
    tables["training"][WHEN_WINDOW_LEAVES] = chosen
    return recipe.from_tables(tables)


def preset_text(chosen: Recipe) -> str:
    """Return the origin of a recipe: 'From the preset "Starter"'."""
    return tr("From the preset “{name}”", name=chosen.name)


def ask_to_open(parent: QWidget) -> Path | None:
    """Let the user choose a recipe file."""
    return file_dialogs.open_file(parent, "recipe", tr("Open a recipe"), tr(FILTER))


def ask_to_save(parent: QWidget, wanted: Recipe) -> Path | None:
    """Let the user choose where to save a recipe."""
    name = f"{run_names.plain_file_name(wanted.name) or 'recipe'}.toml"
    return file_dialogs.save_file(parent, "recipe", tr("Save the recipe"), name, tr(FILTER))
