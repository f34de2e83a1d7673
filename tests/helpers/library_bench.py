"""A library page over real folders, whose workers follow scripts, and what tests do with it."""

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication

from engine.adapters.library import Adapter
from engine.jobs.job import Job
from gui.pages.library.library_operations import Dialogs
from gui.pages.library.page import LibraryPage
from tests.helpers.background import wait_for
from tests.helpers.scripted_manager import scripted_manager


class Bench:
    """A page, the engine whose workers follow `scripts`, and its dialogs."""

    def __init__(self, qtbot: Any) -> None:
        self.scripts: dict[str, list[Any]] = {}
        self.asked: list[dict[str, Any]] = []
        self.missing_bytes: dict[str, int] = {}
        self.manager = scripted_manager(self._script)
        self.dialogs = FakeDialogs()
        self.qtbot = qtbot
        self.page = LibraryPage(self.manager, self.dialogs)
        qtbot.addWidget(self.page)
        self.page.resize(1232, 860)
        self.page.show()

    def _script(self, job: Job) -> list[Any]:
        if job.request().get("action") == "cost":
            wanted = job.request()["id"]
            cost = {"id": wanted, "missing_bytes": self.missing_bytes.get(wanted, 0)}
            return [["emit", {"event": "result_made", "result": cost}]]
        self.asked.append(job.request())
        return self.scripts.get(job.request()["kind"], [])

    def settle(self) -> "Bench":
        """Wait until the folder was read and all that follows from it is shown."""
        for _ in range(3):
            wait_for(self.page.operations)
            wait_for(self.page.reader)
            QApplication.processEvents()
        return self

    def names(self) -> list[str]:
        return [adapter.name for adapter in self.page.table.items()]

    def choose(self, name: str) -> Adapter:
        found = next(adapter for adapter in self.page.table.items() if adapter.name == name)
        assert self.page.view.choose(found.id)
        return found

    def until(self, condition: Any) -> None:
        self.qtbot.waitUntil(condition)

    def press(self, text: str, adapter: Adapter) -> None:
        menu = self.page.menu_for(adapter)
        next(action for action in menu.actions() if action.text() == text).trigger()
        menu.close()

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
