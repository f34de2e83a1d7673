"""Base and tuned are scored under one protocol, the base once, and the difference is paired."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.adapters import library
from engine.adapters.metadata import protocol_key
from engine.config.recipe import Recipe
from engine.errors import AdapterError
from engine.scoring import metrics
from engine.system.paths import scores_folder
from engine.worker.dataset import dataset
from engine.worker.dataset.dataset import Splits
from engine.worker.evaluation import evaluator, rouge
from engine.worker.evaluation.evaluator import Evaluation
from engine.worker.generation import generate
from engine.worker.generation.generate import Generated
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime.channel import Channel, Stopped
from tests.helpers.channel_events import events_of
from tests.helpers.worker_setup import (
    attach_random,
    install_random,
    load_tiny,
    make_channel,
    make_recipe,
    write_conversations,
)

pytestmark = pytest.mark.torch


@pytest.fixture
def source(tmp_path: Path) -> str:
    return str(write_conversations(tmp_path / "conversations"))


def parts(source: str, **evaluation: object) -> tuple[Recipe, LoadedBase, Splits, Channel]:
    recipe = make_recipe("t5", source, evaluation=evaluation)
    channel = make_channel("evaluate", recipe)
    return recipe, load_tiny("t5"), dataset.read(recipe.data, channel), channel


def score_base(recipe: Recipe, base: LoadedBase, splits: Splits, channel: Channel) -> Evaluation:
    return evaluator.base_evaluation(channel, base, base.model, recipe, splits)


def test_the_base_is_scored_once_and_kept(source, monkeypatch):
    recipe, base, splits, channel = parts(source)
    first = score_base(recipe, base, splits, channel)
    monkeypatch.setattr(evaluator, "generate", None)
    again = score_base(recipe, base, splits, channel)
    assert again == first
    told = [{**event, "time": 0, "clock": 0, "memory_bytes": 0} for event in events_of(channel, "evaluated")]
    assert told[0] == told[1]
    assert told[0]["of"] == "base"
    assert told[0]["difference"] is None


@pytest.mark.parametrize(
    "change", [{"max_new_tokens": 5}, {"beams": 2}, {"examples": 3}, {"split": "validation"}]
)
def test_another_protocol_is_another_score(source, change):
    recipe, base, splits, channel = parts(source)
    score_base(recipe, base, splits, channel)
    other = make_recipe("t5", source, evaluation=change)
    score_base(other, base, splits, channel)
    assert len(list(scores_folder().iterdir())) == 2
    keys = {protocol_key(evaluator.protocol(one, splits)) for one in (recipe, other)}
    assert len(keys) == 2


def test_what_is_not_scored_does_not_change_the_protocol(source):
    recipe, _, splits, channel = parts(source)
    other = make_recipe("t5", source, data={"max_train": 2}, training={"epochs": 9})
    fewer = dataset.read(other.data, channel)
    assert fewer.fingerprint != splits.fingerprint
    assert evaluator.protocol(other, fewer) == evaluator.protocol(recipe, splits)


def test_a_protocol_names_its_data_without_a_path_of_this_computer(source):
    recipe, _, splits, _ = parts(source)
    assert evaluator.protocol(recipe, splits)["data"]["source"] == "conversations"


def test_shown_examples_are_part_of_the_protocol(source):
    recipe, _, splits, _ = parts(source)
    other = make_recipe("t5", source, data={"shots": 1})
    assert evaluator.protocol(other, splits)["data"] != evaluator.protocol(recipe, splits)["data"]


@pytest.mark.parametrize("damage", ["{", "[]", '{"kept_schema": 1, "protocol": {}, "measured": {}}'])
def test_a_damaged_kept_score_is_measured_again(source, damage):
    recipe, base, splits, channel = parts(source)
    first = score_base(recipe, base, splits, channel)
    (kept,) = scores_folder().iterdir()
    kept.write_text(damage)
    again = score_base(recipe, base, splits, channel)
    assert again.measured.summaries == first.measured.summaries
    assert json.loads(kept.read_text())["kept_schema"] == 2


def give_references(source: str, *summaries: Sequence[str]) -> None:
    """Make references of what the models write, in turn: random models match nothing else."""
    path = Path(source) / "test.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for index, row in enumerate(rows):
        row["summary"] = f"{summaries[index % len(summaries)][index]} word"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


def test_the_tuned_model_is_compared_example_by_example(source):
    recipe, base, splits, channel = parts(source, max_new_tokens=24)
    plain = score_base(recipe, base, splits, channel)
    model = attach_random(base, recipe)
    tuned = evaluator.score(channel, base, model, recipe, splits, "mine", 7, plain)
    give_references(source, tuned.measured.summaries, plain.measured.summaries, tuned.measured.summaries)

    recipe, base, splits, channel = parts(source, max_new_tokens=24)
    before = score_base(recipe, base, splits, channel)
    model = attach_random(base, recipe)
    after = evaluator.score(channel, base, model, recipe, splits, "mine", 7, before)
    assert after.measured.summaries == tuned.measured.summaries != before.measured.summaries
    assert after.protocol == before.protocol
    assert after.scores["rouge1"]["mean"] > before.scores["rouge1"]["mean"] > 0.0
    assert after.difference is not None
    for name in rouge.SCORES:
        pairs = zip(before.measured.rouge[name], after.measured.rouge[name], strict=True)
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
    after = evaluator.score(channel, base, model, recipe, splits, "mine", 1, before)
    assert after.measured.summaries == before.measured.summaries
    assert after.difference is not None
    assert {facts["verdict"] for facts in after.difference.values()} == {"no measurable difference"}


def test_one_example_has_a_score_but_no_interval(source):
    recipe, base, splits, channel = parts(source, examples=1)
    before = score_base(recipe, base, splits, channel)
    after = evaluator.score(channel, base, attach_random(base, recipe), recipe, splits, "mine", 1, before)
    assert set(after.scores["rouge1"]) == {"mean"}
    assert after.difference is not None
    assert set(after.difference["rouge1"]) == {"mean", "verdict"}


def test_everything_else_is_measured_with_an_interval_and_paired(source):
    recipe, base, splits, channel = parts(source, max_new_tokens=24)
    before = score_base(recipe, base, splits, channel)
    after = evaluator.score(channel, base, attach_random(base, recipe), recipe, splits, "mine", 1, before)
    names = {measure.name for measure in metrics.MORE}
    assert after.measure_difference is not None
    assert set(after.measures) == set(before.measures) == set(after.measure_difference) == names
    for name in names:
        pairs = zip(before.measured.more[name], after.measured.more[name], strict=True)
        assert after.measure_difference[name]["mean"] == pytest.approx(
            sum(new - old for old, new in pairs) / len(splits.test)
        )
        assert after.measures[name]["low"] <= after.measures[name]["mean"] <= after.measures[name]["high"]
    assert after.measures["words"]["mean"] > 0.0
    told = events_of(channel, "evaluated")
    assert told[0]["measures"] == before.measures
    assert told[1]["measure_difference"] == after.measure_difference
    card = after.card(before)
    assert (card.base_measures, card.measures) == (before.measures, after.measures)
    assert before.measured.capped == before.measures["capped"]["mean"]


def test_several_references_are_part_of_the_protocol_and_the_best_of_them_counts(source):
    recipe, base, splits, channel = parts(source)
    before = score_base(recipe, base, splits, channel)
    assert "references" not in before.protocol
    written = before.measured.summaries[0]
    first = replace(splits.test[0], more_references=(f"{written} word", "Nothing."))
    several = replace(splits, test=(first, *splits.test[1:]))
    again = score_base(recipe, base, several, channel)
    assert again.protocol["references"] == {"most": 3, "counted": "best"}
    assert again.protocol["data"] != before.protocol["data"]
    assert again.measured.rouge["rouge1"][0] > before.measured.rouge["rouge1"][0]
    assert again.measured.rouge["rouge1"][1:] == before.measured.rouge["rouge1"][1:]


def test_summaries_that_are_only_the_end_token_score_nothing_and_are_told(source, monkeypatch):
    recipe, base, splits, channel = parts(source)

    def ends_at_once(model, tokenizer, family, inputs, **_):
        return [Generated([], "", capped=False) for _ in inputs]

    monkeypatch.setattr(evaluator, "generate", ends_at_once)
    before = score_base(recipe, base, splits, channel)
    after = evaluator.score(channel, base, base.model, recipe, splits, "mine", 1, before)
    every = dict.fromkeys((*before.scores, *before.measures), 0.0)
    means = {name: spread["mean"] for name, spread in (before.scores | before.measures).items()}
    assert means == every
    differences = (after.difference or {}) | (after.measure_difference or {})
    assert {facts["verdict"] for facts in differences.values()} == {"no measurable difference"}
    messages = [event["message"] for event in events_of(channel, "notice")]
    assert messages == [
        "Empty: 6 of 6 of the base model's summaries.",
        "Empty: 6 of 6 of the tuned model's summaries.",
    ]


def test_many_capped_summaries_are_told(source):
    recipe, base, splits, channel = parts(source, max_new_tokens=2)
    assert score_base(recipe, base, splits, channel).measured.capped == 1.0
    (notice,) = events_of(channel, "notice")
    assert notice["message"] == "100 % of the base model's summaries reach 2 tokens and are cut there."


def test_conversations_that_are_cut_and_references_that_rouge_cannot_read_are_told(tmp_path):
    folder = write_conversations(tmp_path / "conversations")
    rows = [json.loads(line) for line in (folder / "test.jsonl").read_text().splitlines()]
    rows[0]["summary"] = "Боб на работе."
    rows[1]["dialogue"] += " word" * 80
    (folder / "test.jsonl").write_text("\n".join(map(json.dumps, rows)))
    recipe, base, splits, channel = parts(str(folder))
    score_base(recipe, base, splits, channel)
    messages = [event["message"] for event in events_of(channel, "notice")]
    assert any("1 of 6 scored conversations are longer than 200 tokens" in message for message in messages)
    assert any("1 of 6 reference summaries hold no letter" in message for message in messages)


def test_a_wish_to_stop_ends_scoring(source):
    recipe, base, splits, channel = parts(source)
    channel.stopping = True
    with pytest.raises(Stopped):
        score_base(recipe, base, splits, channel)
    assert list(scores_folder().iterdir()) == []


def test_a_wish_to_stop_is_heard_while_prompts_are_read(source, monkeypatch):
    recipe, base, splits, channel = parts(source)
    monkeypatch.setattr(generate, "CPU_READ_TOKENS", 1)
    read = []

    def look(_module, _given):
        read.append(1)
        channel.stopping = True

    base.model.get_encoder().register_forward_pre_hook(look)
    with pytest.raises(Stopped):
        score_base(recipe, base, splits, channel)
    assert len(read) == 1


def test_it_tells_of_each_summary_as_soon_as_it_is_whole(source, monkeypatch):
    recipe, base, splits, channel = parts(source)
    monkeypatch.setattr("engine.worker.runtime.channel.PROGRESS_SECONDS", 0.0)
    score_base(recipe, base, splits, channel)
    told = [event["done"] for event in events_of(channel, "stage_progressed") if event["unit"] == "summaries"]
    assert told == list(range(7))


def test_the_job_scores_base_and_adapters_and_writes_their_passports(source):
    first = install_random("t5", "first", seed=1)
    second = install_random("t5", "second", seed=2, data={"prompt": "Sum up: {conversation}"})
    recipe = make_recipe("t5", source)
    channel = make_channel("evaluate", recipe)
    evaluator.run(channel, {"kind": "evaluate", "adapters": [first.id, "second"]})
    (made,) = events_of(channel, "result_made")
    result = made["result"]
    assert [event["of"] for event in events_of(channel, "evaluated")] == ["base", first.id, second.id]
    assert set(result) == {"protocol", "base", "adapters"}
    assert [entry["adapter"] for entry in result["adapters"]] == [first.id, second.id]
    assert set(result["base"]["scores"]) == set(rouge.SCORES)
    for entry in result["adapters"]:
        card = library.find(entry["adapter"]).passport.score_card
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
    tuned = evaluator.score(channel, base, attach_random(base, recipe), recipe, splits, "", 1, plain)
    give_references(source, tuned.measured.summaries)
    lora = install_random("t5", "lora")
    full = install_random("t5", "full", seed=2, method={"id": "full"})
    both, alone = make_channel("evaluate", recipe), make_channel("evaluate", recipe)
    evaluator.run(both, {"kind": "evaluate", "adapters": [full.id, lora.id]})
    evaluator.run(alone, {"kind": "evaluate", "adapters": [lora.id]})
    beside, single = (events_of(channel, "result_made")[0]["result"] for channel in (both, alone))
    assert beside["adapters"][1]["scores"] == single["adapters"][0]["scores"]
    assert single["adapters"][0]["difference"]["rouge1"]["verdict"] == "better"
    assert beside["adapters"][0]["scores"] != single["adapters"][0]["scores"]


def test_an_adapter_of_another_base_model_is_refused_before_anything_is_scored(source):
    mine, other = install_random("t5", "mine"), install_random("t5-tied", "other")
    channel = make_channel("evaluate", make_recipe("t5", source))
    with pytest.raises(AdapterError, match="other was made for"):
        evaluator.run(channel, {"kind": "evaluate", "adapters": [mine.id, other.id]})
    assert events_of(channel, "evaluated") == []


def test_an_adapter_that_is_not_there_is_told_before_anything_is_loaded(source):
    channel = make_channel("evaluate", make_recipe("t5", source))
    with pytest.raises(AdapterError, match='no adapter "nothing"'):
        evaluator.run(channel, {"kind": "evaluate", "adapters": ["nothing"]})
    assert events_of(channel, "stage_entered") == []
