"""Replaces local paths in an adapter's files with public names when it is exported.

The library's own copy keeps the paths, since they are needed to load it. A public name is the last part of a path.
Names, notes, tags and the examples in a prompt are written by the user and stay. Knows nothing of the library.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.adapters import metadata as adapter_toml
from engine.adapters.import_checks import CONFIG_NAME, README_NAME, peft_config
from engine.adapters.metadata import AdapterMetadata
from engine.config import recipe as recipes
from engine.config.recipe import public_name
from engine.errors import AdapterError, RecipeError
from engine.system.foreign_files import FileKind, read_bytes, read_text

BASE = "base_model_name_or_path"


def make_public(folder: Path) -> None:
    """Remove the local paths from the copy of an adapter in `folder`. Raises OSError.

    Checksums are updated for files that are rewritten, unless a file did not match its checksum before.
    """
    texts = dict(_public_texts(folder))
    # An adapter of another program has no metadata until it is imported.
    with suppress(AdapterError):
        metadata = adapter_toml.load(folder)
        files = {name: digest for name, digest in metadata.files.items() if (folder / name).is_file()}
        for name, text in texts.items():
            if files.get(name) == _digest(read_bytes(folder / name, FileKind.CARD)):
                files[name] = _digest(text.encode())
        adapter_toml.save(public_metadata(metadata).model_copy(update={"files": files}), folder)
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def public_metadata(metadata: AdapterMetadata) -> AdapterMetadata:
    """Return metadata with public names in place of local paths."""
    named: dict[str, Any] = {}
    for table, key in (("base_model", "id"), ("data", "source"), ("training", "start_from")):
        facts = getattr(metadata, table)
        named[table] = facts.model_copy(update={key: public_name(getattr(facts, key))})
    # Exports lie on this computer, and why one was not tried may name its folders.
    return metadata.model_copy(update=named | {"exports": []})


def _public_texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the files that hold local paths, and their text without them."""
    recipe = folder / adapter_toml.RECIPE_NAME
    if recipe.exists():
        # A recipe of a later version can't be read; it was not made here.
        with suppress(RecipeError):
            text = recipes.dumps(recipes.public(recipes.load(recipe)))
            if text != read_text(recipe, FileKind.RECIPE):
                yield recipe.name, text
    try:
        config = peft_config(folder)
    except AdapterError:
        return
    base = str(config.get(BASE) or "")
    name = public_name(base)
    if name == base:
        return
    yield CONFIG_NAME, json.dumps(config | {BASE: name}, indent=2, sort_keys=True)
    card = folder / README_NAME
    if card.exists():
        yield README_NAME, read_text(card, FileKind.CARD, errors="replace").replace(base, name)
