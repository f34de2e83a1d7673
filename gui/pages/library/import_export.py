"""Imports, exports and merges adapters: asks for a path, then starts the operation. Knows dialogs, not lists."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from engine.api import Adapter, exports, hub_adapters, paths, run_names
from gui.core.actions import Entry
from gui.look.language import tr
from gui.pages.library import library_text
from gui.pages.library.jobs import ONE_AT_A_TIME, LibraryJobs, PushRequest
from gui.pages.library.library_operations import Dialogs, LibraryOperations
from gui.pages.library.push_dialog import PushDialog


class ImportExport:
    """Imports, exports, merges, and opens folders."""

    def __init__(
        self,
        page: QWidget,
        dialogs: Dialogs,
        operations: LibraryOperations,
        jobs: LibraryJobs,
        manager: Any,
    ) -> None:
        self._page, self._dialogs, self._operations, self._jobs = page, dialogs, operations, jobs
        self._manager = manager
        # What was asked for last, by adapter, so that nobody types it again after an error.
        self._pushes: dict[str, PushRequest] = {}

    def open_library(self) -> None:
        """Show the library's folder."""
        self._dialogs.open_folder(paths.adapters_folder())

    def open_adapter(self, adapter: Adapter) -> None:
        """Show an adapter's folder."""
        self._dialogs.open_folder(adapter.folder)

    def open_result(self, folder: Path) -> None:
        """Show the output folder of a job."""
        self._dialogs.open_folder(folder)

    def export_model(self, adapter: Adapter, to: str, precision: str = "") -> None:
        """Export an adapter as a model of another kind."""
        name = "-".join(filter(None, (_file_name(adapter), to, precision)))
        target = self._dialogs.path_for_folder(
            self._page, tr("Export: choose where to create the folder"), name
        )
        if target is not None:
            self._jobs.export(adapter, to, precision, target)

    def merge(self, adapter: Adapter) -> None:
        """Merge an adapter into a plain model folder."""
        self.export_model(adapter, "merged")

    def export_folder(self, adapter: Adapter) -> None:
        """Copy an adapter to a folder."""
        name = _file_name(adapter)
        target = self._dialogs.path_for_folder(
            self._page, tr("Export: choose where to create the folder"), name
        )
        if target is not None:
            self._operations.export_folder(adapter, target)

    def export_zip(self, adapter: Adapter) -> None:
        """Write an adapter as a zip file."""
        target = self._dialogs.path_for_zip(self._page, _file_name(adapter))
        if target is not None:
            self._operations.export_zip(adapter, target)

    def import_folder(self) -> None:
        """Import an adapter from a folder."""
        source = self._dialogs.folder_to_import(self._page)
        if source is not None:
            self._operations.import_files([source])

    def import_zip(self) -> None:
        """Import an adapter from a zip file."""
        source = self._dialogs.zip_to_import(self._page)
        if source is not None:
            self._operations.import_files([source])

    def import_from_hub(self) -> None:
        """Import an adapter from the hub."""
        text = self._dialogs.hub_name_to_import(self._page)
        if text is None:
            return
        named = hub_adapters.named(text)
        if named is None:
            self._operations.failed.emit(tr("An adapter on the hub is called owner/name."))
        else:
            self._jobs.import_from_hub(*named)

    def push(self, adapter: Adapter) -> PushDialog:
        """Open the dialog that sends an adapter to the hub; it is deleted once it is closed."""
        asked = self._pushes.get(adapter.id)
        dialog = PushDialog(adapter, self._manager, self._dialogs.model_to_push, asked, self._page)
        dialog.send_wanted.connect(lambda wanted: self._send(dialog, adapter, wanted))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def _send(self, dialog: PushDialog, adapter: Adapter, wanted: PushRequest) -> None:
        self._pushes[adapter.id] = wanted
        if self._jobs.busy:
            dialog.show_problem(tr(ONE_AT_A_TIME))
            return
        dialog.accept()
        self._jobs.push(adapter, wanted)

    def open_page(self, address: str) -> None:
        """Show a page of the hub."""
        self._dialogs.open_page(address)

    def export_entries(self, adapter: Adapter, *, in_full: bool) -> list[Entry]:
        """Return the menu entries for export; with `in_full` their texts say "Export", for a mixed menu."""
        folder = tr("Export as a folder…") if in_full else tr("As a folder…")
        file = tr("Export as a zip file…") if in_full else tr("As a zip file…")
        return [
            (folder, lambda: self.export_folder(adapter), ""),
            (file, lambda: self.export_zip(adapter), ""),
            *([] if in_full or adapter.unmergeable else self._model_entries(adapter)),
            *([] if in_full or exports.script_obstacle(adapter) else [self._script_entry(adapter)]),
            *([] if in_full or adapter.is_prompt else [self._hub_entry(adapter)]),
        ]

    def _hub_entry(self, adapter: Adapter) -> Entry:
        return tr("To the Hugging Face Hub…"), partial(self.push, adapter), ""

    def _script_entry(self, adapter: Adapter) -> Entry:
        return tr("As a script that trains it again…"), partial(self.export_model, adapter, "script"), ""

    def _model_entries(self, adapter: Adapter) -> list[Entry]:
        return [
            (text, partial(self.export_model, adapter, to, precision), "")
            for to, precision, text in library_text.export_menu_entries(adapter.metadata.base_model.family)
        ]

    def import_entries(self) -> list[Entry]:
        """Return the menu entries for import."""
        return [
            (tr("From a folder…"), self.import_folder, ""),
            (tr("From a zip file…"), self.import_zip, ""),
            (tr("From the hub…"), self.import_from_hub, ""),
        ]


def _file_name(adapter: Adapter) -> str:
    return run_names.plain_file_name(adapter.name) or "adapter"
