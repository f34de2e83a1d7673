"""The length of a conversation against the limit, and where it is cut. Knows no widget."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from engine.api import Turn, turns
from gui.look.format import number_text
from gui.look.language import tr, tr_count
from gui.pages.playground.columns.column_results import LETTERS_A_TOKEN, about_tokens


@dataclass(frozen=True)
class Length:
    """The tokens of a conversation and the limit; `cut_at` is the character where it is cut, None if it fits.

    `is_counted` is false for an estimate.
    """

    tokens: int
    limit: int
    is_counted: bool
    cut_at: int | None

    @property
    def text(self) -> str:
        """Return the length as text: "about 212 of 512 tokens"."""
        tokens, limit = number_text(self.tokens), number_text(self.limit)
        if self.is_counted or not self.tokens:
            return tr("{tokens} of {limit} tokens", tokens=tokens, limit=limit)
        return tr("about {tokens} of {limit} tokens", tokens=tokens, limit=limit)


def estimated(text: str, limit: int) -> Length:
    """Estimate the length, before the tokens are counted."""
    tokens = about_tokens(text)
    cut_at = round(limit * LETTERS_A_TOKEN)
    return Length(tokens, limit, is_counted=False, cut_at=cut_at if tokens > limit else None)


def counted(text: str, tokens: int, limit: int) -> Length:
    """Return a length from a number of tokens; the cut is placed in proportion to the characters."""
    cut_at = len(text) * limit // tokens if tokens > limit else None
    return Length(tokens, limit, is_counted=True, cut_at=cut_at)


# The page is redrawn many times while summaries are written; the conversation stays the same.
@lru_cache(maxsize=8)
def parted(text: str, cut_at: int | None) -> tuple[tuple[Turn, ...], tuple[Turn, ...]]:
    """Split the turns at the cut; a turn that is cut in two is in both lists."""
    if cut_at is None:
        return turns(text), ()
    first, _, rest = text[cut_at:].partition("\n")
    read, within = turns(text[:cut_at]), (Turn("", first.strip()),) if first.strip() else ()
    if within and read and not read[-1].text:
        # A speaker's name with no text before the cut belongs to the rest.
        read, within = read[:-1], (Turn(read[-1].speaker, within[0].text),)
    return read, (*within, *turns(rest))


def cut_text(cut: int, *, piecewise: bool = False) -> str:
    """Return the text about these turns: cut off, wholly or in part, or read in later parts."""
    if cut == 0:
        return tr("fits the trained limit")
    if piecewise:
        return tr("read in parts")
    return tr_count(cut, "the end is cut off", "the last {n} turns are cut off")
