import errno
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import StorageError, WorkerError
from engine.jobs import job as jobs
from engine.jobs.job import Job, create_job
from engine.system import files, locks, paths
from engine.system.foreign_files import FileKind

HOLD_LOCK = """
import sys
from pathlib import Path
from engine.jobs.job import Job
from tests.helpers.systems import WINDOWS
with Job(Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def job():
    return create_job(paths.jobs_folder(), "evaluate", {"adapters": ["a"]}, name="Über alles, 3×")


@pytest.fixture
def holder(job):
    """A process that holds the job's lock until its input closes or it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD_LOCK, str(job.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        cwd=paths.application_root(),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    yield process
    process.communicate()


def test_a_job_says_what_is_asked(job):
    assert job.request() == {"kind": "evaluate", "adapters": ["a"]}
    assert not job.recipe_path.exists()
    assert job.last_attempt() == 0
    assert not job.is_running()


def test_a_job_s_recipe_is_on_the_disk_before_the_job_is_one(monkeypatch):
    written: list[str] = []

    def watched(path: Path, text: str) -> None:
        written.append(path.name)
        files.write_atomically(path, text)

    monkeypatch.setattr(jobs, "write_atomically", watched)
    create_job(paths.jobs_folder(), "train", {}, recipe="schema = 1\n")
    assert written == ["recipe.toml", "job.json"]


def test_a_job_is_private(job):
    assert stat.S_IMODE(job.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(job.commands_folder.stat().st_mode) == 0o700


def test_an_id_sorts_by_time_says_what_it_is_and_is_not_taken():
    ids = {jobs.new_id("LoRA, r 16 / Ärger!") for _ in range(50)}
    assert len(ids) > 45
    for made in ids:
        date, clock, slug = made.split("-", 2)
        assert (len(date), len(clock)) == (8, 6)
        assert slug.startswith("lora-r-16-ärger-")


def test_a_folder_that_is_no_job_is_told(tmp_path):
    with pytest.raises(WorkerError, match="is not a job"):
        Job(tmp_path).request()


def test_commands_arrive_in_order_once(job):
    for number in range(20):
        job.send("summarize", request=str(number), conversation="Ann: „Tea?“\n")
    taken = job.take_commands()
    assert [command["request"] for command in taken] == [str(number) for number in range(20)]
    assert taken[0] == {"command": "summarize", "request": "0", "conversation": "Ann: „Tea?“\n"}
    assert job.take_commands() == []
    assert list(job.commands_folder.iterdir()) == []


def test_commands_arrive_in_order_though_the_clock_is_set_back(job, monkeypatch):
    for number, moment in enumerate((2_000, 1_000, 1_500)):
        monkeypatch.setattr("engine.jobs.job.time.time_ns", lambda moment=moment: moment)
        job.send("summarize", request=str(number))
    assert [command["request"] for command in job.take_commands()] == ["0", "1", "2"]


def test_where_nothing_can_be_written_no_worker_lives(job, monkeypatch):
    with job.lock():
        assert job.is_running()
    job.send("stop")

    def refuse(*_: object, **__: object):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    assert not job.is_running()
    with pytest.raises(StorageError, match="Read-only"):
        job.drop_commands()


def test_what_a_dead_worker_was_told_is_not_told_to_the_next(job):
    job.send("stop")
    with job.lock():
        job.drop_commands()
    assert len(list(job.commands_folder.iterdir())) == 1
    job.drop_commands()
    assert job.take_commands() == []


def test_a_command_that_is_still_being_written_is_not_taken(job):
    (job.commands_folder / ".00000000000000000001-aaaa.json").write_text('{"comm', encoding="utf-8")
    job.send("stop")
    assert [command["command"] for command in job.take_commands()] == ["stop"]


def test_one_process_at_a_time_holds_the_lock(job, holder):
    assert job.is_running()
    with pytest.raises(WorkerError, match="is already running"), job.lock(wait_seconds=0.1):
        pass
    # A lock ends with its process, however that ends.
    holder.kill()
    holder.wait()
    assert not job.is_running()
    with job.lock(wait_seconds=0.1):
        assert job.is_running()
    assert not job.is_running()


def test_whoever_only_looks_keeps_nobody_from_the_lock(job, monkeypatch):
    """A window looks at all of its runs every second."""
    answers = iter([False, True])
    monkeypatch.setattr(locks, "try_lock", lambda _: next(answers))
    with job.lock(wait_seconds=0.0):
        assert not list(answers)


def test_the_log_of_the_last_attempt_is_told_from_the_earlier_ones(job):
    for attempt in (1, 2):
        with job.open_log() as log:
            log.write(b"attempt %d\n" % attempt)
    assert job.log_tail() == "attempt 2"
    assert job.log_tail(last_attempt=False).splitlines()[::2] == ["attempt 1", "attempt 2"]
    with job.open_log():
        pass
    assert job.log_tail() == ""


def test_a_command_that_no_worker_would_read_is_refused_by_who_sends_it(job):
    limit = FileKind.JOB.max_bytes
    with pytest.raises(WorkerError, match="16 MB"):
        job.send("summarize", conversation="x" * limit)
    assert list(job.commands_folder.iterdir()) == []
    for text in ("x" * (limit - 100), "\x7f" * (limit // 2), "😀\ud83d" * 1000):
        job.send("summarize", conversation=text)
        assert job.take_commands() == [{"command": "summarize", "conversation": text}]
