"""What made a run's figures, as names with values: its data, and the computer and versions that it ran on."""

from __future__ import annotations

from engine.report.run_facts import Report
from engine.scoring import score_text
from engine.text import pii

Facts = list[tuple[str, str]]


def data_facts(report: Report) -> Facts:
    """Return where a run's conversations came from, how many there were, and what was left out; unknown is empty."""
    started, metadata = report.state.started or {}, report.metadata
    examples, excluded = _counts(started.get("examples")), _counts(started.get("excluded"))
    masked = {_kind(kind): count for kind, count in _counts(started.get("masked")).items()}
    scored = report.protocol.get("data") or {}
    return [
        ("Source", report.recipe.data.source),
        ("Conversations", _listed(examples)),
        ("Licence", metadata.data.licence if metadata else ""),
        ("Fingerprint", metadata.data.fingerprint if metadata else ""),
        ("Fingerprint of what was scored", str(scored.get("fingerprint") or "")),
        ("Excluded", _told(excluded, "conversation")),
        ("Masked", _told(masked, "place")),
    ]


def environment(report: Report) -> Facts:
    """Return on what a run ran, and with which versions; unknown is empty."""
    started, metadata = report.state.started or {}, report.metadata
    versions = report.versions or (metadata.versions if metadata else {})
    precision = filter(None, (started.get("precision"), started.get("precision_reason")))
    return [
        ("Device", str(started.get("device_name") or started.get("device") or "")),
        ("Threads", str(started.get("threads") or "")),
        ("Processes that compute a step", str(started.get("replicas") or "")),
        ("Precision", " ".join(map(str, precision))),
        *versions.items(),
    ]


def _counts(found: object) -> dict[str, int]:
    counts = {str(name): int(count) for name, count in found.items()} if isinstance(found, dict) else {}
    return {name: count for name, count in counts.items() if count}


def _told(counts: dict[str, int], one: str) -> str:
    return f"{score_text.counted(sum(counts.values()), one)} ({_listed(counts)})" if counts else ""


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _kind(kind_id: str) -> str:
    """Return what a kind of personal data is called; one of a later version by its id."""
    return next((kind.title for kind in pii.KINDS if kind.id == kind_id), kind_id)
