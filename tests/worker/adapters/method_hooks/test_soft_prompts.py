import pytest
import torch
from peft import PeftModel
from tokenizers import normalizers
from transformers import AutoModelForSeq2SeqLM

from engine.adapters.library import WEIGHTS_NAME
from engine.errors import AdapterError, RecipeError
from engine.worker.adapters import attach
from engine.worker.training.optimizer import make_optimizer
from tests.helpers.soft_prompts import (
    CASES,
    NAMES,
    Options,
    forward_logits,
    prompts,
    soft_prompt_model,
    soft_recipe,
)
from tests.helpers.tiny_models import tiny_model
from tests.helpers.worker_setup import attach_random, install_random, load_tiny, make_recipe

pytestmark = pytest.mark.torch

every_case = pytest.mark.parametrize(("method", "options"), CASES, ids=NAMES)
COMPUTED = [case for case in CASES if case[0] == "p_tuning" or case[1].get("projection")]
WORDS = "Summarize the conversation."


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("t5", "prompt_tuning"),
        ("bart", "prompt_tuning"),
        ("llama", "prompt_tuning"),
        ("gpt2", "prefix_tuning"),
    ],
)
def test_virtual_tokens_that_begin_with_words_are_as_if_these_had_been_read(kind, method):
    base = load_tiny(kind)
    words = base.tokenizer(WORDS, add_special_tokens=False)["input_ids"]
    recipe = soft_recipe(kind, method, {"init_text": WORDS}, len(words))
    row, summary = prompts(base)[1], [20, 21, 22]
    expected = forward_logits(base.model, base, words + row, summary)
    logits = forward_logits(attach.attach(base, recipe).eval(), base, row, summary)
    assert (logits - expected).abs().max() < 1e-4


@pytest.mark.parametrize("kind", ["t5", "bart"])
def test_an_encoder_decoders_prefix_that_begins_with_words_is_as_if_it_had_written_them(kind):
    base = load_tiny(kind)
    words = base.tokenizer(WORDS, add_special_tokens=False)["input_ids"]
    recipe = soft_recipe(kind, "prefix_tuning", {"init_text": WORDS}, len(words))
    read = torch.tensor([words])
    told = torch.tensor([[*words, base.model.config.decoder_start_token_id, 20, 21]])
    with torch.no_grad():
        expected = base.model(input_ids=read, decoder_input_ids=told).logits[0, len(words) :]
    logits = forward_logits(attach.attach(base, recipe).eval(), base, words, [20, 21, 22])
    assert (logits - expected).abs().max() < 1e-4


@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_every_layer_of_the_decoder_has_keys_and_values_of_its_own(kind):
    base, model = soft_prompt_model(kind, "prefix_tuning", {})
    layers = base.model.config.num_hidden_layers
    cache = model.get_prompt(1)
    kept = getattr(cache, "self_attention_cache", cache).layers[:layers]
    told = [torch.cat([layer.keys, layer.values]) for layer in kept]
    assert len(told) == layers == 2
    assert not torch.equal(told[0], told[1])


def test_a_projection_has_a_lower_learning_rate_than_a_prefix():
    def rates(options: Options) -> set[float]:
        recipe = soft_recipe("t5", "prefix_tuning", options)
        model = attach.attach(load_tiny("t5"), recipe)
        groups = make_optimizer(model, recipe.training, 0.3).param_groups
        return {round(group["lr"], 6) for group in groups if group["params"]}

    assert rates({}) == {0.3}
    assert rates({"projection": True}) == {0.01}


@pytest.mark.parametrize(("tokens", "start"), [(3, "abc"), (7, "abcdeab")])
def test_starting_words_are_cut_or_repeated(tokens, start):
    base = load_tiny("llama")
    model = attach.attach(base, soft_recipe("llama", "prompt_tuning", {"init_text": "abcde"}, tokens))
    ids = torch.tensor(base.tokenizer(start, add_special_tokens=False)["input_ids"])
    assert torch.equal(
        model.prompt_encoder["default"].embedding.weight, base.model.get_input_embeddings()(ids)
    )


@pytest.mark.parametrize("method", ["prompt_tuning", "prefix_tuning"])
def test_a_text_of_which_the_tokenizer_leaves_nothing_is_refused_beside_its_field(method):
    base = load_tiny("llama")
    base.tokenizer.backend_tokenizer.normalizer = normalizers.Replace("#", "")
    with pytest.raises(AdapterError) as caught:
        attach.attach(base, soft_recipe("llama", method, {"init_text": "##"}))
    assert caught.value.field == "method.init_text"


