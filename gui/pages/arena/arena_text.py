"""An arena's progress, standing, scoring protocol and base score as text. Knows no widget."""

from __future__ import annotations

from engine.api import arenas
from gui.look.format import number_text, score
from gui.look.language import tr, tr_count, translate
from gui.models.folder_readers import Snapshot
from gui.models.list_text import decoding_text


def summary_text(found: Snapshot) -> str:
    """Return the progress of an arena: "SAMSum. 9 of 14 entries scored, on the same 819 conversations, greedy"."""
    assert found.arena is not None
    refused = arenas.by_state(list(found.statuses)).get("refused", 0)
    scored = len(found.statuses) - len(arenas.unscored(found.statuses, found.groups))
    parts = [
        tr(
            "{scored} of {total} entries scored",
            scored=number_text(scored),
            total=number_text(len(found.statuses)),
        )
    ]
    if found.groups:
        parts.append(_alike_text(found))
    if refused:
        parts.append(f"{number_text(refused)} {translate(arenas.STATE_TEXTS['refused'])}")
    return f"{found.arena.name}. {', '.join(parts)}"


def _alike_text(found: Snapshot) -> str:
    """Return the protocol of the first group's entries, which may be all."""
    protocol = found.groups[0].protocol
    count, decoding = int(protocol.get("examples") or 0), decoding_text(protocol)
    if len(found.groups) == 1:
        return tr_count(
            count,
            "on the same conversation, {decoding}",
            "on the same {n} conversations, {decoding}",
            decoding=decoding,
        )
    return tr_count(
        count,
        "most on the same conversation, {decoding}",
        "most on the same {n} conversations, {decoding}",
        decoding=decoding,
    )


def base_score_text(found: Snapshot) -> str:
    """Return the base model's score; a range if its quantized forms score differently."""
    means = sorted({row.base[arenas.SCORE]["mean"] for group in found.groups for row in group.rows})
    if not means:
        return ""
    low, high = score(means[0]), score(means[-1])
    if low == high:
        return tr("Base model {score}, dashed", score=low)
    return tr("Base model {low} to {high}, dashed", low=low, high=high)
