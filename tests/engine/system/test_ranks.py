import os
import socket

import pytest

from engine.errors import WorkerError
from engine.system import ranks
from engine.system.ranks import Rank
from tests.helpers.ranks import rank_variables

NAMED = {ranks.INTERFACE: ranks.loopback()}


@pytest.mark.parametrize("given", [{}, {"WORLD_SIZE": "1", "RANK": "0"}, {"RANK": "3"}])
def test_a_process_without_others_is_alone(given):
    assert ranks.own(given) is None
    assert not ranks.is_follower(given)


def test_the_first_process_owns_the_run_and_the_others_follow():
    given = {"WORLD_SIZE": "4", "RANK": "0", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2", **NAMED}
    assert ranks.own(given) == Rank(0, 4, 0, 2)
    assert not ranks.is_follower(given)
    assert ranks.is_follower(given | {"RANK": "3", "LOCAL_RANK": "1"})
    # As some launchers on one computer leave it.
    assert ranks.own({"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "1"}).local_size == 2


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE"),
        # Left over from something else.
        ({"WORLD_SIZE": "2"}, "WORLD_SIZE"),
        ({"WORLD_SIZE": "2", "RANK": "2"}, "RANK"),
        ({"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "-1"}, "LOCAL_RANK"),
        ({"WORLD_SIZE": "4", "RANK": "1", "LOCAL_RANK": "2", "LOCAL_WORLD_SIZE": "2"}, "RANK"),
        ({"WORLD_SIZE": "2", "RANK": "1", "ACCELERATE_USE_DEEPSPEED": "true"}, "ACCELERATE_USE_DEEPSPEED"),
    ],
)
def test_variables_that_make_no_sense_are_refused_by_name(given, field):
    with pytest.raises(WorkerError) as refused:
        ranks.own(given)
    assert refused.value.field == field


@pytest.mark.parametrize("named", ["", "no-such-interface"])
def test_several_computers_are_refused_without_a_network_that_is_named(named):
    given = rank_variables(0, 4, 29500) | {"LOCAL_WORLD_SIZE": "2", ranks.INTERFACE: named}
    with pytest.raises(WorkerError, match="unencrypted") as refused:
        ranks.own(given)
    assert refused.value.field == "GLOO_SOCKET_IFNAME"
    assert ranks.loopback() in refused.value.hint


def test_one_computer_needs_no_network():
    assert ranks.own(rank_variables(1, 2, 29500)) == Rank(1, 2, 1, 2)
    assert ranks.addresses(ranks.loopback())[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "port", "field", "message"),
    [
        ("", "29500", "MASTER_ADDR", "can't meet"),
        ("127.0.0.1", "", "MASTER_PORT", "can't meet"),
        ("127.0.0.1", "../29500", "MASTER_PORT", "can't meet"),
        # Torch's own place to meet, beside which there is room for one more.
        ("127.0.0.1", "65535", "MASTER_PORT", "can't meet"),
    ],
)
def test_a_meeting_place_that_is_none_is_refused_by_name(host, port, field, message):
    with pytest.raises(WorkerError, match=message) as refused:
        ranks.require_address({"MASTER_ADDR": host, "MASTER_PORT": port})
    assert refused.value.field == field


def test_a_name_that_is_no_host_is_refused_by_name(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(WorkerError, match="The computer nowhere can't be found") as refused:
        ranks.require_address({"MASTER_ADDR": "nowhere", "MASTER_PORT": "29500"})
    assert refused.value.field == "MASTER_ADDR"


def test_computers_meet_beside_a_launcher():
    assert ranks.require_address({"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}) == ("127.0.0.1", 29501)


def test_libraries_do_not_learn_that_there_are_several_processes(monkeypatch):
    """transformers would leave the weights of all but the first empty, and accelerate connect them by itself."""
    fsdp = {"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "1"}
    for name, value in (rank_variables(1, 2, 29500) | fsdp).items():
        monkeypatch.setenv(name, value)
    assert ranks.take() == Rank(1, 2, 1, 2, shards=True, fsdp_version=1)
    assert not {"RANK", "WORLD_SIZE", "LOCAL_RANK", "ACCELERATE_USE_FSDP"} & os.environ.keys()
