"""The queue of an arena: whatever is added, moved, removed, put back and done in any order, nothing is lost."""

import tempfile
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine import arena as arenas
from engine.arena import Arena, EntryStatus
from engine.arena.entries import Entry
from engine.errors import ArenaError
from tests.helpers.arenas import make_arena
from tests.helpers.homes import RunSpec, add_run

CHANGES = ("lora", "ia3", "layernorm", "vera")
# The states in which a run leaves its entry; a run without an end has crashed.
OUTCOMES = ("completed", "stopped", "failed", None)
PLACE = st.integers(0, 5)


class Queue(RuleBasedStateMachine):
    """An arena beside a list of its entries; the oldest reading of it makes every change."""

    @initialize()
    def begin(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.home = tempfile.TemporaryDirectory()
        self.patch.setenv("TUNESMITH_HOME", self.home.name)
        self.first: Arena = make_arena("lora", "ia3")
        self.entries: list[Entry] = list(self.first.entries)
        self.removed: list[Entry] = []
        self.states: dict[str, str] = {}
        self.paused = True

    def teardown(self) -> None:
        if hasattr(self, "home"):
            self.patch.undo()
            self.home.cleanup()

    def statuses(self) -> list[EntryStatus]:
        return arenas.Reader().read(arenas.open_arena(self.first.folder))

    @rule(method=st.sampled_from(CHANGES))
    def add(self, method: str) -> None:
        found = arenas.add(self.first, [{"method": {"id": method}}]).entries
        assert list(found[:-1]) == self.entries
        assert found[-1].id not in {each.id for each in self.entries}
        self.entries.append(found[-1])

    @precondition(lambda self: self.entries)
    @rule(place=PLACE, to=PLACE)
    def move(self, place: int, to: int) -> None:
        entry = self.entries.pop(place % len(self.entries))
        to %= len(self.entries) + 1
        arenas.move(self.first, entry.id, to)
        self.entries.insert(to, entry)

    @precondition(lambda self: self.entries)
    @rule(place=PLACE)
    def remove(self, place: int) -> None:
        entry = self.entries.pop(place % len(self.entries))
        arenas.remove(self.first, entry.id)
        self.removed.append(entry)
        with pytest.raises(ArenaError, match="has no entry"):
            arenas.remove(self.first, entry.id)

    @precondition(lambda self: self.removed)
    @rule(place=PLACE)
    def put_back(self, place: int) -> None:
        entry = self.removed.pop()
        place %= len(self.entries) + 1
        if entry.id in {each.id for each in self.entries}:
            with pytest.raises(ArenaError, match="another entry like"):
                arenas.put_back(self.first, entry, place)
        else:
            arenas.put_back(self.first, entry, place)
            self.entries.insert(place, entry)

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        arenas.set_paused(self.first, paused=paused)
        self.paused = paused

    @precondition(lambda self: self.entries)
    @rule(place=PLACE, outcome=st.sampled_from(OUTCOMES))
    def work(self, place: int, outcome: str | None) -> None:
        place %= len(self.entries)
        job = add_run(self.statuses()[place].recipe, RunSpec(steps=1, outcome=outcome, gain=None))
        arenas.set_run(self.first, self.entries[place].id, job.id)
        self.entries[place] = self.entries[place].model_copy(update={"run": job.id})
        self.states[job.id] = outcome or "crashed"

    @precondition(lambda self: any(each.run for each in self.entries))
    @rule()
    def begin_anew(self) -> None:
        place = next(at for at, each in enumerate(self.entries) if each.run)
        arenas.set_run(self.first, self.entries[place].id, "")
        self.entries[place] = self.entries[place].model_copy(update={"run": ""})

    @invariant()
    def nothing_is_lost(self) -> None:
        arena = arenas.open_arena(self.first.folder)
        assert list(arena.entries) == self.entries
        assert arena == replace(self.first, entries=tuple(self.entries), paused=self.paused)

    @invariant()
    def what_is_next_is_the_first_that_is_open_and_was_not_tried(self) -> None:
        statuses = self.statuses()
        wanted = [self.states[each.run] if each.run else "waiting" for each in self.entries]
        assert [each.state for each in statuses] == wanted
        tried: set[str] = set()
        while (found := arenas.next_up(statuses, tried)) is not None:
            tried.add(found.entry.id)
        still_open = [state in ("waiting", "stopped", "crashed") for state in wanted]
        assert [each.id in tried for each in self.entries] == still_open


Queue.TestCase.settings = settings(
    max_examples=20, stateful_step_count=12, suppress_health_check=list(HealthCheck)
)
TestQueue = Queue.TestCase
