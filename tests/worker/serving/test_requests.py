from itertools import pairwise
from typing import Any

import pytest

from engine.adapters.library import Adapter
from engine.adapters.metadata import PromptFacts
from engine.config.decoding import SummarizeOptions
from engine.config.recipe import BaseModelOptions
from engine.jobs.events import Event, read_all
from engine.text.chunking import split
from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.modeling import base_models
from engine.worker.runtime.channel import Channel
from engine.worker.serving import batch_writer
from engine.worker.serving.columns import make_column
from engine.worker.serving.requests import Request
from tests.helpers.channel_events import events_of
from tests.helpers.chat_templates import chat_model
from tests.helpers.summarize_job import (
    CONVERSATION,
    TEMPLATE,
    expected_summary,
    send_all,
    serve,
    summarize_command,
)
from tests.helpers.tiny_models import Kind
from tests.helpers.worker_setup import install_random, load_tiny, make_channel

pytestmark = pytest.mark.torch

SHORT = {"template": TEMPLATE, "max_conversation_tokens": 90}
LONG = "\n".join(f"{'Ann' if turn % 2 else 'Bob'}: Well, this is turn {turn}." for turn in range(12))
DRAWN = {"temperature": 1.2, "seed": 7, "top_p": 0.9, "repetition_penalty": 1.3}


def summaries(channel: Channel) -> dict[Any, str]:
    """Summaries by column, and by conversation too where there are several."""
    return {
        (event["adapter"], event["index"]) if "index" in event else event["adapter"]: event["summary"]
        for event in events_of(channel, "summary_finished")
    }


@pytest.mark.parametrize(("kind", "together"), [("t5", True), ("gpt2", False)])
def test_columns_with_prompts_of_their_own_write_what_they_write_alone(kind, together, monkeypatch):
    templates = {"short": "Say: {conversation}", "long": f"{'Please. ' * 12}{{conversation}}\nIn short: "}
    columns: dict[str | None, tuple[Adapter | None, str]] = {None: (None, templates["short"])}
    for seed, (name, template) in enumerate(templates.items()):
        adapter = install_random(kind, name, seed=seed, data={"source": "sample", "prompt": template})
        columns[adapter.id] = (adapter, template)
    decodings: dict[str, dict[str, Any]] = {"greedy": {}, "drawn": DRAWN}
    expected = {
        request: {name: expected_summary(kind, *column, **decoding) for name, column in columns.items()}
        for request, decoding in decodings.items()
    }
    monkeypatch.setattr(batch_writer, "EXTEND_SECONDS", 0.0)
    # What must not be needed is taken away.
    if together:
        monkeypatch.setattr(AdapterManager, "use", None)
    else:
        monkeypatch.setattr(AdapterManager, "supports_mixed_batch", lambda *_: False)
        monkeypatch.setattr(AdapterManager, "mixed_batch", None)
    requests = [summarize_command([*columns], request, **decoding) for request, decoding in decodings.items()]
    channel = serve(kind, send_all(*requests))
    for request in decodings:
        finished = [event for event in events_of(channel, "summary_finished") if event["request"] == request]
        assert {event["adapter"]: event["summary"] for event in finished} == expected[request]
    assert len(set(expected["greedy"].values())) == len(set(expected["drawn"].values())) == 3
    grown = [
        event["adapter"] for event in events_of(channel, "summary_extended") if event["request"] == "greedy"
    ]
    changes = sum(one != other for one, other in pairwise(grown))
    assert changes > 4 if together else changes == 2


def test_a_long_conversation_is_summarised_in_chunks_and_all_of_them_are_reported():
    asked_for = summarize_command([None], conversation=LONG, long_conversations="piecewise", prompt=SHORT)
    channel = serve("t5", send_all(asked_for))
    base = load_tiny("t5")
    parts = split(LONG, 90, lambda text: len(base.tokenizer(text, add_special_tokens=False)["input_ids"]))
    (started,) = events_of(channel, "summary_started")
    assert (started["pieces"], started["cut"], started["limit"]) == (len(parts), False, 90)
    told = sorted(events_of(channel, "piece_finished"), key=lambda event: (event["round"], event["piece"]))
    first = [event for event in told if event["round"] == 1]
    assert sorted(event["piece"] for event in first) == list(range(1, len(parts) + 1))
    assert [event["summary"] for event in first] == [
        expected_summary("t5", None, TEMPLATE, part) for part in parts
    ]
    last = [event["summary"] for event in told if event["round"] == told[-1]["round"]]
    whole = expected_summary("t5", None, TEMPLATE, "\n".join(last), limit=90)
    assert summaries(channel) == {None: whole}
    assert len(parts) > 2


def test_summaries_as_long_as_their_chunks_come_to_an_end():
    way = {"long_conversations": "piecewise", "prompt": SHORT}
    channel = serve("t5", send_all(summarize_command([None], conversation=LONG, max_new_tokens=150, **way)))
    (finished,) = events_of(channel, "summary_finished")
    assert finished["summary"]
    (notice,) = events_of(channel, "notice")
    assert notice["message"].endswith("exceed 90 tokens and are cut.")


