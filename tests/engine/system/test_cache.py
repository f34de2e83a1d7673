import os

import pytest
from pydantic import BaseModel

from engine.system import cache
from engine.system.paths import results_folder

pytestmark = pytest.mark.usefixtures("home")


class Answer(BaseModel, extra="forbid"):
    words: tuple[str, ...]


def saved(facts):
    file = cache.place("answer", facts)
    cache.save(file, Answer(words=("a", "b")))
    return file


def test_a_value_is_found_for_the_same_facts_alone():
    saved({"x": 1, "y": [2]})
    assert cache.load(cache.place("answer", {"y": [2], "x": 1}), Answer) == Answer(words=("a", "b"))
    assert cache.load(cache.place("answer", {"x": 1, "y": [3]}), Answer) is None
    assert cache.load(cache.place("question", {"x": 1, "y": [2]}), Answer) is None


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"\xff", b'{"words": [1]}', b'{"words": [], "more": 1}']
)
def test_a_file_that_holds_something_else_counts_as_absent(content):
    file = saved(1)
    file.write_bytes(content)
    assert cache.load(file, Answer) is None


def test_a_disk_that_takes_nothing_costs_the_cache_alone(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.system.files.os.fsync", full)
    saved(1)
    assert not list(results_folder().iterdir())


@pytest.mark.parametrize("limit", [{"MAX_FILES": 2}, {"MAX_BYTES": 50}])
def test_those_not_used_for_longest_go_and_so_does_what_a_killed_process_left(limit, monkeypatch):
    left = results_folder() / ".answer-1.json.0a1b.partial"
    left.write_bytes(bytes(20))
    old, used = saved("old"), saved("used")
    for age, file in enumerate((left, old, used)):
        os.utime(file, (age, age))
    cache.load(used, Answer)
    for name, value in limit.items():
        monkeypatch.setattr(cache, name, value)
    new = saved("new")
    assert sorted(results_folder().iterdir()) == sorted([used, new])


def test_the_newest_stays_however_large_it_is(monkeypatch):
    monkeypatch.setattr(cache, "MAX_BYTES", 1)
    file = saved(1)
    assert list(results_folder().iterdir()) == [file]
