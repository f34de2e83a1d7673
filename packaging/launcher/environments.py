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
        place = self.folder / link.readlink()
        return place if (place / environment.STAMP).is_file() and _fits_python(place) else None

    def is_current(self) -> bool:
        """Say whether the environment in use holds what this version asks for."""
        place = self.in_use()
        return place is not None and environment.is_current(self.root, place)

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
        for place in self._unfinished():
            if place.name.startswith(f"{build}-"):
                return place
            shutil.rmtree(place, ignore_errors=True)
        taken = [int(place.name.rpartition("-")[2]) for place in self._all()]
        place = self.folder / f"{build}-{max(taken, default=0) + 1}"
        place.mkdir()
        return place

    def switch_to(self, place: Path) -> None:
        """Take a finished environment into use; the one used until now stays until `tidy`."""
        environment.stamp(self.root, place)
        aside = self.folder / f"{LINK}.new"
        aside.unlink(missing_ok=True)
        aside.symlink_to(place.name)
        aside.replace(self.folder / LINK)

    def tidy(self) -> None:
        """Remove finished environments that are neither in use nor run from by a living window or run."""
        kept = self.in_use()
        if kept is None:
            return
        for place in self._all():
            if place != kept and (place / environment.STAMP).is_file() and not _runs_from(place):
                shutil.rmtree(place, ignore_errors=True)

    def _all(self) -> list[Path]:
        return sorted(place for place in self.folder.glob("*") if NAME.fullmatch(place.name))

    def _unfinished(self) -> list[Path]:
        return [place for place in self._all() if not (place / environment.STAMP).is_file()]


def _fits_python(place: Path) -> bool:
    """Say whether the environment's Python is still the one it was filled for: the system may have a newer one now."""
    python = environment.program(place, "python")
    if not python.is_file():
        return False
    found = re.fullmatch(r"python3\.\d+", python.resolve().name)
    return found is None or (place / "lib" / found[0]).is_dir()


def _runs_from(place: Path, processes: Path = Path("/proc")) -> bool:
    """Say whether a process that this person can see was started with the environment's Python."""
    start = os.fsencode(f"{place}/")
    for file in processes.glob("[0-9]*/cmdline"):
        try:
            if file.read_bytes().startswith(start):
                return True
        except OSError:
            continue
    return False
