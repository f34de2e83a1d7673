import socket

import pytest

from engine.computers import node
from engine.errors import ComputerError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of Ray's own, so that a node of this computer is not met."""
    monkeypatch.setattr("engine.system.paths.tempfile.gettempdir", lambda: str(tmp_path))


def test_a_port_in_use_is_told_before_anything_is_started():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ComputerError, match="can't be opened") as refused:
            node.start(port=taken.getsockname()[1])
    assert refused.value.field == "port"


@pytest.mark.parametrize("ports", [{"port": 10_002}, {"jobs_port": 19_999}])
def test_a_port_of_rays_own_processes_is_told_before_anything_is_started(ports):
    with pytest.raises(ComputerError, match="Ray reserves port") as refused:
        node.start(**{"port": 6398, "jobs_port": 23_002} | ports)
    assert refused.value.field == "port"


def test_who_has_the_usual_port_of_ray_s_agents_keeps_no_cluster_from_its_jobs(monkeypatch, tmp_path):
    """Another cluster on this computer, or another user's program: Ray goes on without an agent then."""
    started = []
    monkeypatch.setattr(node.subprocess, "Popen", lambda command, **_: started.append(command))
    for host in ("127.0.0.1", ""):
        node.launch(["--head"], host, tmp_path / "token", None, None)
        assert "--dashboard-agent-listen-port=0" in started.pop()


def test_nothing_is_stopped_that_was_not_started_here():
    assert node.running() is None
    with pytest.raises(ComputerError, match="No node"):
        node.stop()
