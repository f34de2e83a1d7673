"""The form that asks where an adapter goes on the Hugging Face Hub, who may see it, and what goes along."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from engine.api import Adapter, hub_adapters
from gui.inputs.fields import Field
from gui.inputs.segmented_control import SegmentedControl
from gui.look.language import tr, tr_count
from gui.pages.library.push_request import PushRequest, visibility_text
from gui.widgets.buttons import plain
from gui.widgets.labels import Label

PRIVATE, PUBLIC = "private", "public"
ADAPTER, MODEL = "adapter", "model"

ChooseFolder = Callable[[QWidget], Path | None]


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
        self.folder, self.folder_button = QLineEdit(), plain(tr("Choose…"), "folder")
        self.conversations = QCheckBox(
            tr_count(
                self._conversations,
                "Also send the {n} conversation that its prompt shows",
                "Also send the {n} conversations that its prompt shows",
            )
        )
        self._lay_out()
        self._connect()
        self._fill(asked or PushRequest(""))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        about = tr("A new repository, or one that this adapter was sent to before.")
        self.name_field = Field(tr("Repository on the hub: owner/name"), self.name, about)
        self._visibility_field = Field(tr("Who can see it"), self.visibility)
        self._what_field = Field(tr("What is sent"), self.what)
        self._folder_field = Field(tr("Folder that it was exported to as a plain model"), self._folder_row())
        for field in (self.name_field, self._visibility_field, self._what_field, self._folder_field):
            column.addWidget(field)
        column.addWidget(self._conversations_part())
        self._what_field.setVisible(self._has_model)

    def _folder_row(self) -> QWidget:
        row = QWidget()
        row.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.folder, 1)
        layout.addWidget(self.folder_button)
        row.setFocusProxy(self.folder)
        return row

    def _conversations_part(self) -> QWidget:
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        foot = tr("They are part of the prompt: without them, nothing can be sent.")
        column.addWidget(self.conversations)
        column.addWidget(Label(foot, "label", "ink3", wrap=True))
        part.setVisible(bool(self._conversations))
        return part

    def _connect(self) -> None:
        for signal in (self.name.textChanged, self.folder.textChanged, self.conversations.toggled):
            signal.connect(lambda _value: self.changed.emit())
        for signal in (self.visibility.currentChanged, self.what.currentChanged):
            signal.connect(lambda _key: self._follow())
        self.folder_button.clicked.connect(self._choose)

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
        self._visibility_field.set_foot(visibility_text(public=self._is_public()))
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
