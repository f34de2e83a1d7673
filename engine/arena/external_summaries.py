"""Another system's summaries, from a file, as an entry of an arena, scored like a run.

    summaries/ID/card.json      the file's name, the protocol, and the scores paired with the base model's
    summaries/ID/scores.json    summaries and scores by conversation, in the form of a run's

They are scored on the stored conversations of one of the arena's runs, and paired with its base model.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.adapters.metadata import Scores, now_text
from engine.arena import arena_store
from engine.arena.arena_store import Arena
from engine.arena.entries import Entry
from engine.errors import ArenaError, disk_errors
from engine.jobs.job import slug
from engine.messages import say
from engine.runs import example_scores
from engine.system.files import aside, write_atomically
from engine.system.foreign_files import FileKind, read_bytes
from engine.text.escaping import unused

FOLDER, CARD = "summaries", "card.json"
DETAIL = "from a file"
MAX_NAME = 60


class BaseScores(BaseModel, frozen=True):
    """The base model's metrics on the same conversations."""

    scores: Scores
    measures: Scores = Field(default_factory=dict)


class Card(BaseModel):
    """The scores of a file, as in `card.json`; `conversations` is the run's number, matched or not."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_: Literal[1] = Field(1, alias="schema")
    file: str
    added_at: str
    conversations: int
    protocol: dict[str, Any]
    scores: Scores
    measures: Scores = Field(default_factory=dict)
    base: BaseScores
    difference: dict[str, Any]
    measure_difference: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class ExternalScores:
    """The scores of a file in an arena, and their folder."""

    folder: Path
    card: Card


def add_summaries(arena: Arena, name: str, file: str, job_folder: Path, result: Mapping[str, Any]) -> Arena:
    """Append the scored file as an entry called `name`, and return the arena.

    `result` and `job_folder` are those of the job `score`. Raises ArenaError for a name that is empty or taken.
    """
    title = " ".join(name.split())[:MAX_NAME]
    if not title:
        raise ArenaError("The entry has no name.", "Say which system wrote the summaries.", "name")
    if any(each.title == title for each in arena.entries):
        raise ArenaError(say('The arena already has an entry "{}".', title), "Give it another name.", "name")
    card = Card.model_validate({**result, "schema": 1, "file": file, "added_at": now_text()})
    # Removed entries keep their folders, so that they can be put back.
    taken = {each.id for each in arena.entries} | {each.name for each in (arena.folder / FOLDER).glob("*")}
    free = unused(slug(title) or "summaries", taken.__contains__)
    entry = Entry(id=free, title=title, detail=DETAIL, file=file)
    folder = folder_of(arena, entry)
    with disk_errors("{} can't be written: {}.", folder, hint="Free some space."):
        folder.parent.mkdir(exist_ok=True)
        with aside(folder) as unfinished:
            unfinished.mkdir()
            shutil.copyfile(job_folder / example_scores.FILE_NAME, unfinished / example_scores.FILE_NAME)
            write_atomically(unfinished / CARD, card.model_dump_json(by_alias=True))
    return arena_store.append(arena, entry)


def folder_of(arena: Arena, entry: Entry) -> Path:
    """Return the folder of an entry's summaries."""
    return arena.folder / FOLDER / entry.id


def all_summaries() -> Iterator[tuple[str, ExternalScores]]:
    """Yield what other systems wrote in all arenas, the newest arena first, each with the system's name."""
    for arena in arena_store.list_arenas()[0]:
        for entry in arena.entries:
            found = load(folder_of(arena, entry)) if entry.file else None
            if found is not None:
                yield entry.title, found


def load(folder: Path) -> ExternalScores | None:
    """Return the scores in a folder, None if they can't be read."""
    try:
        return ExternalScores(folder, Card.model_validate_json(read_bytes(folder / CARD, FileKind.SCORES)))
    except (OSError, ValidationError):
        return None
