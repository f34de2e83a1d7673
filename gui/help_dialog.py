"""What the words mean, and which version this is."""

from __future__ import annotations

from importlib.metadata import version

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from gui.pages.train.capability_dialog import CapabilityDialog
from gui.widgets.buttons import link, plain
from gui.widgets.labels import Label
from gui.widgets.line import Line

WORDS = (
    ("Recipe", "All that decides a run. Open one, change it, start it, save it as a file."),
    ("Run", "One execution of a recipe, in a process of its own. It goes on if the window closes."),
    ("Adapter", "What training yields: small files beside the base model, which stays as it is."),
    ("Verdict", "Base and tuned model summarise the same test conversations; the difference is paired."),
)


class HelpDialog(QDialog):
    """The words on one sheet."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Help")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(12)
        for title, rows in (("Words", WORDS),):
            column.addWidget(Label(title, "section"))
            column.addLayout(_table(rows))
            column.addWidget(Line())
        foot = QHBoxLayout()
        foot.addWidget(Label(f"Tunesmith {version('tunesmith')}", "label", "ink3"), 1)
        where = link("What works where")
        where.clicked.connect(self._show_where)
        foot.addWidget(where)
        close = plain("Close")
        close.clicked.connect(self.accept)
        foot.addWidget(close)
        column.addLayout(foot)
        self.setMinimumWidth(560)

    def _show_where(self) -> None:
        """Show which method works on which base model."""
        dialog = CapabilityDialog(parent=self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()


def _table(rows: tuple[tuple[str, str], ...]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(1, 1)
    for place, (name, meaning) in enumerate(rows):
        grid.addWidget(Label(name, "body_medium"), place, 0)
        grid.addWidget(Label(meaning, "body", "ink2", wrap=True), place, 1)
    return grid
