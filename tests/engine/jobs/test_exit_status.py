"""What is kept of a worker's death, and what a death that nobody saw is read as."""

from __future__ import annotations

import pytest

from engine.jobs import exit_status
from engine.jobs.exit_status import FILE_NAME, ExitRecord, WorkerExit
from engine.jobs.job import Job, create_job


@pytest.fixture
def job(tmp_path) -> Job:
    return create_job(tmp_path, "train", {})


def test_a_recorded_worker_exit_is_kept(job):
    ExitRecord(job).begin(2, 0)
    ExitRecord(job).save(2, WorkerExit(-9, True))

    assert ExitRecord(job).find(2, 0) == WorkerExit(-9, True)


def test_one_that_nobody_saw_was_for_memory_if_something_was_killed_for_it_since(job):
    ExitRecord(job).begin(1, 4)

    assert ExitRecord(job).find(1, 5) == WorkerExit(None, True)
    assert ExitRecord(job).find(1, 4) == WorkerExit()


def test_nothing_is_said_of_another_attempt(job):
    ExitRecord(job).begin(1, 4)
    ExitRecord(job).save(1, WorkerExit(-9, True))

    assert ExitRecord(job).find(2, 9) == WorkerExit()


def test_what_was_counted_before_the_computer_started_anew_tells_nothing(job, tmp_path, monkeypatch):
    monkeypatch.setattr(exit_status, "BOOT", tmp_path / "boot")
    (tmp_path / "boot").write_text("first\n")
    ExitRecord(job).begin(1, 0)
    (tmp_path / "boot").write_text("second\n")

    assert ExitRecord(job).find(1, 3) == WorkerExit()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"attempt": 1, "kills": "4"}', '{"attempt": 1, "for_memory": 3, "returncode": ""}'],
)
def test_a_damaged_file_tells_nothing(job, text):
    (job.folder / FILE_NAME).write_text(text)

    assert ExitRecord(job).find(1, 5) == WorkerExit()
