"""Chats too long for memory: 10 million lines of a log, a mailbox of 2 GB, a mail with an attachment of 50 MB."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from engine.worker.readers import open_table
from tests.helpers.benchmark_report import show

LINES = 10_000_000
LINES_A_DAY = 5_000
MAILS = 230_000
SAID = "What one says of bread in a mail, and how it was baked.\n" * 20
ATTACHED = f"{'JVBERi0xLjcK' * 6}\n"
BIG_ATTACHMENT = (50 << 20) * 4 // 3 // len(ATTACHED)
Figure = tuple[str, str, str]


def main() -> None:
    """Write, read and print; arguments name some of the parts: log, mailbox, attachment."""
    rows = [row for name in sys.argv[1:] or WRITERS for row in _part(name)]
    show("Chats too long for memory", rows)


def _part(name: str) -> Iterator[Figure]:
    title, ending, write = WRITERS[name]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"chat{ending}"
        with path.open("w", encoding="utf-8") as stream:
            stream.writelines(write())
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        reader = multiprocessing.get_context("spawn").Process(target=_read, args=(path, theirs))
        reader.start()
        first, whole, conversations, megabytes = ours.recv()
        reader.join()
    yield f"{title}: first conversation", f"{first:.1f} s", ""
    yield f"… all {conversations:,} conversations", f"{whole:.0f} s", ""
    yield "… most memory", f"{megabytes} MB", ""


def _read(path: Path, theirs: Connection) -> None:
    began = time.perf_counter()
    rows = iter(open_table([path]))
    next(rows)
    first = time.perf_counter() - began
    count = 1 + sum(1 for _ in rows)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    theirs.send((first, time.perf_counter() - began, count, most))


def _log() -> Iterator[str]:
    for number in range(LINES):
        if number % LINES_A_DAY == 0:
            day = number // LINES_A_DAY
            yield f"--- Day changed Mon Jan {day % 28 + 1:02} {2000 + day // 28 % 25}\n"
        yield f"{number % LINES_A_DAY // 500:02}:{number % 60:02} <u{number % 500}> bread {number}\n"


def _mailbox() -> Iterator[str]:
    for number in range(MAILS):
        answers = f"In-Reply-To: <{number - 1}@example.org>\n" if number % 3 else ""
        yield f"From a@example.org Fri Jan  5 10:00:00 2024\nFrom: Ann {number % 50} <a@example.org>\n"
        yield f"Subject: Bread {number // 3}\nMessage-ID: <{number}@example.org>\n{answers}"
        yield f"Date: Fri, 5 Jan 2024 10:00:0{number % 3} +0000\n{_parts(SAID, 100)}\n"


def _attachment() -> Iterator[str]:
    yield f"From: Ann <a@example.org>\nMessage-ID: <1@example.org>\n{_parts(SAID, 0)}"
    yield "--B\nContent-Type: application/zip\n\n"
    yield from (ATTACHED for _ in range(BIG_ATTACHMENT))
    yield "--B--\n"


def _parts(said: str, attached_lines: int) -> str:
    attachment = (
        f"--B\nContent-Type: application/pdf\n\n{ATTACHED * attached_lines}--B--\n" if attached_lines else ""
    )
    return f'Content-Type: multipart/mixed; boundary="B"\n\n--B\nContent-Type: text/plain\n\n{said}\n{attachment}'


WRITERS: dict[str, tuple[str, str, Callable[[], Iterator[str]]]] = {
    "log": (f"{LINES:,} lines of a log", ".log", _log),
    "mailbox": ("A mailbox of 2 GB", ".mbox", _mailbox),
    "attachment": ("A mail with an attachment of 50 MB", ".eml", _attachment),
}

if __name__ == "__main__":
    main()
