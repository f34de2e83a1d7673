"""The only way to read and copy files that somebody else may have written: adapters, recipes, runs, models, votes.

A path may lead to a pipe, a device or an endless file; a file may be nested to crash its parser. So only regular files
are read, opened without blocking, up to the size limit of their kind, and parsers fail with ValueError. Readers of
conversations have their own limits (engine.worker.readers).
"""

from __future__ import annotations

import json
import lzma
import os
import re
import stat
import struct
import tomllib
import zipfile
import zlib
from collections.abc import Iterable
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal

from engine.messages import say
from engine.system.files import private

MIB = 1 << 20
# What is packed in a file may be so many times its size, or so much. Conversations compress to a fourth, a repeated row
# to a hundredth, and trained weights hardly.
MAX_COMPRESSION_RATIO = 200
SAFE_BYTES = 64 << 20
# Python's zipfile has its own exception for some kinds of damage only.
ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, LookupError, RuntimeError, ValueError,
)  # fmt: skip
# Python can't format integers of thousands of digits, nor convert more than 308 to a float.
LONG_NUMBER, MAX_DIGITS = "a number in it is too long", 300
# Some editors write it at the start of a file.
BYTE_ORDER_MARK = "\ufeff"
# More than any key here has; the parser takes quadratic time for dotted keys.
MAX_KEY_PARTS = 20
# Strings and comments in TOML, whose dots separate no names.
_TEXT = re.compile(
    r'"""(?:[^\\]|\\.)*?(?:"{3,5}|\Z)'
    r"|\'\'\'.*?(?:'{3,5}|\Z)"
    r'|"(?:[^"\\\n]|\\.)*+"?'
    r"|'[^'\n]*+'?"
    r"|#[^\n]*+",
    re.DOTALL,
)
_LONG_KEY = re.compile(rf"(?<![\w-])[\w-]++(?:[ \t]*+\.[ \t]*+[\w-]++){{{MAX_KEY_PARTS}}}")


# The unit of `st_blocks`. Some file systems compress, but hardly by this factor.
_BLOCK_BYTES = 512
_MOST_COMPRESSION = 50
_LARGE_BYTES = 64 * MIB
# What macOS calls SF_DATALESS.
_IN_CLOUD = 0x40000000


class FileKind(Enum):
    """The kinds of files that are read or copied whole, each with its maximal size."""

    RECIPE = "a recipe", 4 * MIB
    JOB = "a job's file", 16 * MIB
    LOG = "a log", 64 * MIB
    ADAPTER_METADATA = "an adapter's metadata", 4 * MIB
    ADAPTER_CONFIG = "an adapter's configuration", 4 * MIB
    ADAPTER_WEIGHTS = "an adapter's file of weights", 64 * 1024 * MIB
    MODEL_CONFIG = "a model's configuration", 32 * MIB
    TOKENIZER = "a tokenizer", 256 * MIB
    WEIGHT_INDEX = "an index of weights", 64 * MIB
    CARD = "a model card", 4 * MIB
    CHECKPOINT_STATE = "a checkpoint's state", 64 * MIB
    SCORES = "scores", 1024 * MIB
    CACHED = "a cached result", 256 * MIB
    ARENA = "an arena", 16 * MIB
    TEMPLATE = "a prompt template", 4 * MIB
    LABELLING = "a set of conversations", 4 * MIB
    VOTES = "votes", 64 * MIB
    COMPARISON = "a comparison", 256 * MIB
    CONVERSATION = "one conversation", 64 * MIB
    WINDOW = "what the window keeps", 16 * MIB
    QUEUE = "what waits for the device", 256 * MIB

    def __init__(self, title: str, max_bytes: int) -> None:
        self.title = title
        self.max_bytes = max_bytes


class UnreadableFileError(OSError):
    """A path that is no regular file, or one that is too large for its kind."""

    def __init__(self, reason: str, path: Path) -> None:
        super().__init__(None, reason, str(path))

    def __str__(self) -> str:
        return self.strerror or ""


# To read, to change, and to append, which also creates the file.
_MODES = {"rb": os.O_RDONLY, "r+b": os.O_RDWR, "ab": os.O_WRONLY | os.O_APPEND | os.O_CREAT}


