"""Transcripts in unusual layouts: turns in one line, nobody named, summaries below their conversations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from engine.text.conversations import turn_head

# Fewer turns, or names that never come again, may be headings in prose.
MIN_TURNS = 3
MAX_NAME_WORDS = 3
MAX_NAME_CHARACTERS = 40
_COLON = re.compile(r":(?= )")
_SENTENCE_END = re.compile(r"[^\w\s,;:'’(-]\s*$")


def part_turns(text: str) -> str:
    """Return a line with each turn on a line of its own; any other text as it stands."""
    starts = _starts(text)
    ends = [*starts[1:], len(text)]
    parts = (text[start:end].strip() for start, end in zip(starts, ends, strict=True))
    return "\n".join(parts) if starts else text


def holds_several_turns(text: str) -> bool:
    """Return whether a text is one line with the turns of several speakers."""
    return bool(_starts(text))


def _starts(text: str) -> list[int]:
    """Return where the turns of a line begin, none if it is no such line."""
    if "\n" in text.strip() or text.count(": ") < MIN_TURNS:
        return []
    heads = [list(_candidates(text, colon.start())) for colon in _COLON.finditer(text)]
    if not heads or not any(start == 0 for start, _ in heads[0]):
        return []
    names = _names(text, heads)
    named = (next((each for each in candidates if each[1] in names), None) for candidates in heads)
    found = [each for each in named if each]
    speakers = Counter(name for _, name in found)
    is_talk = len(found) >= MIN_TURNS and 1 < len(speakers) < len(found)
    return [start for start, _ in found] if is_talk and found[0][0] == 0 else []


def _candidates(text: str, end: int) -> Iterator[tuple[int, str]]:
    """Yield where the words before a colon begin, and these words, the longest first.

    Where the line begins in small letters, one such word is a name too: "customer", "support".
    """
    before = text[max(0, end - MAX_NAME_CHARACTERS - 1) : end].rpartition(":")[2]
    words = before.split(" ")[-MAX_NAME_WORDS:]
    for count in range(len(words), 0, -1):
        name = " ".join(words[-count:])
        is_whole = len(name) == end or text[end - len(name) - 1] == " "
        is_small = name[:1].islower() and not (count == 1 and text[0].islower())
        if name and is_whole and not is_small and not name[0].isspace():
            yield end - len(name), name


def _names(text: str, heads: list[list[tuple[int, str]]]) -> set[str]:
    """Return what is a name: what begins the line or a sentence, or comes again before a colon."""
    counts = Counter(name for candidates in heads for _, name in candidates)
    at_start = {
        name
        for candidates in heads
        for start, name in candidates
        if start == 0 or (not name[0].islower() and _SENTENCE_END.search(text[max(0, start - 4) : start]))
    }
    return {name for name, count in counts.items() if count > 1} | at_start


MIN_LINES = 4
# The ways in which lines of unknown exports begin, and how many of a text's lines need to.
SHAPES = (
    (re.compile(r"^\s*[\[(<{【]?[^\[\]()<>]{0,40}?\b\d{1,2}[:.]\d{2}(?!\d)"), 0.5),
    (re.compile(r"^\s*[\[({<【［＜].{1,60}?[\])}>】］＞]"), 0.5),
    (re.compile(r"^\s*(?:>>|[-–—•*]\s).{1,300}$"), 0.8),
    (re.compile(r"^\s*[\"“„«「『].{1,300}$"), 0.6),
    (re.compile(r"^\s*\{.*\}\s*,?$"), 0.5),
    (re.compile(r"^\s*[QA]\d{0,3}[.)]?\s+\S"), 0.5),
    (re.compile(r"^[^\t|]{1,60}(?:\t|\s\|\s).+$"), 0.8),
)


def lacks_speakers(text: str) -> bool:
    """Return whether no line of a text names a speaker though it looks like a transcript."""
    head = turn_head(text.partition("\n")[0])
    if head and not head[0].startswith(("{", "[")):
        return False
    lines = [line for line in text.splitlines() if line.strip()]
    heads = (turn_head(line) for line in lines)
    # The keys of JSON stand before a colon too.
    if len(lines) < MIN_LINES or any(head and not head[0].startswith(("{", "[")) for head in heads):
        return False
    return any(
        sum(shape.match(line) is not None for line in lines) >= share * len(lines) for shape, share in SHAPES
    )


_SUMMARY_NAMES = frozenset((
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


def part_summaries(text: str) -> list[tuple[str, str]]:
    """Return the conversations of a text with their summaries, none if one lacks either or anything else is left."""
    found: list[tuple[str, str]] = []
    said: list[str] = []
    summary: list[str] | None = None
    for line in [*text.split("\n"), ""]:
        head = turn_head(line)
        if head and head[0].strip("#* ").lower() in _SUMMARY_NAMES:
            if summary is not None:
                return []
            summary = [head[1]]
        elif summary is None:
            # On a long line of spaces the pattern would take quadratic time.
            short = line.strip()
            is_heading = len(short) <= MAX_HEADING_CHARACTERS and _HEADING.match(short)
            said += [] if is_heading else [line]
        elif line.strip():
            summary.append(line)
        elif any(map(str.strip, summary)):
            found.append((_joined(said), _joined(summary)))
            said, summary = [], None
    is_whole = summary is None and not _joined(said) and all(conversation for conversation, _ in found)
    return found if is_whole else []


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip()
