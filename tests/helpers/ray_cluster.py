"""A cluster of real Ray nodes on loopback, in a process of its own: no test imports Ray.

    with ray_cluster(folder, nodes=3) as cluster:
        cluster.address        of Ray's dashboard, which takes jobs
        cluster.kill_node(id)  at once, as a power cut does

Run as a program it is that process: it starts the nodes, says where they are, and kills those whose ids it reads.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE
from typing import Any

import psutil

from tests.helpers.repository import ROOT

TOKEN = "a-token-of-the-tests-alone-" * 2


class RayCluster:
    """The other end of the process with the nodes."""

    def __init__(self, process: subprocess.Popen[str], address: str, token_file: Path) -> None:
        self._process = process
        self.address = address
        self.token_file = token_file

    def kill_node(self, node: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{node}\n")
        self._process.stdin.flush()
        self.read()

    def kill_job_store(self) -> None:
        """Kill the process that keeps what was sent."""
        for member in psutil.Process(self._process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if "engine.cluster.store_job" in member.cmdline():
                    member.kill()

    def open_texts(self) -> list[str]:
        """Return what each port of the cluster tells over HTTP to whoever asks without a token."""
        ports: set[int] = set()
        for member in psutil.Process(self._process.pid).children(recursive=True):
            # Ray starts and ends processes as it likes.
            with suppress(psutil.NoSuchProcess):
                listening = psutil.CONN_LISTEN
                ports |= {
                    each.laddr.port for each in member.net_connections("tcp") if each.status == listening
                }
        return [text for port in ports if (text := _told_to_strangers(port))]

    def read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            if line.startswith("{"):
                return json.loads(line)
        raise AssertionError("the cluster ended")


def _told_to_strangers(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return ""


@contextmanager
def ray_cluster(folder: Path, nodes: int = 3, *, processors: int = 1) -> Iterator[RayCluster]:
    """Start nodes that find Tunesmith in the checkout, and end all of them with the block.

    The first is the head, which runs no entries; `processors` is what each other one offers.
    """
    token_file = folder / "token"
    token_file.write_text(TOKEN)
    token_file.chmod(0o600)
    environment = os.environ | {
        # Loopback is all that Ray listens on then.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token_file),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_DISABLE_IMPORT_WARNING": "1",
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "PYTHONPATH": str(ROOT),
        "TUNESMITH_HOME": str(folder / "nodes"),
        "HF_HUB_OFFLINE": "0",
    }
    command = [sys.executable, "-m", "tests.helpers.ray_cluster", str(nodes), str(processors)]
    with (
        (folder / "cluster.log").open("w") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=PIPE, stdout=PIPE, stderr=log, text=True
        ) as process,
    ):
        cluster = RayCluster(process, "", token_file)
        cluster.address = cluster.read()["address"]
        yield cluster
        # Its end ends the nodes.
        process.stdin.close()


def main(nodes: int, processors: int) -> None:
    """Start the nodes, kill those that are named, and end them."""
    from ray.cluster_utils import Cluster

    port = 23_000 + os.getpid() % 2_000
    common = {"num_cpus": processors, "object_store_memory": 100 << 20, "node_ip_address": "127.0.0.1"}
    # The usual one may be another cluster's.
    common["dashboard_agent_listen_port"] = 0
    # A dead head is the end of a cluster: a node that is to be killed with its entry is another one.
    jobs = {"include_dashboard": True, "dashboard_host": "127.0.0.1", "dashboard_port": port}
    head = common | {"num_cpus": 0, **jobs}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    started = [cluster.head_node, *(cluster.add_node(**common) for _ in range(nodes - 1))]
    members = {node.node_id: node for node in started}
    cluster.wait_for_nodes()
    _wait_for(port)
    print(json.dumps({"address": f"127.0.0.1:{port}"}), flush=True)
    for line in sys.stdin:
        node = line.strip()
        cluster.remove_node(members.pop(node), allow_graceful=False)
        print(json.dumps({"killed": node}), flush=True)
    children = psutil.Process().children(recursive=True)
    cluster.shutdown()
    for each in children:
        if each.is_running():
            each.kill()


def _wait_for(port: int) -> None:
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
