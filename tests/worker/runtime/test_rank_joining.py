"""Processes that can't compute together are named before they do."""

import pytest

from engine.errors import WorkerError
from engine.worker.runtime import process_group, rank_joining
from engine.worker.runtime.rank_joining import disagreement
from tests.helpers.rank_follower import free_port

VERSIONS = {"python": "3.11.7", "torch": "2.13.0"}
FIRST = {"host": "here", "versions": VERSIONS, "recipe": "a1", "data": "b2"}


def second(**told):
    return {**FIRST, "host": "there"} | told


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"versions": VERSIONS | {"torch": "2.12.0"}}, "has torch 2.12.0, process 0 (on here) has 2.13.0"),
        ({"versions": {"python": "3.11.7"}}, "has torch none"),
        ({"recipe": "a2"}, "has another recipe than process 0"),
        ({"data": "b3"}, "has other conversations than process 0"),
        ({"problem": "There is no recipe x.toml."}, "There is no recipe x.toml."),
    ],
)
def test_who_differs_is_named_with_what(told, message):
    problem = disagreement([FIRST, second(), second(**told)])
    assert message in problem.message
    assert "Process 2 (on there)" in problem.message
    assert problem.hint


def test_what_a_process_does_not_know_it_does_not_disagree_about():
    assert disagreement([FIRST, {"host": "there", "versions": VERSIONS}]) is None
    assert disagreement([FIRST, second(data="")]) is None


def environment(monkeypatch, rank, **others):
    given = {"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1"}
    for name, value in (given | others).items():
        monkeypatch.setenv(name, value)


def joined():
    with rank_joining.joined({}, lambda _: None):
        pass


@pytest.mark.parametrize("name", rank_joining.OTHER_WAYS)
def test_a_model_shared_out_in_another_way_is_refused_by_name(monkeypatch, name):
    environment(monkeypatch, 0, MASTER_PORT="29500", **{name: "true"})
    with pytest.raises(WorkerError, match="is not supported") as refused:
        joined()
    assert refused.value.field == name


@pytest.mark.torch
def test_a_port_in_use_is_named(monkeypatch):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment(monkeypatch, 0, MASTER_PORT=str(taken.getsockname()[1]))
        with pytest.raises(WorkerError, match=r"Port \d+ is in use") as refused:
            joined()
    assert refused.value.field == "MASTER_PORT"


@pytest.mark.torch
def test_a_process_that_does_not_come_is_named(monkeypatch):
    environment(monkeypatch, 0, MASTER_PORT=str(free_port()))
    monkeypatch.setattr(process_group, "JOIN_SECONDS", 0.5)
    with pytest.raises(WorkerError, match=r"Only 1 of 2 processes came within"):
        joined()
