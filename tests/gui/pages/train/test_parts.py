"""The train page's parts by themselves: the failure card, the marks of new words, the scrubber."""

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.api import Ending, RunState, Sample
from engine.scoring.metrics import HEADLINE, HEADLINE_TITLES, OTHER_METRICS
from gui.graphics.interval_bar import IntervalBar
from gui.look import style
from gui.models.metric_text import amount
from gui.pages.train.method.label_preview import LabelPreview
from gui.pages.train.plan_line import plan_text
from gui.pages.train.run.expected_time import expected_seconds
from gui.pages.train.run.failure_card import FailureCard
from gui.pages.train.run.metrics_view import MetricsView
from gui.pages.train.run.run_text import excluded_sentence, progress_text
from gui.pages.train.run.samples_view import SamplesView, new_parts
from gui.pages.train.run.verdict_card import AxisMarks, VerdictCard
from tests.helpers import train_stage
from tests.helpers.homes import RunSpec, add_run, make_recipe
from tests.helpers.scored_runs import bundled, scored_events, scores_of
from tests.helpers.train_stage import texts


def test_out_of_memory_is_named(qtbot):
    ending = Ending("failed", "The memory is full.", kind="OutOfMemoryError")
    card = FailureCard(ending, RunState())
    qtbot.addWidget(card)

    assert card.accessibleName() == "Out of memory before the first step"


@pytest.mark.parametrize("scored", [True, False])
def test_the_result_says_how_many_conversations_the_recipe_excluded(qtbot, scored):
    state = RunState()
    excluded = {"train": 1_200, "validation": 0, "test": 34}
    for event in (train_stage.STARTED | {"excluded": excluded}, train_stage.SAVED):
        state.apply(event)
    if scored:
        state.apply(train_stage.scored("base", 0.469))
        state.apply(train_stage.scored("x", 0.484, train_stage.difference(0.015, "better")))
    card = VerdictCard(state)
    qtbot.addWidget(card)
    assert card.accessibleDescription().endswith(" 1,234 conversations are excluded by the recipe.")
    assert excluded_sentence(1) == "1 conversation is excluded by the recipe."
    assert excluded_sentence(0) == ""


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


def test_samples_have_both_scores_and_a_dash_where_a_run_has_none(qtbot):
    view = SamplesView()
    qtbot.addWidget(view)
    made = [Sample(0, "1", "A: b", "r", "a", None), Sample(0, "2", "A: b", "r", "b", 0.614, 0.402)]
    view.show_samples(made, 40, [])
    assert [[label.text() for label in row._scores] for row in view._rows] == [["–", "–"], ["61", "40"]]


def test_two_conversations_are_sampled_and_the_rest_on_demand(qtbot):
    view = SamplesView()
    qtbot.addWidget(view)
    view.show()
    view.show_samples([Sample(0, str(at), "A: b", "r", f"summary {at}", None) for at in range(4)], 40, [])
    assert view.summaries() == ["summary 0", "summary 1"]
    assert view.more_button.text() == "Show 2 more"
    view.more_button.click()
    assert view.summaries() == [f"summary {at}" for at in range(4)]
    view.more_button.click()
    assert view.summaries() == ["summary 0", "summary 1"]
    view.show_samples([Sample(0, "0", "A: b", "r", "one", None)], 40, [])
    assert not view.more_button.isVisible()


def test_a_summary_that_is_only_the_end_token_is_said_to_be_one(qtbot):
    view = SamplesView()
    qtbot.addWidget(view)
    view.show_samples(
        [Sample(0, "1", "A: b", "r", "", 0.0), Sample(10, "1", "A: b", "r", "word", 0.0)], 40, []
    )
    view.scrubber.set_current(0)
    assert view.summaries() == ["The summary is empty."]


