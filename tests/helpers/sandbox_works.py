"""Work for the sandbox: what libraries do with the files of strangers, and worse."""

import errno
import importlib
import json
import mmap
import os
import pickle
import signal
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from engine.chats import ImportStats
from engine.errors import DataError
from engine.worker.readers.table import BrokenRow, LinedRow, Notes


def check_of_any_growth(*given: Any) -> None:
    """Try a tokenizer whose rules may make a text any number of times as long."""
    from engine.worker.runtime import tokenizer_check

    tokenizer_check.MAX_GROWTH = 1 << 40
    tokenizer_check.check(*given)


def filling_the_disk(_path: Path, _header: object, folder: Path, *_: Any) -> None:
    folder.mkdir()
    (folder / "config.json").write_text("{")
    raise OSError(errno.ENOSPC, "No space left on device")


def noting_rows(_path: Path, notes: Notes) -> Iterator[LinedRow]:
    for number in range(3):
        notes.columns[f"c{number}"] = None
        notes.remarks.append(f"remark {number}")
        notes.done_bytes += 1
        yield LinedRow({"c": "x" * 300_000}, number)
    notes.reason = "so"


def rows_of_all_kinds(_path: Path, notes: Notes) -> Iterator[Any]:
    stats = ImportStats("chat", "slack", 3.0, speakers={"Ann"})
    stats.left_out["media"] = 2
    notes.chats.append(stats)
    yield {"a": "\ud83d\ude00 \udcff ü", "b": None, "c": [1, 2.5, {"d": True}]}
    yield LinedRow({"a": float("inf")}, 7)
    yield BrokenRow("row 3", "it is broken", "mend it")


def process() -> int:
    return os.getpid()


def twice(value: Any) -> list[Any]:
    return [value, value]


def counted(count: int) -> Iterator[list[int]]:
    for number in range(count):
        yield [os.getpid(), number]


def begun_and_asleep(*_: Any) -> Iterator[int]:
    yield os.getpid()
    time.sleep(600)


def begun_and_endless() -> Iterator[int]:
    yield os.getpid()
    endless()


def endless(*_: Any) -> None:
    while True:
        pass


def taking(megabytes: int) -> int:
    return len(bytearray(megabytes << 20))


def filled(megabytes: int) -> int:
    # Written to, as zeros take no memory.
    return len(b"x" * (megabytes << 20))


def filled_for_ever(megabytes: int) -> None:
    taken = []
    while True:
        taken.append(b"x" * (megabytes << 20))
        time.sleep(0.02)


def laborious(count: int) -> Iterator[int]:
    for number in range(count):
        end = time.process_time() + 0.6
        while time.process_time() < end:
            pass
        yield number


def importing(name: str) -> None:
    importlib.import_module(name)


def kept(megabytes: int) -> int:
    globals()["_kept"] = b"x" * (megabytes << 20)
    return os.getpid()


def confused_without_memory() -> None:
    # Mapped, as an allocation may find room that the process has already, and filled, as zeros take none.
    taken = [mmap.mmap(-1, 10 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) for _ in range(24)]
    for room in taken:
        room.write(b"x" * len(room))
    raise ValueError(f"unknown error after {len(taken)}")


def confused() -> None:
    raise ValueError("unknown error")


def dying_by(name: str) -> None:
    os.kill(os.getpid(), getattr(signal, name))


def exiting(*_: Any) -> None:
    os._exit(3)


def panicking() -> None:
    # As what Rust's libraries raise: no Exception.
    raise SystemExit(3)


def failing(kind: str) -> None:
    if kind == "ours":
        raise DataError("No rows.", "Choose a file.", "data.source", ["a", "b"])
    if kind == "a library's":
        raise zlib.error("Error -3")
    if kind == "a library's value":
        json.loads("")
    if kind == "a file's":
        open("/nowhere/at/all")  # noqa: SIM115, PTH123
    if kind == "a text's":
        b"\xff\xff".decode()
    if kind == "nothing that can be sent":
        raise KeyError(object)


def printing() -> str:
    print("A library's remark.")
    return sys.stdin.read() if sys.stdin else ""


def has_torch() -> bool:
    try:
        import torch  # noqa: F401
    except ImportError:
        return False
    return True


class Opened:
    """What a pickle runs."""

    def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
        self._call, self._arguments = call, arguments

    def __reduce__(self) -> Any:
        return self._call, self._arguments


def taken_over(kind: str, path: str) -> None:
    """Send what is no message, as who has taken over the process may."""
    sent = {
        "a call": pickle.dumps(["result", Opened(os.mkdir, path)]),
        "another message": pickle.dumps(["result", 1, 2]),
        "half a pickle": pickle.dumps(["result", "a" * 100])[:-50],
        # Of a text.
        "too long": b"\x80\x04\x8d" + (1 << 60).to_bytes(8, "little"),
        "nothing": b"",
    }[kind]
    for descriptor in filter(_is_writing_pipe, range(3, 64)):
        os.write(descriptor, sent)
        os.close(descriptor)
    if kind != "another message":
        time.sleep(600)


def _is_writing_pipe(descriptor: int) -> bool:
    place = Path(f"/proc/self/fdinfo/{descriptor}")
    if not place.exists() or not str(Path(f"/proc/self/fd/{descriptor}").readlink()).startswith("pipe:"):
        return False
    flags = int(place.read_text().split("flags:")[1].split()[0], 8)
    return flags & os.O_ACCMODE == os.O_WRONLY


def telling_of_torch() -> Iterator[bool]:
    yield has_torch()
