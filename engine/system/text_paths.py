"""Paths whose bytes are no UTF-8, through links whose paths are.

Recipes, events and the libraries that read models and tables hold paths as text, which such bytes are not.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

# How Python holds bytes of a path that are no UTF-8.
_NO_TEXT = re.compile(r"[\ud800-\udfff]")
# Its end, which names the kind of file, stays.
MAX_NAME = 60


def is_text(path: Path) -> bool:
    """Tell whether a path is text: all of its bytes are UTF-8."""
    return not _NO_TEXT.search(str(path))


def through_link(path: Path, folder: Path) -> Path:
    """Return an absolute path that is text: what no text can name is reached by a link in `folder`.

    Without such a file or folder, or where no link can be made, the path stays as it is.
    """
    if is_text(path):
        return path
    # Below it, every name is text.
    named = next(parent for parent in (path, *path.parents) if not is_text(Path(parent.name)))
    if not os.path.lexists(named):
        return path
    link = folder / hashlib.sha256(os.fsencode(named)).hexdigest()[:12] / _written_out(named.name)
    with suppress(OSError):
        link.parent.mkdir(mode=0o700, exist_ok=True)
        link.symlink_to(named)
    return link / path.relative_to(named) if link.is_symlink() else path


def _written_out(name: str) -> str:
    """Return a name with its bytes that are no text as in an address: "caf%E9.csv"."""
    text = _NO_TEXT.sub(lambda byte: f"%{ord(byte[0]) & 0xFF:02X}", name)
    return text[-MAX_NAME:]


def private_temporary_folder() -> Path | None:
    """Return a folder for temporary files that is the user's alone, made if missing; None if there is none."""
    if os.name == "nt":
        return Path(tempfile.gettempdir())
    folder = Path(tempfile.gettempdir(), f"tunesmith-{os.getuid()}")
    with suppress(OSError):
        folder.mkdir(mode=0o700)
    return folder if is_private(folder) else None


def is_private(folder: Path) -> bool:
    """Tell whether a folder is the user's and no one else can make or rename files in it; a link is not."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    others = stat.S_IWGRP | stat.S_IWOTH
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & others
