"""Loading base models, and the words for what can't be loaded."""

import json
import shutil

import pytest
import torch
from transformers import MambaConfig

from engine.config.recipe import BaseModelOptions
from engine.errors import BaseModelError
from engine.jobs.events import read_all
from engine.worker.kernels.library import CACHE
from engine.worker.modeling import base_models
from engine.worker.runtime.channel import Stopped
from tests.helpers.tiny_models import KINDS, Kind, tiny_model
from tests.helpers.worker_setup import load_tiny, make_channel

pytestmark = pytest.mark.torch


def load(folder, **options):
    return base_models.load(BaseModelOptions(id=str(folder), **options), "cpu", make_channel("plan"))


@pytest.mark.parametrize("kind", KINDS)
def test_families_are_told_apart_and_everything_is_frozen(kind):
    base = load(tiny_model(kind))

    assert base.family == ("encoder-decoder" if kind in {"t5", "t5-tied", "bart"} else "decoder-only")
    assert not any(parameter.requires_grad for parameter in base.model.parameters())
    assert not base.model.training
    assert base.tokenizer.pad_token_id is not None


def test_an_untied_head_is_said_to_be_untied_and_survives_a_resize():
    base = load(tiny_model("t5"), precision="float32")
    head = base.model.lm_head.weight.clone()

    assert base.model.config.tie_word_embeddings is False
    base.model.resize_token_embeddings(base.model.config.vocab_size + 4)
    assert torch.equal(base.model.lm_head.weight[: len(head)], head)


def test_a_tied_head_stays_tied():
    model = load(tiny_model("t5-tied")).model
    assert model.lm_head.weight.data_ptr() == model.shared.weight.data_ptr()


@pytest.mark.parametrize(("device", "threshold"), [("cpu", 0.0), ("cuda", 6.0)])
def test_int8_keeps_outliers_apart_on_a_card_alone(device, threshold):
    options = BaseModelOptions(id="any", quantization="int8")
    made = base_models.quantization(options, torch.float16, torch.device(device))
    assert made.llm_int8_threshold == threshold


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_nf4_computes_in_the_format_of_the_card(dtype):
    options = BaseModelOptions(id="any", quantization="nf4")
    assert base_models.quantization(options, dtype, torch.device("cuda")).bnb_4bit_compute_dtype == dtype


def test_a_folder_without_a_model(tmp_path):
    with pytest.raises(BaseModelError, match="no model"):
        load(tmp_path)


def test_a_model_that_writes_no_text(tmp_path):
    config = {"model_type": "vit", "architectures": ["ViTForImageClassification"]}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(BaseModelError, match="can't write text") as caught:
        load(tmp_path)
    assert caught.value.field == "base_model.id"


@pytest.mark.parametrize("model_type", ["bert", "roberta", "electra", "camembert"])
def test_a_model_that_sees_the_words_to_come_is_no_decoder(tmp_path, model_type):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}), encoding="utf-8")
    with pytest.raises(BaseModelError, match="can't write text"):
        load(tmp_path)


def test_a_model_that_brings_its_own_code_is_not_run(tmp_path):
    marker = tmp_path / "ran"
    config = {"model_type": "evil", "auto_map": {"AutoConfig": "evil.EvilConfig"}}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (tmp_path / "evil.py").write_text(f"open({str(marker)!r}, 'w').close()\n", encoding="utf-8")
    with pytest.raises(BaseModelError):
        load(tmp_path)
    assert not marker.exists()


def test_pickled_weights_are_refused(tmp_path):
    folder = shutil.copytree(tiny_model("llama"), tmp_path / "model")
    for path in folder.glob("*.safetensors"):
        path.unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(BaseModelError) as caught:
        load(folder)
    assert "safetensors" in caught.value.hint


def test_a_damaged_file(tmp_path):
    folder = shutil.copytree(tiny_model("llama"), tmp_path / "model")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:2000])
    with pytest.raises(BaseModelError):
        load(folder)


LONG = "{{ messages }}" * 100_000


def _as_file(folder, text):
    (folder / "chat_template.jinja").write_text(text)


def _as_another_file(folder, text):
    (folder / "additional_chat_templates").mkdir()
    (folder / "additional_chat_templates/tools.jinja").write_text(text)


def _in_the_configuration(folder, text):
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"chat_template": text}))


def _among_several(folder, text):
    _in_the_configuration(folder, [{"name": "default", "template": text}])


@pytest.mark.parametrize("put", [_as_file, _as_another_file, _in_the_configuration, _among_several])
def test_a_chat_template_is_read_up_to_a_length_and_never_run(tmp_path, put):
    folder = shutil.copytree(tiny_model("llama"), tmp_path / "model")
    put(folder, "{{ raise_exception('run') }}")
    assert load(folder).tokenizer("tea")["input_ids"]
    shutil.rmtree(folder)
    shutil.copytree(tiny_model("llama"), folder)
    put(folder, LONG)
    with pytest.raises(BaseModelError, match="chat template") as caught:
        load(folder)
    assert caught.value.field == "base_model.id"


# Not int8: bitsandbytes rounds its inputs in training and not in evaluation on a CPU.
def test_a_quantized_base_computes_the_same_in_training_and_in_evaluation():
    model = load(tiny_model("llama"), precision="float32", quantization="nf4").model
    ids = torch.arange(10, 30)[None]
    with torch.no_grad():
        evaluated = model.eval()(input_ids=ids).logits
        trained = model.train()(input_ids=ids).logits
    assert torch.equal(evaluated, trained)


def test_how_far_the_weights_are_is_told_and_no_bar_is_drawn(channel, capfd):
    base_models.load(BaseModelOptions(id=str(tiny_model("llama"))), "cpu", channel)

    [*_, last] = [
        event for event in read_all(channel.job.events_path) if event["event"] == "stage_progressed"
    ]
    assert (last["unit"], last["done"]) == ("weights", last["total"])
    assert last["total"] > 10
    assert "Loading weights" not in capfd.readouterr().err


def test_loading_ends_between_two_weights_once_it_should(channel, monkeypatch):
    read = []

    def asked_at_the_third():
        read.append(True)
        if len(read) == 3:
            raise Stopped

    monkeypatch.setattr(channel, "check_stop", asked_at_the_third)
    with pytest.raises(Stopped):
        base_models.load(BaseModelOptions(id=str(tiny_model("llama"))), "cpu", channel)

    monkeypatch.undo()
    # What is loaded next tells its own job, not the one that ended.
    assert load(tiny_model("llama")).family == "decoder-only"
    assert len(read) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_decoder_keeps_of_a_token_is_known_from_its_configuration(kind: Kind) -> None:
    base = load_tiny(kind)
    ids = torch.arange(4, 11)[None]
    read = {"decoder_input_ids": ids} if base.family == "encoder-decoder" else {}
    with torch.no_grad():
        cache = base.model(input_ids=ids, use_cache=True, **read)[CACHE]
    cache = getattr(cache, "self_attention_cache", cache)
    kept = sum(layer.keys.numel() + layer.values.numel() for layer in cache.layers)
    assert base_models.kv_values_per_token(base.model.config) == kept // ids.shape[1]


def test_a_model_that_keeps_no_keys_and_values_is_told() -> None:
    assert base_models.kv_values_per_token(MambaConfig()) is None
