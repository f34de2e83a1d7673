"""The train page's parts by themselves: the failure card, the marks of new words, the scrubber."""

import pytest

from engine.api import Ending, RunState, Sample, run_text
from engine.scoring.metrics import HEADLINE, HEADLINE_TITLES, OTHER_METRICS
from gui.models.grouped_table import text_of
from gui.models.metric_text import amount
from gui.pages.train.run_notices import FailureCard
from gui.pages.train.samples_view import SamplesView
from gui.pages.train.start_foot import expected_seconds, happening_text
from gui.pages.train.verdict_card import MetricsView, VerdictCard
from tests.helpers import train_stage
from tests.helpers.homes import RunSpec, add_run, make_recipe
from tests.helpers.scored_runs import bundled, scored_events, scores_of
from tests.helpers.train_stage import texts


def test_out_of_memory_is_named_and_a_download_counted_in_bytes_people_read(qtbot):
    card = FailureCard(Ending("failed", "The memory is full.", kind="OutOfMemoryError"), RunState())
    qtbot.addWidget(card)
    assert card.accessibleName() == "Out of memory before the first step"
    state = RunState()
    downloaded = {"done": 412_000_000, "total": 990_000_000, "unit": "bytes"}
    state.apply({"event": "stage_progressed", "time": 1.0, **downloaded})
    assert run_text.progress(state) == "412.0 MB of 990.0 MB"


@pytest.mark.parametrize("scored", [True, False])
def test_the_result_says_how_many_conversations_the_recipe_excluded(qtbot, scored):
    state = RunState()
    excluded = {"train": 1_200, "validation": 0, "test": 34}
    for event in (train_stage.STARTED | {"excluded": excluded}, train_stage.SAVED):
        state.apply(event)
    if scored:
        state.apply(train_stage.scored("base", 0.469))
        state.apply(train_stage.scored("x", 0.484, train_stage.difference(0.015, "better")))
    card = qtbot.add(VerdictCard(state))
    assert card.accessibleDescription().endswith("The recipe excludes 1,234 conversations.")
    assert run_text.excluded(1) == "1 conversation is excluded by the recipe."
    assert run_text.excluded(0) == ""


def test_samples_are_gone_through_by_step_and_have_both_scores_or_dashes(qtbot):
    view = qtbot.show(SamplesView())
    steps = [Sample(step, "1", "A: b", "r", f"summary {step}" if step else "", None) for step in (0, 10, 20)]
    view.show_samples(steps, 40)
    assert view.summaries() == ["summary 20"]
    view.scrubber.set_current(0)
    assert view.summaries() == ["The summary is empty."]
    assert "Summary of the base model" in texts(view)

    scored = [Sample(0, "1", "A: b", "r", "a", None), Sample(0, "2", "A: b", "r", "b", 0.614, 0.402)]
    view.show_samples(scored, 40)
    assert [[label.text() for label in row.scores] for row in view.rows] == [["–", "–"], ["61", "40"]]

    many = [Sample(0, str(at), "A: b", "r", f"summary {at}", None) for at in range(4)]
    view.show_samples(many, 40)
    assert view.summaries() == ["summary 0", "summary 1"]
    assert view.more_button.text() == "Show 2 more"
    view.more_button.click()
    assert view.summaries() == [f"summary {at}" for at in range(4)]
    view.more_button.click()
    assert view.summaries() == ["summary 0", "summary 1"]
    # A prompt alone has no steps.
    view.show_samples(many[:1], 0)
    assert not view.more_button.isVisible()
    assert "Summary with this prompt" in texts(view)
    assert not view.scrubber.isVisibleTo(view)


def test_a_run_is_expected_to_take_as_long_as_the_last_one_like_it(home):
    wanted = make_recipe()
    add_run(wanted, RunSpec(steps=10, total_steps=40, outcome="stopped", gain=None))
    assert expected_seconds(wanted, 20) is None
    add_run(wanted, RunSpec(steps=20, total_steps=40, seconds=80.0))
    assert expected_seconds(wanted, 20) == pytest.approx(80.0)
    assert expected_seconds(wanted, 40) == pytest.approx(160.0)
    assert expected_seconds(make_recipe(base="another/base"), 20) is None


