"""Asks for the name of an adapter on the hub."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.api import hub_adapters
from gui.look.language import tr
from gui.widgets.buttons import plain, primary
from gui.widgets.growing_dialog import GrowingDialog
from gui.widgets.labels import Label


class HubNameDialog(GrowingDialog):
    """Accepted with a name in `field` that one on the hub can have; until then Import is grey."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Import an adapter from the hub"))
        label = Label(tr("Its name: owner/name, or owner/name@revision"), "body", "ink2", wrap=True)
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
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(8)
        column.addWidget(Label(self.windowTitle(), "section"))
        column.addWidget(label)
        column.addWidget(self.field)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.import_button)
        row.addWidget(cancel)
        row.addStretch(1)
        column.addSpacing(8)
        column.addLayout(row)
        self.setMinimumWidth(440)

    def _follow(self, text: str) -> None:
        self.import_button.setEnabled(hub_adapters.named(text) is not None)
