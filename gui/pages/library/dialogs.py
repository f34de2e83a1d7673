"""The dialogs of the library that ask for a path or a name. Tests replace `Dialogs`."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLineEdit, QWidget

from engine.api import hub_adapters
from gui.look.language import mark, tr
from gui.widgets import file_dialogs
from gui.widgets.buttons import plain, primary
from gui.widgets.growing_dialog import GrowingDialog
from gui.widgets.labels import Label
from gui.widgets.layouts import hbox, vbox
from gui.widgets.open_path import open_page, open_path

ZIP_FILES = mark("Zip files (*.zip);;All files (*)")


class Dialogs:
    """Asks for paths and names; None means cancelled."""

    def folder_to_import(self, parent: QWidget) -> Path | None:
        """Ask for the folder of an adapter."""
        return file_dialogs.choose_folder(parent, "import", tr("Import an adapter from a folder"))

    def zip_to_import(self, parent: QWidget) -> Path | None:
        """Ask for the zip of an adapter."""
        return file_dialogs.open_file(
            parent, "import", tr("Import an adapter from a zip file"), tr(ZIP_FILES)
        )

    def hub_name_to_import(self, parent: QWidget) -> str | None:
        """Ask for the name of an adapter on the hub."""
        dialog = HubNameDialog(parent)
        return dialog.field.text() if dialog.exec() else None

    def path_for_folder(self, parent: QWidget, title: str, name: str) -> Path | None:
        """Ask for a parent folder; return the path of a new folder `name` in it."""
        found = file_dialogs.choose_folder(parent, "export", title)
        return free_path(found, name) if found is not None else None

    def path_for_zip(self, parent: QWidget, name: str) -> Path | None:
        """Ask for the path of a new zip file."""
        return file_dialogs.save_file(
            parent, "export", tr("Export as a zip file"), f"{name}.zip", tr(ZIP_FILES)
        )

    def model_to_push(self, parent: QWidget) -> Path | None:
        """Ask for the folder of a plain model that an adapter was exported to."""
        return file_dialogs.choose_folder(parent, "export", tr("Folder of the plain model"))

    def open_folder(self, folder: Path) -> None:
        """Show a folder in the system's file manager."""
        open_path(folder)

    def open_page(self, address: str) -> None:
        """Show a page in the system's browser."""
        open_page(address)


def free_path(parent: Path, name: str) -> Path:
    """Return an unused path in `parent`: `name`, else `name-2` and so on."""
    path, number = parent / name, 1
    while path.exists():
        number += 1
        path = parent / f"{name}-{number}"
    return path


class HubNameDialog(GrowingDialog):
    """Accepted with a name in `field` that one on the hub can have; until then Import is grey."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Import an adapter from the hub"))
        label = Label(tr("Its name: owner/name, or owner/name@revision"), "body", "muted", wrap=True)
        self.field = QLineEdit()
        self.field.setPlaceholderText("owner/name")
        self.field.setAccessibleName(label.text())
        self.import_button = primary(tr("Import"), "import")
        self.import_button.setDefault(True)
        self.import_button.setEnabled(False)
        self.import_button.clicked.connect(self.accept)
        self.field.textChanged.connect(self._follow)
        cancel = plain(tr("Cancel"))
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        column = vbox(Label(self.windowTitle(), "section"), label, self.field, of=self, margins=24, spacing=8)
        row = hbox(self.import_button, cancel, 1, spacing=8)
        column.addSpacing(8)
        column.addLayout(row)
        self.setMinimumWidth(440)

    def _follow(self, text: str) -> None:
        self.import_button.setEnabled(hub_adapters.named(text) is not None)
