"""The files of blind comparisons: preference pairs, votes, and comparisons for other voters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.api import escaping
from gui.look.language import mark, tr, tr_count
from gui.pages.blind import blind_text
from gui.pages.blind.blind_controller import BlindController
from gui.widgets import file_dialogs

JSON_LINES = mark("JSON lines (*.jsonl);;All files (*)")
JSON = mark("Blind comparisons (*.json);;All files (*)")


class BlindFiles(QObject):
    """Asks for places and files; `done(text)` reports what was written or read. Errors are the controller's."""

    done = Signal(str)

    def __init__(self, controller: BlindController, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self._window = parent

    def _ask_where(self, title: str, name: str, kinds: str, act: Callable[[Path], object]) -> None:
        path = file_dialogs.save_file(self._window, "export", title, name, tr(kinds))
        if path:
            act(path)

    def ask_for_pairs(self) -> None:
        """Ask where to write the preference pairs."""
        self._ask_where(
            tr("Export preference pairs"), "preference-pairs.jsonl", JSON_LINES, self.export_pairs
        )

    def export_pairs(self, path: Path) -> None:
        """Write the preference pairs."""
        count = self._controller.export_pairs(path)
        if count:
            pairs = tr_count(count, "{n} preference pair", "{n} preference pairs")
            self.done.emit(tr("{what} exported to {place}.", what=pairs, place=path))

    def ask_for_votes(self) -> None:
        """Ask where to write the votes."""
        name = f"votes-{escaping.file_name(self._controller.voter) or 'me'}.jsonl"
        self._ask_where(tr("Export votes"), name, JSON_LINES, self.export_votes)

    def export_votes(self, path: Path) -> None:
        """Write all votes, for a person who counts them together with others."""
        if self._controller.export_votes(path):
            self.done.emit(tr("Votes exported to {place}.", place=path))

    def ask_to_share(self) -> None:
        """Ask where to write the comparison."""
        self._ask_where(tr("Export for another voter"), "blind-comparison.json", JSON, self.share)

    def share(self, path: Path) -> None:
        """Write the comparison for another voter."""
        if self._controller.share(path):
            count = len(self._controller.work.comparison.conversations) if self._controller.work else 0
            self.done.emit(
                tr(
                    "Exported to {place}, with the texts of {conversations} and the names of the systems.",
                    place=path,
                    conversations=tr_count(count, "{n} conversation", "{n} conversations"),
                )
            )

    def ask_for_shared(self) -> None:
        """Ask for a comparison of another person."""
        path = file_dialogs.open_file(self._window, "import", tr("Open a comparison"), tr(JSON))
        if path:
            self._controller.open_shared(path)

    def ask_for_votes_of_others(self) -> None:
        """Ask for files of votes of other people."""
        paths = file_dialogs.open_files(self._window, "import", tr("Add votes"), tr(JSON_LINES))
        if paths:
            self.add_votes(paths)

    def add_votes(self, paths: Sequence[Path]) -> None:
        """Count the votes of other files as well."""
        added = self._controller.add_votes(paths)
        if added is not None:
            self.done.emit(blind_text.added_text(added))
