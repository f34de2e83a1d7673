"""The languages of many examples are told in another process, and are those that would be told here."""

from __future__ import annotations

import psutil
import pytest

from engine.text.conversations import Example
from engine.worker.text_metrics import early_languages
from engine.worker.text_metrics.example_languages import tell_languages
from tests.helpers import sandbox_works
from tests.helpers.processes import lives

GERMAN = "Anna und Peter treffen sich morgen Abend um sieben Uhr vor dem Kino in der Altstadt."
ENGLISH = "Anna and Peter meet tomorrow evening at seven in front of the cinema in the old town."


def examples(count: int) -> list[Example]:
    return [Example(str(at), f"A: {at}", (GERMAN, ENGLISH)[at % 2]) for at in range(count)]


@pytest.mark.parametrize("count", [0, 10, 600])
def test_they_are_the_same_as_told_here(count):
    some = examples(count)
    with early_languages.telling(some) as tell:
        assert list(tell()) == list(tell_languages(some))


def test_a_process_that_dies_is_no_loss(monkeypatch):
    monkeypatch.setattr(early_languages, "_begun_and_told", sandbox_works.exiting)
    with early_languages.telling(examples(600)) as tell:
        assert set(tell()) == {"de", "en"}


def test_it_is_not_waited_for_where_nobody_asks(monkeypatch):
    monkeypatch.setattr(early_languages, "_begun_and_told", sandbox_works.begun_and_asleep)
    before = psutil.Process().children(recursive=True)
    with early_languages.telling(examples(600)):
        pass
    assert not [
        each for each in psutil.Process().children(recursive=True) if each not in before and lives(each)
    ]