def open_regular(
    path: Path, mode: Literal["rb", "r+b", "ab"] = "rb", *, links: bool = True, buffering: int = -1
) -> IO[bytes]:
    """Open a regular file in binary mode, without blocking. Raises OSError for anything else.

    A file that is nearly all holes is not read, since reading nothing takes long. Without `links`, symbolic links are
    refused: they could lead to the user's other files.
    """
    flags = _MODES[mode]
    if not links:
        if path.is_symlink():
            raise UnreadableFileError("it is a link", path)
        flags |= getattr(os, "O_NOFOLLOW", 0)
    for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOCTTY"):
        flags |= getattr(os, name, 0)
    descriptor = os.open(path, flags, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableFileError("it is not a file", path)
    if mode == "rb" and is_mostly_empty(path):
        os.close(descriptor)
        raise UnreadableFileError("it was hardly written at all", path)
    return os.fdopen(descriptor, mode, buffering)


def is_mostly_empty(path: Path) -> bool:
    """Tell whether a large file is nearly all holes: an incomplete copy, or a trap. Raises OSError.

    False where the system does not report the disk usage of files, and for a file of macOS that is in a cloud: it comes
    while it is read.
    """
    status = path.stat()
    if getattr(status, "st_flags", 0) & _IN_CLOUD:
        return False
    written = getattr(status, "st_blocks", status.st_size) * _BLOCK_BYTES
    return status.st_size > _LARGE_BYTES and written * _MOST_COMPRESSION < status.st_size


def read_bytes(path: Path, kind: FileKind) -> bytes:
    """Return the content of a file. Raises OSError, also for one that is too large for its kind."""
    with open_regular(path) as stream:
        content = stream.read(kind.max_bytes + 1)
    if len(content) > kind.max_bytes:
        raise _too_large(path, kind)
    return content


def copy(source: Path, target: Path, kind: FileKind) -> None:
    """Copy a file to a new, private one. Raises OSError, also for a link."""
    with open_regular(source, links=False) as stream, open(target, "xb", opener=private) as written:
        left = os.fstat(stream.fileno()).st_size
        if left > kind.max_bytes:
            raise _too_large(source, kind)
        # Somebody may still write to it.
        while left and (content := stream.read(min(left, MIB))):
            left -= written.write(content)


def _too_large(path: Path, kind: FileKind) -> UnreadableFileError:
    return UnreadableFileError(
        say("it is over {} MB, the limit for {}", kind.max_bytes // MIB, kind.title), path
    )


def read_text(path: Path, kind: FileKind, errors: str = "strict") -> str:
    """Return the text of a UTF-8 file. Raises OSError and UnicodeDecodeError."""
    # Universal newlines, as in text mode.
    return read_bytes(path, kind).decode("utf-8", errors).replace("\r\n", "\n").replace("\r", "\n")


def read_json(path: Path, kind: FileKind) -> Any:
    """Return the value in a JSON file. Raises OSError and ValueError."""
    return parse_json(read_bytes(path, kind))


def read_toml(path: Path, kind: FileKind) -> dict[str, Any]:
    """Return the tables of a TOML file. Raises OSError and ValueError."""
    return parse_toml(read_text(path, kind))


def parse_json(content: str | bytes) -> Any:
    """Return the value of a JSON text. Raises ValueError, also for one that is nested too deeply."""
    try:
        text = (
            content
            if isinstance(content, str)
            else content.decode(json.detect_encoding(content), "surrogatepass")
        )
        return json.loads(text.removeprefix(BYTE_ORDER_MARK), parse_int=_whole)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except ValueError as error:
        raise ValueError(LONG_NUMBER) from error


def parse_toml(text: str) -> dict[str, Any]:
    """Return the tables of a TOML text. Raises ValueError, also for one that is nested too deeply."""
    if _LONG_KEY.search(_TEXT.sub("_", text)):
        raise ValueError(say("a key has more than {} parts", MAX_KEY_PARTS))
    try:
        tables = tomllib.loads(text.removeprefix(BYTE_ORDER_MARK))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:
        raise ValueError(LONG_NUMBER) from error
    _refuse_long_numbers(tables)
    return tables


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(LONG_NUMBER)
    return int(text)


def _refuse_long_numbers(value: Any) -> None:
    """Raise ValueError for a long number, which may be written in hexadecimal."""
    waiting, limit = [value], 10**MAX_DIGITS
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, int) and abs(each) >= limit:
            raise ValueError(LONG_NUMBER)


def why_unsafe(members: Iterable[zipfile.ZipInfo]) -> str:
    """Return what is wrong with the names in a zip, "" if it can be unpacked into a folder and nowhere else."""
    names = set()
    for member in members:
        name = member.filename
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name.split("/")[0]:
            return say('contains "{}", a path outside its folder', name)
        if stat.S_ISLNK(member.external_attr >> 16):
            return say('contains "{}", a link', name)
        if member.flag_bits & 1:
            return say('contains "{}", which has a password', name)
        if name in names:
            return say('contains "{}" twice', name)
        names.add(name)
    return ""
