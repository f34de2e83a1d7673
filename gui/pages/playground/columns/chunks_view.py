"""The summaries of the chunks of a long conversation, folded under a link. Knows no column."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.look.format import number_text
from gui.look.language import tr
from gui.widgets.buttons import link
from gui.widgets.labels import Label


class ChunksView(QWidget):
    """A link that unfolds the summaries; hidden for a conversation that was summarised whole."""

    def __init__(self) -> None:
        super().__init__()
        self._rounds: tuple[tuple[str, ...], ...] = ()
        self.unfold = link("")
        self.unfold.clicked.connect(self._toggle)
        self._text = Label("", "label", "ink2", wrap=True, selectable=True)
        self._text.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.unfold, alignment=Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._text)
        self.hide()

    def show_rounds(self, rounds: tuple[tuple[str, ...], ...]) -> None:
        """Show the summaries of the chunks, by round."""
        if rounds != self._rounds:
            self._rounds = rounds
            self._text.setText(as_lines(rounds))
        self.setVisible(bool(rounds))
        self._name()

    def text(self) -> str:
        """Return the text shown, or "" while it is folded."""
        return "" if self._text.isHidden() else self._text.text()

    def _toggle(self) -> None:
        self._text.setVisible(self._text.isHidden())
        self._name()

    def _name(self) -> None:
        count = number_text(sum(map(len, self._rounds)))
        show = tr("Show the summaries of {count} parts", count=count)
        hide = tr("Hide the summaries of {count} parts", count=count)
        self.unfold.setText(show if self._text.isHidden() else hide)


def as_lines(rounds: Sequence[Sequence[str]]) -> str:
    """Return the summaries of the chunks as lines, by round if there are several."""
    lines = []
    for round_, chunks in enumerate(rounds, start=1):
        if len(rounds) > 1:
            lines.append(tr("Round {round}", round=number_text(round_)))
        lines += [f"{chunk}. {summary or '…'}" for chunk, summary in enumerate(chunks, start=1)]
    return "\n".join(lines)
