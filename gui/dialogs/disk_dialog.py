"""Disk use: sizes by part, what can be deleted, and the rule by which checkpoints are deleted."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.api import disk_usage
from gui.core.background_tasks import BackgroundTasks
from gui.core.preferences import Preferences
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field
from gui.look.format import bytes_text
from gui.look.language import mark, tr, tr_count
from gui.widgets.buttons import plain
from gui.widgets.growing_dialog import GrowingDialog
from gui.widgets.labels import Label
from gui.widgets.layouts import Line, fill, gridbox, hbox, vbox

PARTS = {
    "adapters": (mark("Adapters"), mark("the library")),
    "checkpoints": (mark("Checkpoints"), mark("for resuming runs")),
    "runs": (mark("Other run files"), mark("recipes, events and logs")),
    "results": (mark("Cached results"), mark("recreated when needed; at most 2 GB")),
    "converted": (mark("Converted models"), mark("for CTranslate2; recreated when needed, at most 10 GB")),
    "trash": (mark("Trash"), mark("emptied after 30 days")),
    "unpacked": (mark("Unpacked GGUF files"), mark("base models, unpacked when needed")),
    "downloads": (mark("Downloads"), mark("from the hub, shared with other programs")),
}


class DiskDialog(GrowingDialog):
    """Measures when opened and after each deletion."""

    def __init__(self, checkpoint_cleanup: CheckpointCleanup, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._checkpoint_cleanup = checkpoint_cleanup
        self._background = BackgroundTasks(self)
        self._freeable = disk_usage.Freeable()
        self.setWindowTitle(tr("Disk use"))
        self.sizes = {key: Label("–", "figure") for key in PARTS}
        self.rules = ComboBox([(key, tr(text)) for key, text in RULES])
        self.rules.set_key(checkpoint_cleanup.rule)
        self.said = Label(tr("Measuring…"), "body", "muted", wrap=True)
        self.free_button = plain(tr("Free space"), "trash", press=self._free)
        self.free_button.setEnabled(False)
        column = vbox(Label(tr("Disk use"), "section"), of=self, margins=24, spacing=16)
        grid = gridbox(across=16, down=8, stretch=[1])
        for row, (key, (title, text)) in enumerate(PARTS.items()):
            grid.addWidget(Label(tr(title), "body"), row, 0)
            grid.addWidget(Label(tr(text), "label", "muted", wrap=True), row, 1)
            grid.addWidget(self.sizes[key], row, 2, Qt.AlignmentFlag.AlignRight)
        fill(column, grid, Line(), Field(tr("Checkpoints of completed runs"), self.rules), self.said)
        close = plain(tr("Close"), press=self.accept)
        column.addLayout(hbox(self.free_button, 1, close))
        self.setMinimumWidth(560)
        self.rules.chosen.connect(self._choose)
        checkpoint_cleanup.freed.connect(self.measure)
        self.measure()

    def measure(self) -> None:
        self._background.run(_measured, self._show)

    def _show(self, found: tuple[list[disk_usage.Part], disk_usage.Freeable, int]) -> None:
        parts, self._freeable, total = found
        for part in parts:
            self.sizes[part.key].setText(bytes_text(part.bytes))
        self.free_button.setEnabled(total > 0)
        text = tr("Free {size}", size=bytes_text(total)) if total else tr("Nothing to free")
        self.free_button.setText(text)
        self.said.setText(freeable_text(self._freeable))

    def _choose(self, rule: str) -> None:
        self._checkpoint_cleanup.choose(rule)

    def _free(self) -> None:
        self.free_button.setEnabled(False)
        self._checkpoint_cleanup.free(self._freeable)


def _measured() -> tuple[list[disk_usage.Part], disk_usage.Freeable, int]:
    found = disk_usage.freeable()
    return disk_usage.measure(), found, found.bytes


def freeable_text(found: disk_usage.Freeable) -> str:
    """Return what the button would delete, and what is kept."""
    parts = []
    if found.runs:
        parts.append(
            tr_count(
                found.runs,
                "{size} of checkpoints of {n} completed run",
                "{size} of checkpoints of {n} completed runs",
                size=bytes_text(found.checkpoint_bytes),
            )
        )
    if found.result_bytes:
        parts.append(tr("{size} of cached results", size=bytes_text(found.result_bytes)))
    if found.converted_bytes:
        parts.append(tr("{size} of converted models", size=bytes_text(found.converted_bytes)))
    if not parts:
        return tr("Nothing to delete: every checkpoint belongs to a resumable run.")
    *before, last = parts
    what = tr(" and ").join(filter(None, (", ".join(before), last)))
    deleted = tr("This deletes {what}.", what=what)
    stays = tr("Adapters, curves, scores and resumable runs are kept.")
    return f"{deleted} {stays}"


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
