"""Scores side by side: what came out, the systems with their ROUGE-1, and all other scores and facts of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from engine.api import ScoreCard, metrics
from gui.look.format import UNKNOWN, bytes_text, gain, percent
from gui.look.language import mark, tr, translate
from gui.models.adapter_table import SCORE, axis_of
from gui.models.grouped_table import (
    Cell,
    Column,
    GroupedTable,
    Heading,
    IconTextCell,
    NameCell,
    TextCell,
    score_cell,
    text_of,
    verdict_cell,
)
from gui.models.list_text import (
    base_text,
    data_text,
    protocol_source,
    protocol_text,
)
from gui.models.metric_text import (
    amount,
    as_text,
    confidence_interval,
    confidence_text,
    sign_of,
)
from gui.pages.compare.systems import Found, Lead, System, vote_key
from gui.pages.library.library_text import compared_facts
from gui.pages.train.run_text import verdict_of, verdict_sentence
from gui.tables.grouped_view import ShortTableView
from gui.widgets.cards import NoticeStrip
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import Scroll, fill, hbox, vbox
from gui.widgets.text_view import TextView

TITLE_WIDTH = 176
NOT_COMPARABLE = mark("Conversations, decoding or base model differ: compare each with its own base model.")
LEADS = {
    "better": ("check", mark("{first} writes better summaries than {second}"), "accent"),
    "no measurable difference": (
        "equals",
        mark("No measurable difference between {first} and {second}"),
        "muted",
    ),
    "too few to tell": ("minus", mark("Too few conversations to tell {first} from {second}"), "muted"),
}


@dataclass(frozen=True)
class ComparedRow:
    """A score or a fact of each system."""

    key: str
    title: str
    cells: tuple[Cell, ...]

    def differs(self, first: int) -> bool:
        """Return whether not all systems from the first one on have the same."""
        return len({text_of(cell) for cell in self.cells[first:]}) > 1


def comparison_rows(systems: Sequence[System]) -> list[Heading | ComparedRow]:
    """Return the rows of a comparison: the other scores, then all that is known of the adapters."""
    rows: list[Heading | ComparedRow] = [Heading(tr("Scores, bars from 0 to 100")), *_score_rows(systems)]
    beyond = _metric_rows(systems)
    rows += [Heading(tr("Beyond ROUGE")), *beyond] if beyond else []
    facts = [compared_facts(each.adapter) if each.adapter else {} for each in systems]
    for section in dict.fromkeys(title for each in facts for title in each):
        named = [dict(each.get(section, ())) for each in facts]
        titles = dict.fromkeys(title for each in named for title in each)
        rows.append(Heading(section))
        rows += [
            ComparedRow(f"{section} {title}", title, tuple(_fact(each.get(title, "")) for each in named))
            for title in titles
            if any(each.get(title) for each in named)
        ]
    return rows


def _fact(text: str) -> Cell:
    return TextCell(text or UNKNOWN, "body", "text" if text else "hint")


def are_comparable(systems: Sequence[System]) -> bool:
    """Return whether the scores can be compared; systems without scores do not count."""
    cards = [each.card for each in systems if each.card is not None]
    bases = {each.adapter.metadata.base_model.id for each in systems if each.adapter and each.card}
    return len({card.key for card in cards}) < 2 and len(bases) < 2


def _score_rows(systems: Sequence[System]) -> list[ComparedRow]:
    rows = [ComparedRow("scored_on", tr("Scored on"), tuple(map(_scored_on, systems)))]
    others = {each.name: translate(each.title) for each in metrics.OTHER_METRICS if each.unit == "points"}
    for name, title in (metrics.HEADLINE_TITLES | others).items():
        if name != SCORE and any(each.card is not None and name in _own(each.card) for each in systems):
            rows.append(ComparedRow(name, title, tuple(_interval(each.card, name) for each in systems)))
    return rows


def _metric_rows(systems: Sequence[System]) -> list[ComparedRow]:
    """Return the metrics without a scale of 0 to 100, each with its verdict against the base."""
    return [
        ComparedRow(each.name, translate(each.title), tuple(_metric(system.card, each) for system in systems))
        for each in metrics.OTHER_METRICS
        if each.unit != "points"
        and any(system.card is not None and each.name in system.card.measures for system in systems)
    ]


def _metric(card: ScoreCard | None, metric: metrics.Metric) -> Cell:
    if card is None or metric.name not in card.measures:
        return TextCell(UNKNOWN, "body", "hint")
    text = amount(card.measures[metric.name]["mean"], metric.unit)
    icon, token = sign_of(card.measure_difference.get(metric.name))
    return IconTextCell(icon, text, token, role="figure", text_token="text")


def _scored_on(system: System) -> Cell:
    card = system.card
    if card is None:
        return TextCell(tr("Not scored yet"), "body", "hint")
    source = protocol_source(card, system.adapter.metadata if system.adapter else None)
    return TextCell(f"{data_text(source)}, {protocol_text(card.protocol)}")


def _own(card: ScoreCard) -> dict[str, dict[str, float]]:
    return {**card.measures, **card.scores}


def _interval(card: ScoreCard | None, name: str) -> Cell:
    found = _own(card).get(name) if card is not None else None
    if card is None or found is None:
        return TextCell(UNKNOWN, "body", "hint")
    base = {**card.base_measures, **card.base}.get(name, {}).get("mean")
    return score_cell(found, (0.0, 1.0), base)


@dataclass(frozen=True)
class Line:
    """A system with its ROUGE-1, or a base model; `adapter` is its id, "" for others."""

    name: str
    size: str = ""
    spread: dict[str, float] | None = None
    base: float | None = None
    difference: dict[str, Any] | None = None
    preferred: float | None = None
    adapter: str = ""
    token: str = "accent"


def _line(system: System, preferred: Mapping[str, float]) -> Line:
    card, adapter = system.card, system.adapter
    is_base = card is not None and not card.difference
    return Line(
        system.label,
        bytes_text(adapter.size_bytes) if adapter is not None else "",
        card.scores.get(SCORE) if card is not None else None,
        card.base.get(SCORE, {}).get("mean") if card is not None else None,
        card.difference.get(SCORE) if card is not None else None,
        preferred.get(system.key),
        adapter.id if adapter is not None else "",
        "grey" if is_base else "accent",
    )


def base_of(systems: Sequence[System]) -> System | None:
    """Return the base model as a system, if all systems have the same scores of it."""
    cards = [each.card for each in systems if each.card is not None]
    names = [base_text(each.adapter.metadata.base_model.id) for each in systems if each.adapter]
    if not cards or any(card.base != cards[0].base for card in cards) or len(set(names)) > 1:
        return None
    first, name = cards[0], tr("Base model")
    own = {"scores": first.base, "measures": first.base_measures, "difference": {}, "measure_difference": {}}
    label = f"{name} ({names[0]})" if names else name
    return System(label, card=first.model_copy(update=own))


def preferred_of(found: Found) -> dict[str, float]:
    """Return how often each system is preferred in blind votes, by its key."""
    keys = {each.key: vote_key(each.key) for each in found.systems if each.scored is not None}
    return {key: found.preferred[vote] for key, vote in keys.items() if vote in found.preferred}


def headline(found: Found) -> tuple[str, str, str, str] | None:
    """Return icon, headline, colour and sentence on the best two systems, or on the only one and its base."""
    lead = found.lead
    if lead is not None:
        return _lead_text(lead)
    [first, *others] = found.systems
    if others or first.card is None or SCORE not in first.card.difference:
        return None
    difference, protocol = first.card.difference[SCORE], first.card.protocol
    icon, text, token = verdict_of(difference, protocol)
    return icon, f"{first.label}: {text}", token, verdict_sentence(difference, protocol)


def _lead_text(lead: Lead) -> tuple[str, str, str, str]:
    names = {"first": lead.first.label, "second": lead.second.label}
    verdict = str(lead.difference.get("verdict"))
    icon, text, token = LEADS.get(verdict, LEADS["no measurable difference"])
    sentence = tr(
        "ROUGE-1 differs by <b>{points} points</b>, {interval}.",
        points=gain(lead.difference["mean"]),
        interval=confidence_text(confidence_interval(lead.difference)),
    )
    return icon, tr(text, **names), token, sentence


class ComparisonTable(GroupedTable[ComparedRow]):
    """Scores and facts of systems; `show_rows` can leave out what is the same of all."""

    key_attribute = "key"

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[Heading | ComparedRow] = []
        self._systems: Sequence[System] = ()
        self._first = 0

    def show_systems(self, systems: Sequence[System], *, has_base: bool) -> None:
        """Show systems; the base model in front has scores and no facts."""
        self._systems, self._first = systems, int(has_base)
        self._all = comparison_rows(systems)

    def show_rows(self, *, only_differences: bool) -> None:
        """Show all rows, or those in which the systems differ, with the headings of what is left."""
        kept = [
            row
            for row in self._all
            if isinstance(row, Heading) or row.differs(self._first) or not only_differences
        ]
        following = [*kept[1:], Heading("")]
        rows = [
            row
            for row, after in zip(kept, following, strict=True)
            if not (isinstance(row, Heading) and isinstance(after, Heading))
        ]
        names = (Column(str(at), each.label, as_is=True, least=148) for at, each in enumerate(self._systems))
        self.set_rows(rows, (Column("title", "", TITLE_WIDTH), *names))

    def cell(self, item: ComparedRow, key: str) -> Cell:
        return TextCell(item.title, "body", "muted") if key == "title" else item.cells[int(key)]


SCORE_COLUMNS: tuple[Column, ...] = (
    Column("name", mark("System"), least=112),
    Column("size", mark("Size"), 104, right=True, hidden_below=860),
    Column("score", "ROUGE-1", 168, as_is=True),
    Column("verdict", mark("vs. base"), 144),
    Column("gain", mark("Difference"), 96, right=True, hidden_below=620),
)


class SystemTable(GroupedTable[Line]):
    """The base model and the systems with their ROUGE-1, on one scale."""

    columns = SCORE_COLUMNS
    key_attribute = "name"

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._axis = (0.0, 1.0)

    def show_systems(self, systems: Sequence[System], preferred: Mapping[str, float]) -> None:
        """Show systems, with how often they are preferred in blind votes."""
        self._axis = axis_of([each.card for each in systems], SCORE)
        votes = (Column("preferred", mark("Preferred"), 96, right=True),) if preferred else ()
        self.set_rows([_line(each, preferred) for each in systems], (*SCORE_COLUMNS, *votes))

    def cell(self, item: Line, key: str) -> Cell:
        if key == "name":
            return NameCell(item.name)
        if key == "score":
            if item.spread is None:
                return TextCell(tr("Not scored yet"), "body", "hint")
            return score_cell(item.spread, self._axis, item.base, item.token)
        if key == "verdict":
            return verdict_cell(item.difference, "hint")
        texts = {
            "size": item.size,
            "gain": gain(item.difference["mean"]) if item.difference else UNKNOWN,
            "preferred": percent(item.preferred) if item.preferred is not None else UNKNOWN,
        }
        return TextCell(texts[key], "figure", "muted" if key == "size" else "text", right=True)

    def accessible_text(self, item: Line) -> str:
        found = as_text("ROUGE-1", confidence_interval(item.spread)) if item.spread else tr("Not scored yet")
        voted = percent(item.preferred) if item.preferred is not None else ""
        told = [
            item.name,
            item.size,
            found,
            text_of(verdict_cell(item.difference)) if item.difference else "",
        ]
        return ", ".join(filter(None, [*told, f"{tr('Preferred')} {voted}" if voted else ""]))


class ScoresView(Scroll):
    """`library_requested(adapter id)` leads to an adapter's own page."""

    library_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__((24, 20, 14, 24), 12, parent)
        self._icon = IconLabel("equals", "muted", 20)
        self.headline = Label("", "title", "text", wrap=True)
        self.sentence = TextView(role="body", token="muted")
        self._head = QWidget()
        self.remark = NoticeStrip(tr(NOT_COMPARABLE), "", "info", "muted")
        self.systems, self.table = SystemTable(self), ComparisonTable(self)
        self.system_view = ShortTableView(self.systems, tr("Scores"), self._open)
        self.differences = QCheckBox(tr("Only differences"))
        self.view = ShortTableView(self.table, tr("Comparison"), lambda _row: None)
        self._found: Sequence[System] = ()
        top = Qt.AlignmentFlag.AlignTop
        vbox(
            hbox((self._icon, 0, top), (self.headline, 1), spacing=12),
            self.sentence,
            of=self._head,
            spacing=4,
        )
        further = hbox(Label(tr("Further scores and facts"), "section"), 1, self.differences)
        fill(self.column, self._head, self.remark, self.system_view)
        self.column.addSpacing(12)
        fill(self.column, further, self.view, 1)
        self.differences.toggled.connect(lambda _on: self._show_rows())

    def show_found(self, found: Found) -> None:
        self._found = found.systems
        self.remark.setVisible(not are_comparable(found.systems))
        told = headline(found)
        self._head.setVisible(told is not None)
        if told is not None:
            icon, text, token, sentence = told
            self._icon.set_icon(icon, token)
            self.headline.setText(text)
            self.sentence.set_markup(sentence)
        base = base_of(found.systems)
        shown = [base, *found.systems] if base is not None else found.systems
        self.systems.show_systems(shown, preferred_of(found))
        self.table.show_systems(shown, has_base=base is not None)
        self._show_rows()

    def _show_rows(self) -> None:
        self.table.show_rows(only_differences=self.differences.isChecked())

    def _open(self, line: Line | None) -> None:
        if line is not None and line.adapter:
            self.library_requested.emit(line.adapter)
