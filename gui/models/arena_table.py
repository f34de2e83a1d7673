"""The table model of an arena's scored entries, grouped by comparable scoring protocol."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from PySide6.QtCore import QObject

from engine.api import arenas, metrics
from gui.look.format import (
    UNKNOWN,
    bytes_text,
    duration_text,
    gain,
    number_text,
    percent,
    score,
)
from gui.look.language import mark, tr, tr_count, translate
from gui.models.grouped_table import (
    Cell,
    CheckCell,
    Column,
    GroupedTable,
    Heading,
    IconTextCell,
    ScoreCell,
    TextCell,
    score_cell,
    verdict_cell,
)
from gui.models.list_text import protocol_text
from gui.models.metric_text import (
    VERDICT_TEXTS,
    ConfidenceInterval,
    amount,
    as_text,
    axis_around,
    confidence_interval,
    in_full,
    interval_text,
    sign_of,
)

Row = arenas.Row
Group = arenas.Group
SCORE = arenas.SCORE
AGAINST_BASE = mark("{verdict}: {gain} against the base model, {interval}.")
AGAINST_FULL = mark("{verdict}: {gain} against full fine-tuning, {interval}.")
FULL_TEXTS = {
    "better": mark("Better"),
    "no measurable difference": mark("No measurable difference"),
    "worse": mark("Worse"),
    "too few to tell": mark("Too few to tell"),
}
BESIDE_FULL = {
    "better": mark("better than full fine-tuning"),
    "no measurable difference": mark("no measurable difference from full fine-tuning"),
    "worse": mark("worse than full fine-tuning"),
    "too few to tell": mark("too few conversations to compare with full fine-tuning"),
}
# Sorted in descending order first; all others ascending.
DESCENDING = ("score", "preferred")
METRIC_WIDTH, CHRF_WIDTH = 160, 88
# The metrics that have a column until another choice is made.
SHOWN_AT_FIRST = (metrics.CHRF.name, metrics.GENERAL_LOSS)
SPREAD = Column("spread", mark("Spread between seeds"), 168, right=True, order="spread", hidden_below=1000)
PREFERRED = Column("preferred", mark("Preferred, blind votes"), 168, order="preferred")
# Where columns are hidden, by width, once there are further ones beside ROUGE-1: the names need their room.
SQUEEZED = {"bytes": 1120, "memory": 912, "minutes": 1120}


class ArenaTable(GroupedTable[Row]):
    """`set_groups` takes the rows of every protocol, the one with most entries first.

    `set_metrics` chooses further columns beside ROUGE-1, by names of `engine.scoring.metrics`.
    """

    _fixed: tuple[Column, ...] = (
        Column("name", mark("Entry"), order="name"),
        Column("score", mark("ROUGE-1, 95 % interval"), 184, order="score"),
        Column("parameters", mark("Trainable"), 112, right=True, order="parameters"),
        Column("bytes", mark("Adapter"), 92, right=True, order="bytes", hidden_below=980),
        Column("memory", mark("Peak memory"), 112, right=True, order="memory"),
        Column("minutes", mark("Training, min"), 108, right=True, order="minutes", hidden_below=980),
        Column("base", mark("vs. base"), 152),
        Column("full", mark("vs. full fine-tuning"), 152),
    )
    columns = _fixed

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._groups: tuple[Group, ...] = ()
        self._axes: dict[str, tuple[float, float]] = {}
        self._metrics: tuple[str, ...] = SHOWN_AT_FIRST
        self._checked: frozenset[str] = frozenset()
        self.order, self.descending = "score", True

    def set_groups(self, groups: Sequence[Group]) -> None:
        self._groups = tuple(groups)
        self._refill()

    def set_checked(self, ids: Iterable[str]) -> None:
        self._checked = frozenset(ids)
        self._refill()

    def set_metrics(self, names: Sequence[str]) -> None:
        """Show a column for each metric after ROUGE-1; optional columns hide at greater widths then."""
        self._metrics = tuple(names)
        self._refill()

    def _shown_columns(self) -> tuple[Column, ...]:
        """Return the columns with those of metrics, and those of seeds and blind votes if there are any."""
        rows = [row for group in self._groups for row in group.rows]
        more = [
            _column(name)
            for name in self._metrics
            if name not in SHOWN_AT_FIRST or any(_is_measured(row, name) for row in rows)
        ]
        more = [SPREAD, *more] if any(row.seeds for row in rows) else more
        more += [PREFERRED] if any(row.preferred is not None for row in rows) else []
        room = sum(each.width for each in more)
        least = {each.key: each.hidden_below for each in self._fixed} | (SQUEEZED if more else {})
        fixed = [
            replace(each, hidden_below=least[each.key] + room) if least[each.key] else each
            for each in self._fixed
        ]
        return (*fixed[:2], *more, *fixed[2:])

    def known_metrics(self) -> list[str]:
        """Return the metrics that any entry has, in their usual order, without ROUGE-1, which is always shown."""
        rows = [row for group in self._groups for row in group.rows]
        return [name for name in metrics.METRICS if name != SCORE and any(_found(row, name) for row in rows)]

    def sort_by(self, order: str) -> None:
        """Sort within the groups; the same order again reverses it."""
        falls = order in DESCENDING or (order in metrics.METRICS and metrics.METRICS[order].good == "higher")
        self.descending = not self.descending if order == self.order else falls
        self.order = order
        self._refill()

    def _by_metric(self, row: Row) -> float:
        if self.order == metrics.GENERAL_LOSS:
            return row.forgetting["mean"] if row.forgetting else math.inf
        found = _found(row, self.order)
        return _known(found[0]["mean"] if found else None)

    def _refill(self) -> None:
        rows: list[Heading | Row] = []
        columns = self._shown_columns()
        if self.order not in {each.order for each in columns}:
            self.order, self.descending = "score", True
        self._axes = {}
        for group in self._groups:
            if len(self._groups) > 1:
                rows.append(_head(group))
            order = ORDERS.get(self.order, self._by_metric)
            ordered = sorted(group.rows, key=order, reverse=self.descending)
            rows += ordered
            spreads = [confidence_interval(row.scores[SCORE]).ends for row in group.rows]
            axis = axis_around([*chain(*spreads), *(row.base[SCORE]["mean"] for row in group.rows)])
            self._axes.update((row.id, axis) for row in group.rows)
        self.set_rows(rows, columns)

    def cell(self, item: Row, key: str) -> Cell:
        entry, run = item.status.entry, item.status.run
        if key == "name":
            detail = translate(item.detail)
            detail = detail or (tr("baseline") if item.is_baseline else "")
            detail = ", ".join(filter(None, (detail, translate(item.seeds_text))))
            return CheckCell(translate(entry.title), detail, item.id in self._checked)
        if key == "score":
            return score_cell(item.scores[SCORE], self._axes[item.id], item.base[SCORE]["mean"])
        if key in CELLS:
            return CELLS[key](item)
        if key in ("base", "full"):
            against = item.against_base if key == "base" else item.against_full
            return verdict_cell(against[SCORE] if against is not None else None)
        if key in metrics.METRICS:
            return _measured(item, key)
        figures = {
            "parameters": number_text(item.cost("parameters")),
            "bytes": bytes_text(run.adapter_bytes) if run and run.trainable_parameters else UNKNOWN,
            "memory": bytes_text(item.cost("memory")),
            "minutes": number_text(item.cost("minutes"), 1),
        }
        return TextCell(figures[key], "figure", "text", right=True)

    def accessible_text(self, item: Row) -> str:
        verdict = tr(VERDICT_TEXTS[item.against_base[SCORE]["verdict"]])
        parts = [
            ", ".join(filter(None, (translate(item.name), translate(item.seeds_text)))),
            as_text("ROUGE-1", confidence_interval(item.scores[SCORE]), verdict),
        ]
        if item.against_full is not None:
            parts.append(tr(BESIDE_FULL[item.against_full[SCORE]["verdict"]]))
        chrf = item.metrics.get(metrics.CHRF.name)
        parts += [f"{metrics.CHRF.title} {score(chrf['mean'])}"] if chrf else []
        parts += [_spread_text(item)] if item.seeds is not None and item.seeds.spread else []
        parts += [_preferred_text(item)] if item.preferred is not None else []
        parts.append(tr("{count} trainable parameters", count=number_text(item.cost("parameters"))))
        parts += [translate(item.remark)] if item.remark else []
        return ", ".join(parts)

    def explanation(self, item: Row, key: str) -> str:
        if key == "name":
            return ", ".join(filter(None, (translate(item.name), translate(item.seeds_text))))
        if key == "score":
            return " ".join(filter(None, (_interval_text(item), translate(item.remark))))
        if key == "base":
            return _in_full(item.against_base, AGAINST_BASE, translate(item.remark))
        if key == "full":
            is_baseline = item.is_baseline
            missing = (
                tr("The others are compared with this entry.")
                if is_baseline
                else translate(item.full_missing)
            )
            return _in_full(item.against_full, AGAINST_FULL, missing)
        if key in EXPLAINED:
            return EXPLAINED[key](item)
        found = _found(item, key) if key in metrics.METRICS else None
        return in_full(key, *found) if found else ""


Spread = dict[str, Any]


def _found(row: Row, name: str) -> tuple[Spread, Spread | None, Spread | None] | None:
    """Return a metric of an entry, of its base model, and the paired difference; None if it was not measured."""
    sources = (
        (row.scores, row.base, row.against_base)
        if name in row.scores
        else (row.metrics, row.base_metrics, row.metrics_against_base)
    )
    own, base, difference = (source.get(name) for source in sources)
    return (own, base, difference) if own else None


def _is_measured(row: Row, name: str) -> bool:
    return row.forgetting is not None if name == metrics.GENERAL_LOSS else _found(row, name) is not None


def _column(name: str) -> Column:
    if name == metrics.GENERAL_LOSS:
        return Column(name, tr("Forgetting"), 112, right=True, order=name, as_is=True)
    title = translate(metrics.METRICS[name].title)
    width = CHRF_WIDTH if name == metrics.CHRF.name else METRIC_WIDTH
    return Column(name, title, width, right=True, order=name, as_is=True)


def _measured(row: Row, name: str) -> Cell:
    """Return the cell of a metric; its icon shows if it rose or fell against the base, its colour if that is good.

    The verdict's text is in the tooltip: the column is too narrow for it.
    """
    found = _found(row, name)
    if found is None:
        return TextCell(UNKNOWN, "figure", right=True)
    own, _, difference = found
    icon, token = sign_of(difference)
    text = amount(own["mean"], metrics.METRICS[name].unit)
    if name == metrics.GENERAL_LOSS and difference:
        # Losses of different base models have little to do with each other; what they rose by has.
        text = amount(difference["mean"], "nats", signed=True)
    return IconTextCell(icon, text, token, right=True, role="figure", text_token="text")


def _spread(row: Row) -> Cell:
    """Return the cell of the spread between seeds in points, with the number of seeds."""
    spread = row.seeds.spread.get(SCORE) if row.seeds is not None else None
    parts = (UNKNOWN if spread is None else score(spread), translate(row.seeds_text))
    return TextCell(" · ".join(filter(None, parts)), "figure", "text", right=True)


def _spread_text(row: Row) -> str:
    """Return the spread between seeds and the score of each, or why there is none."""
    recipe = row.status.recipe
    if row.seeds is None and recipe is not None and not recipe.method.method.trains:
        return tr("Nothing is trained, so the seed doesn't matter.")
    if row.seeds is None:
        return tr("Only one seed, so the spread is unknown.")
    scores = [
        tr("{score} with seed {seed}", seed=seed, score=score(mean))
        for seed, mean in row.seeds.means_by_seed.items()
    ]
    if SCORE not in row.seeds.spread:
        return tr("The spread needs two scored seeds: {scores}.", scores=", ".join(scores))
    return tr(
        "Standard deviation over seeds {spread}: {scores}.",
        spread=score(row.seeds.spread[SCORE]),
        scores=", ".join(scores),
    )


def _interval_text(row: Row) -> str:
    """Return what the interval of several seeds is over."""
    if row.seeds is None or not row.seeds.spread:
        return ""
    count = len(row.seeds.scored)
    return tr_count(
        count,
        "Mean of {n} seed; the interval covers seeds and conversations.",
        "Mean of {n} seeds; the interval covers seeds and conversations.",
    )


def _preferred(row: Row) -> Cell:
    """Return the cell of blind votes: a percentage, and its interval from 0 to 100 % with the middle."""
    if row.preferred is None:
        return TextCell(UNKNOWN)
    found = row.preferred.preferred
    shown = ConfidenceInterval(found.mean, found.low, found.high, "muted")
    return ScoreCell(percent(found.mean), shown, base=0.5)


def _preferred_text(row: Row) -> str:
    if row.preferred is None:
        return tr("No blind votes.")
    found, tally = row.preferred.preferred, row.preferred.tally
    return tr(
        "Preferred in {mean} of blind votes, {low} to {high}: {wins} won, {ties} tied, {losses} lost",
        mean=percent(found.mean),
        low=percent(found.low),
        high=percent(found.high),
        wins=number_text(tally.wins),
        ties=number_text(tally.ties),
        losses=number_text(tally.losses),
    )


def _whole_run(row: Row) -> str:
    run = row.status.run
    sentences = [tr("Minutes of training, without loading and scoring.")]
    if len(row.statuses) > 1:
        sentences.append(tr("The mean of the seeds."))
    elif run is not None:
        sentences.append(tr("The whole run took {time}.", time=duration_text(run.seconds)))
    return " ".join(sentences)


def _head(group: Group) -> Heading:
    unlike = ", ".join(group.unlike)
    title = tr("Another protocol: {keys}", keys=unlike) if unlike else tr("Same scoring protocol")
    return Heading(title, protocol_text(group.protocol))


def _in_full(differences: dict[str, Any] | None, sentence: str, remark: str) -> str:
    """Return a sentence with the verdict, its paired difference and interval, or why there is none."""
    if differences is None:
        return remark
    return f"{verdict_in_full(differences[SCORE], sentence)} {remark}".strip()


def verdict_in_full(found: Mapping[str, Any], sentence: str) -> str:
    """Return a sentence with the verdict of a paired difference, the difference and its interval."""
    verdict = tr(FULL_TEXTS[found["verdict"]])
    return tr(sentence, verdict=verdict, gain=gain(found["mean"]), interval=interval_text(found))


def _known(value: float | None) -> float:
    return -1.0 if value is None else value


CELLS: dict[str, Callable[[Row], Cell]] = {"preferred": _preferred, "spread": _spread}
EXPLAINED: dict[str, Callable[[Row], str]] = {
    "minutes": _whole_run,
    "preferred": _preferred_text,
    "spread": _spread_text,
}
ORDERS: dict[str, Callable[[Row], Any]] = {
    "name": lambda row: row.name.casefold(),
    "score": lambda row: row.mean,
    "parameters": lambda row: _known(row.cost("parameters")),
    "bytes": lambda row: _known(row.status.run.adapter_bytes if row.status.run else None),
    "memory": lambda row: _known(row.cost("memory")),
    "minutes": lambda row: _known(row.cost("minutes")),
    "spread": lambda row: _known(row.seeds.spread.get(SCORE) if row.seeds else None),
    "preferred": lambda row: _known(row.preferred.preferred.mean if row.preferred else None),
}
