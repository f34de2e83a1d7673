"""The result of a blind comparison as a section of a report."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from engine import voting
from engine.scoring import score_text
from engine.voting import Preferences, Preferred


@dataclass(frozen=True)
class BlindVotes:
    """A text on the votes, and a row for each system: name, figure, interval, counts."""

    text: str
    rows: tuple[tuple[str, str, str, str], ...]


def of_runs(run_ids: Collection[str]) -> BlindVotes | None:
    """Return the blind votes on the adapters of runs, None without any whose names came out."""
    found = voting.of_runs(run_ids)
    if found is None:
        return None
    votes = score_text.counted(found.results.votes, "vote")
    identical = found.results.identical
    ties = (
        f" {score_text.counted(identical, 'pair')} of identical summaries count as ties." if identical else ""
    )
    voters = score_text.counted(len(found.results.voters), "voter")
    return BlindVotes(
        f"{votes} by {voters} on pairs of summaries without names. The figure is the probability that a summary of the "
        "system is preferred to one of another system; a tie counts as half. Intervals are 95 %, over "
        f"conversations.{ties}",
        tuple(map(_row, found.systems)),
    )


def _row(each: Preferred) -> tuple[str, str, str, str]:
    preferred, tally = each.preferred, each.tally
    return (
        each.system.name,
        f"{preferred.mean * 100:.0f} %",
        f"{preferred.low * 100:.0f} to {preferred.high * 100:.0f} %",
        f"{tally.wins} · {tally.ties} · {tally.losses}",
    )


def as_data(found: Preferences | None) -> dict[str, Any] | None:
    """Return the result of a blind comparison as plain values for JSON."""
    if found is None:
        return None
    return {
        "comparison": found.info.id,
        "votes": found.results.votes,
        "voters": found.results.voters,
        "systems": [
            {"name": each.system.name, "run": each.system.run, "tuned": each.system.tuned, **each.as_dict()}
            for each in found.systems
        ],
    }
