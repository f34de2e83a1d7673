import pytest

from engine.system.paths import results_folder
from engine.worker.training import interim_evaluation
from tests.helpers.tiny_runs import completed, events_named, tiny_recipe

pytestmark = pytest.mark.torch


def start(events):
    """Return what a run told of its base before the first step, apart from when."""
    base = [event for event in events_named(events, "evaluated") if event["of"] == "base" and event["loss"]]
    shown = [event for event in events_named(events, "sample_made") if event["step"] == 0]
    return [event["loss"] for event in base], [(event["example"], event["summary"]) for event in shown]


@pytest.fixture
def measured(monkeypatch):
    """How often a mean loss was computed."""
    times = []
    monkeypatch.setattr(interim_evaluation, "mean_loss", counting(interim_evaluation.mean_loss, times))
    return times


def counting(act, times):
    def counted(*given):
        times.append(1)
        return act(*given)

    return counted


def run(folder, measured, *overrides):
    """Return what a run told of its base, and whether it computed that."""
    measured.clear()
    # The base is measured before the first step; one is enough.
    events = completed(tiny_recipe(folder, "t5", "lora", "training.max_steps=1", *overrides))[1]
    own = [event for event in events_named(events, "evaluated") if event["of"] != "base" and event["loss"]]
    return start(events), len(measured) > len(own)


def test_another_run_on_the_same_data_uses_the_cached_baseline(tmp_path, measured):
    first, computed = run(tmp_path, measured)
    losses, samples = first
    assert computed
    assert len(losses) == 1
    assert len(samples) >= 3
    # Another seed, method or rate changes nothing of the base.
    assert run(tmp_path, measured, "training.seed=7", "method.rank=2") == (first, False)


@pytest.mark.slow("engine/worker/training/")
def test_another_prompt_is_evaluated_again_and_so_is_what_a_damaged_file_holds(tmp_path, measured):
    first, _ = run(tmp_path, measured)
    [kept] = results_folder().glob("baseline-*")
    for damage in (b"{", b'{"loss": "low", "summaries": []}'):
        kept.write_bytes(damage)
        assert run(tmp_path, measured) == (first, True)
        assert b"loss" in kept.read_bytes()
    other, computed = run(tmp_path, measured, "data.prompt=Sum up: {conversation}")
    assert computed
    assert other != first
