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


def migrated(tables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the tables of a recipe as this version writes them.

    0.1.0 knew the plain prompt format alone, and its limit of steps overrode the epochs.
    """
    data, training = tables.get("data"), tables.get("training")
    if not isinstance(data, Mapping) or "prompt_format" in data or not data.keys() >= DATA_OPTIONS_0_1_0:
        return tables
    found = {**tables, "data": {**data, "prompt_format": "plain"}}
    if isinstance(training, Mapping) and training.get("max_steps"):
        found["training"] = {**training, "epochs": MAX_EPOCHS}
    return found
