"""The choice of own conversations within the guide, and the way to the data page where only that helps."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from gui.forms.choosers import ask_for_file, ask_for_folder
from gui.inputs.fields import ProblemLine
from gui.look.language import tr
from gui.pages.labelling.no_summaries import NoSummaries
from gui.widgets.buttons import link, plain


class OwnData(QWidget):
    """`picked(source)`, and `page_wanted` to look at the conversations on the data page."""

    picked = Signal(str)
    page_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.line = QLineEdit()
        self.line.setPlaceholderText(tr("File, folder, or owner/name on the hub"))
        self.line.setAccessibleName(tr("Your conversations"))
        self.file_button, self.folder_button = plain(tr("File…")), plain(tr("Folder…"))
        self._problem = ProblemLine(self)
        self.page_button = link(tr("Look at them on the data page"))
        self.no_summaries = NoSummaries()
        self.no_summaries.train_wanted.connect(lambda values: self.choose(values["source"]))
        self._picked = ""
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.line, 1)
        row.addWidget(self.file_button)
        row.addWidget(self.folder_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        for part in (self._problem, self.page_button, self.no_summaries):
            column.addWidget(part)
        self.page_button.setVisible(False)
        self.line.editingFinished.connect(self._take)
        self.file_button.clicked.connect(lambda: self._ask(ask_for_file))
        self.folder_button.clicked.connect(lambda: self._ask(ask_for_folder))
        self.page_button.clicked.connect(self.page_wanted)

    def source(self) -> str:
        """Return the chosen source, "" before there is one."""
        return self._picked

    def choose(self, source: str) -> None:
        """Choose a source as if the user had."""
        self.line.setText(source)
        self._take()

    def _ask(self, ask: Callable[[QWidget], str]) -> None:
        found = ask(self)
        if found:
            self.choose(found)

    def _take(self) -> None:
        source = self.line.text().strip()
        if source != self._picked:
            self._picked = source
            self.show_problem()
            self.no_summaries.show_source("", 0)
            self.picked.emit(source)

    def show_problem(self, message: str = "", hint: str = "") -> None:
        """Show why the conversations can't be used; the data page then helps."""
        self._problem.show_problem(message, hint)
        self.page_button.setVisible(bool(message))

    def lacks_summaries(self) -> bool:
        """Return whether the chosen conversations have no summaries yet."""
        return not self.no_summaries.isHidden()

    def problem(self) -> str:
        """Return the problem shown."""
        return self._problem.text()
