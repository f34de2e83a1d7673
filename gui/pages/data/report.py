"""A data check for the page: one job at a time, and its result: schema, splits, lengths, findings and rows.

Knows no widget.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal

from engine.api import (
    SAMPLE,
    SEVERITIES,
    Ending,
    Event,
    Problem,
    Severity,
    StorageError,
    check_results,
    finding,
    paths,
    pii,
)
from gui.look.format import number_text
from gui.look.language import mark, tr, tr_count, translate
from gui.workers.engine_thread import ShownJob

SPLIT_NAMES = {"train": mark("train"), "validation": mark("validation"), "test": mark("test")}
SPLIT_HEADS = {
    "train": mark("Train ({count})"),
    "validation": mark("Validation ({count})"),
    "test": mark("Test ({count})"),
}
SPLITS = tuple(SPLIT_NAMES)
SHAPES = {
    "columns": mark("A conversation per row"),
    "turns": mark("A list of turns per row"),
    "lists": mark("Parallel lists of texts and speakers"),
    "rows": mark("A turn per row"),
}
# Findings that depend on a limit, with the text and the limit's name.
LIMITED = {
    "long_conversation": ("conversation", "max_conversation_tokens"),
    "long_summary": ("summary", "max_summary_tokens"),
}
MAX_STORED_ROWS = 1000
MASKED = {kind.id for kind in pii.KINDS}
Row = check_results.CheckedRow


@dataclass(frozen=True)
class Shape:
    """How rows are read: the columns, the column or key of each role, and the reason."""

    kind: str
    columns: tuple[str, ...]
    roles: Mapping[str, str]
    reason: str

    @property
    def text(self) -> str:
        form = f"{tr(SHAPES.get(self.kind, self.kind))}."
        why = translate(self.reason)
        return f"{form} {why[:1].upper()}{why[1:]}." if why else form


@dataclass(frozen=True)
class RowPreview:
    """The raw first rows of a source and their inferred schema; None if it could not be inferred."""

    source: str
    split: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    shape: Shape | None
    problem: Problem | None

    @property
    def title(self) -> str:
        return title_of(self.source)


@dataclass(frozen=True)
class Lengths:
    """The token lengths of one kind of text in one split: statistics, and the number beyond any limit."""

    median: int
    p95: int
    most: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    exact: check_results.Lengths
    marks: int = 0

    def beyond(self, limit: int) -> int:
        """Return the number of texts that a run would cut at `limit` tokens."""
        return self.exact.beyond(limit - self.marks)


@dataclass(frozen=True)
class SplitReport:
    """One split: its number of examples, their lengths, turns and speakers, and the numbers of its first rows."""

    name: str
    examples: int
    conversation: Lengths
    summary: Lengths
    first_rows: tuple[int, ...]
    turns_median: int
    speakers_median: int


@dataclass(frozen=True)
class Finding:
    """One kind of finding over all splits."""

    id: str
    title: str
    detail: str
    explained: str
    severity: Severity
    counts: Mapping[str, int]
    can_be_excluded: bool

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    @property
    def can_be_masked(self) -> bool:
        return self.id in MASKED


@dataclass(frozen=True)
class Report:
    """The complete result. `details` has all rows of all findings, and every length.

    `waiting` is the number of conversations of each split if none has a summary, else nothing.
    """

    source: str
    licence: str
    shape: Shape
    counted: str
    language: tuple[str, float]
    splits: Mapping[str, SplitReport]
    findings: tuple[Finding, ...]
    waiting: Mapping[str, int]
    details: check_results.Details
    _read: dict[tuple[str, int], Row | None] = field(default_factory=dict, compare=False)

    @property
    def title(self) -> str:
        return title_of(self.source)

    def row(self, split: str, number: int) -> Row | None:
        """Return a first row or a row of a finding; None if the check's files are gone."""
        if (split, number) not in self._read:
            if len(self._read) >= MAX_STORED_ROWS:
                self._read.clear()
            try:
                self._read[split, number] = self.details.row(split, number)
            except StorageError:
                return None
        return self._read[split, number]

    def numbers(self, split: str, finding: Finding | None, limits: Mapping[str, int]) -> tuple[int, ...]:
        """Return the numbers of a split's rows: all rows of a finding, or the first rows.

        For a finding that depends on a limit: the rows over the limit in `limits`, as far as the check has saved them.
        """
        if finding is not None and finding.id in LIMITED and split in self.splits:
            text, name = LIMITED[finding.id]
            return self.details.over(split, text, limits[name])
        if finding is not None:
            return self.details.findings.get(finding.id, {}).get(split, ())
        return self.splits[split].first_rows if split in self.splits else ()

    def sizes(self) -> Mapping[str, int]:
        """Return the number of each split's examples, or of its conversations if none has a summary."""
        return self.waiting or {name: split.examples for name, split in self.splits.items()}

    @property
    def unlabelled(self) -> int:
        """The number of conversations if none has a summary, else 0."""
        return sum(self.waiting.values())

    @property
    def longest_summary(self) -> int:
        """The tokens of the longest summary, with those that a run puts around it."""
        lengths = [split.summary for split in self.splits.values()]
        return max((each.most + each.marks for each in lengths), default=0)

    def first_rows(self) -> list[Row]:
        found = (self.row(name, number) for name, split in self.splits.items() for number in split.first_rows)
        return [row for row in found if row is not None]

    def over(self, finding: str, limits: Mapping[str, int]) -> dict[str, int]:
        """Return the number of rows of each split over a finding's limit in `limits`."""
        text, name = LIMITED[finding]
        lengths = {split: getattr(report, text) for split, report in self.splits.items()}
        counts = {split: length.beyond(limits[name]) for split, length in lengths.items()}
        return {split: count for split, count in counts.items() if count}

    def counts(self, finding: Finding, limits: Mapping[str, int]) -> Mapping[str, int]:
        """Return the number of rows of each split that a finding has, at the current limits."""
        return self.over(finding.id, limits) if finding.id in LIMITED else finding.counts

    def which(self, name: str, finding: Finding | None, limits: Mapping[str, int], shown: int) -> str:
        """Return the text about the rows of a split that are shown, "" for all."""
        split = split_name(name)
        if finding is None and shown >= self.splits[name].examples:
            return ""
        if finding is None:
            return tr_count(shown, "The first row of {split}.", "The first {n} rows of {split}.", split=split)
        counts = self.counts(finding, limits)
        detail = by_split(counts) if finding.id in LIMITED else finding.detail
        which = f"{finding.title}: {detail}." if detail else tr("{finding}: none.", finding=finding.title)
        rest = counts.get(name, 0) - shown
        if rest <= 0:
            return which
        more = tr_count(
            rest,
            "{n} more exceeds the limit. Check again to list it.",
            "{n} more exceed the limit. Check again to list them.",
        )
        return f"{which} {more}"

    def left_out(self, findings: Collection[str], limits: Mapping[str, int]) -> tuple[int, bool]:
        """Return the number of rows that excluded findings leave out, and whether it is exact or an upper bound."""
        return self.details.left_out(findings, {text: limits[name] for text, name in LIMITED.values()})


