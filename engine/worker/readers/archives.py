"""Archives: a zip of data files, or one file compressed by gz, unpacked into a private cache folder.

Nothing is written outside that folder: absolute paths, paths with "..", links and nested archives are refused by name.
The unpacked size is limited, also in relation to the compressed size.
"""

from __future__ import annotations

import bz2
import hashlib
import lzma
import os
import time
import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, cast

from engine.errors import DataError
from engine.messages import say
from engine.system.files import remove, rename, require_space
from engine.system.foreign_files import MAX_COMPRESSION_RATIO, SAFE_BYTES, ZIP_ERRORS, why_unsafe
from engine.system.paths import cache_folder
from engine.worker.readers.table import FIELD, require_written, unreadable

# Of single files that are compressed.
COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
SUFFIXES = (".zip", *COMPRESSED)
MAX_BYTES = 16 << 30
MAX_MEMBERS = 100_000
CACHE_SECONDS = 14 * 24 * 3600
COPY_BYTES = 1 << 20
ERRORS = (*ZIP_ERRORS, OSError)
# Takes the bytes unpacked so far and the total, 0 if unknown; may raise to end it.
OnProgress = Callable[[int, int], None]


def unpack(path: Path, suffixes: Collection[str], on_progress: OnProgress) -> Path:
    """Return the folder with an archive's files; of a zip, those with one of the `suffixes`.

    The folder is reused while the archive is unchanged. Raises DataError for an archive that is damaged, suspicious or
    too large, StorageError for too little disk space.
    """
    require_written(path)
    cache = cache_folder() / "unpacked"
    cache.mkdir(mode=0o700, exist_ok=True)
    status = path.stat()
    identity = f"{path.resolve()}:{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"
    folder = cache / hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    if folder.is_dir():
        os.utime(folder)
        return folder
    for old in cache.iterdir():
        # Unfinished ones too.
        if old.stat().st_mtime < time.time() - CACHE_SECONDS:
            remove(old)
    unfinished = cache / f"{folder.name}.partial-{os.getpid()}"
    remove(unfinished)
    unfinished.mkdir(mode=0o700)
    try:
        with _explained(path):
            if path.suffix.lower() in COMPRESSED:
                limit = _SizeLimit(path, path.stat().st_size)
                with _opened(path) as packed:
                    _copy(packed, unfinished / path.stem, limit, lambda done: on_progress(done, 0))
            else:
                _unpack_zip(path, unfinished, suffixes, on_progress)
        if not folder.exists():
            rename(unfinished, folder)
    finally:
        remove(unfinished)
    return folder


def members(path: Path) -> list[Path]:
    """Return the names of all files in a zip that was unpacked, also of those that were left in it."""
    with _explained(path), zipfile.ZipFile(path) as archive:
        return [Path(each.filename) for each in archive.infolist() if not each.is_dir()]


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except ERRORS as error:
        raise unreadable(path, str(error)) from error


def _opened(path: Path) -> IO[bytes]:
    """Return what a compressed file holds, as a stream."""
    match path.suffix.lower():
        case ".bz2":
            return cast("IO[bytes]", bz2.open(path, "rb"))
        case ".xz":
            # Of the other formats some begin with any bytes: zeros after the end would be read as very many files.
            return cast("IO[bytes]", lzma.open(path, "rb", format=lzma.FORMAT_XZ))
        # Python's gzip skips zeros after the end one by one, which takes hours for gigabytes of them.
        case ".gz":
            compression = "gzip"
        # Python itself reads Zstandard only from 3.14 on.
        case _:
            compression = "zstd"
    # Documents need the size checks of this module, and not a slow import.
    import pyarrow as pa

    return cast("IO[bytes]", pa.input_stream(str(path), compression=compression))


def _unpack_zip(path: Path, folder: Path, suffixes: Collection[str], on_progress: OnProgress) -> None:
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        require_safe_size(path, members)
        names = [member.filename for member in members]
        nested = next((name for name in names if Path(name).suffix.lower() in SUFFIXES), "")
        if what := why_unsafe(members) or (nested and say('contains another archive, "{}"', nested)):
            raise _suspicious(path, what)
        chosen = [member for member in members if _is_wanted(PurePosixPath(member.filename), suffixes)]
        total = sum(member.file_size for member in chosen)
        require_space(cache_folder(), total, path.name, "Free some disk space.")
        limit, done = _SizeLimit(path, path.stat().st_size), 0
        for member in chosen:
            target = folder.joinpath(*PurePosixPath(member.filename).parts)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with archive.open(member) as packed:
                done += _copy(packed, target, limit, partial(_report, on_progress, done, total))


def _report(on_progress: OnProgress, before: int, total: int, done: int) -> None:
    on_progress(before + done, total)


def _is_wanted(path: PurePosixPath, suffixes: Collection[str]) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in suffixes and not hidden


def require_safe_size(path: Path, members: Collection[zipfile.ZipInfo]) -> None:
    """Raise DataError for an archive that would unpack to far more than its size suggests; unpacks nothing."""
    if len(members) > MAX_MEMBERS:
        raise _suspicious(path, say("contains {:,} files; the limit is {:,}", len(members), MAX_MEMBERS))
    _SizeLimit(path, path.stat().st_size).use(sum(member.file_size for member in members))


class _SizeLimit:
    """The number of bytes that an archive may still unpack to."""

    def __init__(self, path: Path, packed_bytes: int) -> None:
        self._path = path
        self._left = min(MAX_BYTES, max(SAFE_BYTES, MAX_COMPRESSION_RATIO * packed_bytes))

    def use(self, count: int) -> None:
        """Subtract bytes. Raises DataError if the limit is exceeded."""
        self._left -= count
        if self._left < 0:
            raise _suspicious(self._path, "unpacks to far more than plausible")


def _suspicious(path: Path, what: str) -> DataError:
    return DataError(say("{} {}.", path.name, what), "Unpack it yourself if you trust it.", FIELD)


def _copy(packed: IO[bytes], target: Path, limit: _SizeLimit, report: Callable[[int], None]) -> int:
    """Write an archive's member, report the bytes after each piece, and return their number."""
    done = 0
    with target.open("xb") as stream:
        while data := packed.read(COPY_BYTES):
            limit.use(len(data))
            stream.write(data)
            done += len(data)
            report(done)
    return done
