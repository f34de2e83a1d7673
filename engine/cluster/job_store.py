"""The job store: what was sent to a cluster, how far each entry is, its events, commands and files.

All of it is in the storage, so that a job store that is started anew goes on where the one before it ended. Entries are
tried in the order of their priority, as many at once as there is place for; where each runs is Ray's matter, and Ray is
not known here.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from engine.cluster.files import Manifest, digests_of, models_in
from engine.cluster.places import Places, cards_of
from engine.cluster.storage import Storage

Spec = dict[str, Any]
EntryState = Literal["waiting", "running", "held", "ended"]
POLL_BYTES = 1 << 20
# What is sent for an entry to come is left alone for a day.
EXPECTED_SECONDS = 86_400.0
MODELS = "model-files.json"


@dataclass
class State:
    """How far an entry is.

    `turn` counts the tasks that took it up: only the last one is listened to.
    """

    state: EntryState = "waiting"
    priority: int = 0
    sent_at: float = 0.0
    turn: int = 0
    node: str = ""
    returncode: int | None = None
    reason: str = ""
    commands: list[dict[str, Any]] = field(default_factory=list)
    numbered: int = 0
    files: Manifest = field(default_factory=list)


class _Entry:
    """One entry: what was asked for, its state, and where the pieces of its events are."""

    def __init__(self, spec: Spec, state: State, pieces: Iterable[tuple[int, int]] = ()) -> None:
        self.spec = spec
        self.state = state
        self.pieces = list(pieces)
        self.digests = set(digests_of(spec["files"]))

    @property
    def event_bytes(self) -> int:
        return sum(self.pieces[-1]) if self.pieces else 0


class JobStore(Storage):
    """Keeps entries. Its calls come from several threads."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self._lock = threading.RLock()
        self._entries: dict[str, _Entry] = {}
        self._expected: dict[str, tuple[float, set[str]]] = {}
        for entry_id in self.sizes("entries"):
            self._load(entry_id)

    def _load(self, entry_id: str) -> None:
        spec = self.read_json(f"entries/{entry_id}/entry.json")
        if spec is None:
            return
        state = State(**(self.read_json(f"entries/{entry_id}/state.json") or {}))
        if state.state == "running":
            # Who ran it has gone with the job store that started it.
            state.state = "waiting"
        pieces = ((int(name), size) for name, size in self.sizes(f"entries/{entry_id}/events").items())
        self._entries[entry_id] = _Entry(spec, state, pieces)

    # For who sends
    def expect(self, entry_id: str, files: Manifest) -> None:
        """Note the files of an entry that is submitted once they are here; base models stay when it is gone."""
        with self._lock:
            self._expected[entry_id] = time.monotonic(), set(digests_of(files))
            self.write_json(MODELS, self._models() | models_in(files))

    def submit(self, entry_id: str, spec: Spec, priority: int = 0) -> None:
        """Take an entry. One that is there already goes on as it is."""
        with self._lock:
            self._expected.pop(entry_id, None)
            if entry_id in self._entries:
                return
            entry = _Entry(spec, State(priority=priority, sent_at=time.time()))
            self.write_json(f"entries/{entry_id}/state.json", asdict(entry.state))
            # Written last: without it there is no entry.
            self.write_json(f"entries/{entry_id}/entry.json", spec)
            self._entries[entry_id] = entry

    def known(self, entry_ids: Sequence[str]) -> list[str]:
        """Return which entries are here."""
        with self._lock:
            return [each for each in entry_ids if each in self._entries]

    def poll(self, offsets: Mapping[str, int]) -> dict[str, dict[str, Any]]:
        """Return for each entry its state and its events from a byte on; an entry that is not here is left out.

        Events are told until there is no room for more than their last piece.
        """
        told: dict[str, dict[str, Any]] = {}
        room = POLL_BYTES
        for entry_id, offset in offsets.items():
            with self._lock:
                entry = self._entries.get(entry_id)
                if entry is None:
                    continue
                names = ("state", "node", "returncode", "reason")
                told[entry_id] = {name: getattr(entry.state, name) for name in names}
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
        """Pass a command on to who runs an entry. One that waits is stopped, held or let go here."""
        with self._lock:
            entry = self._entries.get(entry_id)
            if entry is None or entry.state.state == "ended":
                return
            state = entry.state
            waits = state.state in {"waiting", "held"}
            if waits and command["command"] == "stop":
                state.state, state.reason = "ended", "stopped"
            elif waits and command["command"] in {"pause", "continue"}:
                state.state = "held" if command["command"] == "pause" else "waiting"
            elif not waits:
                state.numbered += 1
                state.commands.append({"number": state.numbered, "command": dict(command)})
            self._save(entry_id)

    def prioritize(self, priorities: Mapping[str, int]) -> None:
        """Set the priorities of entries: the highest is tried first."""
        with self._lock:
            for entry_id, priority in priorities.items():
                if entry_id in self._entries and self._entries[entry_id].state.priority != priority:
                    self._entries[entry_id].state.priority = priority
                    self._save(entry_id)

    def files(self, entry_id: str) -> Manifest:
        """Return the files that an entry has made so far."""
        with self._lock:
            return list(self._entries[entry_id].state.files)

    def forget(self, entry_id: str) -> None:
        """Remove an entry, and the contents that no other entry needs."""
        with self._lock:
            entry = self._entries.pop(entry_id, None)
            self.remove(f"entries/{entry_id}")
        if entry is not None:
            self._drop_unused(entry.digests | set(digests_of(entry.state.files)))

    def overview(self) -> list[dict[str, Any]]:
        """Return what is here, in the order in which it is tried."""
        with self._lock:
            ordered = sorted(self._entries.items(), key=lambda item: _order(item[1].state))
            return [
                {
                    "entry": entry_id,
                    "run": entry.spec["run"],
                    "name": entry.spec["name"],
                    "state": entry.state.state,
                    "node": entry.state.node,
                    "priority": entry.state.priority,
                    "cards": cards_of(entry.spec.get("demand")),
                }
                for entry_id, entry in ordered
            ]

    # For who runs
    def begin(self, entry_id: str, node: str) -> dict[str, Any] | None:
        """Give an entry to a task, which alone is listened to from now on; None if there is nothing left to do."""
        with self._lock:
            entry = self._entries.get(entry_id)
            if entry is None or entry.state.state == "ended":
                return None
            state = entry.state
            state.state, state.node, state.turn = "running", node, state.turn + 1
            self._save(entry_id)
            return {
                "turn": state.turn,
                "spec": entry.spec,
                "files": list(state.files),
                "event_bytes": entry.event_bytes,
            }

    def append(
        self, entry_id: str, turn: int, offset: int, events: str, seen: int
    ) -> list[dict[str, Any]] | None:
        """Take lines of events, and return the commands behind the one with the number `seen`.

        None tells a task that another one has the entry, or no one any more.
        """
        with self._lock:
            entry = self._entries.get(entry_id)
            if entry is None or entry.state.turn != turn or entry.state.state != "running":
                return None
            content = events.encode()
            # What came twice, since an answer was lost, is there already.
            if content and offset == entry.event_bytes:
                self.write(f"entries/{entry_id}/events/{offset:012d}", content)
                entry.pieces.append((offset, len(content)))
            waiting = [each for each in entry.state.commands if each["number"] > seen]
            if waiting != entry.state.commands:
                entry.state.commands = waiting
                self._save(entry_id)
            return waiting

    def set_files(self, entry_id: str, turn: int, files: Manifest) -> None:
        """Replace the files of an entry, whose contents are there; what none needs any more goes."""
        with self._lock:
            entry = self._entries.get(entry_id)
            if entry is None or entry.state.turn != turn:
                return
            before, entry.state.files = entry.state.files, files
            self._save(entry_id)
        self._drop_unused(set(digests_of(before)) - set(digests_of(files)))

    def finish(self, entry_id: str, turn: int, returncode: int | None, reason: str = "") -> None:
        """Note that an entry has ended, however it did; `turn` is 0 for whoever watches the tasks."""
        with self._lock:
            entry = self._entries.get(entry_id)
            if entry is None or turn not in {0, entry.state.turn} or entry.state.state == "ended":
                return
            entry.state.state, entry.state.returncode, entry.state.reason = "ended", returncode, reason
            self._save(entry_id)

    # For who starts tasks
    def startable(self, started: Iterable[str], places: Places) -> list[str]:
        """Return which entries to start now, given those that were and what the nodes offer.

        One for which there is no place yet holds those behind it back: else it would never find one.
        """
        with self._lock:
            taken = {each: places.need(self.demand(each)) for each in started}
            by_group = Counter(self._group(each) for each in taken if each in self._entries)
            chosen: list[str] = []
            for entry_id, entry in sorted(self._entries.items(), key=lambda item: _order(item[1].state)):
                group, need = self._group(entry_id), places.need(self.demand(entry_id))
                is_due = entry.state.state == "waiting" and entry_id not in taken
                is_full = by_group[group] >= (entry.spec.get("at_once") or len(self._entries))
                # If a node with so many cards left, it waits for the next.
                if not is_due or is_full or not places.can_ever_hold(need):
                    continue
                if not places.hold([*taken.values(), need]):
                    break
                chosen.append(entry_id)
                taken[entry_id] = need
                by_group[group] += 1
            return chosen

    def demand(self, entry_id: str) -> dict[str, Any]:
        """Return what an entry asks of the node that runs it; nothing special if it was forgotten meanwhile."""
        with self._lock:
            entry = self._entries.get(entry_id)
            return dict((entry.spec.get("demand") if entry else None) or {})

    def _group(self, entry_id: str) -> str:
        return str(self._entries[entry_id].spec.get("group") or entry_id)

    def _save(self, entry_id: str) -> None:
        self.write_json(f"entries/{entry_id}/state.json", asdict(self._entries[entry_id].state))

    def _drop_unused(self, digests: set[str]) -> None:
        """Remove contents that no entry needs; base models stay for the next run."""
        with self._lock:
            needed = set[str]().union(
                *(entry.digests | set(digests_of(entry.state.files)) for entry in self._entries.values())
            )
            for digest in digests - needed - self._models().keys():
                self.remove(f"blobs/{digest}")

    def _models(self) -> dict[str, str]:
        """Return the digests of base models' files, each with the model's name."""
        return self.read_json(MODELS) or {}

    def clear(self, remove: bool) -> list[dict[str, Any]]:
        """Return what no entry needs any more, base models and data, with their bytes; remove it if asked to."""
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

    def _unneeded(self) -> set[str]:
        """Return the contents that no entry needs; one that has ended needs what it made alone."""
        since, entries = time.monotonic() - EXPECTED_SECONDS, self._entries.values()
        needed = {digest for at, digests in self._expected.values() if at > since for digest in digests}
        needed = needed.union(*(digests_of(entry.state.files) for entry in entries))
        needed = needed.union(*(entry.digests for entry in entries if entry.state.state != "ended"))
        stored = set(self.sizes("blobs"))
        if any(entry.state.state == "running" for entry in entries):
            # Unknown contents may be those of the next checkpoint.
            ended = (entry.digests for entry in entries if entry.state.state == "ended")
            stored &= self._models().keys() | set[str]().union(*ended)
        return stored - needed


def _order(state: State) -> tuple[int, float]:
    return -state.priority, state.sent_at
