import time

import pytest

from engine.cluster import bridge, probe


def node(**other):
    own = {**probe.facts(), "free_disk_bytes": bridge.LOW_DISK_BYTES}
    return own | other


def misfits(**other):
    return [each.field for each in bridge.misfits(node(**other), probe.facts())]


def differences(**other):
    return [each.field for each in bridge.differences(node(**other), probe.facts(), time.time())]


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
