"""The result of a finished run: the verdict as text, then conversations, intervals, facts, and ways to compare.

Reads the scores in a run's events. Signals lead to other pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.api import RunState, added, language_notes, metrics, run_text, score_text, untold_notes
from gui.look.format import gain
from gui.look.language import tr, translate
from gui.models.metric_text import notes_text
from gui.models.score_table import ScoreTable, score_rows
from gui.pages.train.run_text import (
    BeforeAndAfter,
    forgetting_sentence,
    side_heads,
    verdict_of,
    verdict_sentence,
)
from gui.tables.grouped_view import ShortTableView
from gui.widgets.buttons import link, plain
from gui.widgets.cards import Card, NoticeStrip
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import FlowLayout, Line, gridbox, hbox, vbox
from gui.widgets.text_view import Mark, TextView

TITLES = metrics.HEADLINE_TITLES
Scores = dict[str, dict[str, Any]]
# Below the verdict and its sentence.
CONVERSATIONS_PLACE = 2
# Characters of a conversation that is shown beside its summaries.
MAX_BEGINNING = 120
# The metric that counts names.
NOTED = "unsupported"


class VerdictCard(Card):
    """The result of a run; signals report presses.

    `scored_each` says that the run has scores per conversation, which can be compared; `is_practice` that the practice
    model was trained on data of one's own.
    """

    examples_wanted = Signal()
    blind_wanted = Signal()
    real_model_wanted = Signal()
    score_wanted = Signal()

    def __init__(self, state: RunState, scored_each: bool = False, is_practice: bool = False) -> None:
        super().__init__()
        self._scored_each = scored_each
        self.is_scored = bool(state.difference and state.tuned_scores and state.base_scores)
        if self.is_scored:
            self._add_verdict(state)
            self._add_scores(state)
            self.metrics = MetricsView(state)
            self.column.addWidget(self.metrics)
        else:
            self._add_plain_head(state)
        self._add_facts(state)
        if is_practice:
            text = tr("The practice model is for trying the app.")
            self.practice = NoticeStrip(text, tr("Choose a real model"), "info", "muted")
            self.practice.acted.connect(self.real_model_wanted)
            self.column.addWidget(self.practice)
        self._add_foot(state)

    def _add_head(self, icon_name: str, headline: str, token: str, text: str) -> None:
        head = hbox(IconLabel(icon_name, token, 20), (Label(headline, "title", wrap=True), 1), spacing=12)
        self.column.addLayout(head)
        self.column.addWidget(TextView.from_markup(text))
        self.setAccessibleName(headline)
        self.setAccessibleDescription(text.replace("<b>", "").replace("</b>", ""))

    def _add_verdict(self, state: RunState) -> None:
        difference = (state.difference or {})["rouge1"]
        protocol = (state.tuned_scores or {}).get("protocol") or {}
        icon_name, headline, token = verdict_of(difference, protocol, trains=state.trains)
        form = score_text.base_form(protocol)
        sentences = (
            verdict_sentence(difference, protocol),
            notes_text([*([form] if form else []), *language_notes(protocol)]),
            forgetting_sentence(state),
        )
        self._add_head(icon_name, headline, token, _with_exclusions(" ".join(filter(None, sentences)), state))

    def _add_plain_head(self, state: RunState) -> None:
        if state.adapter is not None:
            text = _with_exclusions(tr("Not compared with the base model."), state)
            self._add_head("check", tr("The adapter is saved"), "accent", text)
        else:
            text = tr("The run ended before its first step.")
            self._add_head("info", tr("No adapter was created"), "muted", text)

    def _add_scores(self, state: RunState) -> None:
        base, tuned, differences = _headline_scores(state)
        names = [name for name in TITLES if name in tuned and name in base and name in differences]
        self.scores = ScoreTable(side_heads(state), self)
        self.scores.set_rows(score_rows([metrics.METRICS[name] for name in names], base, tuned, differences))
        about = tr(
            "bars from 0 to 100 with the 95 % interval; dashed: {side}",
            side=translate(run_text.sides(trains=state.trains)[0]),
        )
        self.column.addLayout(
            hbox(Label(tr("Scores"), "section"), (Label(about, "label", "muted", wrap=True), 1), spacing=12)
        )
        self.column.addWidget(ShortTableView(self.scores, tr("Scores"), lambda _row: None))

    def show_conversations(self, shown: Sequence[BeforeAndAfter]) -> None:
        """Show conversations with their summaries before and after the training, above the numbers."""
        grid = gridbox(across=24, down=8)
        heads = (tr("Conversation"), tr("Base model"), tr("Your adapter"), TITLES["rouge1"])
        for column, head in enumerate(heads):
            grid.setColumnStretch(column, 0 if column == len(heads) - 1 else 1)
            grid.addWidget(Label(head, "head", "muted"), 0, column)
        for at, each in enumerate(shown):
            grid.addWidget(Line(), 2 * at + 1, 0, 1, len(heads))
            tuned = TextView(role="body")
            tuned.set_text(
                each.tuned, [Mark(start, end - start) for start, end in added(each.tuned, each.base)]
            )
            texts = (
                TextView(beginning(each.conversation), role="body"),
                TextView(each.base, role="body", token="muted"),
                tuned,
            )
            for column, part in enumerate(texts):
                grid.addWidget(part, 2 * at + 2, column)
            top = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
            grid.addWidget(Label(gain(each.gain), "figure_medium", "muted"), 2 * at + 2, len(texts), top)
        if shown:
            grid.setContentsMargins(0, 8, 0, 16)
            self.column.insertLayout(CONVERSATIONS_PLACE, grid)

    def _add_facts(self, state: RunState) -> None:
        facts = QWidget()
        flow = FlowLayout(facts, 32)
        flow.setContentsMargins(0, 8, 0, 4)
        for name, value in run_text.facts(state):
            around = QWidget()
            texts = Label(translate(name), "label", "muted"), Label(translate(value), "figure_medium")
            vbox(*texts, of=around, spacing=2)
            flow.addWidget(around)
        self.column.addWidget(facts)

    def _add_foot(self, state: RunState) -> None:
        foot = QWidget()
        buttons = FlowLayout(foot, 8)
        if state.adapter is not None and not self.is_scored:
            # A stopped run, or one whose recipe asks for no scores.
            score = plain(tr("Score now"), "check")
            score.clicked.connect(self.score_wanted)
            buttons.addWidget(score)
        if self._scored_each:
            examples = plain(tr("Compare conversations"), "data")
            examples.clicked.connect(self.examples_wanted)
            buttons.addWidget(examples)
            blind = plain(tr("Compare blind…"), "equals")
            blind.clicked.connect(self.blind_wanted)
            buttons.addWidget(blind)
        self.column.addWidget(foot)


def beginning(conversation: str) -> str:
    """Return what a conversation is about, in one line."""
    line = " ".join(conversation.split())
    return line if len(line) <= MAX_BEGINNING else f"{line[:MAX_BEGINNING].rsplit(' ', 1)[0]}…"


def _with_exclusions(text: str, state: RunState) -> str:
    """Append what the recipe left out to a sentence; the figures are of the rest alone."""
    return " ".join(filter(None, (text, translate(run_text.excluded(state.excluded)))))


def _headline_scores(state: RunState) -> tuple[Scores, Scores, Scores]:
    """Return base scores, tuned scores and paired differences, those of chrF among them."""
    base, tuned = state.base_scores or {}, state.tuned_scores or {}
    return (
        {**(base.get("measures") or {}), **base["scores"]},
        {**(tuned.get("measures") or {}), **tuned["scores"]},
        {**(tuned.get("measure_difference") or {}), **(state.difference or {})},
    )


class MetricsView(QWidget):
    """The other metrics of a run, paired with the base, below a link that unfolds them; hidden where there are none."""

    def __init__(self, state: RunState) -> None:
        super().__init__()
        self.toggle = link(tr("Further metrics"), press=self._fold)
        base = (state.base_scores or {}).get("measures") or {}
        tuned, between = (
            (state.tuned_scores or {}).get(name) or {} for name in ("measures", "measure_difference")
        )
        known = base.keys() & tuned.keys() & between.keys()
        untold = metrics.untold((state.tuned_scores or {}).get("protocol") or {}) if known else {}
        shown = [
            each
            for each in metrics.OTHER_METRICS
            if each not in metrics.HEADLINE and (each.name in known or (each.name == NOTED and untold))
        ]
        self.table = ScoreTable(side_heads(state), self)
        self.table.set_rows(score_rows(shown, base, tuned, between))
        self.rows, note = QWidget(), notes_text(untold_notes(untold))
        view = ShortTableView(self.table, tr("Further metrics"), lambda _row: None)
        # What can't be measured, and why.
        vbox(view, *([Label(note, "label", "muted", wrap=True)] if note else []), of=self.rows, spacing=8)
        self.rows.hide()
        self.setVisible(bool(shown))
        vbox((self.toggle, 0, Qt.AlignmentFlag.AlignLeading), self.rows, of=self, spacing=4)

    def _fold(self) -> None:
        self.rows.setVisible(self.rows.isHidden())
