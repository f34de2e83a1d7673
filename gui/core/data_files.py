"""Files of conversations: as a dialog offers them, which is what the engine reads, and as they are dropped."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData

from engine.api import DATA_SUFFIXES
from gui.look.language import tr


def file_filter() -> str:
    """Return the kinds of files that a dialog offers."""
    endings = " ".join(f"*{suffix}" for suffix in DATA_SUFFIXES)
    return tr("Conversations ({endings});;All files (*)", endings=endings)


def dropped(data: QMimeData) -> list[Path]:
    """Return the files and folders on this computer that are dragged or dropped."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
