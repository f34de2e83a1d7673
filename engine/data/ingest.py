"""Makes sources of pasted text and of files that were dropped together.

Each becomes a source in a private folder: a file of the text, or a folder of links to the files. Its name is for
people, since runs are named after their data; the folder around it is named after a digest, so that the same text is
the same source. Does not check the data: that is for its reader.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from engine.data import text_kind
from engine.errors import DataError, disk_errors
from engine.messages import say
from engine.system.files import remove, write_atomically
from engine.system.paths import intake_folder
from engine.text import escaping

FIELD = "data.source"
UNWRITTEN, HINT = "{} can't be written: {}.", "Free some space, or check the folder."


def save_text(text: str) -> Path:
    """Write pasted text to a file with a suffix that readers know, and return it.

    Raises DataError with the field `data.source` if there is no text, StorageError if it can't be written.
    """
    if not text.strip():
        raise DataError("The clipboard contains no text.", "Copy JSON lines, a table or a chat first.", FIELD)
    path = intake_folder() / _digest(text) / f"Pasted text{text_kind.suffix_of(text)}"
    with disk_errors(UNWRITTEN, path, hint=HINT):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_atomically(path, text.encode("utf-8", "replace").decode())
    return path


def save_files(files: Sequence[Path]) -> Path:
    """Return the source of files: a single file itself, several as a folder of links to them.

    Raises DataError with the field `data.source` if a folder is among several, StorageError.
    """
    if len(files) == 1:
        return files[0]
    folders = [path for path in files if path.is_dir()]
    if folders:
        raise DataError(
            say("{} is a folder among files.", folders[0].name), "Drop one folder, or only files.", FIELD
        )
    first, *others = sorted(files)
    digest = _digest(chr(0).join(map(str, (first, *others))))
    folder = intake_folder() / digest / f"{escaping.file_name(first.name)} and {len(others)} more"
    with disk_errors(UNWRITTEN, folder, hint=HINT):
        remove(folder)
        folder.mkdir(mode=0o700, parents=True)
        for path, name in zip(files, _names(files), strict=True):
            try:
                (folder / name).symlink_to(path.absolute())
            except (OSError, NotImplementedError):
                # Links are not allowed everywhere.
                shutil.copyfile(path, folder / name)
    return folder


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


def _names(files: Sequence[Path]) -> list[str]:
    """Return the names of links: if two files have the same name, all get their folder's name, which may be a split."""
    plain = [path.name for path in files]
    if len(set(plain)) == len(plain):
        return plain
    longer = [f"{path.parent.name}-{path.name}" for path in files]
    return [
        name if longer.count(name) == 1 else f"{number}-{name}" for number, name in enumerate(longer, start=1)
    ]
