import hashlib
import sys
import threading
import types

import pytest
from starlette.datastructures import Headers

from engine.cluster import probe, store_job
from engine.cluster.job_store import JobStore
from engine.cluster.store_client import CALLS, ClusterHttp, JobStoreClient
from engine.cluster.store_job import UPDATED, RayJobStore
from engine.errors import ComputerError


def test_every_declared_call_is_the_job_store_s():
    assert [name for name in CALLS if not callable(getattr(RayJobStore, name, None))] == []


@pytest.fixture
def open_cluster(monkeypatch):
    """A cluster whose Ray asks for no token."""
    authentication = types.SimpleNamespace(is_token_auth_enabled=lambda: False)
    package = types.SimpleNamespace(authentication_utils=authentication)
    monkeypatch.setitem(sys.modules, "ray._private.authentication", package)
    monkeypatch.setitem(sys.modules, "ray._private.authentication.authentication_utils", authentication)


@pytest.mark.parametrize(
    ("headers", "is_program"),
    [
        ({"Host": "127.0.0.1:8266"}, True), ({"Host": "localhost"}, True), ({"Host": "[::1]:8266"}, True),
        ({"Host": "127.0.0.1:8266", "Origin": "http://page.example"}, False),
        ({"Host": "127.0.0.1:8266", "Origin": "null"}, False), ({"Host": "page.example:8266"}, False),
        ({"Host": "127.0.0.1.page.example:8266"}, False), ({"Host": "[page"}, False),
        ({"Host": ""}, False), ({}, False),
    ],
)  # fmt: skip
def test_without_a_token_no_page_of_a_browser_is_let_in(open_cluster, headers, is_program):
    """A page could send entries to the loopback of who opens it, by that address or by a name that it gives it."""
    assert store_job.is_let_in(Headers(headers), "secret") is is_program


@pytest.mark.parametrize(
    ("said", "is_known"), [("secret", True), ("secre", False), ("", False), ("é", False)]
)
def test_a_task_of_the_store_is_known_by_its_secret(open_cluster, said, is_known):
    headers = Headers({"Host": "192.0.2.1:8266", "Authorization": f"Bearer {said}"})
    assert store_job.is_let_in(headers, "secret") is is_known


class OneNode(types.ModuleType):
    """Ray with room for one task, which dies when it was waited for twice; `meanwhile` is called the first time."""

    exceptions = types.SimpleNamespace(RayError=OSError)

    def __init__(self):
        super().__init__("ray")
        self.queued, self.cancelled, self.waits = [], [], 0

    def nodes(self):
        return [{"Alive": True, "Resources": {"CPU": 2.0}}]

    def remote(self, **_):
        queue = types.SimpleNamespace(remote=self._queue)
        return lambda _: types.SimpleNamespace(options=lambda **_: queue)

    def _queue(self, _address, _secret, entry_id):
        self.queued.append(entry_id)
        return len(self.queued)

    def cancel(self, task):
        self.cancelled.append(self.queued[task - 1])

    def wait(self, tasks, **_):
        self.waits += 1
        if self.waits == 1:
            self.meanwhile()
        return tasks[:1] if self.waits > 1 else [], []

    def get(self, _):
        raise OSError("The node died.")


@pytest.fixture
def ray(monkeypatch):
    ray = OneNode()
    monkeypatch.setitem(sys.modules, "ray", ray)
    return ray


def of(place, *names):
    store = RayJobStore(str(place / "kept"))
    for name in names:
        store.submit(name, {"run": name, "name": name, "files": []})
    return store


def test_after_an_update_what_runs_ends_and_what_waits_is_left_to_the_new_version(ray, tmp_path, monkeypatch):
    versions = iter(["1", "1", "2", "2"])
    monkeypatch.setattr(probe, "installed_version", lambda: next(versions))
    store = of(tmp_path, "first", "second")
    ray.meanwhile = lambda: store.begin("first", "node")

    def dies(_task):
        # Elsewhere it goes on with the version that it began with.
        assert store.begin("first", "elsewhere")["turn"] == 2
        raise OSError("The node died.")

    ray.get = dies
    with pytest.raises(SystemExit) as ended:
        store.work("head:8266", "secret")
    assert ended.value.code == UPDATED
    assert ray.queued == ["first", "second"]
    told = store.poll({"first": 0, "second": 0})
    assert (told["first"]["state"], told["first"]["reason"]) == ("ended", "The node died.")
    assert told["second"]["state"] == "waiting"
    assert store.begin("second", "node") is None


def test_what_is_held_leaves_ray_s_queue_and_comes_back_to_its_end(ray, tmp_path, monkeypatch):
    versions = iter(["1", "1", "1", "1", "2", "2"])
    monkeypatch.setattr(probe, "installed_version", lambda: next(versions))
    store = of(tmp_path, "first", "second")

    def hold():
        store.begin("first", "node")
        for each in ("first", "second"):
            store.command(each, {"command": "pause"})

    def let_go(_task):
        store.command("second", {"command": "continue"})
        raise OSError("The node died.")

    ray.meanwhile, ray.get = hold, let_go
    with pytest.raises(SystemExit):
        store.work("head:8266", "secret")
    assert ray.cancelled == ["second"]
    assert ray.queued == ["first", "second", "second"]


TOKEN = "a-token-of-the-tests"
SPEC = {"run": "run", "name": "name", "recipe": "", "files": [], "sent": {}, "hub": False}


@pytest.fixture(autouse=True)
def _no_leaks():
    """The server's thread ends with its process, which is the job store's own."""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    job_store = JobStore(str(tmp_path_factory.mktemp("kept")))
    before = set(threading.enumerate())
    port = store_job.serve(
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
    client.submit("entry", SPEC)
    assert client.poll({"entry": 0, "other": 0}).keys() == {"entry"}
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
    assert client.overview()[0]["name"] == "name"
    client.finish("entry", turn, 0)
    assert client.begin("entry", "node") is None
    assert client.append("entry", turn, size, events, 0) is None
    client.forget("entry")
    assert client.poll({"entry": 0}) == {}


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
    monkeypatch.setattr(store_job, "MAX_BODY_BYTES", 1_000)
    with pytest.raises(ComputerError, match="413"):
        client.put("0" * 64, 0, bytes(1_001))
