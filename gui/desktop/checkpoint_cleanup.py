"""Deletes checkpoints of completed runs by a rule, off the GUI thread. The rule is saved in the preferences.

Without a chosen rule, nothing is deleted. Knows no widget.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from engine.api import disk_usage
from gui.core.background_tasks import BackgroundTasks
from gui.core.preferences import Preferences
from gui.look.language import mark

KEY = "keep_checkpoints"
ALWAYS = "always"
RULES = (
    (ALWAYS, mark("Keep")),
    ("30", mark("Delete after 30 days")),
    ("7", mark("Delete after 7 days")),
    ("0", mark("Delete when the run completes")),
)


class CheckpointCleanup(QObject):
    """`freed(bytes)` reports what a rule, or `free`, has deleted."""

    freed = Signal(float)

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._background = BackgroundTasks(self)

    @property
    def rule(self) -> str:
        """The key of the chosen rule."""
        rule = self._preferences.get(KEY)
        return rule if rule in dict(RULES) else ALWAYS

    def choose(self, rule: str) -> None:
        """Follow another rule from now on."""
        self._preferences.set(KEY, rule)
        self.follow()

    def follow(self) -> None:
        """Delete what the rule allows."""
        if self.rule != ALWAYS:
            self._background.run(partial(_free_older, float(self.rule)), self._report_freed)

    def free(self, chosen: disk_usage.Freeable) -> None:
        """Delete the given checkpoints and caches."""
        self._background.run(partial(disk_usage.free, chosen), self.freed.emit)

    def _report_freed(self, freed: int) -> None:
        if freed:
            self.freed.emit(freed)


def _free_older(days: float) -> int:
    return disk_usage.free(disk_usage.freeable(older_than_days=days, with_caches=False))
