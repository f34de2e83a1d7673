"""Decoding presets: built-in ones, saved ones, and the last used options.

Owns the file `decoding.json`. Knows no widget.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.api import (
    AppError,
    FileKind,
    StorageError,
    SummarizeOptions,
    decoding,
    foreign_files,
    options,
    paths,
)
from gui.look.format import number_text
from gui.look.language import mark, tr

FILE_NAME = "decoding.json"
VERSION = 1
MAX_NAME_CHARACTERS = 40
# A built-in preset sets how tokens are chosen; the other options depend on adapters, conversations and computer.
LEFT_ALONE = ("max_new_tokens", "min_new_tokens", "seed", "long_conversations", "runtime")
_USUAL = {
    name: field.default for name, field in SummarizeOptions.model_fields.items() if name not in LEFT_ALONE
}


@dataclass(frozen=True)
class DecodingPreset:
    """Values of decoding options by name; options without a value keep theirs. `title` is shown."""

    name: str
    values: Mapping[str, Any]
    is_built_in: bool = False

    @property
    def title(self) -> str:
        """Return the name shown; that of a built-in preset is translated."""
        return tr(self.name) if self.is_built_in else self.name

    def applied(self, to: SummarizeOptions) -> SummarizeOptions:
        """Return options with the preset's values."""
        return SummarizeOptions(**{**to.model_dump(), **self.values})

    def is_in(self, shown: SummarizeOptions) -> bool:
        """Return whether options have the preset's values."""
        return self.applied(shown) == shown


BUILT_IN = (
    DecodingPreset(mark("Greedy"), _USUAL, is_built_in=True),
    DecodingPreset(mark("Beam search"), {**_USUAL, "beams": 4}, is_built_in=True),
    DecodingPreset(mark("Sampling"), {**_USUAL, "temperature": 0.7, "top_p": 0.95}, is_built_in=True),
)


class DecodingPresets:
    """The presets on this computer; every change is saved at once."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or paths.config_folder() / FILE_NAME
        stored = _read(self._path)
        self._saved = {
            name: values for name, table in stored.get("presets", {}).items() if (values := _options(table))
        }
        self._last = _options(stored.get("last"))

    @property
    def items(self) -> list[DecodingPreset]:
        """Return the built-in presets, then the saved ones by name."""
        names = sorted(self._saved, key=str.casefold)
        return [*BUILT_IN, *(DecodingPreset(name, self._saved[name].model_dump()) for name in names)]

    @property
    def last(self) -> SummarizeOptions | None:
        """Return the last used options, if there are any."""
        return self._last

    def named(self, name: str) -> DecodingPreset | None:
        return next((preset for preset in self.items if preset.name == name), None)

    def of(self, shown: SummarizeOptions) -> DecodingPreset | None:
        """Return the preset that matches options, a saved one before a built-in one."""
        return next((preset for preset in reversed(self.items) if preset.is_in(shown)), None)

    def save(self, name: str, shown: SummarizeOptions, *, replace: bool = False) -> DecodingPreset:
        """Save options under a name. Raises AppError if the name is invalid or taken, StorageError."""
        name = self._checked(name, replace=replace)
        self._saved[name] = shown
        self._write()
        return DecodingPreset(name, shown.model_dump())

    def delete(self, name: str) -> None:
        """Delete a saved preset. Raises StorageError."""
        del self._saved[name]
        self._write()

    def save_last(self, shown: SummarizeOptions) -> None:
        """Save the options for the next start. Raises StorageError."""
        if shown != self._last:
            self._last = shown
            self._write()

    def can_replace(self, name: str) -> bool:
        """Return whether a name is that of a saved preset, which may be replaced."""
        return " ".join(name.split()) in self._saved

    def _checked(self, name: str, *, replace: bool) -> str:
        name = " ".join(name.split())
        if not name:
            raise AppError(tr("A preset needs a name."), tr("Write one."), "name")
        if len(name) > MAX_NAME_CHARACTERS:
            message = tr("The name has {count} characters.", count=number_text(len(name)))
            raise AppError(message, tr("Use at most {most}.", most=number_text(MAX_NAME_CHARACTERS)), "name")
        if name.casefold() in {
            taken_name.casefold() for each in BUILT_IN for taken_name in (each.name, each.title)
        }:
            message = tr('"{name}" is a built-in preset.', name=name)
            raise AppError(message, tr("Choose another name."), "name")
        if name in self._saved and not replace:
            message = tr('There is a preset "{name}" already.', name=name)
            raise AppError(message, tr("Choose another name."), "name")
        return name

    def _write(self) -> None:
        presets = {name: shown.model_dump() for name, shown in self._saved.items()}
        stored = {"version": VERSION, "presets": presets} | (
            {"last": self._last.model_dump()} if self._last else {}
        )
        partial = self._path.with_name(self._path.name + ".partial")
        try:
            partial.write_text(json.dumps(stored, indent=1), encoding="utf-8")
            partial.replace(self._path)
        except OSError as error:
            message = tr("Decoding presets can't be saved: {why}.", why=error.strerror)
            raise StorageError(message, tr("Free some disk space.")) from error


def _read(path: Path) -> dict[str, Any]:
    """Read the file; a missing, damaged or later one counts as empty."""
    try:
        stored = foreign_files.read_json(path, FileKind.WINDOW)
    except (OSError, ValueError):
        return {}
    if not isinstance(stored, dict) or stored.get("version") != VERSION:
        return {}
    return stored if isinstance(stored.get("presets", {}), dict) else {}


def _options(table: Any) -> SummarizeOptions | None:
    """Return the options in a table, or None if it has none."""
    if not isinstance(table, dict):
        return None
    found, _problems = options.check(SummarizeOptions, table, "")
    return found if isinstance(found, SummarizeOptions) and not decoding.problems(found) else None
