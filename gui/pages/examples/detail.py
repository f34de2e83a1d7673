"""One conversation of a run in full: both summaries with their differences marked, the reference, the turns."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.api import added, turns, unsupported
from gui.look import style
from gui.look.format import gain, score
from gui.models.example_table import Row
from gui.models.words import NOTHING_WRITTEN
from gui.pages.playground.parts import MarkLegend
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.line import Line
from gui.widgets.reading import ConversationView, Mark, ReadingText, Turn
from gui.widgets.scroll import Scroll
from gui.widgets.segmented import Segmented

Against = Literal["other", "reference"]
MARKED = {"other": "Each other", "reference": "The reference"}
MEANINGS = {"other": "not in the other summary", "reference": "not in the reference"}


class ExampleDetail(Scroll):
    """Shows one row. What is marked is chosen here: what the other summary lacks, or what the reference does."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(margins=(24, 16, 14, 24), spacing=8, parent=parent)
        ground = self.column.parentWidget()
        assert ground is not None
        style.ground(ground, "surface")
        self._row: Row | None = None
        self._name = ElidedLabel("", "section", "ink")
        self._about = ElidedLabel("", "figure_small", "ink2")
        self.against = Segmented(list(MARKED.items()), short=True, name="Marked against")
        self.against.currentChanged.connect(lambda _: self._refresh())
        self._legends = {
            key: MarkLegend([("new", meaning), ("attention", "not in the conversation")])
            for key, meaning in MEANINGS.items()
        }
        self.base, self.tuned = _Summary(), _Summary()
        self.references: list[_Summary] = []
        self._reference_place = QVBoxLayout()
        self.conversation = ConversationView("body")
        self._said = Label("Conversation", "head", "ink2")
        self._lay_out()

    def _lay_out(self) -> None:
        marked = QHBoxLayout()
        marked.setSpacing(12)
        marked.addWidget(Label("Marked against", "label", "ink2"))
        marked.addWidget(self.against)
        marked.addStretch(1)
        self._reference_place.setSpacing(8)
        self.column.addWidget(self._name)
        self.column.addWidget(self._about)
        self.column.addLayout(marked)
        for part in (self.tuned, self.base):
            self.column.addWidget(part)
        self.column.addLayout(self._reference_place)
        for legend in self._legends.values():
            self.column.addWidget(legend)
        self.column.addWidget(Line())
        self.column.addWidget(self._said)
        self.column.addWidget(self.conversation)
        self.column.addStretch(1)

    def show_row(self, row: Row, sides: tuple[str, str]) -> None:
        """Show a conversation; `sides` names what is compared."""
        self._row = row
        self._name.setText(f"Conversation {row.id}")
        self._about.setText(
            f"ROUGE-1 {score(row.base_score)} to {score(row.tuned_score)}, {gain(row.gain)} points"
        )
        self.base.set_head(f"{sides[0].capitalize()}, {score(row.base_score)}")
        self.tuned.set_head(f"{sides[1].capitalize()}, {score(row.tuned_score)}")
        self._show_references(row)
        self._said.setVisible(bool(row.conversation))
        self.conversation.set_turns([Turn(turn.speaker, turn.text) for turn in turns(row.conversation)])
        self._refresh()
        self.verticalScrollBar().setValue(0)

    def _show_references(self, row: Row) -> None:
        while len(self.references) < len(row.references):
            self.references.append(_Summary())
            self._reference_place.addWidget(self.references[-1])
        for part in self.references[len(row.references) :]:
            part.hide()
        head = "Reference" if len(row.references) == 1 else "One of the references"
        for part, text in zip(self.references, row.references, strict=False):
            part.set_head(head)
            part.show_text(text, ())
            part.show()

    def _refresh(self) -> None:
        row = self._row
        if row is None:
            return
        chosen = self.against.current() if row.references else "other"
        for key, legend in self._legends.items():
            legend.setVisible(key == chosen)
        self.against.setEnabled(bool(row.references))
        for part, text, other in ((self.base, row.base, row.tuned), (self.tuned, row.tuned, row.base)):
            beside = other if chosen == "other" else " ".join(row.references)
            part.show_text(text, marks(text, beside, row.conversation))


class _Summary(QWidget):
    """A head and a text to be read below it."""

    def __init__(self) -> None:
        super().__init__()
        self._head = Label("", "head", "ink2")
        self.text = ReadingText()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(2)
        column.addWidget(self._head)
        column.addWidget(self.text, 0, Qt.AlignmentFlag.AlignTop)

    def set_head(self, text: str) -> None:
        self._head.setText(text)

    def show_text(self, text: str, marks: tuple[Mark, ...]) -> None:
        self.text.set_text(text or NOTHING_WRITTEN, marks)


def marks(text: str, beside: str, conversation: str) -> tuple[Mark, ...]:
    """Return marks over what `beside` does not have, and over what was not said, where the conversation is known."""
    new = [Mark(start, end - start) for start, end in added(text, beside)]
    claims = unsupported(text, conversation) if conversation else ()
    return (*new, *(Mark(claim.start, claim.end - claim.start, "attention") for claim in claims))
