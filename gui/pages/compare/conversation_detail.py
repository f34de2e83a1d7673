"""One conversation in full: every summary with differences marked, the reference, the turns."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.api import added, turns, unsupported
from gui.inputs.segmented_control import SegmentedControl
from gui.look import style
from gui.look.format import gain, score
from gui.look.language import mark, tr
from gui.models.example_table import Row, chrf_text
from gui.models.list_text import NOTHING_WRITTEN
from gui.pages.playground.parts import MarkLegend
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import Line, fill, hbox, vbox
from gui.widgets.scroll import Scroll
from gui.widgets.text_view import Mark, TextView, Turn, preview, preview_text

MARKED = {"other": mark("The other adapters"), "reference": mark("The reference")}
MEANINGS = {
    "other": mark("not in the other summary"),
    "others": mark("in no other adapter's summary"),
    "reference": mark("not in the reference"),
}


class ConversationDetail(Scroll):
    """Shows one conversation. Marks words that are not in the other summaries, or not in the reference.

    With several adapters, each is compared with the others, and the base with all of them.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(margins=(24, 16, 14, 24), spacing=8, parent=parent)
        pane = self.column.parentWidget()
        assert pane is not None
        style.set_background(pane, "surface")
        self._row: Row | None = None
        self._name = ElidedLabel("", "section", "text")
        self._about = ElidedLabel("", "figure_small", "muted")
        marked = [(key, tr(title)) for key, title in MARKED.items()]
        self.against = SegmentedControl(marked, short=True, name=tr("Marked against"))
        self.against.currentChanged.connect(lambda _: self._refresh())
        self._legends = {
            key: MarkLegend([("new", tr(meaning)), ("attention", tr("not in the conversation"))])
            for key, meaning in MEANINGS.items()
        }
        self.base = _Summary()
        self.adapters: list[_Summary] = []
        self._adapter_place = QVBoxLayout()
        self.references: list[_Summary] = []
        self._reference_place = QVBoxLayout()
        self.conversation = TextView(role="body")
        self._said = Label(tr("Conversation"), "head", "muted")
        against = hbox(Label(tr("Marked against"), "label", "muted"), self.against, 1, spacing=12)
        self._reference_place.setSpacing(8)
        fill(self.column, self._name, self._about, against)
        self._adapter_place.setSpacing(8)
        fill(self.column, self._adapter_place, self.base, self._reference_place)
        for legend in self._legends.values():
            self.column.addWidget(legend)
        fill(self.column, Line(), self._said, self.conversation, 1)

    @property
    def tuned(self) -> _Summary:
        return self.adapters[0]

    def show_row(self, row: Row, base: str, labels: Sequence[str]) -> None:
        """Show a conversation; `base` is the base model's name, `labels` the adapters' names in the row's order."""
        self._row = row
        self._name.setText(tr("Conversation {id}", id=row.id))
        self._about.setText(_about(row))
        self.base.set_head(f"{base}, {score(row.base_score)}")
        self.against.set_text("other", tr(MARKED["other"]) if len(row.sides) > 1 else base)
        _fill(self.adapters, self._adapter_place, len(row.sides))
        for part, label, side in zip(self.adapters, labels, row.sides, strict=False):
            gained = f", {gain(side.gain)}" if len(row.sides) > 1 else ""
            part.set_head(f"{label}, {score(side.score)}{gained}")
        self._show_references(row)
        self._said.setVisible(bool(row.conversation))
        shown = preview(row.conversation)
        said = [Turn(turn.speaker, turn.text) for turn in turns(shown)]
        rest = preview_text(shown, row.conversation)
        self.conversation.set_turns([*said, Turn("", rest)] if rest else said)
        self._refresh()
        self.verticalScrollBar().setValue(0)

    def _show_references(self, row: Row) -> None:
        _fill(self.references, self._reference_place, len(row.references))
        head = tr("Reference") if len(row.references) == 1 else tr("One of the references")
        for part, text in zip(self.references, row.references, strict=False):
            part.set_head(head)
            part.show_text(text, ())

    def _refresh(self) -> None:
        row = self._row
        if row is None:
            return
        against = self.against.current() if row.references else "other"
        legend = "others" if against == "other" and len(row.sides) > 1 else against
        for key, shown in self._legends.items():
            shown.setVisible(key == legend)
        self.against.setEnabled(bool(row.references))
        written = [side.summary for side in row.sides]
        for index, (part, text) in enumerate(zip(self.adapters, written, strict=False)):
            others = [*written[:index], *written[index + 1 :]] or [row.base]
            self._mark(part, text, others if against == "other" else row.references, row)
        self._mark(self.base, row.base, written if against == "other" else row.references, row)

    def _mark(self, part: _Summary, text: str, beside: Sequence[str], row: Row) -> None:
        part.show_text(text, marks(text, " ".join(beside), row.conversation))


def _about(row: Row) -> str:
    if len(row.sides) == 1:
        side = row.sides[0]
        text = tr(
            "ROUGE-1 {base} to {tuned}, {gain} points",
            base=score(side.base_score),
            tuned=score(side.score),
            gain=gain(side.gain),
        )
        return "; ".join(filter(None, (text, chrf_text(side))))
    gains = [side.gain for side in row.sides]
    text = tr(
        "ROUGE-1 of the base {base}, gains {least} to {most}",
        base=score(row.base_score),
        least=gain(min(gains)),
        most=gain(max(gains)),
    )
    chrf_gains = [side.chrf_gain for side in row.sides if side.chrf_gain is not None]
    if len(chrf_gains) < len(row.sides):
        return text
    least, most = gain(min(chrf_gains)), gain(max(chrf_gains))
    return f"{text}; {tr('chrF gains {least} to {most}', least=least, most=most)}"


def _fill(parts: list[_Summary], layout: QVBoxLayout, count: int) -> None:
    """Show as many parts as needed; make missing ones."""
    while len(parts) < count:
        parts.append(_Summary())
        layout.addWidget(parts[-1])
    for at, part in enumerate(parts):
        part.setVisible(at < count)


class _Summary(QWidget):
    """A summary with its head."""

    def __init__(self) -> None:
        super().__init__()
        self._head = Label("", "head", "muted")
        self.text = TextView()
        vbox(self._head, (self.text, 0, Qt.AlignmentFlag.AlignTop), of=self, margins=(0, 4, 0, 4), spacing=2)

    def set_head(self, text: str) -> None:
        self._head.setText(text)

    def show_text(self, text: str, marks: tuple[Mark, ...]) -> None:
        self.text.set_text(text or tr(NOTHING_WRITTEN), marks)


def marks(text: str, beside: str, conversation: str) -> tuple[Mark, ...]:
    """Return marks on words that are not in `beside`, and on claims that are not in a known conversation."""
    new = [Mark(start, end - start) for start, end in added(text, beside)]
    claims = unsupported(text, conversation) if conversation else ()
    return (*new, *(Mark(claim.start, claim.end - claim.start, "attention") for claim in claims))
