"""Puts Tunesmith into the menu of a Linux desktop, for this user only, when it was installed by pip.

Follows freedesktop.org's desktop entry and icon theme specifications. A packaged Tunesmith has its own entry.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from engine.errors import StorageError, disk_errors
from engine.messages import say
from engine.system.files import delete, write_atomically
from engine.system.paths import resources_folder

NAME = "tunesmith.desktop"
SYSTEM_FOLDERS = "/usr/local/share:/usr/share"
# Characters to escape in a quoted argument.
ESCAPED = '"`$\\'


def install(command: Sequence[str], environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Write menu entry, icon and file types for a command; return the files. Raises StorageError."""
    _require_linux()
    packaged = of_package(environment)
    if packaged is not None:
        raise StorageError(say("Tunesmith is in the menu already: {} belongs to a package.", packaged))
    text = (_sources() / NAME).read_text(encoding="utf-8")
    contents = {
        "entry": text.replace("Exec=tunesmith", f"Exec={quoted(command)}"),
        "types": (_sources() / "tunesmith.xml").read_text(encoding="utf-8"),
        "icon": (resources_folder() / "tunesmith.svg").read_text(encoding="utf-8"),
    }
    files = _files(environment)
    for name, content in contents.items():
        with disk_errors("{} can't be written: {}.", files[name]):
            files[name].parent.mkdir(parents=True, exist_ok=True)
            write_atomically(files[name], content)
    _refresh(environment)
    return [*files.values()]


def remove(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Delete what `install` wrote, and return the files that were there. Raises StorageError."""
    _require_linux()
    removed = [file for file in _files(environment).values() if file.exists()]
    for file in removed:
        with disk_errors("{} can't be deleted: {}.", file):
            delete(file)
    _refresh(environment)
    return removed


def of_package(environment: Mapping[str, str]) -> Path | None:
    """Return the menu entry of a system package, None if there is none."""
    folders = environment.get("XDG_DATA_DIRS") or SYSTEM_FOLDERS
    entries = (Path(folder) / "applications" / NAME for folder in folders.split(":") if folder)
    return next((entry for entry in entries if entry.is_file()), None)


def quoted(command: Sequence[str]) -> str:
    """Return a command as the value of `Exec`: each argument quoted, percent signs doubled."""
    return " ".join(map(_quoted, command))


def _quoted(argument: str) -> str:
    escaped = "".join(f"\\{character}" if character in ESCAPED else character for character in argument)
    # The value itself is a string, so its backslashes are escaped again.
    value = escaped.replace("\\", "\\\\").replace("%", "%%")
    # A value has to be one line.
    return '"' + value.replace("\n", "\\n").replace("\r", "\\r") + '"'


def _require_linux() -> None:
    if sys.platform != "linux":
        message = "Menu entries are only for Linux."
        raise StorageError(message, "Create a shortcut to `tunesmith`.")


def _sources() -> Path:
    return resources_folder() / "desktop"


def _files(environment: Mapping[str, str]) -> dict[str, Path]:
    share = _share(environment)
    return {
        "entry": share / "applications" / NAME,
        "types": share / "mime" / "packages" / "tunesmith.xml",
        "icon": share / "icons" / "hicolor" / "scalable" / "apps" / "tunesmith.svg",
    }


def _share(environment: Mapping[str, str]) -> Path:
    folder = environment.get("XDG_DATA_HOME", "")
    return Path(folder) if Path(folder).is_absolute() else Path.home() / ".local" / "share"


def _refresh(environment: Mapping[str, str]) -> None:
    """Update the databases of entries and file types, where the desktop has them."""
    share = _share(environment)
    for program, folder in (("update-desktop-database", "applications"), ("update-mime-database", "mime")):
        found = shutil.which(program)
        if found is not None and (share / folder).is_dir():
            with suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run([found, str(share / folder)], capture_output=True, timeout=30, check=False)
