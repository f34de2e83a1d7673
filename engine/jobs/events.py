"""The event stream of a job: `events.jsonl` with one JSON object a line, written by its worker only.

A service runs for weeks: its stream continues in `events-2.jsonl` and so on, and its reader deletes what it has read.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import StorageError, disk_errors
from engine.messages import from_json, say, to_json
from engine.system.files import delete
from engine.system.foreign_files import open_regular

VERSION = 1
MAX_EVENT_BYTES = 256 * 1024
# Seconds since 1970, before the year 9999; NaN is not below it.
MAX_TIME = 2e11
READ_BYTES = 1 << 20
# Millions of steps; the rest of a longer stream is ignored.
MAX_STREAM_BYTES = 1 << 30
# A service's stream continues in another file after this many bytes, and its last event says so.
ROTATED_BYTES = 16 << 20
CONTINUED = "events_continued"

Event = dict[str, Any]
T = TypeVar("T", bound=Mapping[str, Any])


class EventWriter:
    """Appends events to a stream, each as one line in one write."""

    def __init__(
        self,
        path: Path,
        identity: Mapping[str, Any],
        called: str = "The run's events",
        *,
        rotates: bool = False,
    ) -> None:
        """Open the stream; `identity` (run or job, attempt) becomes part of every event.

        Error messages call the stream `called`. An unfinished last line of a killed process is removed first. With
        `rotates` the stream continues in another file whenever one is full.
        """
        cut_unfinished_line(path)
        self._path = path
        self._identity = dict(identity)
        self._called = called
        self._rotates = rotates
        self._descriptor = _open_to_append(path)

    def forward(self, record: Event) -> None:
        """Append an event that another computer wrote. Raises the errors of `write`."""
        line = encode(record)
        if len(line) > MAX_EVENT_BYTES:
            raise ValueError(
                say("{} has {} bytes; the limit is {}", record["event"], len(line), MAX_EVENT_BYTES)
            )
        self._append(line)

    def write(self, event: str, **facts: Any) -> Event:
        """Append one event and return it.

        Raises ValueError for NaN, infinity or a line over 256 kB, StorageError if it can't be written.
        """
        record: Event = {
            "v": VERSION,
            "event": event,
            "time": time.time(),
            **self._identity,
            "clock": round(time.monotonic(), 3),
            **facts,
        }
        self.forward(record)
        if self._rotates and os.fstat(self._descriptor).st_size >= ROTATED_BYTES:
            self._append(encode({"v": VERSION, "event": CONTINUED}))
            os.close(self._descriptor)
            self._path = _next_path(self._path)
            self._descriptor = _open_to_append(self._path)
        return record

    def _append(self, line: bytes) -> None:
        with disk_errors("{} can't be written: {}.", self._called, hint="Free some disk space."):
            written = os.write(self._descriptor, line)
            if written != len(line):
                # Half a line would damage the next one.
                os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - written)
        if written != len(line):
            raise StorageError(
                say("{} can't be written: the disk is full.", self._called), "Free some disk space."
            )

    def sync(self) -> None:
        """Wait until the events are on the disk. Raises StorageError if they can't be stored."""
        with disk_errors("{} can't be saved: {}.", self._called):
            os.fsync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


def clock(event: Event) -> float:
    """Return when an event was written, on the monotonic clock: for durations within one attempt.

    Events without it have the time of day, which jumps when the clock is set and runs on while a computer sleeps.
    """
    seconds: float = event["clock"] if "clock" in event else event.get("time", 0.0)
    return seconds


def encode(record: Mapping[str, Any]) -> bytes:
    """Return one event as a line of UTF-8 JSON. Raises ValueError for NaN and infinity."""
    text = to_json(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f"{text}\n".encode("utf-8", "replace")


def in_batches(items: Iterable[T], max_bytes: int) -> Iterator[list[T]]:
    """Yield as many items at a time as one event holds, at least one."""
    batch: list[T] = []
    free = max_bytes
    for item in items:
        needed = len(encode(item))
        if needed > free and batch:
            yield batch
            batch, free = [], max_bytes
        batch.append(item)
        free -= needed
    if batch:
        yield batch


def _open_to_append(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)


def _next_path(path: Path) -> Path:
    """Return the next file of a rotated stream: `events-2.jsonl` after `events.jsonl`."""
    name, _, number = path.stem.partition("-")
    return path.with_name(f"{name}-{int(number or 1) + 1}{path.suffix}")


class EventReader:
    """Reads a stream as it grows: each call returns the complete lines since the last one.

    With `rotates` it is a service's only reader, and deletes each file that it has finished.
    """

    def __init__(self, path: Path, *, rotates: bool = False) -> None:
        self._path = path
        self._rotates = rotates
        self._offset = 0

    def read(self, max_bytes: int = READ_BYTES) -> list[Event]:
        """Return up to `max_bytes` of new events, at least one if there is a complete one.

        An unfinished last line is left for the next call: it may be completed, or removed by a resumed worker.
        Raises StorageError.
        """
        while True:
            chunk = self._chunk(max(max_bytes, MAX_EVENT_BYTES))
            whole = chunk[: chunk.rfind(b"\n") + 1]
            if not whole and len(chunk) >= MAX_EVENT_BYTES:
                # Too long for an event: left by a power cut, or not our file.
                self._offset += len(chunk)
                continue
            self._offset += len(whole)
            events = [event for event in map(decode, whole.splitlines()) if event is not None]
            if self._rotates and events and events[-1]["event"] == CONTINUED:
                events.pop()
                delete(self._path)
                self._path, self._offset = _next_path(self._path), 0
            if events or not whole:
                return events

    def _chunk(self, size: int) -> bytes:
        try:
            with open_regular(self._path) as stream:
                stream.seek(self._offset)
                return stream.read(min(size, max(0, MAX_STREAM_BYTES - self._offset)))
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise StorageError(say("{} can't be read: {}.", self._path, error.strerror)) from error


def decode(line: bytes) -> Event | None:
    """Return the event in a line, None for a damaged line."""
    try:
        # A power cut may leave zeros in place of unsynced events.
        record = from_json(line.lstrip(b"\0"))
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and _is_event(record) else None


def _is_event(record: Event) -> bool:
    """Tell whether the fields of every event are valid."""
    numbers = (record.get(name, 0) for name in ("time", "clock", "attempt"))
    return isinstance(record.get("event"), str) and all(
        isinstance(number, (int, float)) and abs(number) < MAX_TIME for number in numbers
    )


def read_all(path: Path) -> Iterator[Event]:
    """Yield every complete event of a stream."""
    reader = EventReader(path)
    while events := reader.read():
        yield from events


def lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a stream; a line that is too long for an event comes in pieces. Raises OSError."""
    read = 0
    with open_regular(path, buffering=MAX_EVENT_BYTES) as stream:
        while (line := stream.readline(MAX_EVENT_BYTES)) and read < MAX_STREAM_BYTES:
            read += len(line)
            yield line


def cut_unfinished_line(path: Path) -> int:
    """Truncate a file, if it exists, after its last newline; return the number of bytes removed."""
    if not path.exists():
        return 0
    with open_regular(path, "r+b") as stream:
        end = stream.seek(0, os.SEEK_END)
        complete = end
        while complete:
            start = max(0, complete - READ_BYTES)
            stream.seek(start)
            newline = stream.read(complete - start).rfind(b"\n")
            if newline >= 0:
                complete = start + newline + 1
                break
            complete = start
        if complete < end:
            stream.truncate(complete)
    return end - complete
