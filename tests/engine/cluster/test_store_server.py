"""The job store's calls over HTTP, between the two ends that speak them."""

from __future__ import annotations

import hashlib
import threading

import pytest

from engine.cluster import store_server
from engine.cluster.job_store import JobStore
from engine.cluster.store_client import ClusterHttp, JobStoreClient
from engine.errors import ComputerError

TOKEN = "a-token-of-the-tests"
SPEC = {"run": "run", "name": "name", "recipe": "", "files": [], "sent": {}, "hub": False}


@pytest.fixture(autouse=True)
def _no_leaks():
    """The server's thread ends with its process, which is the job store's own."""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    job_store = JobStore(str(tmp_path_factory.mktemp("kept")))
    before = set(threading.enumerate())
    port = store_server.serve(
        job_store, "127.0.0.1", lambda said: said.get("Authorization") == f"Bearer {TOKEN}"
    )
    assert len(set(threading.enumerate()) - before) == 1
    return job_store, f"127.0.0.1:{port}"


@pytest.fixture
def client(served):
    with JobStoreClient("lab", served[1], TOKEN) as connection:
        yield connection


def test_contents_and_events_arrive_as_they_were_sent(client):
    content = bytes(range(256)) * 1_000
    digest = hashlib.sha256(content).hexdigest()
    assert client.missing([digest]) == [digest]
    client.put(digest, 0, content)
    assert client.complete(digest)
    assert client.missing([digest]) == []
    assert client.part(digest, 0) == content
    assert client.part(digest, 1) is None
    client.submit("entry", SPEC, 3)
    assert client.known(["entry", "other"]) == ["entry"]
    begun = client.begin("entry", "node")
    turn, events = begun["turn"], '{"event": "grüße \u2028 🙂"}\n'
    client.command("entry", {"command": "pause"})
    assert client.append("entry", turn, 0, events, 0) == [{"number": 1, "command": {"command": "pause"}}]
    told = client.poll({"entry": 0})["entry"]
    size = len(events.encode())
    assert (told["state"], told["events"], told["event_bytes"]) == ("running", events.encode(), size)
    client.set_files("entry", turn, [["run/scores.json", len(content), digest]])
    [(name, size, found)] = client.files("entry")
    assert (name, size, found) == ("run/scores.json", len(content), digest)
    assert client.overview()[0]["priority"] == 3
    client.finish("entry", turn, 0)
    assert client.begin("entry", "node") is None
    assert client.append("entry", turn, size, events, 0) is None
    client.forget("entry")
    assert client.known(["entry"]) == []


@pytest.mark.parametrize("token", ["", "another", TOKEN + "x"])
def test_strangers_are_refused_whatever_they_ask(served, token):
    with ClusterHttp("lab", served[1], token) as stranger:
        for method, path in (
            ("POST", "/calls/overview"),
            ("GET", f"/parts/{'0' * 64}/0"),
            ("GET", "/nothing"),
        ):
            assert stranger.ask(method, path)[0] == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/calls/_work"), ("POST", "/calls/_load"), ("POST", "/calls/__init__"), ("GET", "/calls/overview"),
        ("PUT", "/parts/..%2F..%2Fx/0"), ("PUT", f"/parts/{'0' * 63}/0"), ("PUT", f"/parts/{'0' * 64}/-1"),
        ("GET", "/"),
    ],
)  # fmt: skip
def test_what_is_no_call_is_refused(client, method, path):
    assert client.ask(method, path)[0] in {404, 405}


def test_a_request_has_a_largest_size(client, monkeypatch):
    monkeypatch.setattr(store_server, "MAX_BODY_BYTES", 1_000)
    with pytest.raises(ComputerError, match="413"):
        client.put("0" * 64, 0, bytes(1_001))
