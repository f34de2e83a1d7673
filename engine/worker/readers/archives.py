"""Archives: a zip of data files, and a single file packed by gz, unpacked into a private folder of the cache.

Nothing leaves that folder: paths that climb out of it, absolute ones, links and archives within archives are
refused by name. How much comes out is bounded by size and by how much smaller it was packed.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import shutil
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from engine.errors import DataError, StorageError
from engine.system.paths import cache_folder
from engine.worker.readers.table import FIELD, unreadable

SUFFIXES = (".zip", ".gz")
MAX_BYTES = 16 << 30
MAX_MEMBERS = 100_000
# Conversations pack to a fourth; the same row over and over may come to a hundredth.
MAX_COMPRESSION_RATIO = 200
ALWAYS_FINE_BYTES = 64 << 20
KEPT_SECONDS = 14 * 24 * 3600
COPY_BYTES = 1 << 20
# Python's zipfile has an error of its own for some damage only.
TROUBLES = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, LookupError, RuntimeError, ValueError,
    OSError,
)  # fmt: skip
# Told how many bytes are unpacked, of how many if that is known (else 0); may raise to end it.
Tick = Callable[[int, int], None]


def unpacked(path: Path, wanted: Collection[str], tick: Tick) -> Path:
    """Return the folder with what an archive holds; of a zip, the files whose endings are `wanted`.

    What was unpacked before is used again while the archive is the same. Raises DataError for an archive that is
    damaged, suspicious or too large, StorageError if the disk has no room.
    """
    shelf = cache_folder() / "unpacked"
    shelf.mkdir(mode=0o700, exist_ok=True)
    facts = path.stat()
    known = f"{path.resolve()}:{facts.st_size}:{facts.st_mtime_ns}:{facts.st_ino}"
    folder = shelf / hashlib.sha256(known.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    if folder.is_dir():
        os.utime(folder)
        return folder
    _clear(shelf)
    unfinished = shelf / f"{folder.name}.partial-{os.getpid()}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    try:
        with _explained(path):
            if path.suffix.lower() == ".gz":
                _unpack_gz(path, unfinished, tick)
            else:
                _unpack_zip(path, unfinished, wanted, tick)
        if not folder.exists():
            unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _clear(shelf: Path) -> None:
    """Remove what nobody has used for long, half of an unpacking that was killed included."""
    for folder in shelf.iterdir():
        if folder.stat().st_mtime < time.time() - KEPT_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except TROUBLES as error:
        raise unreadable(path, str(error)) from error


def _unpack_gz(path: Path, folder: Path, tick: Tick) -> None:
    with gzip.open(path, "rb") as packed:
        _copy(packed, folder / path.stem, _Room(path, path.stat().st_size), partial(_told, tick, 0, 0))


def _unpack_zip(path: Path, folder: Path, wanted: Collection[str], tick: Tick) -> None:
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        require_moderate(path, members)
        _require_harmless(path, members)
        chosen = [member for member in members if _is_wanted(member, wanted)]
        total = sum(member.file_size for member in chosen)
        _require_space(total)
        room, done = _Room(path, path.stat().st_size), 0
        for member in chosen:
            target = folder.joinpath(*PurePosixPath(member.filename).parts)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with archive.open(member) as packed:
                done += _copy(packed, target, room, partial(_told, tick, done, total))


def _told(tick: Tick, before: int, total: int, done: int) -> None:
    tick(before + done, total)


def _is_wanted(member: zipfile.ZipInfo, wanted: Collection[str]) -> bool:
    place = PurePosixPath(member.filename)
    beside = any(part.startswith((".", "__MACOSX")) for part in place.parts)
    return place.suffix.lower() in wanted and not beside


def require_moderate(path: Path, members: Collection[zipfile.ZipInfo]) -> None:
    """Raise DataError for an archive that would unpack to more than its size can explain; nothing is unpacked."""
    if len(members) > MAX_MEMBERS:
        raise _suspicious(path, f"holds {len(members):,} files, at most {MAX_MEMBERS:,} are unpacked")
    _Room(path, path.stat().st_size).take(sum(member.file_size for member in members))


class _Room:
    """How many bytes an archive may still unpack to."""

    def __init__(self, path: Path, packed_bytes: int) -> None:
        self._path = path
        self._left = min(MAX_BYTES, max(ALWAYS_FINE_BYTES, MAX_COMPRESSION_RATIO * packed_bytes))

    def take(self, count: int) -> None:
        """Use some of it. Raises DataError when it is used up."""
        self._left -= count
        if self._left < 0:
            raise _suspicious(self._path, "unpacks to far more than data of its size would")


def _suspicious(path: Path, what: str) -> DataError:
    return DataError(
        f"{path.name} {what}.", "Unpack it yourself if you trust it, and choose the files.", FIELD
    )


def _require_harmless(path: Path, members: Collection[zipfile.ZipInfo]) -> None:
    names = set()
    for member in members:
        name = member.filename
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or "\\" in name or ":" in name.split("/")[0]:
            raise _suspicious(path, f'holds "{name}", a path out of its folder')
        if stat.S_ISLNK(member.external_attr >> 16):
            raise _suspicious(path, f'holds "{name}", a link')
        if place.suffix.lower() in SUFFIXES:
            raise _suspicious(path, f'holds another archive, "{name}"')
        if member.flag_bits & 1:
            raise _suspicious(path, f'holds "{name}", which a password protects')
        if name in names:
            raise _suspicious(path, f'holds "{name}" twice')
        names.add(name)


def _require_space(needed: int) -> None:
    free = shutil.disk_usage(cache_folder()).free
    if needed > free:
        raise StorageError(
            f"Unpacking takes {needed / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB are free.",
            "Free some disk space.",
        )


def _copy(packed: IO[bytes] | gzip.GzipFile, target: Path, room: _Room, told: Callable[[int], None]) -> int:
    """Write what comes out of an archive, tell after each piece how much it is, and return how much it was."""
    done = 0
    with target.open("xb") as stream:
        while data := packed.read(COPY_BYTES):
            room.take(len(data))
            stream.write(data)
            done += len(data)
            told(done)
    return done
