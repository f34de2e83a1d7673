"""The library's dialogs with a fixed answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gui.pages.library.library_operations import Dialogs


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
