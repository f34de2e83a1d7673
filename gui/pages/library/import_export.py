"""Imports and exports adapters: asks for a path, then starts the operation. Knows dialogs, not lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from engine.api import Adapter, Ending, Event, Recipe, escaping, exports, hub_adapters, run_names
from gui.core.actions import menu_action
from gui.forms import recipe_files
from gui.graphics.bars import BusyRow
from gui.inputs.choices import SegmentedControl
from gui.inputs.fields import Field, ProblemLine
from gui.look import style
from gui.look.fonts import font, metrics, px
from gui.look.format import bytes_text, number_text
from gui.look.language import mark, sentences, tr, tr_count, translate
from gui.pages.library import library_text
from gui.pages.library.facts_view import FactsView
from gui.pages.library.jobs import ONE_AT_A_TIME, LibraryJobs, PushRequest, recipe_of, visibility_text
from gui.pages.library.library_operations import Dialogs, LibraryOperations
from gui.widgets.buttons import make_menu, plain, primary
from gui.widgets.growing_dialog import ScrollingDialog
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import fill, hbox, vbox
from gui.workers.engine_thread import AskedJob
from gui.workers.worker_manager import WorkerManager

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
        target = self.dialogs.path_for_folder(self._page, tr("Choose where to create the folder"), name)
        if target is not None:
            self._jobs.export(adapter, to, precision, target)

    def export_folder(self, adapter: Adapter) -> None:
        name = _file_name(adapter)
        target = self.dialogs.path_for_folder(self._page, tr("Choose where to create the folder"), name)
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
            again.append(menu_action(tr("As a training script…"), script))
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


PRIVATE, PUBLIC = "private", "public"
ADAPTER, MODEL = "adapter", "model"

ChooseFolder = Callable[[QWidget], Path | None]


class PushDialog(ScrollingDialog):
    """Asks, then shows a dry run. `send_wanted(request)`: the person has seen it and sends it.

    The dialog stays until it is accepted or rejected, so that a refusal can be said in it.
    """

    send_wanted = Signal(object)

    def __init__(
        self,
        adapter: Adapter,
        manager: WorkerManager,
        choose_folder: ChooseFolder,
        asked: PushRequest | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(640, parent)
        self._adapter, self._job = adapter, AskedJob(self, manager)
        self._shown: PushRequest | None = None
        self._notices: list[Event] = []
        self.form, self.preview = PushForm(adapter, choose_folder, asked), PushPreview()
        self._busy = BusyRow(tr("Collecting the files"))
        self.problem = ProblemLine()
        self.show_button = primary(tr("Show what is sent"), press=self._look)
        self.send_button, self.back_button = primary(tr("Send"), "export"), plain(tr("Back"))
        self.cancel_button = plain(tr("Cancel"), press=self.reject)
        self.setWindowTitle(tr("Send to the Hugging Face Hub"))
        title = tr("Send {name} to the Hugging Face Hub", name=self._adapter.name)
        self.column.addWidget(Label(title, "section", wrap=True))
        self._about = Label(
            tr("You see all files before they are uploaded. Needs a token: run `hf auth login` once."),
            "body",
            "muted",
            wrap=True
        )  # fmt: skip
        fill(self.column, self._about, self.form, self.preview, self._busy, self.problem)
        foot = hbox(self.show_button, self.send_button, self.back_button, self.cancel_button, 1, spacing=8)
        self.foot.addLayout(foot)
        self.form.changed.connect(self._follow_form)
        self.send_button.clicked.connect(lambda: self.send_wanted.emit(self._shown))
        self.back_button.clicked.connect(lambda: self._show(asking=True))
        self.finished.connect(self._job.cancel)
        self._show(asking=True)

    def _follow_form(self) -> None:
        self.problem.show_problem("")
        self.show_button.setEnabled(self.form.request() is not None)

    # The dry run.
    def _look(self) -> None:
        wanted = self.form.request()
        if wanted is None:
            return
        self._notices = []
        self._show(asking=True, busy=True)
        arguments = wanted.arguments(self._adapter.id, dry_run=True)
        self._job.ask("push", arguments, partial(self._show_found, wanted), self._end, events=self._follow)

    def _follow(self, events: list[Event]) -> None:
        self._notices += [event for event in events if event["event"] == "notice"]

    def _show_found(self, wanted: PushRequest, found: dict[str, Any]) -> None:
        self._shown = wanted
        prompt = self._adapter.metadata.prompt
        shown = len(prompt.shots) if prompt and wanted.with_conversations else 0
        self.preview.show_dry_run(found, self._notices, shown)
        self._show(asking=False)

    def _end(self, ending: Ending) -> None:
        """Say why nothing was found."""
        self._show(asking=True)
        self.show_problem(ending.message or tr("The worker ended without a result."), ending.hint)

    # Display
    def show_problem(self, message: str, hint: str = "") -> None:
        """Show why it can't go on."""
        self.problem.show_problem(translate(message), translate(hint))

    def _show(self, *, asking: bool, busy: bool = False) -> None:
        self.problem.show_problem("")
        self.form.setVisible(asking)
        self.form.setEnabled(not busy)
        self._about.setVisible(asking)
        self.preview.setVisible(not asking)
        self._busy.setVisible(busy)
        self.show_button.setVisible(asking)
        self.show_button.setEnabled(not busy and self.form.request() is not None)
        for button in (self.send_button, self.back_button):
            button.setVisible(not asking)
        # Return never sends: it may be pressed once more before anything was read.
        self.show_button.setDefault(asking)
        (self.form.name if asking else self.preview.card).setFocus()


