"""The top of the data page: where the data is, which columns are meant, and how far a check is.

Knows fields and what was typed into them; whoever owns it checks the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.api import SAMPLE, STARTER, Problem
from gui.look.format import bytes_text, number
from gui.look.type import px
from gui.pages.data.report import Report
from gui.widgets.bars import Busy
from gui.widgets.buttons import plain
from gui.widgets.choice import Choice
from gui.widgets.fields import Field
from gui.widgets.labels import ElidedLabel

AUTO = "auto"
DATA_FILES = "Data (*.csv *.tsv *.json *.jsonl *.parquet *.arrow);;All files (*)"
STARTER_NAME = "The bundled model"


class SourceBar(QWidget):
    """Source, columns and tokenizer.

    Signals: `check_wanted` when the source is to be read, `stop_wanted` when a check is to be given up.
    """

    check_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source = QLineEdit()
        self.source.setPlaceholderText("A hub id, a file, or a folder of split files")
        self.source.returnPressed.connect(self.check_wanted)
        self.conversation = Choice([(AUTO, "Guessed by its name")])
        self.summary = Choice([(AUTO, "Guessed by its name")])
        self.tokenizer = Choice([(STARTER, STARTER_NAME)])
        for choice in (self.conversation, self.summary, self.tokenizer):
            choice.chosen.connect(self._choose_again)
        self.source_field = Field("&Data", self.source)
        self.conversation_field = Field("&Conversation column", self.conversation)
        self.summary_field = Field("S&ummary column", self.summary)
        self.tokenizer_field = Field("Tokens &counted for", self.tokenizer)
        self._stop = plain("Cancel")
        self._stop.clicked.connect(self.stop_wanted)
        self.busy = Busy("", self._stop)
        self.busy.hide()
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.source_field, 1)
        self.sample_button, self.file_button = plain("Sample"), plain("File…")
        self.folder_button, self.check_button = plain("Folder…"), plain("Check", "search")
        for button, act in (
            (self.file_button, self._choose_file),
            (self.folder_button, self._choose_folder),
            (self.sample_button, self._choose_sample),
            (self.check_button, self.check_wanted.emit),
        ):
            button.clicked.connect(lambda _checked=False, act=act: act())
            holder = QVBoxLayout()
            # The buttons stand on the line of the field, below its label.
            holder.setContentsMargins(0, px(20), 0, 0)
            holder.addWidget(button)
            holder.addStretch(1)
            top.addLayout(holder)
        self._columns = QWidget()
        self._reason = ElidedLabel("", "label", "ink3")
        under = QVBoxLayout(self._columns)
        under.setContentsMargins(0, 0, 0, 0)
        under.setSpacing(4)
        row = QHBoxLayout()
        under.addLayout(row)
        under.addWidget(self._reason)
        row.setSpacing(12)
        for field in (self.conversation_field, self.summary_field, self.tokenizer_field):
            row.addWidget(field, 1)
        row.addStretch(0)
        self._columns.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(top)
        column.addWidget(self._columns)
        column.addWidget(self.busy)

    def values(self) -> dict[str, str]:
        """Return the `[data]` values that are set here."""
        return {
            "source": self.source.text().strip(),
            "conversation": self.conversation.key() or AUTO,
            "summary": self.summary.key() or AUTO,
        }

    def set_source(self, source: str) -> None:
        """Name another source; what was known of the columns of the one before goes."""
        self.source.setText(source)
        for choice in (self.conversation, self.summary):
            choice.set_items([(AUTO, "Guessed by its name")])
            choice.set_key(AUTO)
        self._reason.setText("")
        self._columns.hide()

    def offer_tokenizers(self, models: Sequence[str]) -> None:
        """Offer the base models on this computer to count tokens for."""
        others = [(model, model) for model in models if model != STARTER]
        self.tokenizer.set_items([(STARTER, STARTER_NAME), *others])

    def show_report(self, report: Report) -> None:
        """Offer the columns that were found, with the guess and its reason."""
        for choice, guessed in (
            (self.conversation, report.conversation_column),
            (self.summary, report.summary_column),
        ):
            kept = choice.key()
            choice.set_items([(AUTO, f"{guessed} (auto)"), *((name, name) for name in report.columns)])
            choice.set_key(kept if kept in report.columns else AUTO)
        reason = report.reason
        self._reason.setText(reason[:1].upper() + reason[1:])
        self._columns.show()

    def show_progress(self, stage: str, done: int = 0, total: int = 0, unit: str = "") -> None:
        """Show that a check is at work; an empty stage takes the bar away."""
        self.busy.setVisible(bool(stage))
        size = bytes_text if unit == "bytes" else number
        how_far = f"{size(done)} of {size(total)} {unit}".removesuffix(" bytes") if total else ""
        self.busy.set_progress(done / total if total else 0.0, how_far, stage)
        self.check_button.setEnabled(not stage)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show problems, each beside its field; those of no field here stand beside the source."""
        fields: dict[str, Field] = {
            "data.source": self.source_field,
            "data.conversation": self.conversation_field,
            "data.summary": self.summary_field,
        }
        for field in fields.values():
            field.set_problem()
        for problem in problems:
            if problem.field in ("data.conversation", "data.summary"):
                self._columns.show()
            fields.get(problem.field, self.source_field).set_problem(problem.message, problem.hint)

    def _choose_again(self, _key: Any) -> None:
        if self.source.text().strip():
            self.check_wanted.emit()

    def _choose_sample(self) -> None:
        self._choose(SAMPLE)

    def _choose_file(self) -> None:
        self._choose(QFileDialog.getOpenFileName(self, "Choose a data file", "", DATA_FILES)[0])

    def _choose_folder(self) -> None:
        self._choose(QFileDialog.getExistingDirectory(self, "Choose a folder of split files"))

    def _choose(self, source: str) -> None:
        if source:
            self.set_source(source)
            self.check_wanted.emit()
