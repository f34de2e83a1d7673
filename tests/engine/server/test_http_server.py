import http.client
import json
import threading
from contextlib import closing

import pytest

from engine.jobs.job import create_job
from engine.server.http_server import HOST, MAX_BODY_BYTES, Served, Server
from engine.system.paths import jobs_folder

DEFAULTS = {"beams": 1, "max_new_tokens": 64, "temperature": 0.0}
CHAT = "/v1/chat/completions"
BEARER = {"Authorization": "Bearer geheim"}
ENCODINGS = ("gzip", "deflate", "br", "zstd", "gzip, identity")
MODELS = {"chats": Served("id-1", DEFAULTS), "base": Served(None, DEFAULTS)}


def asked_for(text):
    """Return the body that asks for a summary, with as few bytes as there can be."""
    asked = {"model": "chats", "messages": [{"role": "user", "content": text}]}
    return json.dumps(asked, ensure_ascii=False, separators=(",", ":"))


class Worker:
    """Keeps commands, and answers them when told to."""

    def __init__(self):
        self.commands = []
        self._changed = threading.Condition()

    def send(self, command, **arguments):
        with self._changed:
            self.commands.append({"command": command, **arguments})
            self._changed.notify_all()

    def wait_for(self, count):
        with self._changed:
            self._changed.wait_for(lambda: len(self.commands) >= count)
        return self.commands[count - 1]


class Stage:
    def __init__(self):
        self.worker = Worker()
        self.server = Server(MODELS, "geheim", self.worker.send)
        self.port = self.server.start(0)
        self.server.tell({"event": "base_ready"})
        self.answers = []
        self.threads = []

    def call(self, body=None, path=CHAT, method="POST", headers=BEARER):
        with closing(http.client.HTTPConnection(HOST, self.port)) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            assert not [name for name in response.headers if name.lower().startswith("access-control")]
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
            thread.join()
        return self.answers


@pytest.fixture
def stage():
    made = Stage()
    yield made
    made.server.close()


@pytest.fixture(scope="module")
def door():
    """A server whose worker is never asked anything."""
    made = Stage()
    yield made
    made.server.close()
    assert made.worker.commands == []


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
        "event": "summary_failed", "request": command["request"], "message": "Too long.", "hint": "Cut it.",
    }  # fmt: skip
    stage.server.tell(failed)
    stage.server.tell({"event": "request_finished", "request": command["request"]})
    [(status, body)] = stage.join()
    assert (status, json.loads(body)["error"]["message"]) == (400, "Too long. Cut it.")


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("", 401), ("Bearer ", 401), ("Bearer wrong", 401), ("Bearer geheim2", 401), ("Basic geheim", 401),
        ("geheim", 401), ("Bearer", 401), ("Bearer \xc3\xbc\xff", 401), ("Bearer geheim, geheim", 401),
        ("Bearer geheim", 200), ("bearer geheim", 200), ("BEARER  geheim ", 200),
    ],
)  # fmt: skip
def test_without_the_token_nobody_is_let_in(door, given, status):
    headers = {"Authorization": given}
    assert door.call(path="/v1/models", method="GET", headers=headers)[0] == status
    # A body that is none is looked at last.
    assert door.call(b"{}", headers=headers)[0] == (400 if status == 200 else 401)


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", "/v1/models", None, {}, 200),
        ("GET", "/v1/models", None, {"Host": "localhost:8131"}, 200),
        # A page whose name was given this address.
        ("GET", "/v1/models", None, {"Host": "evil.example"}, 400),
        ("GET", "/v1/models", None, {"Host": "127.0.0.1.evil.example"}, 400),
        ("GET", "/v1/models", None, {"Host": ""}, 400),
        # A browser asks for leave without the token.
        ("OPTIONS", CHAT, None, {"Origin": "https://evil.example", "Authorization": ""}, 401),
        *(("POST", CHAT, b"\x1f\x8bno gzip", {"Content-Encoding": name}, 415) for name in ENCODINGS),
        ("GET", "/", None, {}, 404),
        ("DELETE", CHAT, None, {}, 405),
        ("POST", CHAT, b"{", {}, 400),
        ("POST", CHAT, b"x" * (MAX_BODY_BYTES + 1), {}, 413),
    ],
)
def test_bad_requests_have_answers_of_their_own(door, method, path, body, headers, status):
    found, text = door.call(body, path, method, BEARER | headers)
    assert found == status
    if "Host" not in headers:
        assert ("error" in json.loads(text)) == (status != 200)


@pytest.mark.parametrize("text", ["x", "😀", "\x00"], ids=ascii)
def test_the_longest_body_is_a_command_that_the_worker_reads(stage, home, text):
    rest = len(asked_for("").encode())
    each = len(json.dumps(text, ensure_ascii=False).encode()) - 2
    body = asked_for(text * ((MAX_BODY_BYTES - rest) // each)).encode()
    assert MAX_BODY_BYTES - 10 < len(body) <= MAX_BODY_BYTES
    thread = threading.Thread(target=lambda: stage.answers.append(stage.call(body=body)))
    thread.start()
    stage.threads.append(thread)
    command = stage.worker.wait_for(1)
    job = create_job(jobs_folder(), "summarize", {})
    job.send(**command)
    assert job.take_commands() == [command]
    stage.answer(command, "Long.")
    assert [status for status, _ in stage.join()] == [200]


def test_too_many_requests_are_told_so(stage):
    stage.server._tickets._max_waiting = 2
    stage.ask("first")
    first = stage.worker.wait_for(1)
    stage.ask("second", stream=True)
    second = stage.worker.wait_for(2)
    body = json.dumps({"model": "chats", "messages": [{"role": "user", "content": "third"}]})
    assert stage.call(body=body)[0] == 429
    stage.answer(first, "one")
    stage.answer(second, "two")
    assert [status for status, _ in stage.join()] == [200, 200]


@pytest.mark.parametrize("streamed", [False, True])
def test_of_several_that_wait_only_who_left_is_cancelled(stage, streamed):
    stage.ask("stays")
    stays = stage.worker.wait_for(1)
    connection = http.client.HTTPConnection(HOST, stage.port)
    asked = {"model": "chats", "messages": [{"role": "user", "content": "leaves"}], "stream": streamed}
    connection.request("POST", CHAT, json.dumps(asked), BEARER)
    leaves = stage.worker.wait_for(2)
    stage.server.tell({"event": "summary_started", "request": leaves["request"]})
    connection.close()
    assert stage.worker.wait_for(3) == {"command": "cancel", "request": leaves["request"]}
    stage.answer(stays, "one")
    assert [status for status, _ in stage.join()] == [200]
    assert len(stage.server._tickets) == 0


def test_a_worker_that_ends_leaves_nobody_waiting(stage):
    stage.ask("first")
    stage.ask("second")
    stage.worker.wait_for(2)
    stage.server.close()
    assert [status for status, _ in stage.join()] == [503, 503]
