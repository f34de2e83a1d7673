"""Splits by name, for files, folders, lists and cells. Knows nothing of files or tables."""

from __future__ import annotations

from typing import Literal, get_args

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
SPLITS_BY_NAME: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}


def split_named(name: object) -> Split | None:
    """Return the split with this name, None for other values."""
    return SPLITS_BY_NAME.get(name.strip().lower()) if isinstance(name, str) else None
