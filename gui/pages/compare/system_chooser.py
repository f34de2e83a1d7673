"""Chooses what else is compared with the first system. What can be is passed in; nothing is read."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from engine.api import run_comparison
from gui.look.format import gain, number_text, score
from gui.look.language import mark, tr, tr_count, translate
from gui.models.adapter_table import MOST
from gui.models.example_table import GAIN_WIDTH
from gui.models.grouped_table import Cell, CheckCell, Column, GroupedTable, Heading, IconTextCell, TextCell
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import plain, primary
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import Label
from gui.widgets.layouts import fill, hbox, vbox

Candidate = run_comparison.Candidate


class SystemChooser(QWidget):
    """`chosen(list of candidates)` reports what to compare with the first; `cancelled` keeps the current ones."""

    chosen = Signal(list)
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = CandidateTable(self)
        self.view = GroupedTableView(self.table, tr("Add to the comparison"))
        self.compare_button = primary(tr("Compare"))
        self.cancel_button = plain(tr("Cancel"))
        self._count = Label("", "label", "muted")
        self._nothing = EmptyState(
            "history",
            tr("There is nothing else to compare with"),
            tr("Train another adapter, or import one."),
        )
        self._stack = QStackedWidget()
        fill(self._stack, self.view, self._nothing)
        foot = hbox(self.compare_button, self.cancel_button, (self._count, 1), spacing=8)
        vbox(
            Label(tr("Add to the comparison"), "section", "text"),
            (self._stack, 1),
            foot,
            of=self,
            margins=(24, 16, 24, 16),
            spacing=12,
        )
        self.view.check_pressed.connect(self._toggle)
        self.view.opened.connect(self._toggle)
        self.compare_button.clicked.connect(self._choose)
        self.cancel_button.clicked.connect(self.cancelled)

    def offer(self, found: Sequence[run_comparison.Candidate], checked: Sequence[str]) -> None:
        """Offer systems; those whose keys are in `checked` are checked."""
        self.table.set_candidates(found, checked)
        self._stack.setCurrentWidget(self.view if found else self._nothing)
        self.view.choose_first()
        self._show_count()

    def _toggle(self, candidate: run_comparison.Candidate | None) -> None:
        if candidate is not None:
            self.table.toggle(candidate)
            self._show_count()

    def _show_count(self) -> None:
        count = len(self.table.chosen())
        too_many = count + 1 > MOST
        self._count.setText(
            tr("At most {most} can be compared at once. Uncheck some.", most=number_text(MOST))
            if too_many
            else tr_count(count, "{n} compared with the first", "{n} compared with the first")
            if count
            else tr("None: the first is compared with its base model")
        )
        self.compare_button.setEnabled(not too_many)

    def _choose(self) -> None:
        self.chosen.emit(self.table.chosen())


class CandidateTable(GroupedTable[Candidate]):
    """`set_candidates` takes what can be compared; `toggle` checks a comparable one."""

    columns = (
        Column("label", mark("System")),
        Column("name", mark("Name"), 280, hidden_below=760),
        Column("score", "ROUGE-1", 84, right=True),
        Column("gain", mark("Gain"), GAIN_WIDTH, right=True),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: tuple[Candidate, ...] = ()
        self._checked: set[str] = set()

    def set_candidates(self, found: Sequence[Candidate], checked: Sequence[str]) -> None:
        """Show other systems; those with the given keys are checked."""
        self._all, self._checked = tuple(found), set(checked)
        self._refill()

    def toggle(self, candidate: Candidate) -> None:
        """Check or uncheck a system; ignored if it is not comparable."""
        if not candidate.why_not:
            self._checked ^= {key_of(candidate)}
            self._refill()

    def chosen(self) -> list[Candidate]:
        return [each for each in self._all if key_of(each) in self._checked]

    def _refill(self) -> None:
        able = [each for each in self._all if not each.why_not]
        apart = [each for each in self._all if each.why_not]
        below: list[Heading | Candidate] = []
        if apart:
            facts = tr("scored with another protocol, so not comparable")
            below = [Heading(tr("Scored differently"), facts), *apart]
        self.set_rows([*able, *below])

    def key_of(self, item: Candidate) -> str:
        return key_of(item)

    def cell(self, item: Candidate, key: str) -> Cell:
        if key == "label":
            if item.why_not:
                return TextCell(f"{translate(item.label)}. {translate(item.why_not)}", token="hint")
            return CheckCell(translate(item.label), "", key_of(item) in self._checked)
        if key == "name":
            return TextCell(item.name)
        if key == "score":
            return TextCell(score(item.mean) if _is_scored(item) else "", "figure", "text", right=True)
        if not _is_scored(item):
            return TextCell("")
        icon, token = ("arrow-up", "accent") if item.gain > 0 else ("arrow-down", "error")
        return IconTextCell(icon, gain(item.gain), token, right=True, role="figure_medium")

    def accessible_text(self, item: Candidate) -> str:
        if item.why_not:
            text = tr("{run}, {recipe}, can't be compared.", run=translate(item.label), recipe=item.name)
            return f"{text} {translate(item.why_not)}"
        parts = [translate(item.label), item.name]
        if _is_scored(item):
            parts += [f"ROUGE-1 {score(item.mean)}", tr("gain {gain}", gain=gain(item.gain))]
        parts += [_chrf(item)] if item.chrf is not None else []
        parts.append(tr("checked") if key_of(item) in self._checked else tr("not checked"))
        return ", ".join(parts)

    def explanation(self, item: Candidate, key: str) -> str:
        if key in ("score", "gain") and item.chrf is not None and not item.why_not:
            return _chrf(item)
        return translate(item.why_not)


def key_of(candidate: Candidate) -> str:
    """Return what tells a candidate apart from all others."""
    return candidate.origin or candidate.adapter


def _is_scored(item: Candidate) -> bool:
    return not item.why_not and item.mean > 0


def _chrf(item: Candidate) -> str:
    return f"chrF {score(item.chrf)}"
