import json

import pytest
import torch
from torch.nn import functional

from engine.scoring.metrics import GENERAL_LOSS
from engine.system.paths import results_folder
from engine.worker.evaluation import general_loss
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime.channel import Stopped
from tests.helpers.channel_events import events_of
from tests.helpers.evaluations import parts, score, score_base
from tests.helpers.tiny_models import Kind
from tests.helpers.worker_setup import (
    attach_random,
    load_tiny,
    make_channel,
    make_recipe,
    write_conversations,
)

pytestmark = pytest.mark.torch

TEXT = "The kettle began to sing.\n\nA river carries sand from its banks to the sea, and builds a delta.\n\nRain."


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "general.txt"
    path.write_text(TEXT)
    return str(path)


@pytest.fixture
def source(tmp_path):
    return str(write_conversations(tmp_path / "conversations"))


def measured(
    kind: Kind, choice: str, **tables: dict[str, object]
) -> tuple[LoadedBase, general_loss.GeneralLoss]:
    recipe = make_recipe(kind, evaluation={"general_text": choice}, **tables)
    base = load_tiny(kind)
    found = general_loss.measure_base(make_channel("evaluate", recipe), base, recipe)
    assert found is not None
    return base, found


@torch.inference_mode()
def reference_loss(base: LoadedBase, input_ids: list[int], labels: list[int]) -> float:
    """Return the loss of one passage, computed by the library alone."""
    given = {"input_ids": torch.tensor([input_ids])}
    if base.family == "encoder-decoder":
        return float(base.model(**given, labels=torch.tensor([labels])).loss)
    logits = base.model(**given).logits[0]
    return float(functional.cross_entropy(logits[:-1].float(), given["input_ids"][0, 1:]))


@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_each_passage_loses_what_the_library_computes_for_it_alone(kind, text):
    base, found = measured(kind, text)
    passages = found.text.passages
    assert len(passages) == len(found.losses) >= 3
    for passage, loss in zip(passages, found.losses, strict=True):
        assert loss == pytest.approx(reference_loss(base, passage.input_ids, passage.labels), rel=1e-4)


def test_an_encoder_reads_the_first_half_and_the_decoder_predicts_the_second(text):
    base, found = measured("t5", text)
    passage = max(found.text.passages, key=lambda each: len(each.input_ids))
    read = base.tokenizer.decode(passage.input_ids, skip_special_tokens=True)
    predicted = base.tokenizer.decode(passage.labels, skip_special_tokens=True)
    assert TEXT.split("\n\n")[1].startswith(read.strip())
    assert TEXT.split("\n\n")[1].endswith(predicted.strip())
    assert abs(len(passage.input_ids) - len(passage.labels)) <= 2


