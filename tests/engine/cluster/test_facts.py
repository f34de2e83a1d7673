"""Whether a node fits: what keeps it from a run, and what is only to be known."""

from __future__ import annotations

import time

import pytest

from engine.cluster import facts, probe
from engine.computers.computer import Computer
from engine.errors import ComputerError

LAB = Computer("lab", "ray", "lab:10001")


def node(**other):
    own = {**probe.facts(), "free_disk_bytes": facts.LOW_DISK_BYTES}
    return own | other


def misfits(**other):
    return [each.field for each in facts.misfits(node(**other), probe.facts())]


def differences(**other):
    return [each.field for each in facts.differences(node(**other), probe.facts(), time.time())]


def test_a_computer_like_this_one_fits():
    assert misfits() == []
    assert differences() == []


@pytest.mark.parametrize("version", ["", "0.0.1"])
def test_a_node_needs_the_same_tunesmith(version):
    assert misfits(tunesmith=version) == ["tunesmith"]


def test_a_node_needs_the_libraries():
    assert misfits(packages={"ray": "2.60.0"}) == ["packages"]


def test_another_torch_a_clock_apart_and_a_full_disk_are_to_be_known():
    packages = probe.facts()["packages"] | {"torch": "2.9.0"}
    told = differences(packages=packages, time=time.time() - 3600, free_disk_bytes=1_000)
    assert told == ["packages", "clock", "disk"]
    assert differences(time=time.time() + 3600) == ["clock"]


class Started:
    def overview(self):
        return [{"run": "before"}]


def test_a_head_that_was_started_anew_is_given_its_runs_back_when_it_is_asked(monkeypatch):
    monkeypatch.setattr(facts.keeper_actor, "find", lambda *_: None)
    monkeypatch.setattr(facts.keeper_actor, "find_or_start", lambda *_: Started())
    assert facts._entries(None, LAB, [{"fits": False}, {"fits": True}]) == [{"run": "before"}]
    assert facts._entries(None, LAB, [{"fits": False}]) == []


def test_a_storage_that_fails_is_told_beside_the_nodes(monkeypatch):
    def fail(*_):
        raise ComputerError("The cluster can't keep what is sent.", "Check its storage.", "storage")

    monkeypatch.setattr(facts, "_nodes", lambda _: [{"fits": True}])
    monkeypatch.setattr(facts, "_entries", fail)
    found = facts._of_cluster(None, LAB)
    assert (found["reachable"], found["nodes"]) == (True, [{"fits": True}])
    assert found["problem"]["field"] == "storage"