class PushPreview(QWidget):
    """What a dry run of the job `push` found."""

    def __init__(self) -> None:
        super().__init__()
        self._where = FactsView(tr("Where it goes"))
        self._notices, self._files = vbox(spacing=8), QGridLayout()
        self.card = QPlainTextEdit()
        self.card.setReadOnly(True)
        self.card.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.card.setAccessibleName(tr("Model card"))
        self._files.setHorizontalSpacing(16)
        self._files.setVerticalSpacing(4)
        self._files.setColumnStretch(0, 1)
        column = vbox(self._where, of=self, spacing=6)
        for heading, part in ((tr("Licences"), self._notices), (tr("Files"), self._files)):
            column.addSpacing(10)
            fill(column, Label(heading, "label_medium", "muted"), part)
        column.addSpacing(10)
        fill(column, Label(tr("Model card"), "label_medium", "muted"), self.card)
        style.on_style_changed(self._restyle)

    def _restyle(self) -> None:
        self.card.setFont(font("fixed"))
        self.card.setFixedHeight(round(14 * metrics("fixed").lineSpacing()) + px(18))

    def show_dry_run(self, found: dict[str, Any], notices: Sequence[Event], conversations: int) -> None:
        """Show what would be sent, with so many conversations, and what was said about it."""
        told = tr("{count} in the prompt", count=number_text(conversations))
        facts = [
            (tr("Address"), found["path"]),
            (tr("Who can see it"), visibility_text(public=not found["private"])),
            (tr("Conversations"), told if conversations else tr("None is uploaded.")),
        ]
        self._where.show_facts(facts)
        _empty(self._notices)
        for notice in notices:
            warns = notice.get("level") == "warning"
            icon = IconLabel("warning" if warns else "info", "warning" if warns else "muted", 16)
            row = hbox(
                (icon, 0, Qt.AlignmentFlag.AlignTop),
                (Label(notice_text(notice), "body", "text", wrap=True), 1),
                spacing=8,
            )
            self._notices.addLayout(row)
        files = [(file["name"], int(file["bytes"])) for file in found["files"]]
        _empty(self._files)
        total = tr_count(len(files), "{n} file", "{n} files"), sum(size for _, size in files)
        for at, (name, size) in enumerate((*files, total)):
            token = "text" if at < len(files) else "muted"
            self._files.addWidget(Label(escaping.in_one_line(name), "body", token, wrap=True), at, 0)
            self._files.addWidget(
                Label(bytes_text(size), "figure", token), at, 1, Qt.AlignmentFlag.AlignTrailing
            )
        self.card.setPlainText(escaping.escaped(found["card"]))

    def texts(self) -> list[str]:
        return [label.text() for label in self.findChildren(Label)]


