"""What a data check found, as the page shows it: splits, lengths, findings in words, and rows.

Reads the result of a `check_data` job. Knows no widget.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.api import SAMPLE, Severity
from engine.api import finding as declared_finding

SPLITS = ("train", "validation", "test")
MOST_NAMED_ROWS = 4


@dataclass(frozen=True)
class Histogram:
    """How many texts have how many tokens: `counts` between neighbouring `edges`."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """How many texts there are."""
        return sum(self.counts)

    def beyond(self, limit: float) -> float:
        """Return about how many texts are longer than `limit`, with a share of the bin it falls in."""
        found = 0.0
        for count, low, high in zip(self.counts, self.edges, self.edges[1:], strict=False):
            if low > limit:
                found += count
            elif high - 1 > limit:
                found += count * (high - 1 - limit) / (high - low)
        return found


@dataclass(frozen=True)
class Lengths:
    """The token lengths of one kind of text in one split."""

    median: int
    p95: int
    most: int
    histogram: Histogram


@dataclass(frozen=True)
class Row:
    """One row as it is shown; `number` is its place in the file, from 1."""

    number: int
    id: str
    conversation: str
    summary: str
    conversation_tokens: int
    summary_tokens: int


@dataclass(frozen=True)
class SplitReport:
    """One split: how many examples, their lengths, turns and speakers, and the first rows."""

    name: str
    examples: int
    conversation: Lengths
    summary: Lengths
    rows: tuple[Row, ...]
    turns_median: int
    speakers_median: int


@dataclass(frozen=True)
class Finding:
    """One kind of finding over all splits."""

    id: str
    title: str
    detail: str
    count: int
    severity: Severity
    counts: dict[str, int]
    first: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Report:
    """The whole result."""

    source: str
    licence: str
    columns: tuple[str, ...]
    conversation_column: str
    summary_column: str
    reason: str
    counted: str
    splits: dict[str, SplitReport]
    findings: tuple[Finding, ...]

    @property
    def title(self) -> str:
        """What the data is called."""
        return "Sample conversations" if self.source == SAMPLE else Path(self.source).name


def read(result: dict[str, Any]) -> Report:
    """Return the report in a job's result."""
    columns = result["columns"]
    return Report(
        source=result["source"],
        licence=result.get("licence") or "",
        columns=tuple(columns["all"]),
        conversation_column=columns["conversation"],
        summary_column=columns["summary"],
        reason=columns["reason"],
        counted=result.get("tokens", {}).get("words", ""),
        splits={name: _split(name, result["splits"][name]) for name in SPLITS if name in result["splits"]},
        findings=tuple(_findings(result)),
    )


def _split(name: str, split: dict[str, Any]) -> SplitReport:
    lengths = split["lengths"]
    return SplitReport(
        name,
        split["examples"],
        _lengths(lengths["conversation"]),
        _lengths(lengths["summary"]),
        tuple(Row(**row) for row in split["rows"]),
        split["turns"]["median"],
        split["speakers"]["median"],
    )


def _lengths(lengths: dict[str, Any]) -> Lengths:
    edges, counts = lengths["histogram"]["edges"], lengths["histogram"]["counts"]
    # The last bin holds all that is longer, too.
    histogram = Histogram((*edges[:-1], max(edges[-1], lengths["max"] + 1)), tuple(counts))
    return Lengths(lengths["median"], lengths["p95"], lengths["max"], histogram)


def _findings(result: dict[str, Any]) -> Iterable[Finding]:
    """Return the findings, one of each kind whatever splits it is in, worst and largest first."""
    found = [_leaks(result["leaks"])] if result["leaks"] else []
    # Who leaks into whom is told by splits; the rows that would go if leaks are excluded are another matter.
    kinds = dict.fromkeys(finding["id"] for finding in result["findings"] if finding["id"] != "leaks")
    found += [_kind(kind, [one for one in result["findings"] if one["id"] == kind]) for kind in kinds]
    return sorted(found, key=lambda finding: (finding.severity != "warning", -finding.count))


def _leaks(leaks: list[dict[str, Any]]) -> Finding:
    declared = declared_finding("leaks")
    parts = [f"{leak['count']:,} of {leak['split']} also in {leak['other']}" for leak in leaks]
    counts: Counter[str] = Counter()
    for leak in leaks:
        counts[leak["split"]] += leak["count"]
    first = tuple((leak["split"], number) for leak in leaks for number in leak["rows"])
    return Finding(
        "leaks", declared.title, ", ".join(parts), counts.total(), declared.severity, counts, first
    )


def _kind(kind: str, parts: list[dict[str, Any]]) -> Finding:
    declared = declared_finding(kind)
    detail = "; ".join(_where(part) for part in parts)
    first = tuple((part["split"], number) for part in parts for number in part["rows"])
    counts = {part["split"]: part["count"] for part in parts}
    return Finding(kind, declared.title, detail, sum(counts.values()), declared.severity, counts, first)


def _where(part: dict[str, Any]) -> str:
    """Return where a finding stands: "train, rows 380, 678, 830, 1,003 and 472 more"."""
    named = [f"{number:,}" for number in part["rows"][:MOST_NAMED_ROWS]]
    more = part["count"] - len(named)
    return f"{part['split']}, {'row' if part['count'] == 1 else 'rows'} {', '.join(named)}" + (
        f" and {more:,} more" if more else ""
    )