def test_loading_and_scoring_take_as_long_for_few_steps_as_for_many(home):
    wanted = make_recipe()
    add_run(wanted, RunSpec(steps=4, total_steps=4, seconds=58.0, training_seconds=2.0, adapter="a"))
    assert expected_seconds(wanted, 200) == pytest.approx(56.0 + 100.0)


def test_a_plan_in_words_promises_no_more_steps_than_fit_the_minutes():
    assert happening_text({}) == ""
    assert happening_text({"steps": 1, "seconds": None}).startswith("<b>1 step</b>.")
    # "11 s" stands in "11 steps", too.
    assert happening_text({"steps": 11, "seconds": 11.0}).startswith("<b>11 steps</b> in about <b>11 s</b>.")
    plan = {"steps": 1540, "seconds": 720.0}
    for enough in (plan, plan | {"max_minutes": 15.0}):
        assert happening_text(enough).startswith("<b>1,540 steps</b> in about <b>12 min</b>.")
    for known in (plan, {"steps": 1540}):
        text = happening_text(known | {"max_minutes": 10.0})
        assert text.startswith("<b>1,540 steps</b>, or as many as fit in <b>10 min</b>.")


def scored_state(events) -> RunState:
    state = RunState()
    for event in events:
        state.apply({"event": "evaluated", "time": 1.0, **event})
    return state


def test_what_else_was_measured_unfolds_with_intervals_or_less_where_less_is_known(qtbot):
    view = qtbot.show(MetricsView(scored_state(scored_events(scores_of(bundled(8)), "mine"))))
    assert view.rows.isHidden()
    view.toggle.click()
    assert view.rows.isVisible()
    assert [row.metric for row in view.table.items()] == [
        each for each in OTHER_METRICS if each not in HEADLINE
    ]
    one = MetricsView(scored_state(scored_events(scores_of(bundled(1)), "mine")))
    old = MetricsView(scored_state([{"of": "base", "step": 0, "split": "test", "scores": {"rouge1": {}}}]))
    for view in (one, old):
        qtbot.addWidget(view)
    one.toggle.click()
    # chrF stands above; general text has as many passages, however few the conversations are.
    intervals = [text_of(one.table.cell(row, "interval")) for row in one.table.items()]
    assert intervals.count("no interval") == len(OTHER_METRICS) - 2
    assert old.isHidden()


def test_the_result_has_all_scores_on_one_scale_the_languages_and_what_the_model_forgot(qtbot):
    scores = scores_of(bundled(12))
    metric = {
        "name": "rouge_score 0.1.2, Unicode words", "languages": {"de": 9, "zh": 3}, "unstemmed": ["zh"],
    }  # fmt: skip
    mixed = scores.model_copy(update={"protocol": scores.protocol | {"metric": metric}})
    events = scored_events(mixed, "mine")
    card = qtbot.add(VerdictCard(scored_state(events)))
    assert [row.metric.title for row in card.scores.items()] == [*HEADLINE_TITLES.values()]
    for said in (
        "Words are read as German (9), Chinese (3).",
        "In Chinese, only numbers, times and dates are checked.",
        "Loss on general text: 3.20 to 3.35, +0.15 (worse than base).",
    ):
        assert said in card.accessibleDescription()
    assert {card.scores.cell(row, "own").axis for row in card.scores.items()} == {(0.0, 1.0)}
    assert all(" interval " in card.scores.accessible_text(row) for row in card.scores.items())

    for event in events:
        event["measures"].pop("general_loss")
    old = qtbot.add(VerdictCard(scored_state(events)))
    assert "general text" not in old.accessibleDescription()


@pytest.mark.parametrize(
    ("value", "unit", "signed", "expected"),
    [
        (0.484, "points", False, "48.4"), (0.015, "points", True, "+1.5"),
        (0.25, "fraction", False, "25.0\u00a0%"), (-0.25, "fraction", True, "−25.0"),
        (18.24, "words", False, "18.2"), (0.0, "words", True, "0.0"),
    ],
)  # fmt: skip
def test_a_measure_stands_in_its_unit(value, unit, signed, expected):
    assert amount(value, unit, signed=signed) == expected
