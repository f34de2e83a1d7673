import pytest
import torch

from engine.config.prompts import DEFAULT_PROMPT, MAX_CHARACTERS
from engine.jobs.events import Event
from engine.worker.runtime.channel import Channel, Stopped
from engine.worker.serving import batch_writer
from engine.worker.serving.batch_writer import TextStreamer
from engine.worker.text_metrics import rouge, summary_metrics
from tests.helpers.channel_events import events_of
from tests.helpers.summarize_job import (
    CONVERSATION,
    TEMPLATE,
    expected_summary,
    send_all,
    serve,
    summarize_command,
)
from tests.helpers.tiny_models import Kind
from tests.helpers.worker_setup import install_random, load_tiny

pytestmark = pytest.mark.torch


def test_ctranslate2_writes_the_same_and_what_it_can_t_fails_alone():
    kind: Kind = "llama"
    good = install_random(kind, "good", seed=1, strength=0.1)
    other = install_random("gpt2", "other")
    whole = install_random(kind, "prefix", method={"id": "prefix_tuning"})
    asked = summarize_command([None, good.id, other.id, whole.id], runtime="ctranslate2")
    channel = serve(kind, send_all(asked))
    finished = events_of(channel, "summary_finished")
    assert {event["adapter"]: event["summary"] for event in finished} == {
        None: expected_summary(kind, None, TEMPLATE),
        good.id: expected_summary(kind, good, TEMPLATE),
    }
    failed = {event["adapter"]: event["message"] for event in events_of(channel, "summary_failed")}
    assert failed.keys() == {other.id, whole.id}
    assert "needs a merged model" in failed[whole.id]
    (over,) = events_of(channel, "request_finished")
    assert over["cancelled"] is False
    # What the playground shows while columns wait.
    stages = [event["stage"] for event in events_of(channel, "stage_entered")]
    assert [stages.count(stage) for stage in ("convert", "write")] == [2, 2]


def test_a_prompt_without_end_is_refused_before_anything_is_written():
    endless = {"template": "{conversation}" + "x" * MAX_CHARACTERS, "max_conversation_tokens": 100}
    channel = serve("t5", send_all(summarize_command([None], prompt=endless)))
    (failed,) = events_of(channel, "summary_failed")
    assert f"the limit is {MAX_CHARACTERS:,}" in failed["message"]
    assert not events_of(channel, "summary_started")


def test_text_goes_out_as_it_grows(monkeypatch):
    monkeypatch.setattr(batch_writer, "EXTEND_SECONDS", 0.0)
    channel = serve("llama", send_all(summarize_command([None], max_new_tokens=40)))
    pieces = [event["text"] for event in events_of(channel, "summary_extended")]
    (finished,) = events_of(channel, "summary_finished")
    assert "".join(pieces) == finished["summary"]
    assert len(pieces) > 3


def test_beams_are_shown_when_they_are_done():
    channel = serve("llama", send_all(summarize_command([None], beams=3)))
    (piece,) = events_of(channel, "summary_extended")
    (finished,) = events_of(channel, "summary_finished")
    assert piece["text"] == finished["summary"]
    assert finished["summary"] == expected_summary("llama", None, DEFAULT_PROMPT, beams=3)


def test_an_adapter_that_does_not_fit_fails_alone():
    sound, other = install_random("t5", "sound"), install_random("t5-tied", "other")
    channel = serve("t5", send_all(summarize_command([None, other.id, "nothing", sound.id])))
    failed = {event["adapter"]: event["message"] for event in events_of(channel, "summary_failed")}
    assert failed[other.id].startswith("other was made for")
    assert failed["nothing"] == 'There is no adapter "nothing".'
    finished = {event["adapter"]: event["summary"] for event in events_of(channel, "summary_finished")}
    assert finished[sound.id] == expected_summary("t5", sound, TEMPLATE)
    assert set(finished) == {None, sound.id}


