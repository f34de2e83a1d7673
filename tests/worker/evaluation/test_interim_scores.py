"""Summaries that are scored during training: their events, unchanged training, and resuming."""

import pytest
import torch

from engine.errors import RecipeError
from engine.runs import run_store
from engine.worker.evaluation import samples
from tests.helpers.tiny_runs import (
    completed,
    events_named,
    on_event,
    request_stop,
    run_in_process,
    stopped_after,
    tiny_recipe,
    train_in_process,
)

pytestmark = pytest.mark.torch

OFTEN = ("training.evaluate_every=1", "training.max_steps=4", "evaluation.split=validation")
COUNTED = "training.evaluate_summaries=4"


def on_the_way(events):
    return [
        each
        for each in events_named(events, "evaluated")
        if each["loss"] is not None and each["of"] != "base"
    ]


def told(events):
    return [(each["step"], each["loss"], each["protocol"], each["scores"]) for each in on_the_way(events)]


def losses(events):
    return [
        (each["step"], each["loss"], each["gradient_norm"]) for each in events_named(events, "step_finished")
    ]


def watch_writing(monkeypatch):
    """Return a list that tells of each time summaries are written whether a random number was drawn."""
    drawn = []
    summarize = samples.summarize

    def watched(*arguments, **settings):
        before = torch.get_rng_state()
        summaries = summarize(*arguments, **settings)
        drawn.append(not torch.equal(before, torch.get_rng_state()))
        return summaries

    monkeypatch.setattr(samples, "summarize", watched)
    return drawn


@pytest.mark.slow("engine/worker/evaluation/", "engine/worker/training/")
def test_interim_scores_have_a_protocol_and_change_neither_training_nor_final_scores(tmp_path, monkeypatch):
    dropout, drawn = "method.dropout=0.3", watch_writing(monkeypatch)
    job, events = train_in_process(tiny_recipe(tmp_path, "t5", "lora", *OFTEN, COUNTED, dropout))
    _, without = train_in_process(
        tiny_recipe(tmp_path, "t5", "lora", *OFTEN, "training.evaluate_summaries=0", dropout)
    )

    found = on_the_way(events)
    assert [each["step"] for each in found] == [1, 2, 3, 4]
    assert all(set(each["scores"]["rouge1"]) >= {"mean", "low", "high"} for each in found)
    assert all(set(each["measures"]["chrf"]) >= {"mean", "low", "high"} for each in found)
    assert all(0 <= each["chrf"] <= 1 for each in events_named(events, "sample_made"))
    protocol = found[0]["protocol"]
    assert (protocol["split"], protocol["examples"], protocol["which"]) == ("validation", 4, "first")
    # The run's own scores are of the same split here, and still of another protocol.
    state = run_store.open_run(job).state
    assert state.tuned_scores is not None
    assert state.base_scores is not None
    assert protocol != state.tuned_scores["protocol"] == state.base_scores["protocol"]
    assert [each["scores"] for each in on_the_way(without)] == [None] * 4
    assert losses(events) == losses(without)
    # Four times in each run, and once before the first: the second knows what the base writes.
    assert drawn == [False] * 9
    assert len(state.evaluation_rouge1.values) == len(state.evaluation_chrf.values) == 4


@pytest.mark.slow("engine/worker/evaluation/", "engine/worker/training/")
def test_a_resumed_run_reports_the_same_scores_from_its_checkpoint_on(tmp_path, monkeypatch):
    recipe = tiny_recipe(tmp_path, "t5", "full", *OFTEN, COUNTED, "training.learning_rate=0.1")
    _, uninterrupted = train_in_process(recipe)
    job, stopped = stopped_after(recipe, 3)
    resumed = run_in_process(job)
    assert [each[0] for each in told(stopped)] == [1, 2]
    assert told(resumed) == told(uninterrupted)[2:]
    shown = [
        [(each["step"], each["summary"]) for each in events_named(events, "sample_made") if each["step"] >= 3]
        for events in (resumed, uninterrupted)
    ]
    assert shown[0] == shown[1] != []


@pytest.fixture
def rouge_by_step(monkeypatch):
    """Let ROUGE-1 on the way be what the list says, evaluation by evaluation."""
    wanted: list[float] = []
    left: list[float] = []

    def scores(*_):
        if not left:
            left.extend(wanted)
        mean = left.pop(0)
        return samples.InterimScores({"rouge1": {"mean": mean, "low": mean, "high": mean}}, {})

    monkeypatch.setattr(samples, "scores", scores)
    return wanted


def test_best_state_and_patience_can_follow_rouge_across_a_stop(tmp_path, monkeypatch, rouge_by_step):
    rouge_by_step += [0.0, 0.4, 0.3, 0.4, 0.3, 0.9]
    recipe = tiny_recipe(
        tmp_path, "t5", "lora", *OFTEN, COUNTED, "training.epochs=3", "training.max_steps=9",
        "training.best_by=rouge1", "training.early_stopping_patience=3",
    )  # fmt: skip
    with monkeypatch.context() as patch:
        on_event(patch, lambda event, facts: event == "evaluated" and facts["step"] == 4, request_stop)
        job, _ = train_in_process(recipe)
    _, resumed = completed(job)
    assert [each["step"] for each in events_named(resumed, "step_finished")] == [5]
    [notice] = [each for each in events_named(resumed, "notice") if "Stopped at step" in each["message"]]
    assert notice["message"] == "Stopped at step 5: 3 evaluations without a better ROUGE-1."
    assert notice["hint"] == "Best: 40.0 at step 2."
    # The loss falls to the end; of equal scores the first counts.
    assert events_named(resumed, "adapter_saved")[-1]["step"] == 2


def test_the_best_by_rouge_needs_scored_summaries(tmp_path):
    with pytest.raises(RecipeError) as caught:
        tiny_recipe(tmp_path, "t5", "lora", "training.best_by=rouge1", "training.evaluate_summaries=0")
    [problem] = caught.value.problems
    assert problem.field == "training.best_by"
    assert "Scored summaries" in problem.hint
