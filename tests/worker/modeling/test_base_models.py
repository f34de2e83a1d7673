import json
import os
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import MambaConfig, PegasusConfig, PegasusForConditionalGeneration

from engine.config.recipe import BaseModelOptions
from engine.errors import BaseModelError
from engine.jobs.events import read_all
from engine.worker.kernels.compat import CACHE
from engine.worker.modeling import base_models, file_checks
from engine.worker.runtime.channel import Stopped
from tests.helpers.tiny_models import KINDS, tiny_model
from tests.helpers.worker_setup import load_tiny, make_channel

pytestmark = pytest.mark.torch


def load(folder, channel=None, **options):
    return base_models.load(
        BaseModelOptions(id=str(folder), **options), "cpu", channel or make_channel("plan")
    )


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(tiny_model("llama"), tmp_path / "model")


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


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (None, "no model"),
        ({"model_type": "vit", "architectures": ["ViTForImageClassification"]}, "generates no text"),
        # Those that see the words to come are no decoders.
        *(
            ({"model_type": kind}, "generates no text")
            for kind in ("bert", "roberta", "electra", "camembert")
        ),
    ],
)
def test_a_folder_without_a_model_that_writes_text_is_refused(tmp_path, config, said):
    if config is not None:
        (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(BaseModelError, match=said) as caught:
        load(tmp_path)
    assert caught.value.field == "base_model.id"


def test_a_model_that_brings_its_own_code_is_not_run(tmp_path):
    marker = tmp_path / "ran"
    config = {"model_type": "evil", "auto_map": {"AutoConfig": "evil.EvilConfig"}}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (tmp_path / "evil.py").write_text(f"open({str(marker)!r}, 'w').close()\n", encoding="utf-8")
    with pytest.raises(BaseModelError):
        load(tmp_path)
    assert not marker.exists()


def test_weights_that_are_pickled_or_damaged_are_refused(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:2000])
    with pytest.raises(BaseModelError):
        load(folder)
    weights.unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(BaseModelError) as caught:
        load(folder)
    assert "safetensors" in caught.value.hint


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
def test_what_a_decoder_keeps_of_a_token_is_known_from_its_configuration(kind):
    base = load_tiny(kind)
    ids = torch.arange(4, 11)[None]
    read = {"decoder_input_ids": ids} if base.family == "encoder-decoder" else {}
    with torch.no_grad():
        cache = base.model(input_ids=ids, use_cache=True, **read)[CACHE]
    cache = getattr(cache, "self_attention_cache", cache)
    kept = sum(layer.keys.numel() + layer.values.numel() for layer in cache.layers)
    assert base_models.kv_values_per_token(base.model.config) == kept // ids.shape[1]


def test_a_model_that_keeps_no_keys_and_values_is_told():
    assert base_models.kv_values_per_token(MambaConfig()) is None


def configured(folder, file="config.json", **values):
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")


def reweighted(folder, change):
    path = folder / "model.safetensors"
    weights = load_file(path)
    change(weights)
    save_file(weights, path, {"format": "pt"})


def refusal(folder):
    with pytest.raises(BaseModelError) as raised:
        load(folder)
    assert raised.value.field == "base_model.id"
    return raised.value.message


@pytest.mark.parametrize(
    "gone", ["model.layers.1.mlp.up_proj.weight", "model.norm.weight", "model.embed_tokens.weight"]
)
def test_a_missing_weight_is_named(folder, gone):
    reweighted(folder, lambda weights: weights.pop(gone))
    assert f"lacks 1 weight: {gone}" in refusal(folder)


def test_a_head_for_another_task_is_left_out_with_a_notice(folder, channel):
    reweighted(folder, lambda weights: weights.update({"score.weight": weights["model.norm.weight"].clone()}))
    load(folder, channel)
    events = list(read_all(channel.job.events_path))
    notices = [event["message"] for event in events if event["event"] == "notice"]
    assert notices == [f"{folder} has 1 weight unused by a llama model: score.weight."]


def test_position_embeddings_that_are_computed_need_not_be_stored(tmp_path):
    tokenizer = base_models.read_tokenizer(tiny_model("bart"), "bart")
    model = PegasusForConditionalGeneration(
        PegasusConfig(
            vocab_size=len(tokenizer), d_model=16, encoder_layers=1, decoder_layers=1, encoder_ffn_dim=16,
            decoder_ffn_dim=16, encoder_attention_heads=2, decoder_attention_heads=2, max_position_embeddings=64,
        )
    )  # fmt: skip
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    stored = load_file(tmp_path / "model.safetensors")
    computed = [name for name in stored if "embed_positions" in name]
    reweighted(tmp_path, lambda weights: [weights.pop(name) for name in computed])
    loaded = load(tmp_path, precision="float32").model
    assert len(computed) == 2
    for name in computed:
        assert loaded.state_dict()[name].equal(stored[name])


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("../other/model.safetensors", "which is no safetensors file"),
        ("/etc/passwd", "which is no safetensors file"),
        ("pytorch_model.bin", "which is no safetensors file"),
        (7, "which is no safetensors file"),
        ("model-00001-of-00002.safetensors", "lacks model-00001-of-00002.safetensors"),
    ],
)
def test_an_index_names_safetensors_files_of_its_folder(folder, file, told):
    (folder / "model.safetensors").rename(folder / "part.safetensors")
    index = {"metadata": {}, "weight_map": {"model.norm.weight": file}}
    (folder / file_checks.INDEX).write_text(json.dumps(index), encoding="utf-8")
    assert told in refusal(folder)


