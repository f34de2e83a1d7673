"""Reads the recipes of earlier versions, as their run folders and adapters have them, with what they meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.config.training import MAX_EPOCHS

# 0.1.0 wrote every option; who writes a recipe by hand does not, and means what is meant today.
DATA_OPTIONS_0_1_0 = {
    "source", "conversation", "summary", "every", "max_train", "max_validation", "max_test", "columns", "exclude",
    "split_seed", "shots", "prompt", "max_conversation_tokens", "max_summary_tokens",
}  # fmt: skip
# Options that earlier versions had, and what became of them. They are read and left out.
RETIRED = {
    ("training", "step_parts"): (
        "A run's processes compute each step together; another number of them gives the same but for the last digits."
    ),
}


def retired(tables: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a remark on each option of a recipe that there is no more and that was not left to choose by itself."""
    return tuple(
        f"{table}.{key} is left out. {reason}"
        for (table, key), reason in RETIRED.items()
        if isinstance(tables.get(table), Mapping) and tables[table].get(key)
    )


def migrated(tables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the tables of a recipe as this version writes them.

    0.1.0 knew the plain prompt format alone, and its limit of steps overrode the epochs.
    """
    for table, key in RETIRED:
        if isinstance(tables.get(table), Mapping):
            tables = {**tables, table: {name: value for name, value in tables[table].items() if name != key}}
    data, training = tables.get("data"), tables.get("training")
    if not isinstance(data, Mapping) or "prompt_format" in data or not data.keys() >= DATA_OPTIONS_0_1_0:
        return tables
    found = {**tables, "data": {**data, "prompt_format": "plain"}}
    if isinstance(training, Mapping) and training.get("max_steps"):
        found["training"] = {**training, "epochs": MAX_EPOCHS}
    return found
