"""Special tokens that somebody wrote as text: a "</s>" in a chat must not end the input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


class SpecialTokens:
    """The special tokens of a tokenizer as text; a token of a single character is ordinary text."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._tokens = [token for token in tokens if len(token) > 1]
        # Nearly no text has one; one search tells.
        self._any = re.compile("|".join(map(re.escape, self._tokens)) or r"(?!)")

    def escaped(self, text: str) -> str:
        """Return the text with a space after the first character of each special token, as models read it."""
        if not self._any.search(text):
            return text
        for token in self._tokens:
            text = text.replace(token, f"{token[0]} {token[1:]}")
        return text

    def positions(self, text: str, ends: Sequence[int]) -> list[int]:
        """Return the positions in the text of `ends`, which are positions in the escaped text."""
        escaped = self.escaped(text)
        if escaped is text:
            return list(ends)
        before, position = [0], 0
        for character in escaped:
            # A character that is not the text's next one is an added space.
            position += position < len(text) and character == text[position]
            before.append(position)
        return [before[end] for end in ends]