def notice_text(notice: Event) -> str:
    """Return a notice with what to do about it."""
    return sentences(notice["message"], notice.get("hint", ""))


def _empty(layout: QHBoxLayout | QVBoxLayout | QGridLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.deleteLater()
        elif isinstance(inner, QHBoxLayout):
            _empty(inner)


class PushForm(QWidget):
    """`changed`: `request` returns another answer, or none where something is still missing."""

    changed = Signal()

    def __init__(self, adapter: Adapter, choose_folder: ChooseFolder, asked: PushRequest | None) -> None:
        super().__init__()
        self._choose_folder = choose_folder
        prompt = adapter.metadata.prompt
        self._conversations = len(prompt.shots) if prompt else 0
        self._has_model = any(each.to == "merged" for each in adapter.metadata.exports)
        self.name = QLineEdit()
        self.name.setPlaceholderText("owner/name")
        self.visibility = SegmentedControl(
            [(PRIVATE, tr("Private")), (PUBLIC, tr("Public"))], stretch=True, name=tr("Who can see it")
        )
        self.what = SegmentedControl(
            [(ADAPTER, tr("The adapter")), (MODEL, tr("The plain model"))],
            stretch=True,
            name=tr("What is sent"),
        )
        self.folder, self.folder_button = QLineEdit(), plain(tr("Choose…"), "folder", press=self._choose)
        self.conversations = QCheckBox(
            tr_count(
                self._conversations,
                "Also upload the prompt's {n} example conversation",
                "Also upload the prompt's {n} example conversations",
            )
        )
        about = tr("A new repository, or this adapter's.")
        self.name_field = Field(tr("Repository on the hub: owner/name"), self.name, about)
        self._visibility_field = Field(tr("Who can see it"), self.visibility)
        self._what_field = Field(tr("What is sent"), self.what)
        self._folder_field = Field(tr("Exported model folder"), self._folder_row())
        vbox(
            self.name_field,
            self._visibility_field,
            self._what_field,
            self._folder_field,
            self._conversations_part(),
            of=self,
            spacing=16,
        )
        self._what_field.setVisible(self._has_model)
        self._connect()
        self._fill(asked or PushRequest(""))

    def _connect(self) -> None:
        for signal in (self.name.textChanged, self.folder.textChanged, self.conversations.toggled):
            signal.connect(lambda _value: self.changed.emit())
        for signal in (self.visibility.currentChanged, self.what.currentChanged):
            signal.connect(lambda _key: self._follow())

    def _folder_row(self) -> QWidget:
        row = QWidget()
        row.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        hbox((self.folder, 1), self.folder_button, of=row, spacing=8)
        row.setFocusProxy(self.folder)
        return row

    def _conversations_part(self) -> QWidget:
        part = QWidget()
        foot = tr("They are part of the prompt.")
        vbox(self.conversations, Label(foot, "label", "hint", wrap=True), of=part, spacing=4)
        part.setVisible(bool(self._conversations))
        return part

    def _fill(self, asked: PushRequest) -> None:
        self.name.setText(asked.target)
        self.visibility.set_current(PUBLIC if asked.public else PRIVATE)
        self.what.set_current(MODEL if asked.model else ADAPTER)
        self.folder.setText(asked.model)
        self.conversations.setChecked(asked.with_conversations)
        self._follow()

    def _choose(self) -> None:
        folder = self._choose_folder(self)
        if folder is not None:
            self.folder.setText(str(folder))

    def _follow(self) -> None:
        self._visibility_field.set_helper_text(visibility_text(public=self._is_public()))
        self._folder_field.setVisible(self._sends_model())
        self.changed.emit()

    def _is_public(self) -> bool:
        return self.visibility.current() == PUBLIC

    def _sends_model(self) -> bool:
        return self._has_model and self.what.current() == MODEL

    def request(self) -> PushRequest | None:
        """Return what is asked for, None while something is missing."""
        target, model = hub_adapters.repository(self.name.text()), self.folder.text().strip()
        waits = self._sends_model() and not model
        if not target or waits or (self._conversations > 0 and not self.conversations.isChecked()):
            return None
        return PushRequest(
            target,
            public=self._is_public(),
            with_conversations=self.conversations.isChecked(),
            model=model if self._sends_model() else "",
        )
