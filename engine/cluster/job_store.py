"""The job store: what was sent to a cluster, the state of each entry, its events, commands and files.

All of it is in a folder, or any place that fsspec can write to, so a job store that is restarted continues from there:

    blobs/<sha256>/<part>       the content of a file, in parts; `whole` beside them says that all are there
    entries/<id>/entry.json     what was asked for
    entries/<id>/state.json     its state
    entries/<id>/events/<from>  its events from that byte of the stream on

Knows nothing of Ray.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem

from engine.cluster.files import Manifest, digests_of, models_in
from engine.cluster.store_client import EntryState, cards_of
from engine.messages import from_json, to_json

Spec = dict[str, Any]
POLL_BYTES = 1 << 20
# Files sent ahead of an entry are kept for a day.
EXPECTED_SECONDS = 86_400.0
MODELS = "model-files.json"
WHOLE = "whole"


class Storage:
    """Files below one place; each is written whole or not at all."""

    def __init__(self, place: str) -> None:
        """`place` is a path or an fsspec address. Raises OSError, or what the file system raises."""
        files, root = url_to_fs(place, auto_mkdir=True)
        files.makedirs(root, exist_ok=True)
        self._is_local = isinstance(files, LocalFileSystem)
        if self._is_local:
            # Conversations are in it.
            Path(root).chmod(0o700)
        self._files = DirFileSystem(root, files)

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None if there is none."""
        try:
            return bytes(self._files.cat_file(name))
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Write a file."""
        if not self._is_local:
            self._files.pipe_file(name, content)
            return
        partial = f"{name}.{secrets.token_hex(4)}.partial"
        self._files.pipe_file(partial, content)
        self._files.mv(partial, name)

    def read_json(self, name: str) -> dict[str, Any] | None:
        """Return a JSON object, None if there is none or it is damaged."""
        content = self.read(name)
        with suppress(ValueError):
            value = from_json(content or b"")
            return value if isinstance(value, dict) else None
        return None

    def write_json(self, name: str, value: Any) -> None:
        """Write a value as JSON."""
        self.write(name, to_json(value).encode())

    def sizes(self, folder: str) -> dict[str, int]:
        """Return the names in a folder, sorted, with their bytes; folders have 0."""
        try:
            listed = self._files.ls(folder, detail=True)
        except FileNotFoundError:
            return {}
        named = {each["name"].rstrip("/").rpartition("/")[2]: int(each.get("size") or 0) for each in listed}
        return dict(sorted((name, size) for name, size in named.items() if not name.endswith(".partial")))

    def remove(self, folder: str) -> None:
        """Remove a folder and all in it."""
        with suppress(FileNotFoundError):
            self._files.rm(folder, recursive=True)

    # Content by its digest
    def missing(self, digests: Iterable[str]) -> list[str]:
        """Return which contents are not there yet as a whole."""
        found = dict.fromkeys(digests)
        return [digest for digest in found if not self._files.exists(f"blobs/{digest}/{WHOLE}")]

    def put(self, digest: str, number: int, content: bytes) -> None:
        """Write one part of a content."""
        self.write(f"blobs/{digest}/{number:06d}", content)

    def part(self, digest: str, number: int) -> bytes | None:
        """Return one part of a content, None behind the last."""
        return self.read(f"blobs/{digest}/{number:06d}")

    def complete(self, digest: str) -> bool:
        """Note that all parts are there, and tell whether they are what the digest says; if not, they are removed."""
        found, number = hashlib.sha256(), 0
        while (content := self.part(digest, number)) is not None:
            found.update(content)
            number += 1
        if found.hexdigest() != digest:
            self.remove(f"blobs/{digest}")
            return False
        self.write(f"blobs/{digest}/{WHOLE}", b"")
        return True


@dataclass
class State:
    """The state of an entry; `turn` counts the tasks that took it up: only the last one is listened to."""

    state: EntryState = "waiting"
    sent_at: float = 0.0
    turn: int = 0
    node: str = ""
    returncode: int | None = None
    reason: str = ""
    commands: list[dict[str, Any]] = field(default_factory=list)
    numbered: int = 0
    files: Manifest = field(default_factory=list)


_STATE_FIELDS = frozenset(each.name for each in fields(State))


class _Entry:
    """What was asked for, its state, and the start and length of each piece of its events."""

    def __init__(self, spec: Spec, state: State, pieces: Iterable[tuple[int, int]] = ()) -> None:
        self.spec = spec
        self.state = state
        self.pieces = list(pieces)
        self.digests = set(digests_of(spec["files"]))

    @property
    def event_bytes(self) -> int:
        return sum(self.pieces[-1]) if self.pieces else 0


class JobStore(Storage):
    """The entries of a cluster. Thread-safe."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self._lock = threading.RLock()
        self.entries: dict[str, _Entry] = {}
        self._expected: dict[str, tuple[float, set[str]]] = {}
        # Entries that were stopped or held before they began.
        self._withdrawn = set[str]()
        # After an update no entry begins.
        self._is_closing = False
        for entry_id in self.sizes("entries"):
            self._load(entry_id)

    def _load(self, entry_id: str) -> None:
        spec = self.read_json(f"entries/{entry_id}/entry.json")
        if spec is None:
            return
        stored = self.read_json(f"entries/{entry_id}/state.json") or {}
        # Earlier versions wrote a priority too.
        state = State(**{name: value for name, value in stored.items() if name in _STATE_FIELDS})
        if state.state == "running":
            # Its task died with the job store that started it.
            state.state = "waiting"
        pieces = ((int(name), size) for name, size in self.sizes(f"entries/{entry_id}/events").items())
        self.entries[entry_id] = _Entry(spec, state, pieces)

    def expect(self, entry_id: str, files: Manifest) -> None:
        """Note files that an entry needs or has made, before they are sent; base models outlive it."""
        with self._lock:
            # A task that was replaced may still send, too.
            _, before = self._expected.get(entry_id, (0.0, set[str]()))
            self._expected[entry_id] = time.monotonic(), before | set(digests_of(files))
            if models := models_in(files):
                self.write_json(MODELS, self._models() | models)

    def submit(self, entry_id: str, spec: Spec) -> None:
        """Take an entry. One that is there already is left as it is."""
        with self._lock:
            self._expected.pop(entry_id, None)
            if entry_id in self.entries:
                return
            entry = _Entry(spec, State(sent_at=time.time()))
            self.write_json(f"entries/{entry_id}/state.json", asdict(entry.state))
            # Written last: without it there is no entry.
            self.write_json(f"entries/{entry_id}/entry.json", spec)
            self.entries[entry_id] = entry

    def poll(self, offsets: Mapping[str, int]) -> dict[str, dict[str, Any]]:
        """Return the state of each entry and its events from a byte on; unknown entries are left out.

        An answer ends after the piece of events that exceeds `POLL_BYTES`.
        """
        told: dict[str, dict[str, Any]] = {}
        room = POLL_BYTES
        for entry_id, offset in offsets.items():
            with self._lock:
                entry = self.entries.get(entry_id)
                if entry is None:
                    continue
                told[entry_id] = {
                    name: getattr(entry.state, name) for name in ("state", "returncode", "reason")
                }
                told[entry_id]["event_bytes"] = entry.event_bytes
                pieces = list(entry.pieces)
            events = b""
            for start, size in pieces:
                if start + size > offset and len(events) < room:
                    content = self.read(f"entries/{entry_id}/events/{start:012d}") or b""
                    events += content[max(0, offset - start) :]
            told[entry_id]["events"] = events
            room -= len(events)
        return told

    def command(self, entry_id: str, command: Mapping[str, Any]) -> None:
        """Queue a command for the task that runs an entry. A waiting entry is stopped, held or released here."""
        with self._lock:
            entry = self.entries.get(entry_id)
            if entry is None or entry.state.state == "ended":
                return
            state = entry.state
            if state.state == "running":
                state.numbered += 1
                state.commands.append({"number": state.numbered, "command": dict(command)})
            elif command["command"] == "stop":
                state.state, state.reason = "ended", "stopped"
            elif command["command"] in {"pause", "continue"}:
                state.state = "held" if command["command"] == "pause" else "waiting"
            if state.state in {"held", "ended"}:
                self._withdrawn.add(entry_id)
            self._save(entry_id)

    def files(self, entry_id: str) -> Manifest:
        """Return the files that an entry has made so far."""
        with self._lock:
            return list(self.entries[entry_id].state.files)

    def forget(self, entry_id: str) -> None:
        """Remove an entry, and the contents that no other entry needs."""
        with self._lock:
            self.entries.pop(entry_id, None)
            self._expected.pop(entry_id, None)
            self.remove(f"entries/{entry_id}")
            self._drop_unneeded()

    def overview(self) -> list[dict[str, Any]]:
        """Return all entries in the order in which they were sent."""
        with self._lock:
            return [
                {
                    "entry": entry_id,
                    "run": entry.spec["run"],
                    "name": entry.spec["name"],
                    "state": entry.state.state,
                    "node": entry.state.node,
                    "cards": cards_of(entry.spec),
                }
                for entry_id, entry in self._in_order()
            ]

    # For the tasks that run entries
    def begin(self, entry_id: str, node: str) -> dict[str, Any] | None:
        """Give an entry to a task; earlier tasks of it are ignored from now on. None if there is nothing to do."""
        with self._lock:
            entry = self.entries.get(entry_id)
            if entry is None or entry.state.state not in {"waiting", "running"}:
                return None
            state = entry.state
            if self._is_closing and state.state == "waiting":
                return None
            self._withdrawn.discard(entry_id)
            state.state, state.node, state.turn = "running", node, state.turn + 1
            self._save(entry_id)
            return {"turn": state.turn, "spec": entry.spec, "files": list(state.files)}

    def append(
        self, entry_id: str, turn: int, offset: int, events: str, seen: int
    ) -> list[dict[str, Any]] | None:
        """Take lines of events, and return the commands after number `seen`.

        None tells a task that the entry is no longer its own.
        """
        with self._lock:
            entry = self.entries.get(entry_id)
            if entry is None or entry.state.turn != turn or entry.state.state != "running":
                return None
            content = events.encode()
            # A task sends its events again if the answer was lost.
            if content and offset == entry.event_bytes:
                self.write(f"entries/{entry_id}/events/{offset:012d}", content)
                entry.pieces.append((offset, len(content)))
            waiting = [each for each in entry.state.commands if each["number"] > seen]
            if waiting != entry.state.commands:
                entry.state.commands = waiting
                self._save(entry_id)
            return waiting

    def set_files(self, entry_id: str, turn: int, files: Manifest) -> None:
        """Replace the files of an entry, whose contents are here, and drop contents that are no longer needed."""
        with self._lock:
            entry = self.entries.get(entry_id)
            if entry is None or entry.state.turn != turn:
                return
            self._expected.pop(entry_id, None)
            entry.state.files = files
            self._save(entry_id)
            self._drop_unneeded()

    def finish(self, entry_id: str, turn: int, returncode: int | None, reason: str = "") -> None:
        """Note that an entry has ended; `turn` is 0 when the job store itself says so."""
        with self._lock:
            entry = self.entries.get(entry_id)
            if entry is None or turn not in {0, entry.state.turn} or entry.state.state == "ended":
                return
            if entry.state.state != "running" and not reason:
                # Its task was not to begin.
                return
            entry.state.state, entry.state.returncode, entry.state.reason = "ended", returncode, reason
            self._save(entry_id)

    def waiting(self) -> dict[str, Spec]:
        """Return what was asked for of the entries that wait, in the order in which they were sent."""
        with self._lock:
            return {
                entry_id: entry.spec for entry_id, entry in self._in_order() if entry.state.state == "waiting"
            }

    def is_running(self) -> bool:
        """Tell whether a task has an entry."""
        with self._lock:
            return any(entry.state.state == "running" for entry in self.entries.values())

    def _in_order(self) -> list[tuple[str, _Entry]]:
        return sorted(self.entries.items(), key=lambda item: item[1].state.sent_at)

    def _save(self, entry_id: str) -> None:
        self.write_json(f"entries/{entry_id}/state.json", asdict(self.entries[entry_id].state))

    def _unneeded(self) -> set[str]:
        """Return the contents that no entry needs; an ended one needs only what it made."""
        since = time.monotonic() - EXPECTED_SECONDS
        needed = {digest for at, digests in self._expected.values() if at > since for digest in digests}
        for entry in self.entries.values():
            needed.update(digests_of(entry.state.files))
            if entry.state.state != "ended":
                needed |= entry.digests
        return self.sizes("blobs").keys() - needed

    def _drop_unneeded(self) -> None:
        """Remove contents that no entry needs; base models stay for the next run."""
        for digest in self._unneeded() - self._models().keys():
            self.remove(f"blobs/{digest}")

    def _models(self) -> dict[str, str]:
        """Return the digests of base models' files, each with the model's name."""
        return self.read_json(MODELS) or {}

    def clear(self, remove: bool) -> list[dict[str, Any]]:
        """Return base models and data that no entry needs, with their bytes; delete them if asked to."""
        found: Counter[tuple[str, str]] = Counter()
        with self._lock:
            unneeded, models = self._unneeded(), self._models()
            for digest in unneeded:
                size = sum(self.sizes(f"blobs/{digest}").values())
                found["model" if digest in models else "data", models.get(digest, "")] += size
                if remove:
                    self.remove(f"blobs/{digest}")
            if remove:
                left = {digest: name for digest, name in models.items() if digest not in unneeded}
                self.write_json(MODELS, left)
        return [{"what": what, "name": name, "bytes": size} for (what, name), size in sorted(found.items())]
