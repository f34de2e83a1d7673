"""The token meter: "212 of 512 tokens, fits the trained limit"."""

from __future__ import annotations

from gui.graphics.bars import MeterRow
from gui.pages.playground.conversation.length import Length, cut_text


class TokenMeter(MeterRow):
    """A bar, the number of tokens below it, and whether the end is cut off."""

    def __init__(self) -> None:
        super().__init__("", above=False)

    def show_length(self, length: Length, cut_turns: int, *, piecewise: bool = False) -> None:
        """Show a length, and the number of turns that are cut off."""
        self.bar.set_token("accent" if length.cut_at is None or piecewise else "copper")
        cut = cut_text(max(1, cut_turns) if length.cut_at is not None else 0, piecewise=piecewise)
        self.set_value(length.tokens / length.limit, cut if length.tokens else "", length.text)
