"""Finds invisible and damaged characters in texts.

Valid uses are left alone: joiners in emoji and in Arabic or Indic words, marks of right-to-left writing, tags of flags.
Knows nothing of rows, files or findings.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

Span = tuple[int, int]

_EMOJI = "\u2300-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff"
_JOINED_WRITING = "\u0600-\u0dff\u1000-\u109f\u1780-\u17ff"
_DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_TAGS = "\U000e0000-\U000e007f"
_UNSEEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u115f\u1160\u180e\u200b\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb"
)
_OUT_OF_PLACE = (
    rf"[{_UNSEEN}]|(?<![{_EMOJI}{_JOINED_WRITING}])\u200d|(?<![{_JOINED_WRITING}])\u200c"
    rf"|(?<![\U0001f3f4\U000e0020-\U000e007f])[{_TAGS}]"
)
_INVISIBLE = re.compile(f"{_OUT_OF_PLACE}|[{_DIRECTIONS}]")
_INVISIBLE_BESIDE_RIGHT_TO_LEFT = re.compile(_OUT_OF_PLACE)
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
# The replacement character, private use characters, surrogates and noncharacters.
_NO_CHARACTERS = "\ufffc-\uffff\ue000-\uf8ff\ufdd0-\ufdef\ud800-\udfff\U000f0000-\U0010ffff"
# The continuation bytes of UTF-8, read as Latin-1 or CP1252.
_LATER_BYTES = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_DAMAGED = re.compile(
    # "Ã©" for "é", "â€™" for "’", "ðŸ˜€" for an emoji. In capitals "Ã" may be right: "MAÇÃ…".
    rf"[{_NO_CHARACTERS}]|(?<![A-ZÀ-Þ])(?:Ã[{_LATER_BYTES}]|Â[\xa0-\xbf])"
    rf"|â(?:€|\x80)[{_LATER_BYTES}]|ð(?:Ÿ|\x9f)[{_LATER_BYTES}]"
)
# A quick test: nearly all texts have none of these.
_UNSEEN_ASCII = bytes(code for code in range(128) if re.match(f"[{_UNSEEN}]", chr(code)))
_MAYBE_INVISIBLE = re.compile(f"[{_UNSEEN}{_DIRECTIONS}{_TAGS}\u200c\u200d]")
_MAYBE_DAMAGED = re.compile(f"[{_NO_CHARACTERS}ÃÂâð]")


def invisible(text: str) -> list[Span]:
    """Return the spans of control and zero-width characters, without tabs and line ends."""
    if text.isascii():
        plain = text.encode()
        if len(plain.translate(None, _UNSEEN_ASCII)) == len(plain):
            return []
    if not _MAYBE_INVISIBLE.search(text):
        return []
    pattern = _INVISIBLE_BESIDE_RIGHT_TO_LEFT if _RIGHT_TO_LEFT.search(text) else _INVISIBLE
    return [match.span() for match in pattern.finditer(text)]


def damaged(text: str) -> list[Span]:
    """Return the spans of damaged characters: replaced, private, or decoded with the wrong encoding."""
    if text.isascii() or not _MAYBE_DAMAGED.search(text):
        return []
    return [match.span() for match in _DAMAGED.finditer(text)]


def named(texts: Iterable[str], limit: int) -> str:
    """Return readable names of the most frequent texts: "U+200B zero width space, Ã©"."""
    return ", ".join(_name(text) for text, _ in Counter(texts).most_common(limit))


def _name(text: str) -> str:
    if len(text) > 1:
        return text
    name = unicodedata.name(text, _KINDS.get(unicodedata.category(text), ""))
    return f"U+{ord(text):04X} {name.lower()}".strip()


_KINDS = {"Cc": "control", "Co": "private use", "Cs": "half a character", "Cn": "unassigned"}
