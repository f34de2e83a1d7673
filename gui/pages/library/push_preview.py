"""Shows all that goes to the Hugging Face Hub before anything is sent: where to, licences, files, model card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from engine.api import Event, escaping
from gui.look import style
from gui.look.fonts import font, metrics, px
from gui.look.format import bytes_text, number_text
from gui.look.language import tr, tr_count, translate
from gui.pages.library.facts_view import FactsView
from gui.pages.library.push_request import visibility_text
from gui.widgets.labels import IconLabel, Label

CARD_LINES = 14


class PushPreview(QWidget):
    """What a dry run of the job `push` found."""

    def __init__(self) -> None:
        super().__init__()
        self._where = FactsView(tr("Where it goes"))
        self._notices, self._files = QVBoxLayout(), QGridLayout()
        self.card = QPlainTextEdit()
        self.card.setReadOnly(True)
        self.card.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.card.setAccessibleName(tr("Model card"))
        self._lay_out()
        style.follow(self._restyle)

    def _lay_out(self) -> None:
        self._notices.setSpacing(8)
        self._files.setHorizontalSpacing(16)
        self._files.setVerticalSpacing(4)
        self._files.setColumnStretch(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self._where)
        for heading, part in ((tr("Licences"), self._notices), (tr("Files"), self._files)):
            column.addSpacing(10)
            column.addWidget(Label(heading, "label_medium", "ink2"))
            column.addLayout(part)
        column.addSpacing(10)
        column.addWidget(Label(tr("Model card"), "label_medium", "ink2"))
        column.addWidget(self.card)

    def _restyle(self) -> None:
        self.card.setFont(font("fixed"))
        self.card.setFixedHeight(round(CARD_LINES * metrics("fixed").lineSpacing()) + px(18))

    def show_dry_run(self, found: dict[str, Any], notices: Sequence[Event], conversations: int) -> None:
        """Show what would be sent, with so many conversations, and what was said about it."""
        told = tr("{count} that the prompt shows", count=number_text(conversations))
        facts = [
            (tr("Address"), found["path"]),
            (tr("Who can see it"), visibility_text(public=not found["private"])),
            (tr("Conversations"), told if conversations else tr("None is sent.")),
        ]
        self._where.show_facts(facts)
        self._show_notices(notices)
        self._show_files([(file["name"], int(file["bytes"])) for file in found["files"]])
        self.card.setPlainText(escaping.escaped(found["card"]))

    def _show_notices(self, notices: Sequence[Event]) -> None:
        _empty(self._notices)
        for notice in notices:
            warns = notice.get("level") == "warning"
            row = QHBoxLayout()
            row.setSpacing(8)
            icon = IconLabel("warning" if warns else "info", "copper" if warns else "ink2", 16)
            row.addWidget(icon, alignment=Qt.AlignmentFlag.AlignTop)
            row.addWidget(Label(notice_text(notice), "body", "ink", wrap=True), 1)
            self._notices.addLayout(row)

    def _show_files(self, files: Sequence[tuple[str, int]]) -> None:
        _empty(self._files)
        total = tr_count(len(files), "{n} file", "{n} files"), sum(size for _, size in files)
        for at, (name, size) in enumerate((*files, total)):
            ink = "ink" if at < len(files) else "ink2"
            self._files.addWidget(Label(escaping.in_one_line(name), "body", ink, wrap=True), at, 0)
            self._files.addWidget(
                Label(bytes_text(size), "figure", ink), at, 1, Qt.AlignmentFlag.AlignTrailing
            )

    def texts(self) -> list[str]:
        """Return all that is shown but the card, line by line."""
        return [label.text() for label in self.findChildren(Label)]


def notice_text(notice: Event) -> str:
    """Return a notice with what to do about it."""
    return f"{translate(notice['message'])} {translate(notice.get('hint', ''))}".strip()


def _empty(layout: QHBoxLayout | QVBoxLayout | QGridLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.deleteLater()
        elif isinstance(inner, QHBoxLayout):
            _empty(inner)
