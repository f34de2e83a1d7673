"""Requests that wait for their turn: written together where they can be, and none spoils another."""

import pytest

from engine.config.prompts import DEFAULT_PROMPT
from engine.text import chunking
from engine.worker.modeling import base_models
from tests.helpers.channel_events import events_of
from tests.helpers.summarize_job import (
    CONVERSATION,
    TEMPLATE,
    expected_summary,
    send_all,
    serve,
    summarize_command,
)
from tests.helpers.worker_setup import install_random

pytestmark = pytest.mark.torch

OTHER = "Cid: Is there cake?\nDee: In the kitchen."
COUNTS = 1_000_000


@pytest.fixture
def waiting(monkeypatch):
    """Return a function that runs a job for which commands wait already when it has loaded its base model."""

    def run(kind, *commands):
        def load(options, device, channel):
            for command in commands:
                channel.job.send(**command)
            channel.job.send("summarize", **summarize_command([None], "last", beams=2))
            return loaded(options, device, channel)

        def answer(channel, event):
            if event["event"] == "request_finished" and event["request"] == "last":
                channel.job.send("quit")

        loaded = base_models.load
        monkeypatch.setattr(base_models, "load", load)
        return serve(kind, answer)

    return run


def asked(*columns_and_request, **changes):
    return {"command": "summarize", **summarize_command(*columns_and_request, **changes)}


def test_those_for_the_same_are_written_together_each_as_alone(waiting):
    kind = "gpt2"
    adapter = install_random(kind, "adapter", seed=1)
    channel = waiting(
        kind, asked([adapter.id], "first"), asked([None], "base"),
        asked([adapter.id], "second", conversation=OTHER),
    )  # fmt: skip
    found = {event["request"]: event["summary"] for event in events_of(channel, "summary_finished")}
    del found["last"]
    assert found == {
        "first": expected_summary(kind, adapter, TEMPLATE),
        "second": expected_summary(kind, adapter, TEMPLATE, OTHER),
        "base": expected_summary(kind, None, DEFAULT_PROMPT),
    }
    over = events_of(channel, "request_finished")
    assert [event["request"] for event in over] == ["first", "second", "base", "last"]
    assert not any(event["cancelled"] for event in over)


def test_of_those_together_one_that_is_cancelled_keeps_no_other(waiting):
    leaving = {"command": "cancel", "request": "leaves"}
    channel = waiting("t5", asked([None], "leaves"), asked([None], "stays"), leaving)
    over = {event["request"]: event["cancelled"] for event in events_of(channel, "request_finished")}
    assert over == {"leaves": True, "stays": False, "last": False}


@pytest.mark.parametrize(("text", "as_list"), [("Ann: Hi \udc00!", False), ("\ud83d " * 30_000, True)])
def test_half_an_emoji_fails_alone(text, as_list):
    bad = summarize_command([None], "bad", conversation=text)
    if as_list:
        bad["conversations"] = [{"conversation": CONVERSATION, "reference": bad.pop("conversation")}]
    channel = serve(
        "t5", send_all(summarize_command([None], "first"), bad, summarize_command([None], "last"))
    )
    (failed,) = events_of(channel, "summary_failed")
    assert failed["request"] == "bad"
    assert "half an emoji" in failed["message"]
    assert [event["request"] for event in events_of(channel, "summary_finished")] == ["first", "last"]


def test_a_text_whose_reader_has_left_is_split_no_further(monkeypatch):
    sent = {}

    def answer(channel, event):
        if event["event"] == "base_ready":
            sent["channel"] = channel
            long = {"conversation": CONVERSATION * 20, "long_conversations": "piecewise"}
            prompt = {"template": TEMPLATE, "max_conversation_tokens": 90}
            channel.job.send("summarize", **summarize_command([None], "long", prompt=prompt, **long))
        elif event["event"] == "request_finished" and event["request"] == "long":
            channel.job.send("summarize", **summarize_command([None], "next"))
        elif event["event"] == "request_finished":
            channel.job.send("quit")

    def split(text, limit, count):
        sent["channel"].job.send("cancel", request="long")
        for _ in range(COUNTS):
            count("word")
        pytest.fail("was split to the end")

    monkeypatch.setattr(chunking, "split", split)
    over = {
        event["request"]: event["cancelled"] for event in events_of(serve("t5", answer), "request_finished")
    }
    assert over == {"long": True, "next": False}