def test_several_conversations_give_a_summary_each_in_every_column():
    kind: Kind = "llama"
    adapter = install_random(kind, "own")
    texts = [CONVERSATION, "Tim: Hi", " ", "Kim: größer?\nTom: ja! " * 5]
    tables = [{"conversation": text, "reference": "Hi." if text == "Tim: Hi" else ""} for text in texts]
    request = summarize_command([None, adapter.id], conversations=tables)
    channel = serve(kind, send_all(request))
    found = summaries(channel)
    assert found == {
        (column.id if column else None, index): expected_summary(kind, column, TEMPLATE, text)
        for column in (None, adapter)
        for index, text in enumerate(texts)
        if text.strip()
    }
    failed = [(event["index"], event["message"]) for event in events_of(channel, "summary_failed")]
    assert failed == [(2, "The conversation is empty.")] * 2
    scored = [event["index"] for event in events_of(channel, "summary_finished") if "scores" in event]
    assert scored == [1, 1]
    progress = [(event["done"], event["total"]) for event in events_of(channel, "request_progressed")]
    assert progress == [(done, 8) for done in range(1, 9)]
    assert not events_of(channel, "summary_extended")
    assert all(
        event["input_tokens"] > 0 and not event["cut"] for event in events_of(channel, "summary_finished")
    )
    assert [event["cancelled"] for event in events_of(channel, "request_finished")] == [False]


def test_a_cancelled_list_keeps_what_is_done():
    tables = [{"conversation": f"Ann: This is number {number}."} for number in range(90)]

    def answer(channel: Channel, event: Event) -> None:
        if event["event"] == "base_ready":
            channel.job.send(
                "summarize", **summarize_command([None], conversations=tables, max_new_tokens=300)
            )
        elif event["event"] == "request_progressed" and event["done"] == 1:
            channel.job.send("cancel", request="one")
        elif event["event"] == "request_finished":
            channel.job.send("quit")

    channel = serve("llama", answer)
    finished = events_of(channel, "summary_finished")
    assert 0 < len(finished) < 90
    assert not any(event.get("cancelled") for event in finished)
    assert [event["cancelled"] for event in events_of(channel, "request_finished")] == [True]


def test_cancelled_columns_keep_what_they_have():
    adapter = install_random("t5", "own")

    def answer(channel: Channel, event: Event) -> None:
        if event["event"] == "base_ready":
            channel.job.send("summarize", **summarize_command([None, adapter.id], max_new_tokens=3000))
        elif event["event"] == "summary_extended":
            channel.job.send("cancel", request="one")
        elif event["event"] == "request_finished":
            channel.job.send("quit")

    channel = serve("t5", answer)
    finished = events_of(channel, "summary_finished")
    assert {event["adapter"] for event in finished} == {None, adapter.id}
    assert all(event["cancelled"] and 0 < event["tokens"] < 3000 for event in finished)


def test_settings_that_can_t_be_fail_in_every_column():
    channel = serve("t5", send_all(summarize_command([None, "any"], beams=2, temperature=0.5)))
    failed = events_of(channel, "summary_failed")
    assert [event["adapter"] for event in failed] == [None, "any"]
    assert {event["message"] for event in failed} == {"Sampling needs one beam."}
    assert next(reversed(list(read_all(channel.job.events_path))))["event"] == "request_finished"


OWN = {"template": "Shortly: {conversation}", "max_conversation_tokens": 50}


@pytest.fixture
def chat_base(tmp_path):
    options = BaseModelOptions(id=str(chat_model("llama", tmp_path / "model")), precision="float32")
    return base_models.load(options, "cpu", make_channel("inspect"))


def format_of(base, name=None, columns=(), prompt=None):
    request = Request("one", tuple(columns) or (name,), (), False, SummarizeOptions(), prompt)
    return make_column(name, request, base).prompter.format


def test_a_base_model_alone_is_asked_in_its_own_chat_format(chat_base):
    assert format_of(chat_base) == "chat"
    assert format_of(load_tiny("llama")) == "plain"


def test_an_adapter_is_asked_as_it_was_trained_and_the_base_beside_it_too(chat_base):
    old = install_random("llama", "old")
    assert format_of(chat_base, old.id) == "plain"
    assert format_of(chat_base, None, (None, old.id)) == "plain"


def test_another_prompt_keeps_the_format_unless_it_names_one(chat_base):
    old = install_random("llama", "old")
    assert format_of(chat_base, None, prompt=PromptFacts(**OWN)) == "chat"
    assert format_of(chat_base, old.id, prompt=PromptFacts(**OWN)) == "plain"
    assert format_of(chat_base, old.id, prompt=PromptFacts(**OWN, format="chat")) == "chat"
    assert format_of(load_tiny("llama"), None, prompt=PromptFacts(**OWN)) == "plain"