def test_the_summaries_of_a_prompt_alone_have_no_steps_to_go_through(qtbot):
    view = SamplesView()
    qtbot.addWidget(view)
    view.show_samples([Sample(0, "1", "A: b", "r", "a summary", None)], 0, [])
    assert view.summaries() == ["a summary"]
    assert "Summary with this prompt" in texts(view)
    assert not view.scrubber.isVisibleTo(view)
    view.show_samples([Sample(0, "1", "A: b", "r", "another", None)], 40, [])
    assert "Summary of the base model" in texts(view)
    assert view.scrubber.isVisibleTo(view)


def test_a_run_is_expected_to_take_as_long_as_the_last_one_like_it(home):
    wanted = make_recipe()
    add_run(wanted, RunSpec(steps=40, total_steps=40, seconds=80.0))

    assert expected_seconds(wanted, 20) == pytest.approx(40.0)
    assert expected_seconds(make_recipe(base="another/base"), 20) is None


def test_a_run_that_did_not_complete_foretells_nothing(home):
    wanted = make_recipe()
    add_run(wanted, RunSpec(steps=10, total_steps=40, outcome="stopped", gain=None))

    assert expected_seconds(wanted, 20) is None


def test_what_is_learned_is_marked_in_one_piece(qtbot):
    preview = LabelPreview()
    qtbot.addWidget(preview)
    assert not preview.isVisible()
    preview.show_tokens([["Summary: ", False], ["Tom ", True], ["stays.", True], ["</s>", True]])

    assert preview.text.text() == "Summary: Tom stays.</s>"
    assert [(mark.start, mark.length) for mark in preview.text.marks()] == [(9, 14)]


def test_what_is_learned_has_its_room_again_after_a_method_that_learns_nothing(styled, qtbot):
    host = QWidget()
    qtbot.addWidget(host)
    preview = LabelPreview()
    QVBoxLayout(host).addWidget(preview)
    host.resize(800, 600)
    host.show()
    pieces = [["\n".join(f"Ann: line {number}" for number in range(20)), False], ["It is so.", True]]
    preview.show_tokens(pieces)
    preview.show_tokens([])
    qtbot.wait(20)
    style.apply(styled, "dark")
    qtbot.wait(20)
    preview.show_tokens(pieces)
    needed = preview.text.heightForWidth(preview.text.width())

    qtbot.waitUntil(lambda: preview.text.height() >= needed, timeout=2000)


def test_a_download_is_counted_in_bytes_people_read():
    state = RunState()
    state.apply(
        {"event": "stage_progressed", "time": 1.0, "done": 412_000_000, "total": 990_000_000, "unit": "bytes"}
    )

    assert progress_text(state) == "412.0 MB of 990.0 MB"


def test_a_run_with_few_minutes_promises_no_more_steps_than_fit():
    plan = {"steps": 1540, "seconds": 720.0}
    assert plan_text(plan).startswith("<b>1,540 steps</b> in about <b>12 min</b>.")
    assert plan_text(plan | {"max_minutes": 15.0}).startswith("<b>1,540 steps</b> in about <b>12 min</b>.")
    for known in (plan, {"steps": 1540}):
        text = plan_text(known | {"max_minutes": 10.0})
        assert text.startswith("<b>1,540 steps</b>, or as many as fit into <b>10 min</b>.")


def test_a_run_that_ended_before_all_its_steps_tells_the_time_of_those_it_did(home):
    add_run(make_recipe(), RunSpec(steps=20, total_steps=40, seconds=80.0))
    assert expected_seconds(make_recipe(), 40) == pytest.approx(160.0)


def scored_state(events) -> RunState:
    state = RunState()
    for event in events:
        state.apply({"event": "evaluated", "time": 1.0, **event})
    return state


def test_what_else_was_measured_unfolds_with_intervals_and_verdicts(qtbot):
    view = MetricsView(scored_state(scored_events(scores_of(bundled(8)), "mine")))
    qtbot.addWidget(view)
    view.show()
    assert view.rows.isHidden()
    view.toggle.click()
    lines = texts(view).splitlines()

    known = [each.title for each in OTHER_METRICS if each not in HEADLINE]
    assert [line for line in lines if line in known] == known


