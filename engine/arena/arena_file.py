"""The file of an arena, `arena.toml`: its entries in order. Knows nothing of its recipes and runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import BaseModel, ConfigDict, Field

from engine.errors import ArenaError
from engine.system.files import write_atomically
from engine.system.foreign_files import FileKind, read_text, read_toml
from engine.system.validators import FolderName

SCHEMA = 1
FILE_NAME = "arena.toml"


class Entry(BaseModel):
    """One entry to compare: `title` and `detail` ("LoRA", "r 16"), `run` is the id of its run, "" before it has one.

    `file` is the name of the file of an entry that has no run: another system's summaries. `seed` is set for one of
    several seeds: entries with the same title and detail are a set then.
    """

    # Keys of later versions are preserved when the file is rewritten.
    model_config = ConfigDict(frozen=True, extra="allow")

    id: FolderName
    title: str
    detail: str = ""
    run: FolderName = ""
    file: str = ""
    seed: int | None = None

    @property
    def name(self) -> str:
        """Title, detail and seed in one line."""
        return ", ".join(filter(None, (self.title, self.full_detail)))

    @property
    def full_detail(self) -> str:
        """Detail and seed."""
        return ", ".join(filter(None, (self.detail, "" if self.seed is None else f"seed {self.seed}")))

    @property
    def name_of_set(self) -> str:
        """Title and detail in one line, which all seeds of a set share."""
        return f"{self.title}, {self.detail}" if self.detail else self.title


class ArenaFile(BaseModel):
    """The file of an arena; `planned_seconds` is how long one run takes by its plan, 0 without one."""

    model_config = ConfigDict(extra="allow")

    schema_: int = Field(SCHEMA, alias="schema")
    name: str
    made_at: str
    paused: bool = True
    planned_seconds: float = 0.0
    entries: list[Entry] = Field(default_factory=list)


def read(folder: Path) -> ArenaFile:
    """Return the file of an arena. Raises ArenaError if it is missing, damaged or of a later schema."""
    try:
        file = ArenaFile.model_validate(read_toml(folder / FILE_NAME, FileKind.ARENA))
    except FileNotFoundError as error:
        raise ArenaError(f"There is no arena in {folder}.") from error
    except (OSError, ValueError) as error:
        raise ArenaError(f"The arena {folder.name} can't be read.", str(error).splitlines()[0]) from error
    if file.schema_ > SCHEMA:
        raise ArenaError(
            f"{folder.name} was made by a later version of Tunesmith.", "Update Tunesmith to use it."
        )
    return file


def write(folder: Path, file: ArenaFile) -> None:
    """Write the file of an arena. Raises OSError."""
    tables = file.model_dump(by_alias=True)
    if not file.planned_seconds:
        del tables["planned_seconds"]
    for entry in tables["entries"]:
        # TOML has no null.
        for key in ("file", "seed"):
            if entry[key] in ("", None):
                del entry[key]
    write_atomically(folder / FILE_NAME, dumped(tables))


def dumped(tables: Mapping[str, Any]) -> str:
    """Return tables as TOML."""
    return tomlkit.dumps(dict(tables))


def text_of(path: Path) -> str:
    """Return the text of a recipe's file. Raises ArenaError if it can't be read."""
    try:
        return read_text(path, FileKind.RECIPE)
    except (OSError, UnicodeDecodeError) as error:
        raise ArenaError(f"{path} can't be read.", "Remove the entry and add it again.") from error
