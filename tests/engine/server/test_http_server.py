"""The server with a stand-in for the worker: who is let in, what goes together, what is lost when a client leaves."""

from __future__ import annotations

import http.client
import json
import threading
import time
from contextlib import closing

import pytest

from engine.errors import RecipeError
from engine.server.http_server import HOST, MAX_BODY_BYTES, Served, Server

DEFAULTS = {"beams": 1, "max_new_tokens": 64, "temperature": 0.0}
MODELS = {"chats": Served("id-1", DEFAULTS), "base": Served(None, DEFAULTS)}


class Worker:
    """Keeps commands, and answers them when told to."""

    def __init__(self):
        self.commands = []

    def send(self, command, **arguments):
        self.commands.append({"command": command, **arguments})

    def wait_for(self, count):
        deadline = time.monotonic() + 20
        while len(self.commands) < count and time.monotonic() < deadline:
            time.sleep(0.005)
        assert len(self.commands) >= count
        return self.commands[count - 1]


class Stage:
    def __init__(self):
        self.worker = Worker()
        self.server = Server(MODELS, "geheim", self.worker.send)
        self.port = self.server.start(0)
        self.server.tell({"event": "base_ready"})
        self.answers = []
        self.threads = []

    def call(self, path="/v1/chat/completions", body=None, token="geheim", method="POST"):
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=20)) as connection:
            connection.request(method, path, body, {"Authorization": f"Bearer {token}"})
            response = connection.getresponse()
            return response.status, response.read().decode()

    def ask(self, text="Ann: hi", **more):
        """Ask in a thread, as a client does that waits."""
        asked = {"model": "chats", "messages": [{"role": "user", "content": text}]} | more
        thread = threading.Thread(target=lambda: self.answers.append(self.call(body=json.dumps(asked))))
        thread.start()
        self.threads.append(thread)

    def answer(self, command, *summaries, **more):
        for index, summary in enumerate(summaries):
            event = {"event": "summary_finished", "request": command["request"], "index": index, "tokens": 3}
            self.server.tell(event | {"summary": summary, "input_tokens": 5} | more)
        self.server.tell({"event": "request_finished", "request": command["request"]})

    def join(self):
        for thread in self.threads:
            thread.join(20)
        return self.answers


@pytest.fixture
def stage():
    made = Stage()
    yield made
    made.server.close()


def test_a_request_is_summarised_with_the_adapters_decoding(stage):
    stage.ask("Ann: hi", max_tokens=9)
    command = stage.worker.wait_for(1)
    stage.answer(command, "Ann greets.")
    [(status, body)] = stage.join()

    assert command["columns"] == ["id-1"]
    assert command["conversations"] == [{"conversation": "Ann: hi"}]
    assert (command["max_new_tokens"], command["beams"]) == (9, 1)
    assert status == 200
    assert json.loads(body)["choices"][0]["message"]["content"] == "Ann greets."


def test_those_that_wait_for_the_same_model_go_together(stage):
    stage.ask("first")
    first = stage.worker.wait_for(1)
    for text, model in (("a", "chats"), ("b", "base"), ("c", "chats")):
        stage.ask(text, model=model)
        while stage.server._queue.length < {"a": 2, "b": 3, "c": 4}[text]:
            time.sleep(0.005)
    stage.answer(first, "one")
    second = stage.worker.wait_for(2)
    assert second["conversations"] == [{"conversation": "a"}, {"conversation": "c"}]
    stage.answer(second, "A", "C")
    third = stage.worker.wait_for(3)
    assert third["columns"] == [None]
    stage.answer(third, "B")
    contents = {json.loads(body)["choices"][0]["message"]["content"] for _, body in stage.join()}
    assert contents == {"one", "A", "C", "B"}


def test_a_summary_is_streamed_as_it_is_written(stage):
    stage.ask(stream=True)
    command = stage.worker.wait_for(1)
    assert command["conversation"] == "Ann: hi"
    for event in (
        {"event": "summary_started"},
        {"event": "summary_extended", "text": "Ann "},
        {"event": "summary_extended", "text": "greets"},
    ):
        stage.server.tell(event | {"request": command["request"]})
    stage.answer(command, "Ann greets.", capped=True)
    [(status, body)] = stage.join()
    pieces = [line.removeprefix("data: ") for line in body.split("\n\n") if line]

    assert (status, pieces[-1]) == (200, "[DONE]")
    choices = [json.loads(piece)["choices"][0] for piece in pieces[:-1]]
    assert "".join(choice["delta"].get("content", "") for choice in choices) == "Ann greets."
    assert choices[-1]["finish_reason"] == "length"


def test_a_summary_that_fails_is_the_clients_to_know(stage):
    stage.ask()
    command = stage.worker.wait_for(1)
    failed = {
        "event": "summary_failed",
        "request": command["request"],
        "message": "Too long.",
        "hint": "Cut it.",
    }
    stage.server.tell(failed)
    stage.server.tell({"event": "request_finished", "request": command["request"]})
    [(status, body)] = stage.join()
    assert (status, json.loads(body)["error"]["message"]) == (400, "Too long. Cut it.")


@pytest.mark.parametrize("token", ["", "wrong", "geheim2", "ü"])
def test_without_the_token_nobody_is_let_in(stage, token):
    for method, path in (("GET", "/v1/models"), ("POST", "/v1/chat/completions")):
        assert stage.call(path, b"{}", token.encode("utf-8").decode("latin-1"), method)[0] == 401
    assert stage.worker.commands == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/models", None, 200),
        ("GET", "/", None, 404),
        ("DELETE", "/v1/chat/completions", None, 405),
        ("POST", "/v1/chat/completions", b"{", 400),
        ("POST", "/v1/chat/completions", b"x" * (MAX_BODY_BYTES + 1), 413),
    ],
)
def test_bad_requests_have_answers_of_their_own(stage, method, path, body, status):
    found, text = stage.call(path, body, method=method)
    assert found == status
    assert ("error" in json.loads(text)) == (status != 200)


def test_a_queue_that_is_full_says_so(stage):
    stage.server._queue._max_waiting = 1
    stage.ask("first")
    first = stage.worker.wait_for(1)
    stage.ask("second", stream=True)
    while stage.server._queue.length < 2:
        time.sleep(0.005)
    body = json.dumps({"model": "chats", "messages": [{"role": "user", "content": "third"}]})
    assert stage.call(body=body)[0] == 429
    stage.answer(first, "one")
    stage.answer(stage.worker.wait_for(2), "two")
    assert [status for status, _ in stage.join()] == [200, 200]


def test_what_nobody_waits_for_any_more_is_cancelled(stage):
    connection = http.client.HTTPConnection(HOST, stage.port, timeout=20)
    body = json.dumps({"model": "chats", "messages": [{"role": "user", "content": "x"}]})
    connection.request("POST", "/v1/chat/completions", body, {"Authorization": "Bearer geheim"})
    command = stage.worker.wait_for(1)
    connection.close()
    assert stage.worker.wait_for(2) == {"command": "cancel", "request": command["request"]}


def test_a_worker_that_ends_leaves_nobody_waiting(stage):
    stage.ask("first")
    stage.worker.wait_for(1)
    stage.ask("second")
    while stage.server._queue.length < 2:
        time.sleep(0.005)
    stage.server.close()
    assert [status for status, _ in stage.join()] == [503, 503]


def test_a_port_in_use_is_a_problem_of_the_command(stage):
    other = Server(MODELS, "x", stage.worker.send)
    with pytest.raises(RecipeError) as caught:
        other.start(stage.port)
    assert caught.value.problems[0].field == "--port"
