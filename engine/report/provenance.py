"""Where a run's figures come from, as names with values: its data, its device and the library versions."""

from __future__ import annotations

from engine.report.run_facts import Report
from engine.scoring import score_text
from engine.text import pii

Facts = list[tuple[str, str]]


def data_facts(report: Report) -> Facts:
    """Return the source of a run's conversations, their counts, and what was left out; "" for what is unknown."""
    started, metadata = report.state.started or {}, report.metadata
    examples, excluded = _counts(started.get("examples")), _counts(started.get("excluded"))
    masked = {_kind(kind): count for kind, count in _counts(started.get("masked")).items()}
    scored = report.protocol.get("data") or {}
    return [
        ("Source", report.recipe.data.source),
        ("Conversations", _counts_listed(examples)),
        ("Licence", metadata.data.licence if metadata else ""),
        ("Fingerprint", metadata.data.fingerprint if metadata else ""),
        ("Fingerprint of the scored split", str(scored.get("fingerprint") or "")),
        ("Excluded", _count_text(excluded, "conversation", "conversations")),
        ("Masked", _count_text(masked, "match", "matches")),
    ]


def environment(report: Report) -> Facts:
    """Return the device and the library versions of a run; "" for what is unknown."""
    started, metadata = report.state.started or {}, report.metadata
    versions = report.versions or (metadata.versions if metadata else {})
    precision = filter(None, (started.get("precision"), started.get("precision_reason")))
    return [
        ("Device", str(started.get("device_name") or started.get("device") or "")),
        ("Threads", str(started.get("threads") or "")),
        ("Processes per step", str(started.get("replicas") or "")),
        ("Precision", " ".join(map(str, precision))),
        ("Liger", str(started.get("liger") or "")),
        *versions.items(),
    ]


def _counts(values: object) -> dict[str, int]:
    counts = {str(name): int(count) for name, count in values.items()} if isinstance(values, dict) else {}
    return {name: count for name, count in counts.items() if count}


def _count_text(counts: dict[str, int], one: str, many: str) -> str:
    return (
        f"{score_text.counted(sum(counts.values()), one, many)} ({_counts_listed(counts)})" if counts else ""
    )


def _counts_listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _kind(kind_id: str) -> str:
    """Return the title of a kind of personal data, its id if it is not known here."""
    return next((kind.title for kind in pii.KINDS if kind.id == kind_id), kind_id)
