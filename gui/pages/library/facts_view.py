"""Facts and paragraphs under a heading."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from gui.look import style
from gui.look.fonts import px
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import gridbox, vbox

Fact = tuple[str, str]


class FactsView(QWidget):
    """A heading and its facts; a long value is elided in the middle, with the full text in its tooltip."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        self._facts: list[Fact] = []
        self._rows: list[tuple[Label, ElidedLabel]] = []
        column = vbox(Label(heading, "label_medium", "muted"), of=self, spacing=6)
        self._grid = gridbox(across=8, down=4, stretch=[1])
        column.addLayout(self._grid)
        style.on_style_changed(self._restyle)

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Show other facts; those without a value are left out."""
        self._facts = [(label, value) for label, value in facts if value]
        while len(self._rows) < len(self._facts):
            row = (
                Label("", "body", "muted", self),
                ElidedLabel("", parent=self, elide=Qt.TextElideMode.ElideMiddle),
            )
            for column, part in enumerate(row):
                self._grid.addWidget(part, len(self._rows), column)
            self._rows.append(row)
        for at, (label, value) in enumerate(self._rows):
            shown = at < len(self._facts)
            label.setVisible(shown)
            value.setVisible(shown)
            if shown:
                _fill(label, value, *self._facts[at])
        # New rows report their height only in later turns of the event loop; the section would be squeezed until then.
        self._grid.activate()
        self.updateGeometry()

    def facts(self) -> list[Fact]:
        return list(self._facts)

    def _restyle(self) -> None:
        self._grid.setColumnMinimumWidth(0, px(116))


def _fill(label: Label, value: ElidedLabel, name: str, text: str) -> None:
    label.setText(name)
    value.set_role("figure" if text[:1].isdigit() and "-" not in text else "body")
    value.setText(text)
    value.setAccessibleName(f"{name}: {text}")


class TextSection(QWidget):
    """A heading and a paragraph for each text; without any it takes no room."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        self._labels: list[Label] = []
        self._column = vbox(
            Label(heading, "label_medium", "muted"), of=self, margins=(0, 0, 0, 18), spacing=6
        )

    def show_texts(self, texts: Sequence[str]) -> None:
        while len(self._labels) < len(texts):
            self._labels.append(Label("", "body", parent=self, wrap=True, selectable=True))
            self._column.addWidget(self._labels[-1])
        for at, label in enumerate(self._labels):
            label.setText(texts[at] if at < len(texts) else "")
            label.setVisible(at < len(texts))
        self.setVisible(bool(texts))
