"""What is kept of a worker's death, and what a death that nobody saw is read as."""

from __future__ import annotations

import pytest

from engine.jobs import exit_status
from engine.jobs.exit_status import FILE_NAME, Death, Deaths
from engine.jobs.job import Job, create_job


@pytest.fixture
def job(tmp_path) -> Job:
    return create_job(tmp_path, "train", {})


def test_a_death_that_was_seen_is_kept(job):
    Deaths(job).begin(2, 0)
    Deaths(job).keep(2, Death(-9, True))

    assert Deaths(job).find(2, 0) == Death(-9, True)


def test_one_that_nobody_saw_was_for_memory_if_something_was_killed_for_it_since(job):
    Deaths(job).begin(1, 4)

    assert Deaths(job).find(1, 5) == Death(None, True)
    assert Deaths(job).find(1, 4) == Death()


def test_nothing_is_said_of_another_attempt(job):
    Deaths(job).begin(1, 4)
    Deaths(job).keep(1, Death(-9, True))

    assert Deaths(job).find(2, 9) == Death()


def test_what_was_counted_before_the_computer_started_anew_tells_nothing(job, tmp_path, monkeypatch):
    monkeypatch.setattr(exit_status, "BOOT", tmp_path / "boot")
    (tmp_path / "boot").write_text("first\n")
    Deaths(job).begin(1, 0)
    (tmp_path / "boot").write_text("second\n")

    assert Deaths(job).find(1, 3) == Death()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"attempt": 1, "kills": "4"}', '{"attempt": 1, "for_memory": 3, "returncode": ""}'],
)
def test_a_damaged_file_tells_nothing(job, text):
    (job.folder / FILE_NAME).write_text(text)

    assert Deaths(job).find(1, 5) == Death()


def test_where_nothing_can_be_written_nothing_is_kept(job):
    (job.folder / FILE_NAME).mkdir()
    Deaths(job).begin(1, 0)

    assert Deaths(job).find(1, 5) == Death()
