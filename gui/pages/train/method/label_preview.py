"""One example as the model sees it, with the trained tokens marked. Shows a plan; knows no tokenizer."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.look import style
from gui.look.language import tr
from gui.widgets.cards import Card
from gui.widgets.labels import Label
from gui.widgets.scroll import Scroll
from gui.widgets.text_view import Mark, ReadingText

HEIGHT = 116


class LabelPreview(Card):
    """The first training example; hidden if no tokens are trained."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, margin=16, spacing=8)
        self.text = ReadingText(role="body", token="ink2")
        head = QHBoxLayout()
        head.addWidget(Label(tr("Model input and label tokens"), "section", wrap=True), 1)
        about = Label(tr("marked: label tokens; the rest is input only"), "label", "ink2", wrap=True)
        about.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(about, 1)
        scroll = Scroll(margins=(0, 0, 0, 0))
        scroll.column.addWidget(self.text)
        style.scale(scroll, QWidget.setFixedHeight, HEIGHT)
        # The trained tokens are at the end, so scroll there.
        bar = scroll.verticalScrollBar()
        bar.rangeChanged.connect(lambda _least, most: bar.setValue(most))
        self.column.addLayout(head)
        self.column.addWidget(scroll)
        self.hide()

    def show_tokens(self, tokens: Sequence[Sequence[object]]) -> None:
        """Show tokens as (text, is trained) pairs."""
        text = ""
        marks: list[Mark] = []
        for piece, is_label in tokens:
            if is_label:
                if not marks and not text.endswith((" ", "\n")):
                    text += "\n"
                marks.append(Mark(len(text), len(str(piece))))
            text += str(piece)
        # Show before the text is set: a hidden label keeps the size of its earlier text.
        self.setVisible(bool(text))
        self.text.set_text(text, joined(marks))


def joined(marks: Sequence[Mark]) -> list[Mark]:
    """Join marks that touch."""
    made: list[Mark] = []
    for mark in marks:
        if made and made[-1].start + made[-1].length == mark.start:
            made[-1] = Mark(made[-1].start, made[-1].length + mark.length)
        else:
            made.append(mark)
    return made
