"""Puts texts into the clipboard."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication

from engine.api import Recipe, recipe, recipe_command


def copy_text(text: str) -> None:
    QGuiApplication.clipboard().setText(text)


def copy_recipe(wanted: Recipe) -> None:
    """Copy a recipe as its file would have it."""
    copy_text(recipe.dumps(wanted))


def copy_command(wanted: Recipe) -> None:
    """Copy the command that starts a run of a recipe in a terminal."""
    copy_text(recipe_command.command(wanted))
