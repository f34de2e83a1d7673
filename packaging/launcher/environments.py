"""A person's environments: folders of their own, one of which is in use, and how the next takes its place.

environments/current            a link to the environment in use, replaced in one go
environments/cuda-2/            an environment, named after its build of torch; its stamp is written last
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import environment

LINK = "current"
NAME = re.compile(r"\w+-\d+")


class Busy(Exception):
    """Another start is making an environment already."""


def home() -> Path:
    """Return the folder with the environments, beside Tunesmith's other data."""
    own = os.environ.get("TUNESMITH_HOME")
    if own:
        return Path(own).expanduser().resolve() / "environments"
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "tunesmith" / "environments"


class Environments:
    """The environments below `folder` for the Tunesmith in `root`."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.folder = folder

    def in_use(self) -> Path | None:
        """Return the environment that the link leads to, if it can be used; it may be another version's."""
        link = self.folder / LINK
        if not link.is_symlink():
            return None
        path = self.folder / link.readlink()
        return path if (path / environment.STAMP).is_file() and _fits_python(path) else None

    def is_current(self) -> bool:
        """Say whether the environment in use holds what this version asks for."""
        path = self.in_use()
        return path is not None and environment.is_current(self.root, path)

    @contextmanager
    def being_made(self) -> Iterator[None]:
        """Keep other starts from making one at the same time. Raises Busy."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy from None
            yield

    def begin(self, build: str) -> Path:
        """Return the folder to make the next one in: the one of this build left unfinished, or a new one.

        Other unfinished ones are removed.
        """
        for path in self._unfinished():
            if path.name.startswith(f"{build}-"):
                return path
            shutil.rmtree(path, ignore_errors=True)
        taken = [int(path.name.rpartition("-")[2]) for path in self._all()]
        path = self.folder / f"{build}-{max(taken, default=0) + 1}"
        path.mkdir()
        return path

    def switch_to(self, path: Path) -> None:
        """Take a finished environment into use; the one used until now stays until `tidy`."""
        environment.stamp(self.root, path)
        aside = self.folder / f"{LINK}.new"
        aside.unlink(missing_ok=True)
        aside.symlink_to(path.name)
        aside.replace(self.folder / LINK)

    def tidy(self) -> None:
        """Remove finished environments that are neither in use nor run from by a living window or run."""
        current = self.in_use()
        if current is None:
            return
        for path in self._all():
            if path != current and (path / environment.STAMP).is_file() and not _runs_from(path):
                shutil.rmtree(path, ignore_errors=True)

    def _all(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("*") if NAME.fullmatch(path.name))

    def _unfinished(self) -> list[Path]:
        return [path for path in self._all() if not (path / environment.STAMP).is_file()]


def _fits_python(path: Path) -> bool:
    """Say whether the environment's Python is still the one it was filled for: the system may have a newer one now."""
    python = environment.program(path, "python")
    if not python.is_file():
        return False
    match = re.fullmatch(r"python3\.\d+", python.resolve().name)
    return match is None or (path / "lib" / match[0]).is_dir()


def _runs_from(path: Path) -> bool:
    """Say whether a process that this person can see was started with the environment's Python."""
    start = os.fsencode(f"{path}/")
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if file.read_bytes().startswith(start):
                return True
        except OSError:
            continue
    return False
