"""Opens a page and files, as asked at the start or by dropping files on the window, and remembers the last ones.

Files are sorted into a recipe, a base model, adapters, and conversations (all others).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QMimeData, QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from engine.api import DATA_FILE_KINDS, DATA_SUFFIXES, AppError, gguf_models, library, paths
from gui.core.actions import menu_action
from gui.core.preferences import SavedState
from gui.look.fonts import metrics, px
from gui.look.language import sentences, tr, translate
from gui.look.shown_texts import menu_text

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


MAX_FILES = 10
PLACE_WIDTH = 320


class RecentFiles:
    """Sources with their names, each once."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Iterate over sources and names, newest first."""
        return iter(self._names.items())

    def __bool__(self) -> bool:
        return bool(self._names)

    def add(self, source: str, name: str) -> None:
        """Put a source first."""
        self._names = dict(
            [(source, name), *((each, known) for each, known in self if each != source)][:MAX_FILES]
        )

    def clear(self) -> None:
        self._names = {}

    def saved_state(self) -> str:
        """Return the list as one text."""
        return json.dumps(list(self._names.items()))

    def restore_state(self, text: str) -> None:
        """Restore what `saved_state` returned; what can't be read is skipped."""
        try:
            found = json.loads(text)
        except ValueError:
            return
        if isinstance(found, list):
            pairs = [each for each in found if isinstance(each, list) and len(each) == 2]
            self._names = {
                source: name for source, name in pairs if isinstance(source, str) and isinstance(name, str)
            }


def offer_in(menu: QMenu, recent: RecentFiles, act: Callable[[str], object]) -> None:
    """Add the recent entries to a menu, each with its name and its source."""
    for source, name in recent:
        shown = metrics("body").elidedText(source, Qt.TextElideMode.ElideMiddle, px(PLACE_WIDTH))
        text = menu_text(name) if name == source else f"{menu_text(name)}   {menu_text(shown)}"
        menu.addAction(text, partial(act, source))


class RecentRecipes(QObject):
    """The recently opened or saved recipe files of a page, for its menus and the palette; saved with the page."""

    def __init__(self, page: QWidget, open_file: Callable[[Path], object]) -> None:
        super().__init__(page)
        self._open_file = open_file
        self._recent = RecentFiles()
        SavedState(page, "recipes", self._recent.saved_state, self._recent.restore_state)

    def add(self, path: Path) -> None:
        """Put a file first."""
        self._recent.add(str(path.absolute()), path.name)

    def entries(self) -> list[QAction]:
        """Return the files for the palette; files of the same name are shown with their folder."""
        names = Counter(name for _, name in self._recent)
        return [
            menu_action(
                tr("Open recipe {name}", name=name if names[name] == 1 else source),
                partial(self._open, source),
            )
            for source, name in self._recent
        ]

    def add_to(self, menu: QMenu) -> None:
        """Add the files to a menu, behind a separator."""
        if self._recent:
            menu.addSeparator()
            offer_in(menu, self._recent, self._open)
            menu.addSeparator()
            menu.addAction(tr("Clear list"), self._recent.clear)

    def _open(self, source: str) -> None:
        self._open_file(Path(source))
