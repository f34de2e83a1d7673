"""Asks before a run downloads something from the hub.

Only a person at a terminal is asked: with `--json` or without a terminal a run downloads what it needs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from engine.commands.terminal.output import Output
from engine.commands.terminal.short_job import ask
from engine.config.hub_sources import is_on_hub
from engine.config.recipe import Recipe
from engine.system.connection import offline
from engine.system.units import size


def confirm_downloads(recipe: Recipe, output: Output) -> bool:
    """Return whether the run may start: nothing is missing, nobody can be asked, or the answer is yes."""
    if not output.live or not sys.stdin.isatty() or offline():
        return True
    costs = [
        cost for request in _repositories(recipe) if (cost := _cost(request, output)).get("missing_bytes")
    ]
    if not costs:
        return True
    output.lines([_cost_text(cost) for cost in costs])
    return input("Fetch and start? [y/N] ").strip().lower() in {"y", "yes"}


def _repositories(recipe: Recipe) -> Iterator[dict[str, str]]:
    """Yield the repositories on the hub that a recipe names."""
    base, source = recipe.base_model, recipe.data.source
    if is_on_hub(base.id):
        yield {"id": base.id, "revision": base.revision}
    if is_on_hub(source):
        yield {"id": source, "repository": "dataset"}


def _cost(request: dict[str, str], output: Output) -> dict[str, Any]:
    """Return the cost of a download, empty if it is unknown; the run reports the reason then."""
    _, cost = ask("models", {"action": "cost", **request}, output, lambda _: [])
    return cost


def _cost_text(cost: dict[str, Any]) -> str:
    licence = f", licence {cost['licence']}" if cost.get("licence") else ""
    gated = " Its owner asks for an agreement first." if cost.get("gated") else ""
    return f"{cost['id']}: {size(cost['missing_bytes'])} to fetch{licence}.{gated}"
