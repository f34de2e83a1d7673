"""What a run keeps of its scoring, conversation by conversation: `scores.json` in its folder.

An interval of one run says nothing of the difference between two; that takes what both scored on each conversation.
Knows nothing of how summaries are written or measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from engine.system.files import write_atomically

FILE_NAME = "scores.json"


class Written(BaseModel, frozen=True):
    """What one model wrote: a summary for each example, and its scores by name, fractions in the same order.

    `more` holds the other metrics of `engine.scoring.metrics`, where they were measured.
    """

    summaries: tuple[str, ...]
    rouge: dict[str, tuple[float, ...]]
    more: dict[str, tuple[float, ...]] = Field(default_factory=dict)


class Texts(BaseModel, frozen=True):
    """What was summarised, and its reference summaries, so that a run can be read when its data is gone."""

    conversation: str
    references: tuple[str, ...]


class ExampleScores(BaseModel, frozen=True):
    """Base and tuned model on the same examples under one protocol; `examples` are their ids.

    `texts` stand in the same order, where they were saved.
    """

    schema_: Literal[1] = Field(1, alias="schema")
    protocol: dict[str, Any]
    examples: tuple[str, ...]
    base: Written
    tuned: Written
    texts: tuple[Texts, ...] = ()


def save(folder: Path, scores: ExampleScores) -> None:
    """Write the scores into a run's folder, whole or not at all; what they never had is not written."""
    write_atomically(folder / FILE_NAME, scores.model_dump_json(by_alias=True, exclude_unset=True))


def load(folder: Path) -> ExampleScores | None:
    """Return the scores in a run's folder, None where there are none that can be read."""
    try:
        return ExampleScores.model_validate_json((folder / FILE_NAME).read_bytes())
    except (OSError, ValidationError):
        return None


def is_kept(folder: Path) -> bool:
    """Tell whether there is a file of scores in a run's folder, without reading it."""
    return (folder / FILE_NAME).exists()
