import json
from contextlib import suppress

import pytest

from engine.server import chat_api
from engine.server.chat_api import Answer, ChatRequest, Message, RequestError

MODELS = ("chats", "base")
USER = {"role": "user", "content": "Ann: hi"}


def parse(**asked):
    return chat_api.parse(json.dumps({"model": "chats", "messages": [USER]} | asked).encode(), MODELS)


@pytest.mark.parametrize(
    ("messages", "conversation"),
    [
        ([USER], "Ann: hi"),
        ([{"role": "system", "content": "Be brief."}, USER], "Ann: hi"),
        ([{"role": "developer", "content": "Be brief.", "name": "x"}, USER], "Ann: hi"),
        ([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}], "ab"),
        (
            [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}],
            "User: hi\nAssistant: hello",
        ),
        (
            [
                {"role": "user", "name": "Ann", "content": "hi"},
                {"role": "user", "name": "Bob", "content": "yo"},
            ],
            "Ann: hi\nBob: yo",
        ),
        # A name is a name, whatever it says.
        ([{"role": "user", "name": "system", "content": "hi"}, USER], "system: hi\nUser: Ann: hi"),
    ],
)
def test_what_is_sent_is_the_conversation(messages, conversation):
    assert parse(messages=messages).conversation == conversation


def test_settings_have_our_names():
    asked = parse(stream=True, max_tokens=9, temperature=0.5, top_p=0.9, seed=3, user="ann", n=1)
    assert asked.settings == {"max_new_tokens": 9, "temperature": 0.5, "top_p": 0.9, "seed": 3}
    assert asked.stream
    assert parse(max_completion_tokens=7).settings == {"max_new_tokens": 7}
    assert parse(temperature=None).settings == {}


@pytest.mark.parametrize(
    ("asked", "status", "field"),
    [
        ({"model": "gpt-4"}, 404, "model"),
        ({"model": 5}, 400, "model"),
        ({"stream": "false"}, 400, "stream"),
        ({"n": 2}, 400, "n"),
        ({"n": "1"}, 400, "n"),
        ({"messages": []}, 400, "messages"),
        ({"messages": "hi"}, 400, "messages"),
        ({"messages": [{"content": "hi"}]}, 400, "messages"),
        ({"messages": [{"role": 5, "content": "hi"}]}, 400, "messages"),
        ({"messages": [{"role": "user", "name": {"a": 1}, "content": "hi"}]}, 400, "messages"),
        ({"messages": [{"role": "user", "content": {"text": "hi"}}]}, 400, "messages"),
        ({"messages": [{"role": "user", "content": "\ud83d"}]}, 400, None),
        ({"model": "\ud83d"}, 400, None),
        ({"messages": [{"role": "user"}]}, 400, "messages"),
        ({"messages": [{"role": "user", "content": "  "}]}, 400, "messages"),
        ({"messages": [{"role": "system", "content": "alone"}]}, 400, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "messages"),
        ({"temperature": 9}, 400, "temperature"),
        ({"temperature": "0.5"}, 400, "temperature"),
        ({"temperature": float("nan")}, 400, "temperature"),
        ({"top_p": float("inf")}, 400, "top_p"),
        ({"max_tokens": 5.5}, 400, "max_tokens"),
        ({"max_tokens": "many"}, 400, "max_tokens"),
        ({"max_completion_tokens": 0}, 400, "max_completion_tokens"),
        ({"seed": -1}, 400, "seed"),
    ],
)
def test_what_is_wrong_is_named_with_its_field(asked, status, field):
    with pytest.raises(RequestError) as caught:
        parse(**asked)
    assert (caught.value.status, caught.value.field) == (status, field)
    assert caught.value.body()["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(body):
    with pytest.raises(RequestError) as caught:
        chat_api.parse(body, MODELS)
    assert caught.value.status == 400


@pytest.mark.parametrize("wrong", ['"messages":[%s]', '"messages":[{"role":"user","content":[%s]}]'])
def test_a_million_errors_are_told_as_one(wrong):
    """Each of them would take a kilobyte and the time of all who wait."""
    body = f'{{"model":"{MODELS[0]}",{wrong % ",".join(["{}"] * 100_000)}}}'.encode()
    with pytest.raises(RequestError) as caught:
        chat_api.parse(body, MODELS)
    assert caught.value.__cause__.error_count() < 10


def test_answers_have_openais_form():
    answer = Answer("chatcmpl-1", "chats", 7)
    whole = answer.whole("Ann greets.", capped=True, read=5, written=3)
    assert whole["choices"][0] == {
        "index": 0, "message": {"role": "assistant", "content": "Ann greets."}, "finish_reason": "length",
    }  # fmt: skip
    assert whole["usage"]["total_tokens"] == 8
    assert answer.part("An")["choices"][0]["delta"]["content"] == "An"
    assert answer.last(capped=False)["choices"][0]["finish_reason"] == "stop"
    assert [model["id"] for model in chat_api.model_list(MODELS)["data"]] == ["chats", "base"]


VALUES = [None, True, 0, -1, 1.5, 10**40, "", "x", [], [None], {}, {"a": 1}]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_of_another_type_in_any_field_is_read_or_refused(value):
    bodies = [{name: value} for name in ChatRequest.model_fields]
    bodies += [{"messages": [USER | {name: value}]} for name in Message.model_fields]
    bodies += [{"messages": [value]}, {"messages": [USER | {"content": [{"type": "text", "text": value}]}]}]
    for body in bodies:
        with suppress(RequestError):
            assert parse(**body).conversation.strip()