def by_split(counts: Mapping[str, int]) -> str:
    """Return counts as text: "476 in train, 3 in test"."""
    return ", ".join(
        tr("{count} in {split}", count=number_text(count), split=split_name(split))
        for split, count in counts.items()
    )


def split_name(split: str) -> str:
    """Return the name of a split."""
    return tr(SPLIT_NAMES[split]) if split in SPLIT_NAMES else split


def split_head(split: str, count: int) -> str:
    """Return the text of a split in a choice: "Train (476)"."""
    return tr(SPLIT_HEADS[split], count=number_text(count))


def title_of(source: str) -> str:
    """Return the title of a source."""
    return tr("Sample conversations") if source == SAMPLE else Path(source).name


def read_row_preview(event: Mapping[str, Any]) -> RowPreview:
    """Return the first rows from a job's event."""
    shape, problem = event["shape"], event["problem"]
    return RowPreview(
        event["source"],
        event["split"] or "",
        tuple(event["columns"]),
        tuple(event["rows"]),
        _shape(shape) if shape else None,
        Problem(**problem) if problem else None,
    )


def read(result: Mapping[str, Any]) -> Report:
    """Return the report from a job's result. Raises StorageError if the check's files are gone."""
    details = check_results.read(Path(result["details"]))
    language = result["languages"]["conversation"]
    findings = list(_findings(result))
    # Where every conversation waits for its summary, that is no finding.
    lacking = (found for found in findings if found.id == "empty_summary" and result["unlabelled"])
    waiting = next(lacking, None)
    return Report(
        source=result["source"],
        licence=result.get("licence") or "",
        shape=_shape(result["columns"]),
        counted=result["tokens"]["words"],
        language=(language["code"] or "", language["share"]),
        splits={
            name: _split(name, result["splits"][name], details) for name in SPLITS if name in result["splits"]
        },
        findings=tuple(found for found in findings if found is not waiting),
        waiting=waiting.counts if waiting is not None else {},
        details=details,
    )


