"""The note in a job's folder that another computer has the job: which one, and what it is called there.

It is there from when the job was sent until what came of it is back. So a job without a worker here goes on elsewhere
rather than having crashed.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass

from engine.jobs.job import Job
from engine.system.files import write_atomically
from engine.system.foreign_files import FileKind, read_json

FILE_NAME = "sent.json"


@dataclass(frozen=True)
class SentTo:
    """The computer that has a job, and the job's entry there."""

    computer: str
    entry: str


def read(job: Job) -> SentTo | None:
    """Return where a job is, None if it is here."""
    with suppress(OSError, ValueError, TypeError):
        return SentTo(**read_json(job.folder / FILE_NAME, FileKind.JOB))
    return None


def write(job: Job, sent_to: SentTo) -> None:
    """Note where a job is. Raises OSError."""
    write_atomically(job.folder / FILE_NAME, json.dumps(asdict(sent_to)))


def remove(job: Job) -> None:
    """Note that a job is back."""
    (job.folder / FILE_NAME).unlink(missing_ok=True)
