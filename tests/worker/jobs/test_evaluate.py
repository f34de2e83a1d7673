import shutil

import psutil
import pytest

from engine.adapters import library
from engine.errors import AdapterError
from engine.system import ranks
from engine.system.paths import results_folder
from engine.worker.jobs import evaluate
from engine.worker.runtime import rank_joining
from engine.worker.runtime.channel import Stopped
from engine.worker.text_metrics import rouge
from tests.helpers.channel_events import events_of
from tests.helpers.evaluations import give_references, parts, score, score_base
from tests.helpers.tiny_runs import on_event, request_stop
from tests.helpers.worker_setup import attach_random, install_random, make_channel, make_recipe

pytestmark = pytest.mark.torch


def test_the_job_scores_base_and_adapters_and_writes_their_metadata(source):
    first = install_random("t5", "first", seed=1)
    second = install_random("t5", "second", seed=2, data={"prompt": "Sum up: {conversation}"})
    recipe = make_recipe("t5", source)
    channel = make_channel("evaluate", recipe)
    evaluate.run(channel, {"kind": "evaluate", "adapters": [first.id, "second"]})
    (made,) = events_of(channel, "result_made")
    result = made["result"]
    assert [event["of"] for event in events_of(channel, "evaluated")] == ["base", first.id, second.id]
    assert set(result) == {"protocol", "base", "adapters"}
    assert [entry["adapter"] for entry in result["adapters"]] == [first.id, second.id]
    assert set(result["base"]["scores"]) == set(rouge.SCORES)
    for entry in result["adapters"]:
        card = library.find(entry["adapter"]).metadata.score_card
        assert card is not None
        assert card.scores == entry["scores"]
        assert card.difference == entry["difference"]
        assert card.base == result["base"]["scores"]
        assert card.protocol == result["protocol"]
    messages = [event["message"] for event in events_of(channel, "notice")]
    assert any(message.startswith("second was trained with another prompt") for message in messages)


def test_an_adapter_scored_beside_others_scores_as_alone(source):
    recipe, base, splits, channel = parts(source, max_new_tokens=24)
    plain = score_base(recipe, base, splits, channel)
    tuned = score(recipe, base, splits, channel, attach_random(base, recipe), plain)
    give_references(source, tuned.values.summaries)
    lora = install_random("t5", "lora")
    full = install_random("t5", "full", seed=2, method={"id": "full"})
    both, alone = make_channel("evaluate", recipe), make_channel("evaluate", recipe)
    evaluate.run(both, {"kind": "evaluate", "adapters": [full.id, lora.id]})
    evaluate.run(alone, {"kind": "evaluate", "adapters": [lora.id]})
    beside, single = (events_of(channel, "result_made")[0]["result"] for channel in (both, alone))
    assert beside["adapters"][1]["scores"] == single["adapters"][0]["scores"]
    assert single["adapters"][0]["difference"]["rouge1"]["verdict"] == "better"
    assert beside["adapters"][0]["scores"] != single["adapters"][0]["scores"]


# What ranks score in a run is in tests/worker/training/test_ranks.py.
@pytest.mark.slow("engine/worker/jobs/evaluate", "engine/worker/evaluation/", "engine/worker/runtime/rank_")
def test_two_ranks_score_as_one_does(source, monkeypatch):
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    adapters = [install_random("t5", "lora"), install_random("t5", "full", method={"id": "full"})]
    found = []
    for count in ("1", "2"):
        shutil.rmtree(results_folder(), ignore_errors=True)
        monkeypatch.setenv(ranks.COUNT, count)
        channel = make_channel("evaluate", make_recipe("t5", source))
        evaluate.run(channel, {"kind": "evaluate", "adapters": [each.id for each in adapters]})
        (made,) = events_of(channel, "result_made")
        found.append([made["result"]["base"], *made["result"]["adapters"]])
        assert not (channel.job.folder / "ranks").exists()
    for alone, together in zip(*found, strict=True):
        assert together["scores"] == alone["scores"]
        for name, measure in alone["measures"].items():
            assert together["measures"][name] == pytest.approx(measure, rel=1e-5)
    assert "general_loss" in found[0][1]["measures"]


def test_a_stop_ends_all_ranks(source, monkeypatch):
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    monkeypatch.setenv(ranks.COUNT, "2")
    on_event(monkeypatch, lambda event, facts: facts.get("unit") == "summaries", request_stop)
    channel = make_channel("evaluate", make_recipe("t5", source))
    before = psutil.Process().children()
    with pytest.raises(Stopped):
        evaluate.run(channel, {"kind": "evaluate", "adapters": []})
    assert psutil.Process().children() == before
    assert not (channel.job.folder / "ranks").exists()


def test_few_conversations_are_scored_by_this_process_alone(source, monkeypatch):
    monkeypatch.setattr(rank_joining, "started", None)
    monkeypatch.setattr(rank_joining, "MIN_PARAMETERS", 1)
    channel = make_channel("evaluate", make_recipe("t5", source))
    evaluate.run(channel, {"kind": "evaluate", "adapters": []})
    assert len(events_of(channel, "evaluated")) == 1


def test_an_adapter_of_another_base_model_is_refused_before_anything_is_scored(source):
    mine, other = install_random("t5", "mine"), install_random("t5-tied", "other")
    channel = make_channel("evaluate", make_recipe("t5", source))
    with pytest.raises(AdapterError, match="other was made for"):
        evaluate.run(channel, {"kind": "evaluate", "adapters": [mine.id, other.id]})
    assert events_of(channel, "evaluated") == []


def test_scores_by_ctranslate2_have_a_protocol_of_their_own(source):
    adapter, recipe = install_random("t5", "mine"), make_recipe("t5", source)
    results = {}
    for runtime in ("tunesmith", "ctranslate2"):
        channel = make_channel("evaluate", recipe)
        evaluate.run(channel, {"kind": "evaluate", "adapters": [adapter.id], "runtime": runtime})
        (made,) = events_of(channel, "result_made")
        results[runtime] = made["result"]
    own, theirs = results["tunesmith"], results["ctranslate2"]
    assert "runtime" not in own["protocol"]
    assert {key: theirs["protocol"]["runtime"][key] for key in ("name", "precision")} == {
        "name": "ctranslate2",
        "precision": "float32",
    }
    # In float32 they write the same.
    assert [each["scores"] for each in theirs["adapters"]] == [each["scores"] for each in own["adapters"]]
    assert theirs["base"]["scores"] == own["base"]["scores"]
    assert len(library.find(adapter.id).metadata.scores) == 2
