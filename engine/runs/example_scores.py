"""The scores of a run by conversation: `scores.json` in its folder, from which runs are compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from engine.system.files import remove, write_atomically
from engine.system.foreign_files import FileKind, read_bytes

FILE_NAME = "scores.json"


class Written(BaseModel, frozen=True, populate_by_name=True):
    """The summaries of one model and their scores by name, as fractions, in the order of the examples.

    `metrics`, "more" in the file, are the other metrics of `engine.scoring.metrics`, None where one can't be told.
    """

    summaries: tuple[str, ...]
    rouge: dict[str, tuple[float, ...]]
    metrics: dict[str, tuple[float | None, ...]] = Field(default_factory=dict, alias="more")

    @property
    def values(self) -> dict[str, tuple[float | None, ...]]:
        """All scores by name."""
        return {**self.rouge, **self.metrics}


class Texts(BaseModel, frozen=True):
    """A conversation and its reference summaries, so that a run can be read when its data is gone."""

    conversation: str
    references: tuple[str, ...]


class ExampleScores(BaseModel, frozen=True):
    """Base and tuned model on the same examples under one protocol; `examples` are ids, `texts` have their order."""

    schema_: Literal[1] = Field(1, alias="schema")
    protocol: dict[str, Any]
    examples: tuple[str, ...]
    base: Written
    tuned: Written
    texts: tuple[Texts, ...] = ()


def save(folder: Path, scores: ExampleScores) -> None:
    """Write the scores into a run's folder, whole or not at all; what a killed worker left of them goes."""
    for left in folder.glob(f".{FILE_NAME}.*"):
        remove(left)
    write_atomically(folder / FILE_NAME, scores.model_dump_json(by_alias=True, exclude_unset=True))


def load(folder: Path) -> ExampleScores | None:
    """Return the scores in a run's folder, None if there is no readable file."""
    try:
        return ExampleScores.model_validate_json(read_bytes(folder / FILE_NAME, FileKind.SCORES))
    except (OSError, ValidationError):
        return None


def exists(folder: Path) -> bool:
    """Tell whether a run's folder has a file of scores."""
    return (folder / FILE_NAME).exists()