def test_one_conversation_and_a_run_of_an_earlier_version_have_less_to_unfold(qtbot):
    one = MetricsView(scored_state(scored_events(scores_of(bundled(1)), "mine")))
    old = MetricsView(scored_state([{"of": "base", "step": 0, "split": "test", "scores": {"rouge1": {}}}]))
    for view in (one, old):
        qtbot.addWidget(view)
    one.toggle.click()

    # chrF stands above; general text has as many passages, however few the conversations are.
    assert texts(one.rows).count("no interval") == 3 * (len(OTHER_METRICS) - 2)
    assert old.isHidden()


def test_the_result_says_what_the_model_forgot(qtbot):
    events = scored_events(scores_of(bundled(12)), "mine")
    card = VerdictCard(scored_state(events))
    qtbot.addWidget(card)
    said = "Loss on general text: 3.20 to 3.35, +0.15 (worse than base)."
    assert said in card.accessibleDescription()
    for event in events:
        event["measures"].pop("general_loss")
    old = VerdictCard(scored_state(events))
    qtbot.addWidget(old)
    assert "general text" not in old.accessibleDescription()


def test_the_result_has_chrf_beside_rouge_and_says_the_languages(qtbot):
    scores = scores_of(bundled(12))
    metric = {
        "name": "rouge_score 0.1.2, Unicode words",
        "languages": {"de": 9, "zh": 3},
        "unstemmed": ["zh"],
    }
    mixed = scores.model_copy(update={"protocol": scores.protocol | {"metric": metric}})
    card = VerdictCard(scored_state(scored_events(mixed, "mine")))
    qtbot.addWidget(card)
    lines = texts(card).splitlines()

    assert [line for line in lines if line in HEADLINE_TITLES.values()] == [*HEADLINE_TITLES.values()]
    assert "Words are read as German (9), Chinese (3)." in card.accessibleDescription()
    assert "Names can't be told apart in Chinese" in card.accessibleDescription()


def test_all_scores_of_the_result_stand_on_one_scale_from_0_to_100(qtbot):
    card = VerdictCard(scored_state(scored_events(scores_of(bundled(12)), "mine")))
    qtbot.addWidget(card)
    bars = [bar for bar in card.findChildren(IntervalBar) if " interval " in bar.accessibleName()]
    scores = [bar for bar in bars if "paired difference" not in bar.accessibleName()]
    assert len(scores) == len(HEADLINE_TITLES)
    assert {bar._axis for bar in scores} == {(0.0, 1.0)}
    [_, axis] = sorted(card.findChildren(AxisMarks), key=lambda each: len(each.marks))
    assert [text for _, text in axis.marks] == ["0", "50", "100"]


def test_where_names_cannot_be_told_a_dash_stands_with_the_reason(qtbot):
    scores = scores_of(bundled(12))
    metric = {"name": "rouge_score 0.1.2, Unicode words", "languages": {"ja": 12}, "unstemmed": ["ja"]}
    events = scored_events(
        scores.model_copy(update={"protocol": scores.protocol | {"metric": metric}}), "mine"
    )
    for event in events:
        for key in ("measures", "measure_difference"):
            (event.get(key) or {}).pop("unsupported", None)
    view = MetricsView(scored_state(events))
    qtbot.addWidget(view)
    lines = texts(view.rows).splitlines()

    at = lines.index("Not in the conversation")
    assert lines[at + 1].startswith("Names can't be told apart in Japanese")
    assert lines[at + 2 : at + 5] == ["–"] * 3


@pytest.mark.parametrize(
    ("value", "unit", "signed", "expected"),
    [
        (0.484, "points", False, "48.4"),
        (0.015, "points", True, "+1.5"),
        (0.25, "fraction", False, "25.0\u00a0%"),
        (-0.25, "fraction", True, "−25.0"),
        (18.24, "words", False, "18.2"),
        (0.0, "words", True, "0.0"),
    ],
)
def test_a_measure_stands_in_its_unit(value, unit, signed, expected):
    assert amount(value, unit, signed=signed) == expected
