"""Asks before a run or another command downloads something from the hub.

Only a person at a terminal is asked: with `--json` or without a terminal a run downloads what it needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.commands.terminal.output import Output
from engine.commands.terminal.question import agrees, can_ask
from engine.commands.terminal.short_job import ask
from engine.config.hub_sources import is_on_hub
from engine.config.recipe import Recipe
from engine.system.connection import offline
from engine.system.units import size


def confirm_downloads(recipe: Recipe, output: Output) -> bool:
    """Return whether the run may start: nothing is missing, nobody can be asked, or the answer is yes."""
    return _confirm(_repositories(recipe), output)


def confirm_base(base: Mapping[str, Any], output: Output) -> bool:
    """Return whether the base model of a `[base_model]` table may be loaded: adapters of others name theirs."""
    return _confirm(_base_repository(base["id"], base.get("revision", "main")), output)


def _confirm(requests: Iterable[dict[str, str]], output: Output) -> bool:
    if not can_ask(output) or offline():
        return True
    costs = [cost for request in requests if (cost := _cost(request, output)).get("missing_bytes")]
    if not costs:
        return True
    output.lines([_cost_text(cost) for cost in costs])
    return agrees("Fetch and start?")


def _repositories(recipe: Recipe) -> Iterator[dict[str, str]]:
    """Yield the repositories on the hub that a recipe names."""
    source = recipe.data.source
    yield from _base_repository(recipe.base_model.id, recipe.base_model.revision)
    if is_on_hub(source):
        yield {"id": source, "repository": "dataset"}


def _base_repository(base_id: str, revision: str) -> Iterator[dict[str, str]]:
    if base_id and is_on_hub(base_id):
        yield {"id": base_id, "revision": revision}


def _cost(request: dict[str, str], output: Output) -> dict[str, Any]:
    """Return the cost of a download, empty if it is unknown; the run reports the reason then."""
    _, cost = ask("models", {"action": "cost", **request}, output, lambda _: [])
    return cost


def _cost_text(cost: dict[str, Any]) -> str:
    licence = f", licence {cost['licence']}" if cost.get("licence") else ""
    gated = " Its owner asks for an agreement first." if cost.get("gated") else ""
    return f"{cost['id']}: {size(cost['missing_bytes'])} to fetch{licence}.{gated}"
