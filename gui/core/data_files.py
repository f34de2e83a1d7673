"""Conversation files in file dialogs and in drag and drop."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData

from engine.api import DATA_FILE_KINDS, DATA_SUFFIXES
from gui.look.language import tr, translate


def file_filter() -> str:
    """Return the file dialog's filters: every format that the engine reads, then one kind of files each."""
    kinds = [
        (tr("Conversations"), DATA_SUFFIXES),
        *((translate(kind.title), kind.suffixes) for kind in DATA_FILE_KINDS),
    ]
    filters = [f"{title} ({' '.join(f'*{suffix}' for suffix in suffixes)})" for title, suffixes in kinds]
    return ";;".join([*filters, tr("All files (*)")])


def dropped(data: QMimeData) -> list[Path]:
    """Return the local files and folders of a drag or drop."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
