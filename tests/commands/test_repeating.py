"""`resume` of a run that is completed: how it ended is said again, whatever else its events hold."""

from __future__ import annotations

import argparse
import json

from engine.commands.terminal.output import Output
from engine.commands.training import resume_run
from engine.jobs.events import read_all
from engine.jobs.job import Job
from tests.helpers.homes import add_run

SAVED = {"v": 1, "event": "adapter_saved", "time": 1.0, "adapter": "an-adapter", "step": 3}
STRANGE = (
    {"event": "adapter_saved"},
    {"event": "adapter_saved", "adapter": ["x"], "step": "far"},
    {"event": "job_ended"},
    {"event": "job_ended", "outcome": {}},
)


def told_again(job: Job, capsys) -> list[dict]:
    asked = argparse.Namespace(run_id=job.id, overrides=[])
    assert resume_run(asked, Output(as_json=True)) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if "event" in line]


def test_strange_events_are_passed_over(home, capsys):
    job = add_run()
    *_, ended = read_all(job.events_path)
    with job.events_path.open("a", encoding="utf-8") as stream:
        stream.writelines(json.dumps({"v": 1, "time": 1.0, **told}) + "\n" for told in (SAVED, *STRANGE))

    assert told_again(job, capsys) == [SAVED, ended]
