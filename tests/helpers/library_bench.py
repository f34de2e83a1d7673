"""A library page over real folders, whose workers follow scripts, and what tests do with it."""

from pathlib import Path
from typing import Any, Self

from PySide6.QtWidgets import QApplication

from engine.adapters.library import Adapter
from engine.jobs.job import Job
from gui.pages.library.library_operations import Dialogs
from gui.pages.library.page import LibraryPage
from tests.helpers.background import wait_for
from tests.helpers.scripted_manager import scripted_manager


class ListBench:
    """A page with a list over real folders, and the engine whose workers follow scripts."""

    page: Any

    def __init__(self, qtbot: Any) -> None:
        self.manager = scripted_manager(self._script)
        self.qtbot = qtbot

    def _script(self, job: Job) -> list[Any]:
        return []

    def settle(self) -> Self:
        """Wait until the folder was read and all that follows from it is shown."""
        for _ in range(4):
            wait_for(self.page.operations)
            wait_for(self.page.reader)
            QApplication.processEvents()
        return self

    def choose(self, name: str) -> Any:
        found = next(each for each in self.page.table.items() if each.name == name)
        assert self.page.view.choose(found.id)
        return found

    def until(self, condition: Any) -> None:
        self.qtbot.waitUntil(condition)

    def press(self, text: str, item: Any = None) -> None:
        """Press an entry of an item's menu, or of the menu for all of them."""
        menu = self.page.more_menu() if item is None else self.page.menu_for(item)
        next(action for action in menu.actions() if action.text() == text).trigger()
        menu.close()


class Bench(ListBench):
    """The library's page, the engine whose workers follow `scripts`, and its dialogs."""

    def __init__(self, qtbot: Any) -> None:
        super().__init__(qtbot)
        self.scripts: dict[str, list[Any]] = {}
        self.asked: list[dict[str, Any]] = []
        self.missing_bytes: dict[str, int] = {}
        self.dialogs = FakeDialogs()
        self.page = qtbot.place(LibraryPage(self.manager, self.dialogs), 1232, 860)

    def _script(self, job: Job) -> list[Any]:
        if job.request().get("action") == "cost":
            wanted = job.request()["id"]
            cost = {"id": wanted, "missing_bytes": self.missing_bytes.get(wanted, 0)}
            return [["emit", {"event": "result_made", "result": cost}]]
        self.asked.append(job.request())
        return self.scripts.get(job.request()["kind"], [])

    def names(self) -> list[str]:
        return [adapter.name for adapter in self.page.table.items()]

    def exports(self, adapter: Adapter) -> dict[str, Any]:
        """Return what the menu of exports does, by its texts."""
        groups = self.page.import_export.export_groups(adapter).values()
        return {each.text(): each.trigger for entries in groups for each in entries}


class FakeDialogs(Dialogs):
    """Every dialog answers with `place` or `hub_name`; `opened` and `pages` list what would be opened."""

    def __init__(self) -> None:
        self.place: Path | None = None
        self.hub_name: str | None = None
        self.opened: list[Path] = []
        self.pages: list[str] = []

    def folder_to_import(self, parent: Any) -> Path | None:
        return self.place

    def zip_to_import(self, parent: Any) -> Path | None:
        return self.place

    def hub_name_to_import(self, parent: Any) -> str | None:
        return self.hub_name

    def path_for_folder(self, parent: Any, title: str, name: str) -> Path | None:
        return self.place / name if self.place else None

    def path_for_zip(self, parent: Any, name: str) -> Path | None:
        return self.place / f"{name}.zip" if self.place else None

    def model_to_push(self, parent: Any) -> Path | None:
        return self.place

    def open_page(self, address: str) -> None:
        self.pages.append(address)

    def open_folder(self, folder: Path) -> None:
        self.opened.append(folder)
