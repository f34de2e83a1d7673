"""Sentences under a heading. Knows texts only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.widgets.labels import Label


class TextSection(QWidget):
    """A heading and a paragraph for each text; without any it takes no room."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        self._labels: list[Label] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 18)
        self._column.setSpacing(6)
        self._column.addWidget(Label(heading, "label_medium", "ink2"))

    def show_texts(self, texts: Sequence[str]) -> None:
        """Show other texts."""
        while len(self._labels) < len(texts):
            self._labels.append(Label("", "body", parent=self, wrap=True, selectable=True))
            self._column.addWidget(self._labels[-1])
        for at, label in enumerate(self._labels):
            label.setText(texts[at] if at < len(texts) else "")
            label.setVisible(at < len(texts))
        self.setVisible(bool(texts))
