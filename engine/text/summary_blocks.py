"""Finds summaries that stand below their conversations in one text, behind "Summary:". Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.text.conversations import turn_head

_NAMES = frozenset((
    "summary", "reference summary", "zusammenfassung", "resumen", "résumé", "riassunto", "resumo", "samenvatting",
    "streszczenie", "резюме", "краткое содержание", "摘要", "总结", "總結", "要約", "요약",
))  # fmt: skip
MAX_HEADING_CHARACTERS = 200
# Lines between two conversations, such as "Dialogue 2:", "### Conversation" and "---".
_HEADING = re.compile(
    r"\s*(?:[-=*_#]{3,}|[#*\s]*(?:dialog(?:ue)?|conversation|transcript|chat|example|gespräch|diálogo|конверсация|диалог)"
    r"\s*#?\d{0,6}\s*[:：]?[*\s]*)$",
    re.IGNORECASE,
)


def parted(text: str) -> list[tuple[str, str]]:
    """Return the conversations of a text with their summaries, none if one lacks either or anything else is left."""
    found: list[tuple[str, str]] = []
    said: list[str] = []
    summary: list[str] | None = None
    for line in [*text.split("\n"), ""]:
        head = turn_head(line)
        if head and head[0].strip("#* ").lower() in _NAMES:
            if summary is not None:
                return []
            summary = [head[1]]
        elif summary is None:
            said += [] if _is_heading(line) else [line]
        elif line.strip():
            summary.append(line)
        elif any(map(str.strip, summary)):
            found.append((_text(said), _text(summary)))
            said, summary = [], None
    is_whole = summary is None and not _text(said) and all(conversation for conversation, _ in found)
    return found if is_whole else []


def _is_heading(line: str) -> bool:
    # On a long line of spaces the pattern would take quadratic time.
    short = line.strip()
    return len(short) <= MAX_HEADING_CHARACTERS and _HEADING.match(short) is not None


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip()
