from functools import partial

import pytest

from engine.commands import follow_job
from engine.commands.output import Output
from engine.jobs.events import Event, read_all
from engine.jobs.job import create_job
from engine.jobs.supervisor import Ending, Supervisor
from engine.system import paths
from tests.helpers import scripted_worker


@pytest.fixture
def job(monkeypatch):
    """A job whose worker takes its steps until it is asked to stop."""
    job = create_job(paths.jobs_folder(), "evaluate", {})
    scripted_worker.give_script(job, [["steps", {"count": 10**6, "per_second": 100}]])
    monkeypatch.setattr(follow_job, "Supervisor", partial(Supervisor, command=scripted_worker.command(job)))
    return job


def test_a_teller_that_fails_stops_the_worker_in_order(job):
    def tell(event: Event) -> None:
        if event["event"] == "step_finished":
            raise KeyError("low")

    with pytest.raises(KeyError):
        follow_job.Follower(job, Output(as_json=False)).run(tell)
    last = list(read_all(job.events_path))[-1]
    assert (last["event"], last["outcome"]) == ("job_ended", "stopped")


def test_a_crash_is_told_to_programs_with_its_last_log_lines(capsys):
    ending = Ending("crashed", "The worker is gone.", "Resume.", log_tail="the reason")
    assert follow_job.conclude(ending, Output(as_json=True)) == 1
    assert '"log":"the reason"' in capsys.readouterr().out
