"""The languages of many examples are told in a fork, and are those that would be told here."""

from __future__ import annotations

import multiprocessing
import sys

import pytest

from engine.text.conversations import Example
from engine.worker.text_metrics import early_languages
from engine.worker.text_metrics.example_languages import tell_languages

GERMAN = "Anna und Peter treffen sich morgen Abend um sieben Uhr vor dem Kino in der Altstadt."
ENGLISH = "Anna and Peter meet tomorrow evening at seven in front of the cinema in the old town."


def examples(count: int) -> list[Example]:
    return [Example(str(at), f"A: {at}", (GERMAN, ENGLISH)[at % 2]) for at in range(count)]


@pytest.mark.parametrize("count", [0, 10, 600])
def test_they_are_the_same_as_without_a_fork(count):
    some = examples(count)
    with early_languages.telling(some) as tell:
        assert list(tell()) == list(tell_languages(some))
    assert not multiprocessing.active_children()


@pytest.mark.skipif(sys.platform != "linux", reason="has no fork")
def test_a_fork_that_dies_is_no_loss(monkeypatch):
    monkeypatch.setattr(early_languages, "_tell", lambda sender, _: sender.close())
    with early_languages.telling(examples(600)) as tell:
        assert set(tell()) == {"de", "en"}
    assert not multiprocessing.active_children()


@pytest.mark.skipif(sys.platform != "linux", reason="has no fork")
def test_a_fork_nobody_waits_for_ends():
    with early_languages.telling(examples(5_000)):
        assert multiprocessing.active_children()
    assert not multiprocessing.active_children()