def test_a_reference_gives_rouge():
    adapter = install_random("llama", "first")
    summary = expected_summary("llama", adapter, TEMPLATE, max_new_tokens=40)
    request = summarize_command([adapter.id], max_new_tokens=40, reference=f"{summary} word")
    (finished,) = events_of(serve("llama", send_all(request)), "summary_finished")
    expected = summary_metrics.scores_of(finished["summary"], request["reference"], request["conversation"])
    assert finished["scores"] == expected
    assert finished["scores"].keys() == {*rouge.SCORES, "chrf"}
    assert finished["scores"]["rouge1"] > 0
    (finished,) = events_of(
        serve("llama", send_all(summarize_command([None], reference="  "))), "summary_finished"
    )
    assert "scores" not in finished


def test_a_request_s_prompt_holds_for_all_else_each_adapter_has_its_own():
    own = install_random("t5", "own", data={"source": "sample", "prompt": "Say: {conversation}"})
    given = {"template": "Given: {conversation}", "max_conversation_tokens": 200}
    for prompt, template in ((given, given["template"]), (None, "Say: {conversation}")):
        channel = serve("t5", send_all(summarize_command([None, own.id], prompt=prompt)))
        found = {event["adapter"]: event["summary"] for event in events_of(channel, "summary_finished")}
        assert found == {
            None: expected_summary("t5", None, str(template)),
            own.id: expected_summary("t5", own, str(template)),
        }


def test_a_cut_conversation_is_told_with_its_length():
    prompt = {"template": TEMPLATE, "max_conversation_tokens": 8}
    (started,) = events_of(serve("t5", send_all(summarize_command([None], prompt=prompt))), "summary_started")
    base = load_tiny("t5")
    assert started["cut"]
    assert started["input_tokens"] == len(base.tokenizer(CONVERSATION, add_special_tokens=False)["input_ids"])


def test_cancel_ends_a_request_and_the_next_one_goes_on():
    def answer(channel: Channel, event: Event) -> None:
        if event["event"] == "base_ready":
            channel.job.send("summarize", **summarize_command([None, None], "long", max_new_tokens=4096))
            channel.job.send("summarize", **summarize_command([None], "next"))
        elif event["event"] == "summary_extended" and event["request"] == "long":
            channel.job.send("cancel", request="long")
        elif event["event"] == "summary_finished" and event["request"] == "next":
            channel.job.send("quit")

    channel = serve("t5", answer)
    long, following = events_of(channel, "summary_finished")
    assert long["cancelled"]
    assert 0 < long["tokens"] < 4096
    assert following["request"] == "next"
    assert len(events_of(channel, "summary_started")) == 2


def test_stop_ends_the_job_in_the_middle_of_a_summary():
    def answer(channel: Channel, event: Event) -> None:
        if event["event"] == "base_ready":
            channel.job.send("summarize", **summarize_command([None], max_new_tokens=4096))
        elif event["event"] == "summary_extended":
            channel.job.send("stop")

    with pytest.raises(Stopped):
        serve("t5", answer)


@pytest.mark.parametrize("kind", ["t5", "gpt2"])
@pytest.mark.parametrize(
    "text",
    ["Ann is at the office.", "größer als 日本,  😀  ja!\n\nTwo  spaces", "👩‍👩‍👧‍👦 family", "ends with é"],
)
def test_streamed_pieces_are_whole_characters_and_make_the_text(kind, text, monkeypatch):
    monkeypatch.setattr(batch_writer, "EXTEND_SECONDS", 0.0)
    tokenizer = load_tiny(kind).tokenizer
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    pieces: list[str] = []
    stream = TextStreamer(tokenizer, pieces.append)
    for count in range(1, len(ids) + 1):
        stream.extend(torch.tensor([ids[:count]]))
        assert text.startswith("".join(pieces))
    stream.send(text)
    assert "".join(pieces) == text
    assert len(pieces) > len(text) / 2
    assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in pieces)


def test_pieces_are_not_sent_faster_than_anybody_reads():
    tokenizer = load_tiny("gpt2").tokenizer
    ids = tokenizer("Ann is at the office.", add_special_tokens=False)["input_ids"]
    pieces: list[str] = []
    stream = TextStreamer(tokenizer, pieces.append)
    for count in range(1, len(ids) + 1):
        stream.extend(torch.tensor([ids[:count]]))
    stream.send("Ann is at the office.")
    assert "".join(pieces) == "Ann is at the office."
    assert len(pieces) < len(ids)
