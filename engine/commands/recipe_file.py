"""The recipe of a command, or its source of conversations alone, with values changed by `--set`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from engine.config import hub_sources
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.config.recipe_command import STDIN
from engine.errors import Problem, RecipeError
from engine.runs import run_store
from engine.system.foreign_files import FileKind
from engine.system.paths import expand_user, path_exists, resolved

PATH_FIELDS = ("base_model.id", "data.source", "method.start_from")


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "recipe", type=Path, metavar="RECIPE.toml", help=f"the recipe's file; {STDIN} reads standard input"
    )
    add_overrides(parser, "change a setting of the recipe, for example training.epochs=2; repeatable")


def add_overrides(parser: argparse.ArgumentParser, help_text: str, metavar: str = "TABLE.KEY=VALUE") -> None:
    parser.add_argument(
        "--set", action="append", default=[], dest="overrides", metavar=metavar, help=help_text
    )


def add_data_overrides(parser: argparse.ArgumentParser) -> None:
    """Declare `--set` for a command that has a source of conversations but no recipe."""
    text = "a data setting as in a recipe, for example data.broken_rows=leave_out; repeatable"
    add_overrides(parser, text, "data.KEY=VALUE")


def wanted(overrides: list[str]) -> dict[str, Any]:
    """Return the values of `--set` by dotted names. Raises RecipeError."""
    tables = recipes.overridden({}, overrides)
    return {
        f"{name}.{key}": value
        for name, table in tables.items()
        for key, value in (table.items() if isinstance(table, dict) else [("", table)])
    }


def read(asked: argparse.Namespace) -> Recipe:
    """Return the recipe. Raises RecipeError with all problems that can be found without loading a model."""
    overrides = with_absolute_paths(asked.overrides)
    if str(asked.recipe) == STDIN:
        recipe = recipes.load_text(_typed(), Path.cwd(), overrides)
    else:
        recipe = recipes.load(asked.recipe, overrides)
    problems = (*run_store.problems(recipe), *hub_sources.offline_problems(recipe))
    if problems:
        raise RecipeError(problems)
    return recipe


def _typed() -> str:
    """Return the recipe on standard input. Raises RecipeError for one beyond a file's size limit."""
    limit = FileKind.RECIPE.max_bytes
    try:
        content = sys.stdin.buffer.read(limit + 1)
        if len(content) > limit:
            raise RecipeError((Problem("recipe", f"The recipe is larger than {limit:,} bytes."),))
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError((Problem("recipe", f"The recipe can't be read: {error}."),)) from error


def with_absolute_paths(overrides: list[str]) -> list[str]:
    """Return overrides with paths made absolute, from the working folder."""
    values = []
    for override in overrides:
        field, equals, value = override.partition("=")
        text = value.strip("\"'")
        path = expand_user(text)
        is_path = field.strip() in PATH_FIELDS and text not in ("", recipes.STARTER, recipes.SAMPLE)
        values.append(f"{field}{equals}{resolved(path)}" if is_path and path_exists(path) else override)
    return values


def data_table(source: str, overrides: list[str]) -> dict[str, Any]:
    """Return the `[data]` table of a source. Raises RecipeError for other tables, and for missing files.

    Offline, a data set on the hub counts as missing too.
    """
    tables = recipes.overridden({"data": {"source": absolute(source)}}, overrides)
    others = [name for name in tables if name != "data"]
    if others:
        message = f"Conversations are checked without a recipe, so there is no {others[0]}."
        raise RecipeError((Problem("--set", message, "Set keys of data, for example data.every=10."),))
    table: dict[str, Any] = tables["data"]
    path = Path(table["source"])
    # The reader reports a broken link.
    if recipes.looks_like_path(source) and not os.path.lexists(path):
        message = f"{source} doesn't exist."
        raise RecipeError(
            (Problem("data.source", message, "Check the path; a hub id looks like owner/name."),)
        )
    problems = hub_sources.data_problems(source)
    if problems:
        raise RecipeError(problems)
    return table


def absolute(text: str) -> str:
    """Return a path made absolute, since the worker has another working folder; hub ids unchanged."""
    return str(resolved(expand_user(text))) if recipes.looks_like_path(text) else text
