"""One entry on a node: fetches what it needs, runs Tunesmith's worker, and hands over events and results.

A task that was replaced because its node seemed dead ends its worker and hands nothing over. What entries need lies in
a private folder, which goes with the last entry on the computer; base models stay for the next.
"""

from __future__ import annotations

import json
import platform
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import ReadWriteLock, Timeout

from engine.cluster.arrivals import is_expected
from engine.cluster.files import below, fetch, manifest_of, part_of, send
from engine.cluster.store_client import JobStoreClient, cards_of
from engine.errors import StorageError
from engine.jobs.events import read_all
from engine.jobs.job import Job
from engine.jobs.worker_process import kill_all, visible_to, worker_command, worker_environment
from engine.messages import say
from engine.system import ranks
from engine.system.files import bytes_in, delete, remove, write_atomically
from engine.system.foreign_files import open_regular
from engine.system.graphics import visible_cards
from engine.system.paths import HOME, SENT_FILES, cluster_folder, make_private
from engine.system.processes import OWN_SESSION

POLL_SECONDS = 0.2
BEAT_SECONDS = 1.0
# How long the connection to the head may be lost before the entry is given up.
PATIENCE_SECONDS = 300.0
# Set in Ray's processes, and not meant for a worker.
OF_RAY = ("OMP_NUM_THREADS", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
SAVES = (b'"event":"checkpoint_saved"', b'"event":"adapter_saved"')
ENDS = b'"event":"job_ended"'
# Shared by the entries on this computer; whoever holds it alone may delete their files.
LOCK = "in-use.lock"
HUB_MODEL = "models--"


def run_entry(address: str, secret: str, entry_id: str) -> None:
    """Run an entry to its end, from its last checkpoint if it has one; a task of Ray.

    The job store answers at `address` to those who know its `secret`.
    """
    import ray

    node = ray.get_runtime_context().get_node_id()
    with JobStoreClient("the cluster's head", address, secret, patience=PATIENCE_SECONDS) as job_store:
        if (begun := job_store.begin(entry_id, node)) is not None:
            with node_home(node[:16]) as home:
                _Attempt(job_store, entry_id, begun, home).run()


class _Attempt:
    """One attempt at an entry on this node."""

    def __init__(self, job_store: JobStoreClient, entry_id: str, begun: dict[str, Any], home: Path) -> None:
        self._store = job_store
        self._id = entry_id
        self._turn: int = begun["turn"]
        self._spec: dict[str, Any] = begun["spec"]
        self._begun = begun
        self._home = home
        self._job = Job(home / "runs" / self._spec["run"])
        self._read = self._seen = 0
        self._beat_at = 0.0

    def run(self) -> None:
        """Prepare the job's folder, run the worker, hand over its files, and leave nothing behind."""
        try:
            self._prepare()
            process = self.start()
            try:
                current = self._follow(process)
            finally:
                if process.stdin is not None:
                    process.stdin.close()
                kill_all(process.pid)
                process.wait()
            if current:
                self.push_files()
                self._push_events(whole=True)
                self._store.finish(self._id, self._turn, process.returncode)
        except OSError as error:
            self._store.finish(self._id, self._turn, None, say("{} on the node", error.strerror or error))
        finally:
            for each in self._adapters():
                remove(self._home / "adapters" / each)
            remove(self._job.folder)

    def _prepare(self) -> None:
        """Write what was sent and what an earlier task handed over."""
        folder, adapters, models = self._job.folder, self._home / "adapters", models_folder()
        for each in (self._home / "runs", adapters, folder, folder / "commands"):
            make_private(each)
        places = {"run/": folder, "sent/": self._home / "sent", "adapters/": adapters}
        places |= {"models/": models / "models", "hub/": models / "hub"}
        for files in (self._spec["files"], self._begun["files"]):
            for prefix, place in places.items():
                fetch(self._store, part_of(files, prefix), place)
        with self._job.events_path.open("wb") as stream:
            while more := self._store.poll({self._id: self._read})[self._id]["events"]:
                self._read += stream.write(more)
        write_atomically(folder / "recipe.toml", self._spec["recipe"])
        write_atomically(folder / "job.json", json.dumps({"kind": "train", "ends_with_parent": True}))

    def start(self) -> subprocess.Popen[bytes]:
        # Paths of the sender to paths on this node.
        roots = {"sent": self._home, "models": models_folder()}
        sent = {path: str(roots[name.partition("/")[0]] / name) for path, name in self._spec["sent"].items()}
        environment = worker_environment(niced=False) | {HOME: str(self._home), SENT_FILES: json.dumps(sent)}
        if self._spec["hub"]:
            environment["HF_HUB_CACHE"] = str(models_folder() / "hub")
        cards = cards_of(self._spec)
        if cards > 1:
            # Each rank takes one of the GPUs that Ray gave to the entry.
            environment |= {**visible_to(visible_cards.ALL), ranks.COUNT: str(cards)}
        with self._job.open_log() as log:
            return subprocess.Popen(
                worker_command(self._job.folder),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._job.folder,
                env={name: value for name, value in environment.items() if name not in OF_RAY},
                **OWN_SESSION,
            )

    def _follow(self, process: subprocess.Popen[bytes]) -> bool:
        """Hand over events and pass commands on until the worker ends; return whether the entry is still ours."""
        while process.poll() is None:
            is_due = time.monotonic() - self._beat_at >= BEAT_SECONDS or self._new_events()
            if is_due and not self._push_events(whole=False):
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _new_events(self) -> bytes:
        """Return the complete lines that were not handed over yet."""
        with open_regular(self._job.events_path) as stream:
            stream.seek(self._read)
            content = stream.read()
        return content[: content.rfind(b"\n") + 1]

    def _push_events(self, *, whole: bool) -> bool:
        """Hand over new events, the last one only if `whole`: by then all files are there."""
        content = self._new_events()
        if not whole and ENDS in content:
            content = content[: content.rfind(b"\n", 0, content.index(ENDS)) + 1]
        if not whole and any(mark in content for mark in SAVES):
            self.push_files()
        self._beat_at = time.monotonic()
        answer = self._store.append(self._id, self._turn, self._read, content.decode(), self._seen)
        if answer is None:
            return False
        self._read += len(content)
        for each in answer:
            self._seen = max(self._seen, each["number"])
            self._job.send(**each["command"])
        return True

    def push_files(self) -> None:
        """Hand over new and changed files of the run and its adapters."""
        while True:
            found = [*below(self._job.folder, "run/")]
            for each in self._adapters():
                found += below(self._home / "adapters" / each, f"adapters/{each}/")
            pairs = [(name, path) for name, path in found if is_expected(self._job.id, name)]
            # If a checkpoint is dropped or the log grows meanwhile, try again.
            with suppress(FileNotFoundError, StorageError):
                files = manifest_of(pairs)
                self._store.expect(self._id, files)
                send(self._store, pairs, files)
                self._store.set_files(self._id, self._turn, files)
                return

    def _adapters(self) -> set[str]:
        """Return the ids of the adapters that the run has saved."""
        events = read_all(self._job.events_path)
        return {str(event["adapter"]) for event in events if event["event"] == "adapter_saved"}


def models_folder() -> Path:
    """Return the folder of base models that were sent to this node, made if missing."""
    folder = cluster_folder() / "models"
    make_private(folder)
    return folder


@contextmanager
def node_home(node: str) -> Iterator[Path]:
    """Yield the Tunesmith home that the entries on a node share. It goes with the last entry on this computer."""
    # Left by nodes that died.
    _remove_unused_homes()
    try:
        with _lock().read_lock():
            home = _homes() / node
            make_private(home)
            yield home
    finally:
        _remove_unused_homes()


def clear(remove: bool) -> dict[str, Any]:
    """Return base models and data on this node that no entry needs, with their bytes; delete them if asked to.

    While an entry runs the node is `in_use`: everything may be needed.
    """
    told: dict[str, Any] = {
        "host": platform.node(),
        "folder": str(cluster_folder()),
        "kept": [],
        "in_use": True,
    }
    with suppress(Timeout, OSError), _lock().write_lock(blocking=False):
        left = bytes_in(_homes())
        data = [{"what": "data", "name": "", "bytes": left}] if left else []
        sent = [(path.name, path) for path in models_folder().glob("models/*/*")]
        of_hub = models_folder().glob(f"hub/{HUB_MODEL}*")
        sent += [(path.name.removeprefix(HUB_MODEL).replace("--", "/"), path) for path in of_hub]
        models = [{"what": "model", "name": name, "bytes": bytes_in(path)} for name, path in sorted(sent)]
        told |= {"kept": [*models, *data], "in_use": False}
        if remove:
            for folder in (models_folder(), _homes()):
                delete(folder)
    return told


def _homes() -> Path:
    homes = cluster_folder() / "nodes"
    make_private(homes)
    return homes


def _remove_unused_homes() -> None:
    with suppress(Timeout), _lock().write_lock(blocking=False):
        remove(_homes())


def _lock() -> ReadWriteLock:
    """Return the lock of this computer's entries, each time as another holder."""
    return ReadWriteLock(cluster_folder() / LOCK, is_singleton=False)
