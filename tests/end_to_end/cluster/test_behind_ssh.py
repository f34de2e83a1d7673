"""A cluster that is reached through SSH alone: sent, followed, its tunnel cut and mended, stopped, fetched."""

from pathlib import Path

from engine.computers import store
from engine.computers.computer import Computer
from engine.jobs.job import Job
from engine.runs.run_store import checkpoints
from tests.end_to_end.cluster.conftest import MARKS, event_of, first_with
from tests.helpers.command_line import Terminal
from tests.helpers.ray_cluster import RayCluster
from tests.helpers.ssh_server import HOST, ssh_server

pytestmark = MARKS


def test_a_tunnel_that_is_cut_is_mended(home, cluster, recipe_file, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    with ssh_server(tmp_path) as server:
        monkeypatch.setenv("PATH", server.path)
        there = str(cluster.token_file)
        store.add(Computer("behind", "ssh", cluster.address, ssh=HOST, token_file=there))
        assert_strangers_are_refused(home, cluster, tmp_path / "strange")
        with Terminal(home).start(
            "train", str(recipe_file(1000, "training.batch_size=1")), "--on", "behind", "--yes", "--json"
        ) as process:
            job = Job(home / "runs" / first_with(process, "run")["run"])
            event_of(job, "checkpoint_saved")
            job.send("pause")
            event_of(job, "run_paused")
            server.cut()
            first_with(process, "message", "Reconnected to")
            process.terminate()
            process.communicate()
    assert process.returncode == 130
    assert checkpoints(job)
    assert Path(event_of(job, "adapter_saved")["path"], "adapter_model.safetensors").exists()


def assert_strangers_are_refused(home: Path, cluster: RayCluster, token_file: Path) -> None:
    """Ask the cluster with another token."""
    token_file.write_text("a-token-of-somebody-else" * 2)
    token_file.chmod(0o600)
    store.add(Computer("strange", "ray", cluster.address, token_file=str(token_file)))
    [asked] = Terminal(home).run("computers", "show", "strange", "--json").json[-1]["computers"]
    assert asked["problem"]["message"] == "strange rejected this token."
    assert asked["problem"]["field"] == "token_file"
