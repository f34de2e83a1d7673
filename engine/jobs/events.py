"""The event stream of a job: one JSON object a line in `events.jsonl`, written by its worker alone.

Owns the line format, the writer and the reader. Knows nothing of what the events mean for a window.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.errors import StorageError

VERSION = 1
MAX_EVENT_BYTES = 256 * 1024
# Of seconds since 1970: calendars end with the year 9999; also NaN is not below.
BEYOND_ALL_TIME = 2e11
READ_BYTES = 1 << 20

Event = dict[str, Any]


class EventWriter:
    """Append events to a stream: each one line and one write."""

    def __init__(self, path: Path, identity: Mapping[str, Any], called: str = "The run's events") -> None:
        """Open the stream; `identity` (run or job, attempt) is put into every event.

        `called` is what troubles call the stream. An unfinished last line, left by a process that was killed, is
        cut off first.
        """
        cut_unfinished_line(path)
        self._identity = dict(identity)
        self._called = called
        self._descriptor = os.open(
            path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600
        )

    def write(self, event: str, **facts: Any) -> Event:
        """Append one event and return it.

        Raises ValueError for a number that JSON has no word for, or a line over 256 kB; StorageError if
        the disk takes it no more.
        """
        record: Event = {
            "v": VERSION,
            "event": event,
            "time": time.time(),
            **self._identity,
            "clock": round(time.monotonic(), 3),
            **facts,
        }
        line = encode(record)
        if len(line) > MAX_EVENT_BYTES:
            raise ValueError(f"{event} has {len(line)} bytes, at most {MAX_EVENT_BYTES} are allowed")
        self._append(line)
        return record

    def _append(self, line: bytes) -> None:
        try:
            written = os.write(self._descriptor, line)
            if written != len(line):
                # Half a line would take the next one with it.
                os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - written)
        except OSError as error:
            raise StorageError(
                f"{self._called} can't be written: {error.strerror}.", "Free some disk space."
            ) from error
        if written != len(line):
            raise StorageError(f"{self._called} can't be written: the disk is full.", "Free some disk space.")

    def sync(self) -> None:
        """Wait until what was written is on the disk. Raises StorageError if it never will be."""
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise StorageError(f"{self._called} can't be kept: {error.strerror}.") from error

    def close(self) -> None:
        """Close the stream."""
        os.close(self._descriptor)


def clock(event: Event) -> float:
    """Return when an event was written, in seconds of a clock that is never set; for durations within one attempt.

    The time of day jumps when it is set, and goes on while a computer sleeps: it counts where an event has no clock.
    """
    told: float = event["clock"] if "clock" in event else event.get("time", 0.0)
    return told


def encode(record: Mapping[str, Any]) -> bytes:
    """Return one event as a line of UTF-8 JSON. Raises ValueError for NaN and infinity."""
    return (json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n").encode(
        "utf-8", "replace"
    )


class EventReader:
    """Read a stream as it grows: each call returns the whole lines that have come since."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self, max_bytes: int = READ_BYTES) -> list[Event]:
        """Return up to `max_bytes` worth of new events, at least one if a whole one is there.

        An unfinished last line is left where it is: its end may come, or a resumed worker cuts it off.
        """
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._offset)
                chunk = stream.read(max(max_bytes, MAX_EVENT_BYTES))
        except FileNotFoundError:
            return []
        whole = chunk[: chunk.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [event for event in map(decode, whole.splitlines()) if event is not None]


def decode(line: bytes) -> Event | None:
    """Return the event in a line, or None for a line that is none: a damaged one is passed over."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and _is_event(record) else None


def _is_event(record: Event) -> bool:
    """Tell whether what every event has is what it should be."""
    numbers = (record.get(name, 0) for name in ("time", "clock", "attempt"))
    return isinstance(record.get("event"), str) and all(
        isinstance(number, (int, float)) and abs(number) < BEYOND_ALL_TIME for number in numbers
    )


def read_all(path: Path) -> Iterator[Event]:
    """Yield every whole event of a stream."""
    reader = EventReader(path)
    while events := reader.read():
        yield from events


def cut_unfinished_line(path: Path) -> None:
    """Cut what stands behind the last newline of a file, if the file exists."""
    if not path.exists():
        return
    with path.open("r+b") as stream:
        end = stream.seek(0, os.SEEK_END)
        start = max(0, end - MAX_EVENT_BYTES - 1)
        stream.seek(start)
        tail = stream.read()
        kept = start + tail.rfind(b"\n") + 1
        if kept < end:
            stream.truncate(kept)
