"""What the window is asked to show when it starts or files are dropped on it: a page, and files of any kind.

Files are told apart: a recipe, adapters, and conversations, which is all the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from engine.api import AppError, library
from gui.look.language import translate

RECIPE_SUFFIX = ".toml"
NEW_RUN = "new-run"


class Pages(Protocol):
    """The window, as far as it matters here."""

    def show_built(self, key: str) -> Any:
        """Bring a page to the front and return it."""


@dataclass(frozen=True)
class OpenedFiles:
    """What is to be opened where; of several recipes the last."""

    recipe: Path | None
    adapters: Sequence[Path]
    data: Sequence[Path]


def told_apart(files: Sequence[Path]) -> OpenedFiles:
    """Look at files and folders, never deeper than the names in a zip."""
    recipe: Path | None = None
    adapters: list[Path] = []
    data: list[Path] = []
    for file in files:
        adapter = library.adapter_at(file)
        if adapter is not None:
            adapters += [adapter] if adapter not in adapters else []
        elif file.suffix.lower() == RECIPE_SUFFIX and file.is_file():
            recipe = file
        else:
            data.append(file)
    return OpenedFiles(recipe, adapters, data)


def show(window: Pages, page: str, files: Sequence[Path]) -> None:
    """Show a page, if one is named, and then the files; the page of the last kind stays in front."""
    if page == NEW_RUN:
        window.show_built("train").new_run()
    elif page:
        window.show_built(page)
    found = told_apart(files)
    if found.adapters:
        window.show_built("library").operations.take_in(found.adapters)
    if found.data:
        window.show_built("data").open_files(found.data)
    if found.recipe is not None:
        train = window.show_built("train")
        try:
            train.open_file(found.recipe)
        except AppError as error:
            train.say(f"{translate(error.message)} {translate(error.hint)}".strip())
