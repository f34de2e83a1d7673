import pytest

from engine.config.recipe import STARTER
from engine.jobs.events import EventWriter, read_all
from engine.jobs.job import create_job
from engine.system.paths import jobs_folder, starter_folder
from engine.worker.ingestion.token_lengths import token_counter
from engine.worker.jobs import count_tokens
from engine.worker.runtime.channel import Channel

TEXT = "Leila: the venue offers Thursday 21st\nTom: fine, at 16:30 then"


@pytest.fixture
def job(home):
    return create_job(jobs_folder(), "count_tokens", {"base_model": STARTER})


@pytest.fixture
def channel(job):
    writer = EventWriter(job.events_path, {"job": job.id, "attempt": 1})
    yield Channel(job, writer)
    writer.close()


def answers(channel: Channel, base_model: str = STARTER) -> list[dict]:
    count_tokens.run(channel, {"base_model": base_model})
    return [event for event in read_all(channel.job.events_path) if event["event"] != "stage_entered"]


def test_a_text_is_counted_and_cut_where_a_run_cuts_it(job, channel, monkeypatch):
    ends = token_counter(starter_folder(), STARTER).ends(TEXT)
    said = iter([[count("a", len(ends))], [count("b", 5)], [{"command": "quit"}]])
    monkeypatch.setattr(channel, "pending_commands", lambda: next(said))
    ready, fits, cut = answers(channel)
    assert ready["exact"]
    assert (fits["request"], fits["tokens"], fits["cut_at"]) == ("a", len(ends), None)
    assert (cut["tokens"], cut["cut_at"]) == (len(ends), ends[4])
    assert TEXT[: cut["cut_at"]].startswith("Leila")


def count(request: str, limit: int) -> dict:
    return {"command": "count", "request": request, "text": TEXT, "limit": limit}


def test_of_several_texts_that_wait_the_last_is_counted(job, channel, monkeypatch):
    said = iter([[count("old", 8), count("new", 8)], [{"command": "quit"}]])
    monkeypatch.setattr(channel, "pending_commands", lambda: next(said))
    assert [event["request"] for event in answers(channel)[1:]] == ["new"]


def test_without_a_tokenizer_it_says_that_it_estimates(job, channel):
    job.send("quit")
    (ready,) = answers(channel, "somebody/unknown")
    assert not ready["exact"]
    assert "estimated" in ready["words"]
