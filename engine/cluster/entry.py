"""One entry on a node: fetches what it needs, runs Tunesmith's own worker, and hands over what comes of it.

A task that another one has replaced, since its node was taken for dead, ends its worker and hands nothing over.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.cluster.arrivals import is_expected
from engine.cluster.files import below, fetch, manifest_of, part_of, send
from engine.cluster.node_home import models_folder, node_home
from engine.cluster.places import cards_of
from engine.cluster.store_client import JobStoreClient
from engine.errors import StorageError
from engine.jobs.events import read_all
from engine.jobs.job import Job
from engine.jobs.worker_process import (
    kill_all,
    visible_to,
    worker_command,
    worker_environment,
)
from engine.system import ranks
from engine.system.files import write_atomically
from engine.system.foreign_files import open_regular
from engine.system.graphics import visible_cards
from engine.system.paths import HOME, SENT_FILES, make_private

POLL_SECONDS = 0.2
BEAT_SECONDS = 1.0
# How long a connection to the head may be lost before the entry is given up.
PATIENCE_SECONDS = 300.0
# What libraries take from Ray's process, and a worker has to decide itself.
OF_RAY = ("OMP_NUM_THREADS", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
SAVES = (b'"event":"checkpoint_saved"', b'"event":"adapter_saved"')
ENDS = b'"event":"job_ended"'


def run_entry(address: str, secret: str, entry_id: str) -> None:
    """Run an entry to its end, from its last checkpoint on if it was begun before: a task of Ray.

    The job store answers at `address` to who knows its `secret`.
    """
    import ray

    node = ray.get_runtime_context().get_node_id()
    with JobStoreClient("the cluster's head", address, secret, patience=PATIENCE_SECONDS) as job_store:
        if (begun := job_store.begin(entry_id, node)) is not None:
            with node_home(node[:16]) as home:
                _Attempt(job_store, entry_id, begun, home).run()


class _Attempt:
    """One try of an entry on this node."""

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
        """Prepare the job's folder, run the worker, hand over, and leave nothing behind."""
        try:
            self._prepare()
            process = self._start()
            try:
                current = self._follow(process)
            finally:
                if process.stdin is not None:
                    process.stdin.close()
                # At once, with its children; one that has ended has none left.
                kill_all(process.pid)
                process.wait()
            if current:
                self._push_files()
                self._push_events(whole=True)
                self._store.finish(self._id, self._turn, process.returncode)
        except OSError as error:
            self._store.finish(self._id, self._turn, None, f"{error.strerror or error} on the node")
        finally:
            for each in self._adapters():
                shutil.rmtree(self._home / "adapters" / each, ignore_errors=True)
            shutil.rmtree(self._job.folder, ignore_errors=True)

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

    def _start(self) -> subprocess.Popen[bytes]:
        # Where on this node what was sent is, by its path on the computer that it comes from.
        roots = {"sent": self._home, "models": models_folder()}
        sent = {path: str(roots[name.partition("/")[0]] / name) for path, name in self._spec["sent"].items()}
        environment = worker_environment(niced=False) | {
            HOME: str(self._home),
            SENT_FILES: json.dumps(sent),
        }
        if self._spec["hub"]:
            environment["HF_HUB_CACHE"] = str(models_folder() / "hub")
        cards = cards_of(self._spec.get("demand"))
        if cards > 1:
            # Each rank takes one of those that Ray gave to the entry.
            environment |= {**visible_to(visible_cards.ALL), ranks.COUNT: str(cards)}
        with self._job.open_log() as log:
            return subprocess.Popen(
                worker_command(self._job.folder),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._job.folder,
                env={name: value for name, value in environment.items() if name not in OF_RAY},
                start_new_session=True,
            )

    def _follow(self, process: subprocess.Popen[bytes]) -> bool:
        """Hand over events and pass commands on until the worker ends; return whether the entry is still this one's."""
        while process.poll() is None:
            is_due = time.monotonic() - self._beat_at >= BEAT_SECONDS or self._new_events()
            if is_due and not self._push_events(whole=False):
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _new_events(self) -> bytes:
        """Return the whole lines behind those that were handed over."""
        with open_regular(self._job.events_path) as stream:
            stream.seek(self._read)
            content = stream.read()
        return content[: content.rfind(b"\n") + 1]

    def _push_events(self, *, whole: bool) -> bool:
        """Hand new events over, the last one only if `whole`: by then all files are there."""
        content = self._new_events()
        if not whole and ENDS in content:
            content = content[: content.rfind(b"\n", 0, content.index(ENDS)) + 1]
        if not whole and any(mark in content for mark in SAVES):
            self._push_files()
        self._beat_at = time.monotonic()
        answer = self._store.append(self._id, self._turn, self._read, content.decode(), self._seen)
        if answer is None:
            return False
        self._read += len(content)
        for each in answer:
            self._seen = max(self._seen, each["number"])
            self._job.send(**each["command"])
        return True

    def _push_files(self) -> None:
        """Hand over the files of run and adapters that are new or changed."""
        while True:
            found = [*below(self._job.folder, "run/")]
            for each in self._adapters():
                found += below(self._home / "adapters" / each, f"adapters/{each}/")
            pairs = [(name, path) for name, path in found if is_expected(self._job.id, name)]
            # A checkpoint may be dropped while it is read, and the log go on: then they are looked at again.
            with suppress(FileNotFoundError, StorageError):
                files = manifest_of(pairs)
                send(self._store, pairs, files)
                self._store.set_files(self._id, self._turn, files)
                return

    def _adapters(self) -> set[str]:
        """Return the ids of the adapters that the run has saved."""
        events = read_all(self._job.events_path)
        return {str(event["adapter"]) for event in events if event["event"] == "adapter_saved"}
