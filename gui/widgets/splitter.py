"""A splitter with default sizes from the page that the user's own sizes override."""

from __future__ import annotations

import json
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget

from gui.core.preferences import SavedState


class Splitter(QSplitter):
    """Splits as the page asks (`share`), or as the user last set the handle with the same parts shown.

    `name` identifies it in the saved state.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        # Fractions by what is shown, such as "h:11": horizontal, both parts.
        self._handled: dict[str, list[float]] = {}
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.splitterMoved.connect(self._on_moved)
        SavedState(self, f"split.{name}", self.saved_state, self.restore_state)

    def share(self, sizes: Sequence[int]) -> None:
        """Set the sizes, unless the user has set others."""
        handled = self._handled.get(self._shown())
        total = sum(sizes)
        if handled is None or len(handled) != len(sizes):
            self.setSizes(list(sizes))
        else:
            self.setSizes([max(1, round(part * total)) for part in handled])

    def saved_state(self) -> str:
        """Return the user's sizes as text, "" if the handle was never moved."""
        return json.dumps(self._handled) if self._handled else ""

    def restore_state(self, text: str) -> None:
        """Restore sizes from the text of `saved_state`; what can't be read is ignored."""
        try:
            found = json.loads(text)
        except ValueError:
            return
        if isinstance(found, dict):
            self._handled = {
                key: list(map(float, parts)) for key, parts in found.items() if _are_shares(parts)
            }
            if self._shown() in self._handled:
                self.share([max(1, size) for size in self.sizes()])

    def _shown(self) -> str:
        side = "h" if self.orientation() == Qt.Orientation.Horizontal else "v"
        parts = (self.widget(at) for at in range(self.count()))
        return f"{side}:{''.join('0' if part is None or part.isHidden() else '1' for part in parts)}"

    def _on_moved(self, _place: int, _handle: int) -> None:
        total = sum(self.sizes())
        if total:
            self._handled[self._shown()] = [round(size / total, 4) for size in self.sizes()]


def _are_shares(parts: object) -> bool:
    return (
        isinstance(parts, list)
        and all(isinstance(part, (int, float)) and 0 <= part <= 1 for part in parts)
        and 0.9 < sum(parts) < 1.1
    )
