"""Recently used sources and files with their names, newest first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from gui.core.actions import menu_action
from gui.core.preferences import SavedState
from gui.look.fonts import metrics, px
from gui.look.language import tr
from gui.look.shown_texts import menu_text

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
        """Remove all."""
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
