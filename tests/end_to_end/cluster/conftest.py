"""A cluster of three nodes for the tests of a process, and terminals that know it as "lab"."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.computers import store
from engine.computers.computer import Computer
from tests.helpers.command_line import Terminal
from tests.helpers.ray_cluster import RayCluster, ray_cluster


@pytest.fixture(autouse=True)
def _no_leaks() -> None:
    """Ray starts and ends processes as it likes; all end with the cluster."""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayCluster]:
    """A head and two nodes with a processor each."""
    with ray_cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture
def terminal(home: Path, cluster: RayCluster, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal whose computer "lab" is the cluster."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    store.add(Computer("lab", "ray", cluster.address, token_file=str(cluster.token_file)))
    return Terminal(home)
