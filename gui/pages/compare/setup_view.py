"""What is compared, who votes and on how many pairs, before the first vote. Names are shown here for the last time."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from engine.api import voting
from gui.inputs.fields import Field
from gui.inputs.number_inputs import IntField
from gui.look import style
from gui.look.fonts import px
from gui.look.language import tr, tr_count, translate
from gui.widgets.buttons import primary
from gui.widgets.cards import Card
from gui.widgets.flow_layout import FlowBox
from gui.widgets.labels import Label
from gui.widgets.scroll import Scroll, at_most_so_wide

WIDTH = 640
MAX_NAMES = 12


class SetupView(Scroll):
    """`started(with_base, pairs, voter)` begins the voting."""

    started = Signal(bool, int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__((24, 24, 24, 24), 16, parent)
        self._names = Label("", "body", "text", wrap=True)
        self._about = Label("", "label", "muted", wrap=True)
        self.with_base = QCheckBox(tr("Compare with the &base model as well"))
        self.voter = QLineEdit()
        self.pairs = IntField(1, 10_000, voting.USUAL_PAIRS)
        self.start_button = primary(tr("Start voting"), "play")
        self._card = Card()
        self._lay_out()
        self.with_base.toggled.connect(self._on_toggled)
        self.start_button.clicked.connect(self._start)
        self._count = 0
        style.on_style_changed(self._restyle)

    def _lay_out(self) -> None:
        column = self._card.column
        column.addWidget(Label(tr("Which summaries are better?"), "title", "text", wrap=True))
        column.addWidget(
            Label(
                tr(
                    "You see a conversation and two summaries without names, in random order. You choose the better "
                    "one with the keys 1 and 2, or = if they are alike. The names come out at the end."
                ),
                "body",
                "muted",
                wrap=True,
            )
        )
        column.addWidget(Label(tr("Compared"), "label_medium", "muted"))
        column.addWidget(self._names)
        column.addWidget(self._about)
        column.addWidget(self.with_base)
        self._add_fields(column)
        column.addWidget(FlowBox([self.start_button]))
        self.column.addLayout(at_most_so_wide(self._card))
        self.column.addStretch(1)

    def _add_fields(self, column: QVBoxLayout) -> None:
        foot = tr("Kept with each vote, so that the votes of several people can be counted together.")
        column.addWidget(Field(tr("&Your name"), self.voter, foot))
        foot = tr("You can stop at any time, go on later, and vote on more pairs at the end.")
        column.addWidget(Field(tr("&Pairs to vote on"), self.pairs, foot))

    def _restyle(self) -> None:
        self._card.setMaximumWidth(px(WIDTH))

    def show_sources(self, sources: Sequence[voting.Source], voter: str) -> None:
        """Show the runs to compare; a single one is compared with its base model."""
        self._count = len(sources)
        names = [_name(each) for each in sources[:MAX_NAMES]]
        more = len(sources) - len(names)
        if more > 0:
            names.append(tr_count(more, "and {n} more", "and {n} more"))
        self._names.setText("\n".join(names))
        conversations = len(voting.common(sources)) if sources else 0
        self._about.setText(
            tr_count(conversations, "on {n} conversation", "on the same {n} conversations") if sources else ""
        )
        runs = sum(each.base is not None for each in sources)
        self.with_base.setEnabled(self._count > 1 and runs > 0)
        self.with_base.setChecked(runs > 0)
        self.voter.setText(voter)
        self._on_toggled()

    def clear(self) -> None:
        """Forget the names, so that none of them stays while a person votes."""
        self.show_sources((), "")

    def _on_toggled(self) -> None:
        self.start_button.setEnabled(self._count + self.with_base.isChecked() > 1)

    def _start(self) -> None:
        self.started.emit(self.with_base.isChecked(), self.pairs.value(), self.voter.text())


def _name(source: voting.Source) -> str:
    name, detail = translate(source.label), source.system.detail
    return f"{name} ({detail})" if detail else name
