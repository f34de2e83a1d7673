"""Conversation files in file dialogs and in drag and drop."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData

from engine.api import DATA_SUFFIXES
from gui.look.language import tr


def file_filter() -> str:
    """Return the file dialog's filter: every format that the engine reads."""
    endings = " ".join(f"*{suffix}" for suffix in DATA_SUFFIXES)
    return tr("Conversations ({endings});;All files (*)", endings=endings)


def dropped(data: QMimeData) -> list[Path]:
    """Return the local files and folders of a drag or drop."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
