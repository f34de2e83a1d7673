"""Special tokens that somebody wrote as text: a "</s>" in a chat must not end the input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


class SpecialTokens:
    """The special tokens of a tokenizer, by what they look like; a single character is text like any other."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._tokens = [token for token in tokens if len(token) > 1]
        # Nearly no text has one, which a single look tells.
        self._any = re.compile("|".join(map(re.escape, self._tokens)) or r"(?!)")

    def broken(self, text: str) -> str:
        """Return a text as models read it, a space behind the first character of each special token."""
        if not self._any.search(text):
            return text
        for token in self._tokens:
            text = text.replace(token, f"{token[0]} {token[1:]}")
        return text

    def places(self, text: str, ends: Sequence[int]) -> list[int]:
        """Return where `ends`, counted in the broken text, are in the text itself."""
        broken = self.broken(text)
        if broken is text:
            return list(ends)
        before, place = [0], 0
        for character in broken:
            # What is not the text's next character is a space that was put in.
            place += place < len(text) and character == text[place]
            before.append(place)
        return [before[end] for end in ends]