def test_a_start_from_the_vocabulary_follows_the_seed():
    def first(seed: int) -> torch.Tensor:
        recipe = make_recipe(
            "t5",
            method={"id": "prompt_tuning", "init": "vocabulary"},
            training={"device": "cpu", "seed": seed},
        )
        (prompt,) = attach.trainable_parameters(attach.attach(load_tiny("t5"), recipe)).values()
        return prompt

    assert torch.equal(first(1), first(1))
    assert not torch.equal(first(1), first(2))
    vocabulary = load_tiny("t5").model.get_input_embeddings().weight
    assert all((vocabulary == row).all(dim=1).any() for row in first(1))


@every_case
def test_files_hold_no_path_and_saving_changes_and_draws_nothing(method, options, tmp_path):
    recipe = soft_recipe("t5", method, options)
    model = attach_random(load_tiny("t5"), recipe).train()
    state = torch.get_rng_state()
    for name in ("one", "two"):
        attach.save_adapter(model, tmp_path / name)
    assert torch.equal(state, torch.get_rng_state())
    assert (tmp_path / "one" / WEIGHTS_NAME).read_bytes() == (tmp_path / "two" / WEIGHTS_NAME).read_bytes()
    assert all(
        recipe.base_model.id.encode() not in path.read_bytes() for path in (tmp_path / "one").iterdir()
    )
    assert model.training
    assert model.prompt_encoder["default"].training


def test_a_saved_prompt_is_the_one_that_was_evaluated_whatever_was_dropped_while_training(tmp_path):
    options = {"encoder": "LSTM", "encoder_dropout": 0.5}
    base, model = soft_prompt_model("t5", "p_tuning", options)
    expected = forward_logits(model, base, prompts(base)[0], [20, 21])
    attach.save_adapter(model.train(), tmp_path)
    plain = PeftModel.from_pretrained(AutoModelForSeq2SeqLM.from_pretrained(tiny_model("t5")), tmp_path)
    assert (forward_logits(plain.eval(), base, prompts(base)[0], [20, 21]) - expected).abs().max() < 1e-4


@pytest.mark.parametrize(
    ("method", "before"),
    [("prompt_tuning", {}), ("prefix_tuning", {}), ("prefix_tuning", {"projection": True})],
)
def test_going_on_from_an_adapter_begins_where_it_ended(method, before):
    adapter = install_random("t5", "first", method={"id": method, "virtual_tokens": 5, **before})
    base = load_tiny("t5")
    expected = forward_logits(attach.load_adapter(base, adapter), base, prompts(base)[1], [20, 21])
    base = load_tiny("t5")
    recipe = soft_recipe("t5", method, {"start_from": adapter.id})
    logits = forward_logits(attach.attach(base, recipe).eval(), base, prompts(base)[1], [20, 21])
    assert torch.equal(logits, expected)


@pytest.mark.parametrize(("method", "options"), COMPUTED, ids=str)
def test_going_on_where_the_file_lacks_the_network_is_refused(method, options):
    with pytest.raises(RecipeError) as caught:
        soft_recipe("t5", method, {**options, "start_from": "any"})
    assert [problem.field for problem in caught.value.problems] == ["method.start_from"]


@pytest.mark.parametrize(
    ("method", "options", "training", "field"),
    [
        ("prompt_tuning", {"init_text": " "}, {}, "method.init_text"),
        ("prefix_tuning", {"encoder_width": 8}, {}, "method.encoder_width"),
        ("prefix_tuning", {}, {"activation_checkpointing": True}, "training.activation_checkpointing"),
        ("p_tuning", {"encoder_layers": 3}, {}, "method.encoder_layers"),
        ("p_tuning", {"encoder_dropout": 0.1}, {}, "method.encoder_dropout"),
        (
            "p_tuning",
            {"encoder": "LSTM", "encoder_layers": 1, "encoder_dropout": 0.1},
            {},
            "method.encoder_dropout",
        ),
    ],
)
def test_settings_that_would_change_nothing_or_break_are_refused(method, options, training, field):
    with pytest.raises(RecipeError) as caught:
        make_recipe("t5", method={"id": method, **options}, training=training)
    (problem,) = caught.value.problems
    assert problem.field == field
    assert problem.hint
