"""Operations on runs without a worker: rename, delete and promote. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.api import Adapter, AppError, RunEntry, adapter_toml, library, run_names, run_store
from gui.core.background_tasks import BackgroundTasks
from gui.look.language import tr_count, translate


class RunOperations(QObject):
    """`changed`: the history must be read again; `promoted(adapter)`: the library has a new adapter.

    `done(text, undo or None)`: what was done; `failed(text)`: an error.
    """

    changed = Signal()
    promoted = Signal(object)
    done = Signal(str, object)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = BackgroundTasks(self)

    def delete(self, entries: Sequence[RunEntry]) -> None:
        """Move runs to the trash; a running one is refused. What is done before an error can be undone."""
        moved: list[Path] = []
        try:
            moved.extend(run_store.delete_run(entry.job) for entry in entries)
        except AppError as error:
            self._fail(error)
        self.changed.emit()
        if moved:
            text = tr_count(
                len(moved), "Moved {run} to the trash.", "Moved {n} runs to the trash.", run=entries[0].name
            )
            self.done.emit(text, lambda: self._restore(moved))

    def _restore(self, moved: Sequence[Path]) -> None:
        try:
            for path in moved:
                run_store.restore_run(path)
        except AppError as error:
            self._fail(error)
        self.changed.emit()

    def rename(self, entry: RunEntry, name: str) -> None:
        """Name a run."""
        try:
            run_store.rename(entry.job, name)
        except AppError as error:
            self._fail(error)
            return
        self.changed.emit()

    def promote(self, checkpoint: Path) -> None:
        """Copy a checkpoint's adapter into the library, off the GUI thread."""
        self._background.run(lambda: promote(checkpoint), self.promoted.emit, self._fail)

    def _fail(self, error: AppError) -> None:
        self.failed.emit(translate(f"{error.message} {error.hint}".strip()))


def promote(checkpoint: Path) -> Adapter:
    """Make an adapter from a checkpoint, named after the run's adapter and the step."""
    found = adapter_toml.load(checkpoint)
    return library.promote(checkpoint, run_names.at_step(found.name, found.training.step))


def step_of(checkpoint: Path) -> int:
    """Return the step of a checkpoint."""
    return int(checkpoint.name.rpartition("-")[2])
