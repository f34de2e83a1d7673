"""The source of conversations of a command: its `[data]` table, with values changed by `--set`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from engine.config import hub_sources
from engine.config import recipe as recipes
from engine.errors import Problem, RecipeError
from engine.system.paths import expand_user, resolved


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Declare `--set`."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="overrides",
        metavar="data.KEY=VALUE",
        help="a data setting as in a recipe, for example data.broken_rows=leave_out; repeatable",
    )


def data_table(source: str, overrides: list[str]) -> dict[str, Any]:
    """Return the `[data]` table of a source. Raises RecipeError for other tables and for what is missing.

    Offline, that includes a data set on the hub.
    """
    tables = recipes.overridden({"data": {"source": absolute(source)}}, overrides)
    others = [name for name in tables if name != "data"]
    if others:
        message = f"Conversations are looked into without a recipe: there is no {others[0]}."
        raise RecipeError((Problem("--set", message, "Set keys of data, for example data.every=10."),))
    table: dict[str, Any] = tables["data"]
    path = Path(table["source"])
    # The reader reports a broken link.
    if recipes.looks_like_path(source) and not os.path.lexists(path):
        message = f"There is nothing at {source}."
        raise RecipeError(
            (Problem("data.source", message, "Check the path; a hub id looks like owner/name."),)
        )
    problems = hub_sources.data_problems(source)
    if problems:
        raise RecipeError(problems)
    return table


def absolute(text: str) -> str:
    """Return a path as the worker, which has another working folder, understands it; hub ids as they are."""
    return str(resolved(expand_user(text))) if recipes.looks_like_path(text) else text
