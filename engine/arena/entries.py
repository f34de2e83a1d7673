"""The file of an arena, `arena.toml`: its entries in order, how new ones are named, and how they are appended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import BaseModel, ConfigDict, Field

from engine.arena import presets
from engine.config import gguf_models, model_info, variants
from engine.config import recipe as recipes
from engine.config.recipe import gguf_file, local_folder
from engine.config.recipe_diff import differences
from engine.errors import AppError, ArenaError, RecipeError, first_line
from engine.jobs.job import slug
from engine.messages import counted, joined, say
from engine.methods import Family, method, unknown_method
from engine.system.files import write_atomically
from engine.system.foreign_files import FileKind, read_text, read_toml
from engine.system.validators import FolderName
from engine.text.escaping import unused

SCHEMA = 1
FILE_NAME = "arena.toml"
MAX_DIFFERENCES_NAMED = 2


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
        return joined(", ", (self.title, self.full_detail))

    @property
    def full_detail(self) -> str:
        """Detail and seed."""
        return joined(", ", (self.detail, self.seed_text))

    @property
    def seed_text(self) -> str:
        """The seed as text, "" without one: "seed 43"."""
        return "" if self.seed is None else say("seed {}", self.seed)

    @property
    def name_of_set(self) -> str:
        """Title and detail in one line, which all seeds of a set share."""
        return joined(", ", (self.title, self.detail))


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
        raise ArenaError(say("{} contains no arena.", folder)) from error
    except (OSError, ValueError) as error:
        raise ArenaError(say("The arena {} can't be read.", folder.name), first_line(error)) from error
    if file.schema_ > SCHEMA:
        raise ArenaError(say("{} comes from a later version of Tunesmith.", folder.name), "Update Tunesmith.")
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
    return tomlkit.dumps(dict(tables))


def text_of(path: Path) -> str:
    """Return the text of a recipe's file. Raises ArenaError if it can't be read."""
    try:
        return read_text(path, FileKind.RECIPE)
    except (OSError, UnicodeDecodeError) as error:
        raise ArenaError(say("{} can't be read.", path), "Remove the entry and add it again.") from error


class Additions:
    """Appends entries to a file, each with the file of its recipe and a name of its own."""

    def __init__(self, file: ArenaFile, recipe_path: Callable[[Entry], Path]) -> None:
        self._file = file
        self._recipe_path = recipe_path
        self._recipes: dict[str, Mapping[str, Any]] = {}

    def add(self, tables: Mapping[str, Any], seed: int | None, *, once: bool) -> None:
        """Append an entry. With `once`, an entry with the same recipe becomes the one of this seed instead."""
        siblings = self._siblings(tables) if once else []
        seed_of = presets.seed_of
        same = next((each for each in siblings if seed_of(self._tables(each)) == seed_of(tables)), None)
        if same is not None:
            self._file.entries[self._file.entries.index(same)] = same.model_copy(update={"seed": seed})
            return
        entry = self._new_entry(tables, seed, siblings)
        named_tables = {**tables, "name": f"{self._file.name}: {entry.name}"}
        write_atomically(self._recipe_path(entry), dumped(named_tables))
        self._recipes[entry.id] = _with_defaults(tables)
        self._file.entries.append(entry)

    def _siblings(self, tables: Mapping[str, Any]) -> list[Entry]:
        """Return the entries whose recipe differs by its seed alone."""
        complete = _with_defaults(tables)
        return [
            each
            for each in self._file.entries
            if not each.file and presets.differ_by_seed_alone(self._tables(each), complete)
        ]

    def _tables(self, entry: Entry) -> Mapping[str, Any]:
        """Return the recipe of an entry, an empty one if it can't be read."""
        if entry.id not in self._recipes:
            try:
                tables = recipes.parse(text_of(self._recipe_path(entry)))
                self._recipes[entry.id] = _with_defaults(tables)
            except AppError:
                self._recipes[entry.id] = {}
        return self._recipes[entry.id]

    def _new_entry(self, tables: Mapping[str, Any], seed: int | None, siblings: Sequence[Entry]) -> Entry:
        title, detail = self._name(tables, siblings)
        stem = slug(f"{title} {detail}{'' if seed is None else f' seed {seed}'}") or "entry"
        taken = {each.id for each in self._file.entries}
        return Entry(id=unused(stem, taken.__contains__), title=title, detail=detail, seed=seed)

    def _name(self, tables: Mapping[str, Any], siblings: Sequence[Entry]) -> tuple[str, str]:
        """Return title and detail: those of the other seeds, else ones that no other entry has."""
        if siblings:
            return siblings[0].title, siblings[0].detail
        title, detail = entry_name(tables)
        clash = next(
            (each for each in self._file.entries if (each.title, each.detail) == (title, detail)), None
        )
        if clash is not None:
            extra = distinguishing_text(recipes.parse(text_of(self._recipe_path(clash))), tables)
            detail = ", ".join(part for part in (detail, extra) if part)
        return title, detail


def _with_defaults(tables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a recipe's tables with defaults if it is valid."""
    try:
        return recipes.from_tables(tables).as_tables()
    except RecipeError:
        return tables


def entry_name(tables: Mapping[str, Any]) -> tuple[str, str]:
    """Return title and detail of an entry: its method with its variant, and its main options."""
    settings, base = dict(tables["method"]), tables.get("base_model", {})
    method_id = str(settings.pop("id", ""))
    if unknown_method(method_id):
        return method_id, ""
    entry = method(method_id)
    options, _ = entry.read_options({name: value for name, value in settings.items() if name != "start_from"})
    shots = tables.get("data", {}).get("shots", 0)
    quantization = base.get("quantization", "none")
    weight_format = "" if quantization == "none" else quantization
    if weight_format not in ("", "int8") and base.get("double_quantization", True):
        weight_format += "+double"
    parts = [
        entry.short(options) if options else "",
        weight_format,
        "" if entry.trains else counted(shots, "example") if shots else "no examples",
    ]
    variant_id = variants.current(entry, tables, family_of(tables) or entry.families[0])
    variant = next((each for each in entry.variants if each.id == variant_id), None)
    # A variant by quantization is named by the weight format.
    title = f"{entry.title} with {variant.title}" if variant and not variant.tables else entry.title
    return title, ", ".join(part for part in parts if part)


def distinguishing_text(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Return what distinguishes a recipe from one with the same name."""
    differing = [each for each in differences((one, other)) if each.values[1] is not None]
    return ", ".join(
        f"{each.key.rpartition('.')[2].replace('_', ' ')} {each.values[1]}"
        for each in differing[:MAX_DIFFERENCES_NAMED]
    )


def family_of(tables: Mapping[str, Any]) -> Family | None:
    """Return the family of a local base model, None for any other."""
    base_id = str(tables.get("base_model", {}).get("id", ""))
    folder, file = local_folder(base_id), gguf_file(base_id)
    if folder is None:
        return gguf_models.facts(file, "none").family if file else None
    return model_info.read(folder, "none").family
