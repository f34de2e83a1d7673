"""Imports and exports adapters: asks for a path, then starts the operation. Knows dialogs, not lists."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget, QWidgetAction

from engine.api import Adapter, Recipe, escaping, exports, hub_adapters, run_names
from gui.core.actions import menu_action
from gui.forms import recipe_files
from gui.look.language import mark, tr, translate
from gui.pages.library import library_text
from gui.pages.library.jobs import ONE_AT_A_TIME, LibraryJobs, PushRequest, recipe_of
from gui.pages.library.library_operations import Dialogs, LibraryOperations
from gui.pages.library.push_dialog import PushDialog
from gui.widgets.buttons import make_menu
from gui.widgets.labels import Label

# The groups of the menu of exports.
SHARE, ELSEWHERE, AGAIN = mark("Share"), mark("Use elsewhere"), mark("Reproduce")


class ImportExport:
    """Asks for paths by `dialogs`, then imports or exports."""

    def __init__(
        self, page: QWidget, dialogs: Dialogs, operations: LibraryOperations, jobs: LibraryJobs, manager: Any
    ) -> None:
        self._page, self.dialogs, self._operations, self._jobs = page, dialogs, operations, jobs
        self._manager = manager
        # What was asked for last, by adapter, so that nobody types it again after an error.
        self._pushes: dict[str, PushRequest] = {}

    def export_model(self, adapter: Adapter, to: str, precision: str = "") -> None:
        name = "-".join(filter(None, (_file_name(adapter), to, precision)))
        target = self.dialogs.path_for_folder(
            self._page, tr("Export: choose where to create the folder"), name
        )
        if target is not None:
            self._jobs.export(adapter, to, precision, target)

    def export_folder(self, adapter: Adapter) -> None:
        name = _file_name(adapter)
        target = self.dialogs.path_for_folder(
            self._page, tr("Export: choose where to create the folder"), name
        )
        if target is not None:
            self._operations.export_folder(adapter, target)

    def export_zip(self, adapter: Adapter) -> None:
        target = self.dialogs.path_for_zip(self._page, _file_name(adapter))
        if target is not None:
            self._operations.export_zip(adapter, target)

    def import_folder(self) -> None:
        source = self.dialogs.folder_to_import(self._page)
        if source is not None:
            self._operations.import_files([source])

    def import_zip(self) -> None:
        source = self.dialogs.zip_to_import(self._page)
        if source is not None:
            self._operations.import_files([source])

    def import_from_hub(self) -> None:
        text = self.dialogs.hub_name_to_import(self._page)
        if text is None:
            return
        named = hub_adapters.named(text)
        if named is None:
            self._operations.failed.emit(tr("Enter owner/name."))
        else:
            self._jobs.import_from_hub(*named)

    def push(self, adapter: Adapter) -> PushDialog:
        """Open the dialog that sends an adapter to the hub; it is deleted once it is closed."""
        asked = self._pushes.get(adapter.id)
        dialog = PushDialog(adapter, self._manager, self.dialogs.model_to_push, asked, self._page)
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

    def export_recipe(self, wanted: Recipe) -> None:
        path = recipe_files.ask_to_save(self._page, wanted)
        if path is not None:
            self._operations.export_recipe(wanted, path)

    def export_groups(self, adapter: Adapter) -> dict[str, list[QAction]]:
        wanted = recipe_of(adapter)
        share: list[QAction] = [
            menu_action(tr("As a zip file…"), partial(self.export_zip, adapter)),
            menu_action(tr("As a folder…"), partial(self.export_folder, adapter)),
        ]
        if not adapter.is_prompt:
            share.insert(0, menu_action(tr("To the Hugging Face Hub…"), partial(self.push, adapter)))
        models = library_text.export_menu_entries(adapter.metadata.base_model.family)
        elsewhere: list[QAction] = [
            menu_action(text, partial(self.export_model, adapter, to, precision))
            for to, precision, text in models
        ]
        again: list[QAction] = []
        if not exports.script_obstacle(adapter):
            script = partial(self.export_model, adapter, "script")
            again.append(menu_action(tr("As a script that trains it again…"), script))
        if wanted is not None:
            again.append(menu_action(tr("As a recipe…"), partial(self.export_recipe, wanted)))
        return {SHARE: share, ELSEWHERE: [] if adapter.unmergeable else elsewhere, AGAIN: again}

    def export_menu(self, adapter: Adapter) -> QMenu:
        """Return the menu of all exports; it says why an adapter can't become a plain model."""
        offered: list[QAction] = []
        for title, entries in self.export_groups(adapter).items():
            offered += [_heading(tr(title), self._page), *entries]
            if title == ELSEWHERE and adapter.unmergeable:
                why = tr("This adapter can't be merged: {reason}.", reason=translate(adapter.unmergeable))
                offered.append(QAction(escaping.in_one_line(why), enabled=False))
        return make_menu(self._page, offered)

    def import_entries(self) -> list[QAction]:
        return [
            menu_action(tr("From a folder…"), self.import_folder),
            menu_action(tr("From a zip file…"), self.import_zip),
            menu_action(tr("From the hub…"), self.import_from_hub),
        ]


def _heading(title: str, parent: QWidget) -> QAction:
    """Return a heading in a menu; the style sheet's separators have no text."""
    label = Label(title, "label_medium", "muted")
    label.setContentsMargins(12, 8, 12, 2)
    heading = QWidgetAction(parent)
    heading.setDefaultWidget(label)
    heading.setText(title)
    heading.setEnabled(False)
    # In the colour of a text that is read, not of one that is out of use.
    label.setEnabled(True)
    return heading


def _file_name(adapter: Adapter) -> str:
    return run_names.plain_file_name(adapter.name) or "adapter"
