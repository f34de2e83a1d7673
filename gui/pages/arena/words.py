"""An arena in words: how far it is, on what it is scored, and what the base model scores. Knows no widget."""

from __future__ import annotations

from engine.api import arenas
from gui.look.format import number, score
from gui.models.arena_reader import Snapshot
from gui.models.words import decoding_words


def summary_words(found: Snapshot) -> str:
    """Return how far an arena is: "SAMSum. 9 of 14 entries scored, on the same 819 conversations, greedy"."""
    assert found.arena is not None
    counts = arenas.counted(list(found.standings))
    scored = sum(len(group.rows) for group in found.groups)
    parts = [f"{number(scored)} of {number(len(found.standings))} entries scored"]
    if found.groups:
        protocol = found.groups[0].protocol
        on = f"{number(int(protocol.get('examples') or 0))} conversations, {decoding_words(protocol)}"
        parts.append(f"on the same {on}" if len(found.groups) == 1 else f"most on the same {on}")
    if counts.get("refused"):
        parts.append(f"{number(counts['refused'])} can't run")
    return f"{found.arena.name}. {', '.join(parts)}"


def base_words_of(found: Snapshot) -> str:
    """Return what the base model scores; quantized forms of it differ, so that may be from one score to another."""
    means = sorted({row.base[arenas.SCORE]["mean"] for group in found.groups for row in group.rows})
    told = " to ".join(dict.fromkeys(score(each) for each in (*means[:1], *means[-1:])))
    return f"Base model {told}, the dashed line in each row" if means else ""
