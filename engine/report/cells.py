"""What runs and arenas both show: a headline, the colour of a verdict, protocol, votes, data and environment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from engine import voting
from engine.config import general_text
from engine.messages import counted
from engine.report.run_facts import Report
from engine.scoring import score_text
from engine.text import pii

TONES = {"better": "better", "worse": "worse"}
EVEN = "even"
Interval = tuple[float, float | None, float | None]
Facts = list[tuple[str, str]]


@dataclass(frozen=True)
class Headline:
    """The answer at the top of a report; `tone` is its colour."""

    title: str
    text: str
    tone: str = ""


def tone(verdict: str) -> str:
    return TONES.get(verdict, EVEN)


def interval(values: Mapping[str, float]) -> Interval:
    """Return a mean with the ends of its interval, None where it has none."""
    return values["mean"], values.get("low"), values.get("high")


def protocol_text(protocol: Mapping[str, Any]) -> str:
    """Return the protocol of scores as sentences: only scores of the same protocol may be compared."""
    count = int(protocol.get("examples") or 0)
    scored = counted(count, f"{protocol.get('split', 'test')} conversation")
    source = (protocol.get("data") or {}).get("source")
    beams = int(protocol.get("beams") or 1)
    metric = protocol.get("metric") or {}
    references = protocol.get("references") or {}
    decoding = "greedily" if beams == 1 else f"with {beams} beams"
    limit = protocol.get("max_new_tokens")
    written = score_text.written_by(protocol)
    measured_on = protocol.get(general_text.KEY)
    text, passages = "", 0
    if isinstance(measured_on, dict):
        passages = measured_on.get("passages") or 0
        text = str(measured_on.get("text"))
        text = "the bundled text" if text == general_text.AUTO else text
    sentences = [
        f"Scored on {scored} of {source}" if source else f"Scored on {scored}",
        "Prompted in the model's own chat format" if protocol.get("prompt_format") == "chat" else "",
        *score_text.language_notes(protocol),
        score_text.base_form(protocol),
        f"Decoded {decoding}, at most {limit} tokens" if limit else f"Decoded {decoding}",
        f"{written[:1].upper()}{written[1:]}",
        f"Measured by {metric['name']}" if isinstance(metric, dict) and metric.get("name") else "",
        f"Up to {references['most']} reference summaries per conversation; the best counts"
        if references
        else "",
        f"Loss on general text measured on {text}, {counted(passages, 'passage')}" if text else "",
        "Differences are paired, conversation by conversation",
    ]
    return ". ".join(filter(None, sentences)) + "."


@dataclass(frozen=True)
class BlindVotes:
    """A text on the votes, and a row for each system: name, figure, interval, counts."""

    text: str
    rows: tuple[tuple[str, str, str, str], ...]


def blind_votes(run_ids: Collection[str]) -> BlindVotes | None:
    """Return the blind votes on the adapters of runs, None without any whose names were revealed."""
    found = voting.of_runs(run_ids)
    if found is None:
        return None
    votes = counted(found.results.votes, "vote")
    identical = found.results.identical
    ties = f" {counted(identical, 'pair')} of identical summaries count as ties." if identical else ""
    voters = counted(len(found.results.voters), "voter")
    return BlindVotes(
        f"{votes} by {voters} on pairs of summaries without names. The figure is the probability that "
        "one of the system's summaries is preferred to another system's; a tie counts as half. 95 % "
        f"intervals over conversations.{ties}",
        tuple(
            (
                each.system.name,
                f"{each.preferred.mean * 100:.0f} %",
                f"{each.preferred.low * 100:.0f} to {each.preferred.high * 100:.0f} %",
                f"{each.tally.wins} · {each.tally.ties} · {each.tally.losses}",
            )
            for each in found.systems
        ),
    )


def data_facts(report: Report) -> Facts:
    """Return the source of a run's conversations, their counts, and what was left out; "" for what is unknown."""
    started, metadata = report.state.started or {}, report.metadata
    examples, excluded = _counts(started.get("examples")), _counts(started.get("excluded"))
    titles = {kind.id: kind.title for kind in pii.KINDS}
    masked = {titles.get(kind, kind): count for kind, count in _counts(started.get("masked")).items()}
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
    return f"{counted(sum(counts.values()), one, many)} ({_counts_listed(counts)})" if counts else ""


def _counts_listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
