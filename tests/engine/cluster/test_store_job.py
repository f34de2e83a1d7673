"""The job store as a job of Ray: who is let in, and which version of Tunesmith starts what waits."""

from __future__ import annotations

import sys
import types

import pytest
from starlette.datastructures import Headers

from engine.cluster import probe, store_job
from engine.cluster.store_client import CALLS
from engine.cluster.store_job import UPDATED, RayJobStore


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
    assert store_job._is_let_in(Headers(headers), "secret") is is_program


@pytest.mark.parametrize(
    ("said", "is_known"), [("secret", True), ("secre", False), ("", False), ("é", False)]
)
def test_a_task_of_the_store_is_known_by_its_secret(open_cluster, said, is_known):
    headers = Headers({"Host": "192.0.2.1:8266", "Authorization": f"Bearer {said}"})
    assert store_job._is_let_in(headers, "secret") is is_known


class TwoNodes(types.ModuleType):
    """Ray with two nodes, on which a task dies when it was waited for twice; `meanwhile` is called the first time."""

    exceptions = types.SimpleNamespace(RayError=OSError)

    def __init__(self):
        super().__init__("ray")
        self.begun, self.waits = [], 0

    def nodes(self):
        return 2 * [{"Alive": True, "Resources": {"CPU": 2.0}}]

    def remote(self, **_):
        return lambda _: types.SimpleNamespace(remote=self._begin)

    def _begin(self, *asked):
        self.begun.append(asked)
        return len(self.begun)

    def wait(self, tasks, **_):
        self.waits += 1
        if self.waits == 1:
            self.meanwhile()
        return tasks if self.waits > 1 else [], []

    def get(self, _):
        raise OSError("The node died.")


def test_after_an_update_what_runs_ends_and_what_waits_is_left_to_the_new_version(tmp_path, monkeypatch):
    ray, versions = TwoNodes(), iter(["1", "1", "2", "2"])
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setattr(probe, "installed_version", lambda: next(versions))
    store = RayJobStore(str(tmp_path / "kept"))
    first, second = ({"run": name, "name": name, "files": []} for name in ("first", "second"))
    store.submit("first", first)
    ray.meanwhile = lambda: store.submit("second", second)
    with pytest.raises(SystemExit) as ended:
        store.work("head:8266", "secret")
    assert ended.value.code == UPDATED
    assert ray.begun == [("head:8266", "secret", "first")]
    told = store.poll({"first": 0, "second": 0})
    assert (told["first"]["state"], told["first"]["reason"]) == ("ended", "The node died.")
    assert told["second"]["state"] == "waiting"
