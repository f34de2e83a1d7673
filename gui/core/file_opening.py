"""Opens a page and files, as asked at the start or by dropping files on the window.

Files are sorted into a recipe, a base model, adapters, and conversations (all others).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QMimeData

from engine.api import DATA_FILE_KINDS, DATA_SUFFIXES, AppError, gguf_models, library, paths
from gui.look.language import sentences, tr, translate

RECIPE_SUFFIX = ".toml"
NEW_RUN = "new-run"


class Pages(Protocol):
    """The part of the window that is used here."""

    def show_built(self, key: str) -> Any:
        """Bring a page to the front and return it."""


@dataclass(frozen=True)
class OpenedFiles:
    """Files to open by kind; of several recipes or base models, the last."""

    recipe: Path | None
    base_model: Path | None
    adapters: Sequence[Path]
    data: Sequence[Path]


def sorted_files(files: Sequence[Path]) -> OpenedFiles:
    """Sort files and folders by kind. Of a zip, only the names of its entries are read."""
    recipe: Path | None = None
    base_model: Path | None = None
    adapters: list[Path] = []
    data: list[Path] = []
    for file in files:
        adapter = library.adapter_at(file)
        if adapter is not None:
            adapters += [adapter] if adapter not in adapters else []
        elif file.suffix.lower() == RECIPE_SUFFIX and file.is_file():
            recipe = file
        elif file.suffix.lower() == gguf_models.SUFFIX and file.is_file():
            base_model = file
        else:
            data.append(file)
    return OpenedFiles(recipe, base_model, adapters, data)


def show(window: Pages, page: str, files: Sequence[Path]) -> None:
    """Show a page, if one is named, then the files; the page of the last kind stays in front."""
    if page == NEW_RUN:
        window.show_built("train").new_run()
    elif page:
        window.show_built(page)
    found = sorted_files(files)
    if found.adapters:
        window.show_built("library").operations.import_files(found.adapters)
    if found.data:
        window.show_built("data").open_files(found.data)
    if found.recipe is not None:
        train = window.show_built("train")
        try:
            train.open_file(found.recipe)
        except AppError as error:
            train.say(sentences(error.message, error.hint))
    if found.base_model is not None:
        train = window.show_built("train")
        train.edit_copy()
        train.right.show_recipe()
        train.panel.form.base_model_chooser().pick(str(paths.resolved(found.base_model)))


def file_filter() -> str:
    """Return the file dialog's filters: every format that the engine reads, then one kind of files each."""
    kinds = [
        (tr("Conversations"), DATA_SUFFIXES),
        *((translate(kind.title), kind.suffixes) for kind in DATA_FILE_KINDS),
    ]
    filters = [f"{title} ({' '.join(f'*{suffix}' for suffix in suffixes)})" for title, suffixes in kinds]
    return ";;".join([*filters, tr("All files (*)")])


def dropped(data: QMimeData) -> list[Path]:
    """Return the local files and folders of a drag or drop."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
