"""How long a conversation is against the limit that it is cut at, and where it is cut. Knows no widget."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from engine.api import Turn, turns
from gui.look.format import number
from gui.look.language import tr, tr_count
from gui.pages.playground.columns.column_results import LETTERS_A_TOKEN, about_tokens


@dataclass(frozen=True)
class Length:
    """A conversation's tokens against a limit; `cut_at` is the character behind which it is cut, None if it fits.

    `is_counted` tells a tokenizer's count from an estimate.
    """

    tokens: int
    limit: int
    is_counted: bool
    cut_at: int | None

    @property
    def text(self) -> str:
        """How much there is: "about 212 of 512 tokens"."""
        tokens, limit = number(self.tokens), number(self.limit)
        if self.is_counted or not self.tokens:
            return tr("{tokens} of {limit} tokens", tokens=tokens, limit=limit)
        return tr("about {tokens} of {limit} tokens", tokens=tokens, limit=limit)


def estimated(text: str, limit: int) -> Length:
    """Return a length before anything has counted it."""
    tokens = about_tokens(text)
    cut_at = round(limit * LETTERS_A_TOKEN)
    return Length(tokens, limit, is_counted=False, cut_at=cut_at if tokens > limit else None)


def counted(text: str, tokens: int, limit: int) -> Length:
    """Return a length whose tokens were told without their places: the cut is where its share of the text ends."""
    cut_at = len(text) * limit // tokens if tokens > limit else None
    return Length(tokens, limit, is_counted=True, cut_at=cut_at)


# A page is redrawn many times while its summaries stream, and the conversation stays as it is.
@lru_cache(maxsize=8)
def parted(text: str, cut_at: int | None) -> tuple[tuple[Turn, ...], tuple[Turn, ...]]:
    """Return the turns that are read and those that are cut off; one that the cut goes through stands in both."""
    if cut_at is None:
        return turns(text), ()
    first, _, rest = text[cut_at:].partition("\n")
    read, within = turns(text[:cut_at]), (Turn("", first.strip()),) if first.strip() else ()
    if within and read and not read[-1].text:
        # A name of whose words nothing is read goes with them.
        read, within = read[:-1], (Turn(read[-1].speaker, within[0].text),)
    return read, (*within, *turns(rest))


def cut_text(cut: int, *, piecewise: bool = False) -> str:
    """Return what there is to say of so many turns that are cut off, wholly or in part, or read in later pieces."""
    if cut == 0:
        return tr("fits the trained limit")
    if piecewise:
        return tr("read in parts")
    return tr_count(cut, "the end is cut off", "the last {n} turns are cut off")
