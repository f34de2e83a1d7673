"""What was used lately, the newest first: names with the places they lead to, as one text to be kept."""

from __future__ import annotations

import json
from collections.abc import Iterator

MOST = 10


class Recent:
    """Places with their names, each once."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Go through places and names, the newest first."""
        return iter(self._names.items())

    def __bool__(self) -> bool:
        return bool(self._names)

    def add(self, place: str, name: str) -> None:
        """Put a place in front."""
        self._names = dict([(place, name), *((each, known) for each, known in self if each != place)][:MOST])

    def clear(self) -> None:
        """Forget all."""
        self._names = {}

    def kept(self) -> str:
        """Return all as one text."""
        return json.dumps(list(self._names.items()))

    def bring_back(self, text: str) -> None:
        """Take what `kept` returned; what can't be read is passed over."""
        try:
            found = json.loads(text)
        except ValueError:
            return
        if isinstance(found, list):
            pairs = [each for each in found if isinstance(each, list) and len(each) == 2]
            self._names = {
                place: name for place, name in pairs if isinstance(place, str) and isinstance(name, str)
            }
