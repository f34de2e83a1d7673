"""The train page's parts by themselves: the failure card, the marks of new words, the scrubber."""

from engine.api import Ending, RunState, Sample
from gui.pages.train.failure_card import FailureCard
from gui.pages.train.samples_view import SamplesView, new_parts


def test_out_of_memory_is_named(qtbot):
    ending = Ending("failed", "The memory is full.", event={"kind": "OutOfMemoryError"})
    card = FailureCard(ending, RunState())
    qtbot.addWidget(card)

    assert card.accessibleName() == "Out of memory before the first step"


def test_new_words_of_a_summary_are_marked():
    marks = new_parts("Tom will go.", "Tom will go. Priya stays at home.")

    assert [(mark.start, mark.length) for mark in marks] == [(13, 20)]
    assert new_parts("the same", "the same") == []


def test_the_scrubber_goes_back_to_earlier_summaries(qtbot):
    view = SamplesView()
    qtbot.addWidget(view)
    made = [Sample(step, "1", "A: b", "r", f"summary {step}", None) for step in (0, 10, 20)]
    view.show_samples(made, 40, [])
    assert view.summaries() == ["summary 20"]
    view.scrubber.set_current(0)

    assert view.summaries() == ["summary 0"]