def _shape(shape: Mapping[str, Any]) -> Shape:
    names = ("conversation", "summary", "speaker", "text", "group", "id", "split", "lists")
    roles = {name: shape[name] for name in names} | {"references": ", ".join(shape["references"])}
    return Shape(shape["kind"], tuple(shape["all"]), roles, shape["reason"])


def _split(name: str, split: Mapping[str, Any], details: check_results.Details) -> SplitReport:
    exact, lengths = details.lengths[name], split["lengths"]
    return SplitReport(
        name,
        split["examples"],
        _lengths(lengths["conversation"], exact["conversation"], 0),
        _lengths(lengths["summary"], exact["summary"], details.summary_marks),
        tuple(row["number"] for row in split["rows"]),
        split["turns"]["median"],
        split["speakers"]["median"],
    )


def _lengths(lengths: Mapping[str, Any], exact: check_results.Lengths, marks: int) -> Lengths:
    histogram = lengths["histogram"]
    return Lengths(
        lengths["median"],
        lengths["p95"],
        lengths["max"],
        tuple(histogram["edges"]),
        tuple(histogram["counts"]),
        exact,
        marks,
    )


def _findings(result: Mapping[str, Any]) -> Iterable[Finding]:
    """Return the findings, one for each kind over all splits, worst and largest first."""
    kinds = dict.fromkeys(finding["id"] for finding in result["findings"])
    found = [
        _kind(kind, [one for one in result["findings"] if one["id"] == kind], result["leaks"])
        for kind in kinds
    ]
    return sorted(found, key=lambda finding: (SEVERITIES.index(finding.severity), -finding.count))


def _kind(kind: str, parts: list[Mapping[str, Any]], leaks: list[Mapping[str, Any]]) -> Finding:
    declared = finding(kind)
    counts = {part["split"]: part["count"] for part in parts}
    detail = by_split(counts)
    if kind == "leaks":
        detail = ", ".join(map(_leak, leaks))
    # Masks have a switch in the row; the hint about the recipe is not needed.
    then = "" if kind in MASKED else declared.then
    title = translate(declared.title)
    explained = " ".join(
        filter(None, (f"{title}.", *(translate(part["more"]) for part in parts), translate(then)))
    )
    return Finding(kind, title, detail, explained, declared.severity, counts, declared.can_be_excluded)


def _leak(leak: Mapping[str, Any]) -> str:
    return tr(
        "{count} of {split} also in {other}",
        count=number_text(leak["count"]),
        split=split_name(leak["split"]),
        other=split_name(leak["other"]),
    )


def is_kept_here(source: str) -> bool:
    """Return whether a source is Tunesmith's copy of pasted text or of several files."""
    return Path(source).is_relative_to(paths.intake_folder())


class Checker(ShownJob):
    """The current check.

    Signals: `previewed(event)` with the first rows; `found(result, asked)` with the checked `[data]` values;
    `failed(list of Problem)`. `broken` are the unreadable rows, each with its `place` and `why`.
    """

    previewed = Signal(object)
    found = Signal(object, object)
    failed = Signal(list)

    def check(self, asked: dict[str, Any], base_model: str) -> None:
        self._asked = asked
        self._ask("check_data", {"data": asked, "base_model": base_model}, keep_folder=True)

    def _clear(self) -> None:
        super()._clear()
        self.broken: list[dict[str, str]] = []

    def _follow(self, events: list[Event]) -> None:
        super()._follow(events)
        for event in events:
            if event["event"] == "rows_previewed":
                self.previewed.emit(event)
            elif event["event"] == "rows_broken":
                self.broken += event["rows"]

    def _take(self, result: dict[str, Any]) -> None:
        super()._take(result)
        self.found.emit(result, self._asked)

    def _refuse(self, ending: Ending) -> None:
        super()._refuse(ending)
        if self.error is not None:
            problems = [Problem(**problem) for problem in (ending.event or {}).get("problems") or []]
            self.failed.emit(problems or list(self.error.problems))
