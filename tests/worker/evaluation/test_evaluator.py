from dataclasses import replace

import pytest

from engine.scoring import metrics
from engine.system.paths import results_folder
from engine.worker.generation import generate
from engine.worker.runtime.channel import Stopped
from engine.worker.text_metrics import rouge
from tests.helpers.channel_events import events_of
from tests.helpers.evaluations import give_references, parts, score, score_base
from tests.helpers.worker_setup import attach_random

pytestmark = pytest.mark.torch


def test_the_tuned_model_is_compared_example_by_example(source):
    recipe, base, splits, channel = parts(source, max_new_tokens=24)
    plain = score_base(recipe, base, splits, channel)
    model = attach_random(base, recipe)
    tuned = score(recipe, base, splits, channel, model, plain, step=7)
    give_references(source, tuned.values.summaries, plain.values.summaries, tuned.values.summaries)

    recipe, base, splits, channel = parts(source, max_new_tokens=24)
    before = score_base(recipe, base, splits, channel)
    model = attach_random(base, recipe)
    after = score(recipe, base, splits, channel, model, before, step=7)
    assert after.values.summaries == tuned.values.summaries != before.values.summaries
    assert after.protocol == before.protocol
    assert after.scores["rouge1"]["mean"] > before.scores["rouge1"]["mean"] > 0.0
    assert after.difference is not None
    for name in rouge.SCORES:
        pairs = zip(before.values.rouge[name], after.values.rouge[name], strict=True)
        mean = sum(new - old for old, new in pairs) / len(splits.test)
        assert after.difference[name]["mean"] == pytest.approx(mean)
        assert set(after.difference[name]) == {"mean", "low", "high", "verdict"}
        assert after.scores[name]["low"] <= after.scores[name]["mean"] <= after.scores[name]["high"]
    told = events_of(channel, "evaluated")[-1]
    assert (told["of"], told["step"], told["split"]) == ("mine", 7, "test")
    assert told["difference"] == after.difference
    card = after.card(before)
    assert card.base == before.scores
    assert card.verdict() == after.difference["rouge1"]["verdict"]


def test_an_untrained_adapter_makes_no_measurable_difference(source):
    recipe, base, splits, channel = parts(source)
    before = score_base(recipe, base, splits, channel)
    model = attach_random(base, recipe, strength=0.0)
    after = score(recipe, base, splits, channel, model, before)
    assert after.values.summaries == before.values.summaries
    assert after.difference is not None
    assert {facts["verdict"] for facts in after.difference.values()} == {"no measurable difference"}


def test_everything_else_is_measured_with_an_interval_and_paired(source):
    recipe, base, splits, channel = parts(source, max_new_tokens=24)
    before = score_base(recipe, base, splits, channel)
    after = score(recipe, base, splits, channel, attach_random(base, recipe), before)
    names = {measure.name for measure in metrics.OTHER_METRICS} - {metrics.GENERAL_LOSS}
    assert after.metric_difference is not None
    assert set(after.metrics) == set(before.metrics) == set(after.metric_difference) == names
    for name in names:
        pairs = zip(before.values.metrics[name], after.values.metrics[name], strict=True)
        assert after.metric_difference[name]["mean"] == pytest.approx(
            sum(new - old for old, new in pairs) / len(splits.test)
        )
        assert after.metrics[name]["low"] <= after.metrics[name]["mean"] <= after.metrics[name]["high"]
    assert after.metrics["words"]["mean"] > 0.0
    told = events_of(channel, "evaluated")
    assert told[0]["measures"] == before.metrics
    assert told[1]["measure_difference"] == after.metric_difference
    card = after.card(before)
    assert (card.base_measures, card.measures) == (before.metrics, after.metrics)
    assert before.values.truncated_fraction == before.metrics["capped"]["mean"]


def test_several_references_are_part_of_the_protocol_and_the_best_of_them_counts(source):
    recipe, base, splits, channel = parts(source)
    before = score_base(recipe, base, splits, channel)
    assert "references" not in before.protocol
    written = before.values.summaries[0]
    first = replace(splits.test[0], more_references=(f"{written} word", "Nothing."))
    several = replace(splits, test=(first, *splits.test[1:]))
    again = score_base(recipe, base, several, channel)
    assert again.protocol["references"] == {"most": 3, "counted": "best"}
    assert again.protocol["data"] != before.protocol["data"]
    assert again.values.rouge["rouge1"][0] > before.values.rouge["rouge1"][0]
    assert again.values.rouge["rouge1"][1:] == before.values.rouge["rouge1"][1:]


def test_a_stop_ends_scoring(source):
    recipe, base, splits, channel = parts(source)
    channel.stopping = True
    with pytest.raises(Stopped):
        score_base(recipe, base, splits, channel)
    assert not list(results_folder().glob("scores-*"))


def test_a_stop_is_noticed_during_prefill(source, monkeypatch):
    recipe, base, splits, channel = parts(source)
    monkeypatch.setattr(generate, "CPU_PREFILL_TOKENS", 1)
    read = []

    def look(_module, _given):
        read.append(1)
        channel.stopping = True

    base.model.get_encoder().register_forward_pre_hook(look)
    with pytest.raises(Stopped):
        score_base(recipe, base, splits, channel)
    assert len(read) == 1
