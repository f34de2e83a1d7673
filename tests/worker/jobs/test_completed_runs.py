"""A completed run that is asked for again, whatever strange things its events hold."""

from __future__ import annotations

import json

import pytest

from tests.helpers.tiny_runs import events_named, run_in_process, tiny_recipe, train_in_process

pytestmark = pytest.mark.torch

STRANGE = (
    {"event": "adapter_saved", "adapter": 3},
    {"event": "job_ended"},
    {"event": "job_ended", "outcome": ["completed"]},
    {"event": "job_ended", "outcome": None},
)


def test_strange_events_do_not_keep_it_from_saying_how_it_ended(tmp_path):
    job, events = train_in_process(tiny_recipe(tmp_path, "t5"))
    with job.events_path.open("a", encoding="utf-8") as stream:
        stream.writelines(json.dumps({"v": 1, "time": 1.0, "attempt": 1, **told}) + "\n" for told in STRANGE)

    again = run_in_process(job)

    assert [event["event"] for event in again] == ["job_accepted", "adapter_saved", "job_ended"]
    assert again[1]["adapter"] == events_named(events, "adapter_saved")[0]["adapter"]