def test_long_passages_are_split_and_long_texts_end_early(tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("word " * 3000 + "\n\n" + "more words again\n\n" * 9000)
    base, found = measured("gpt2", str(path))
    lengths = [len(each.input_ids) for each in found.text.passages]
    window = base.model.config.n_positions
    assert max(lengths) <= min(general_loss.MAX_PASSAGE_TOKENS, window // 4) + 1
    assert general_loss.MAX_TOKENS - 300 < sum(lengths) <= general_loss.MAX_TOKENS


def test_special_tokens_in_the_text_are_ordinary_words(tmp_path):
    path = tmp_path / "odd.txt"
    path.write_text("A list</s> that goes on <pad> and on.")
    base, found = measured("llama", str(path))
    [passage] = found.text.passages
    assert base.tokenizer.eos_token_id not in passage.input_ids
    assert base.tokenizer.pad_token_id not in passage.input_ids


def test_the_base_is_measured_once_for_each_text(text, tmp_path, monkeypatch):
    _, first = measured("llama", text)
    other = tmp_path / "other.txt"
    other.write_text("Another text, which has another loss.")
    _, of_other = measured("llama", str(other))
    monkeypatch.setattr(general_loss, "measure", None)
    assert measured("llama", text)[1] == first
    assert measured("llama", str(other))[1] == of_other != first
    assert first.text.digest != of_other.text.digest


@pytest.mark.parametrize("damage", ["{", "[]", '{"losses": [1.0]}'])
def test_a_damaged_cache_file_is_replaced(text, damage):
    _, first = measured("llama", text)
    [kept] = results_folder().glob("general-loss-*")
    kept.write_text(damage)
    assert measured("llama", text)[1] == first
    assert json.loads(kept.read_text())["losses"] == list(first.losses)


def test_base_and_tuned_model_are_paired_over_the_passages_and_higher_is_worse(source):
    recipe, base, splits, channel = parts(source, general_text="auto")
    before = score_base(recipe, base, splits, channel)
    after = score(recipe, base, splits, channel, attach_random(base, recipe, strength=0.6), before)
    assert before.general is not None
    assert after.general is not None
    assert len(before.general.losses) == len(after.general.losses) == 40
    assert before.metrics[GENERAL_LOSS]["mean"] == pytest.approx(sum(before.general.losses) / 40)
    assert after.metric_difference is not None
    found = after.metric_difference[GENERAL_LOSS]
    between = [new - old for old, new in zip(before.general.losses, after.general.losses, strict=True)]
    assert found["mean"] == pytest.approx(sum(between) / 40)
    assert found["low"] < found["mean"] < found["high"]
    assert found["verdict"] == "worse"
    said = after.protocol["general_text"]
    assert said == {"text": "auto", "digest": before.general.text.digest, "passages": 40}
    told = events_of(channel, "evaluated")
    assert told[0]["measures"][GENERAL_LOSS] == before.metrics[GENERAL_LOSS]
    assert told[1]["measure_difference"][GENERAL_LOSS] == found
    assert after.card(before).measure_difference[GENERAL_LOSS] == found


def test_an_untrained_adapter_forgets_nothing(source):
    recipe, base, splits, channel = parts(source, general_text="auto")
    before = score_base(recipe, base, splits, channel)
    after = score(recipe, base, splits, channel, attach_random(base, recipe, strength=0.0), before)
    assert after.metric_difference is not None
    assert after.metric_difference[GENERAL_LOSS]["verdict"] == "no measurable difference"


@pytest.mark.parametrize(
    ("kind", "method"), [("llama", {"id": "prompt_tuning"}), ("t5", {"id": "prefix_tuning"})]
)
def test_virtual_tokens_stand_before_each_passage(kind, method, text):
    recipe = make_recipe(kind, method=method, evaluation={"general_text": text})
    base, channel = load_tiny(kind), make_channel("evaluate", recipe)
    before = general_loss.measure_base(channel, base, recipe)
    assert before is not None
    after = general_loss.measure(
        channel, base, attach_random(base, recipe, strength=1.0), recipe, before.text
    )
    assert after is not None
    assert len(after.losses) == len(before.losses)
    assert after.losses != pytest.approx(before.losses)


def test_a_loss_that_is_no_number_is_left_out_with_a_notice(source):
    recipe, base, splits, channel = parts(source, general_text="auto")
    before = score_base(recipe, base, splits, channel)
    model = attach_random(base, recipe)
    with torch.no_grad():
        next(parameter for name, parameter in model.named_parameters() if "lora_B" in name).fill_(
            float("nan")
        )
    assert before.general is not None
    assert general_loss.measure(channel, base, model, recipe, before.general.text) is None
    assert "not finite" in events_of(channel, "notice")[-1]["message"]


def test_a_stop_ends_the_measurement(text):
    recipe = make_recipe("llama", evaluation={"general_text": text})
    channel, base = make_channel("evaluate", recipe), load_tiny("llama")
    channel.stopping = True
    with pytest.raises(Stopped):
        general_loss.measure_base(channel, base, recipe)
    assert not list(results_folder().glob("general-loss-*"))