@pytest.mark.parametrize(
    "values",
    [
        {"num_hidden_layers": 10**5}, {"num_hidden_layers": 0}, {"hidden_size": -1}, {"hidden_size": "64"},
        {"num_attention_heads": True}, {"intermediate_size": 2.5}, {"max_position_embeddings": 10**12},
        {"num_labels": 10**9}, {"anything_of_theirs": 2**60},
    ],
    ids=str,
)  # fmt: skip
def test_an_impossible_number_is_named_before_anything_is_built(folder, monkeypatch, values):
    configured(folder, **values)
    monkeypatch.setattr(base_models, "AutoConfig", None)
    [(key, value)] = values.items()
    assert f"says {key} = {value}; allowed: 1 to" in refusal(folder)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"num_hidden_layers": 900}, "declares 900 layers; the files have 21 weights"),
        ({"num_hidden_layers": 3}, "lacks 9 weights"),
        ({"num_hidden_layers": 1}, "has 9 weights of undeclared layers"),
        ({"hidden_size": 64}, "can't be loaded"),
        ({"attn_implementation": "owner/kernels"}, "which would run code"),
        ({"attn_implementation": {"text_config": "owner/kernels"}}, "which would run code"),
        ({"_attn_implementation": "owner/kernels@main:flash"}, "which would run code"),
        ({"text_config": {"experts_implementation": "owner/kernels"}}, "which would run code"),
        ({"decoder_start_token_id": 10_000}, "says decoder_start_token_id = 10,000, but there are"),
        ({"pad_token_id": 10_000}, "says pad_token_id = 10,000, but there are"),
        # Values of an unknown kind.
        ({"rope_parameters": 5}, ""),
        ({"hidden_act": 5}, ""),
        ({"model_type": ["a"]}, ""),
        ({"dtype": "nope"}, ""),
        ({"quantization_config": 5}, ""),
        ({"layer_types": 5}, ""),
        ({"id2label": 5}, ""),
        ({"num_attention_heads": 5}, ""),
    ],
    ids=str,
)
def test_a_configuration_that_makes_no_model_is_told(folder, values, told):
    configured(folder, **values)
    message = refusal(folder)
    assert str(folder) in message
    assert told in message


@pytest.mark.parametrize(
    ("file", "key", "value"),
    [
        ("config.json", "transformers_weights", "other/weights.safetensors"),
        ("config.json", "transformers_weights", "other.safetensors.index.json"),
        ("config.json", "configuration_files", ["config.4.0.0.json"]),
        ("tokenizer_config.json", "fast_tokenizer_files", ["../tokenizer.4.0.0.json"]),
    ],
)
def test_a_model_that_names_other_files_than_the_usual_is_refused(folder, file, key, value):
    configured(folder, file, **{key: value})
    assert f"{file} of {folder} says {key} = {value}" in refusal(folder)
    # transformers takes longer numbers than are read elsewhere.
    configured(folder, file, long=10**400)
    assert f"{file} of {folder} can't be read: a number in it is too long" in refusal(folder)


def test_an_adapter_beside_a_model_is_not_attached_unchecked(folder):
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA"}', encoding="utf-8")
    assert "also contains an adapter" in refusal(folder)


def test_a_configuration_that_is_a_pipe_is_not_waited_for(folder):
    (folder / "config.json").unlink()
    os.mkfifo(folder / "config.json")
    assert "can't be read: it is not a file" in refusal(folder)


def test_large_numbers_that_are_no_sizes_are_read(folder):
    rope = {"rope_type": "default", "rope_theta": 10**9}
    configured(folder, rope_theta=10**9, rope_parameters=rope, pad_token_id=-1)
    assert load(folder).model.config.rope_parameters["rope_theta"] == 10**9


def test_a_tokenizer_of_a_larger_model_is_named(folder):
    configured(folder, vocab_size=40)
    reweighted(
        folder,
        lambda weights: weights.update(
            {name: weights[name][:40].clone() for name in ("model.embed_tokens.weight", "lm_head.weight")}
        ),
    )
    assert "tokens, the model 40" in refusal(folder)


@pytest.mark.parametrize(
    "content", ["[]", "null", '{"watermarking_config": 5}', '{"watermarking_config": {"x": 1}}']
)
def test_a_generation_config_of_an_unknown_kind_is_named(folder, content):
    (folder / "generation_config.json").write_text(content, encoding="utf-8")
    assert "can't be loaded" in refusal(folder)


def test_a_tokenizer_without_an_end_of_text_is_named(folder):
    (folder / "tokenizer_config.json").unlink()
    assert "has no end token" in refusal(folder)
