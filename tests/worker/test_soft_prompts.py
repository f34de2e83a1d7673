"""What stands before the tokens is the same for training, for writing and for plain PEFT, and off means off."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import MultitaskPromptTuningConfig, PeftModel, PrefixTuningConfig, get_peft_model
from safetensors.torch import save_file
from tokenizers import normalizers
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    GenerationConfig,
    T5Config,
    T5ForConditionalGeneration,
)

from engine import library
from engine.errors import AdapterError, RecipeError
from engine.library import WEIGHTS_NAME
from engine.methods.soft_prompts import SOFT_PROMPTS
from engine.worker import adapters, base_models, forward, soft_prompts, weightless
from engine.worker.base_models import LoadedBase
from engine.worker.batches import Collator, MicroBatch
from engine.worker.handling import named as handling_named
from engine.worker.handling import of as handling_of
from engine.worker.prompting import IGNORED, Encoded
from engine.worker.switcher import Switcher
from tests.helpers.tiny_models import KINDS, Kind, tiny_model
from tests.helpers.tiny_runs import named, run_here, tiny_recipe, train_here, when
from tests.helpers.worker_parts import attach_random, install_random, load_tiny, make_recipe

pytestmark = [
    pytest.mark.torch,
    # PEFT 0.21 asks transformers 5.24 by its old names.
    pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning"),
]

Options = dict[str, Any]
CASES: list[tuple[str, Options]] = [
    (entry.id, options)
    for entry in SOFT_PROMPTS
    for options in ({}, *(dict(variant.options) for variant in entry.variants))
]
NAMES = [f"{method} {' '.join(map(str, options.values()))}".strip() for method, options in CASES]
every_case = pytest.mark.parametrize(("method", "options"), CASES, ids=NAMES)
COMPUTED = [case for case in CASES if case[0] == "p_tuning" or case[1].get("projection")]

TEXTS = ["Ann: Hi", "Bob: do you have tea?\nAnn: yes I do, and cake too", "Kim: ok\nTom: fine, see you"]
WORDS = "Summarize the conversation."
NEW_TOKENS = 6


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def soft(
    kind: Kind, method: str, options: Options, tokens: int = 5, seed: int = 5
) -> tuple[LoadedBase, PeftModel]:
    base = load_tiny(kind)
    return base, attach_random(base, soft_recipe(kind, method, options, tokens), seed)


def soft_recipe(kind: Kind, method: str, options: Options, tokens: int = 5) -> Any:
    return make_recipe(kind, method={"id": method, "virtual_tokens": tokens, **options})


def prompts(base: LoadedBase) -> list[list[int]]:
    rows: list[list[int]] = [base.tokenizer(text, add_special_tokens=False)["input_ids"] for text in TEXTS]
    return rows


def batch(base: LoadedBase, rows: list[list[int]], summaries: list[list[int]]) -> MicroBatch:
    """Return rows and what is learned as training sees them."""
    if base.family == "encoder-decoder":
        examples = [Encoded(row, summary) for row, summary in zip(rows, summaries, strict=True)]
    else:
        examples = [
            Encoded(row + summary, [IGNORED] * len(row) + summary)
            for row, summary in zip(rows, summaries, strict=True)
        ]
    (found,) = Collator(base.family, base.tokenizer.pad_token_id, 10**6)(examples).micro_batches
    return found


def forward_logits(model: Any, base: LoadedBase, row: list[int], summary: list[int]) -> torch.Tensor:
    """Return training's logits (tokens × vocabulary) of one summary, alone in its batch."""
    one = batch(base, [row], [summary])
    with torch.no_grad():
        found = forward.logits(model, base.family, one.input_ids, one.attention_mask, one.labels)[0]
    return found if base.family == "encoder-decoder" else found[len(row) - 1 : -1]


def written(model: Any, base: LoadedBase, beams: int = 1) -> Any:
    """Return what `generate` returns for the padded batch of all texts, with the logits of each step."""
    rows = prompts(base)
    width, left = max(map(len, rows)), base.family == "decoder-only"
    ids = torch.full((len(rows), width), base.tokenizer.pad_token_id)
    mask = torch.zeros_like(ids)
    for number, row in enumerate(rows):
        place = slice(width - len(row), None) if left else slice(0, len(row))
        ids[number, place], mask[number, place] = torch.tensor(row), 1
    config = GenerationConfig(
        max_new_tokens=NEW_TOKENS,
        min_new_tokens=NEW_TOKENS,
        num_beams=beams,
        do_sample=False,
        pad_token_id=base.tokenizer.pad_token_id,
        eos_token_id=base.tokenizer.eos_token_id,
        decoder_start_token_id=getattr(base.model.config, "decoder_start_token_id", None),
        output_logits=True,
        return_dict_in_generate=True,
    )
    before = soft_prompts.before(model)
    request = before.request({"input_ids": ids, "attention_mask": mask}, beams)
    kept, base.model.generation_config = base.model.generation_config, config
    with torch.no_grad(), before.decoding():
        found = base.model.generate(**request)
    base.model.generation_config = kept
    return found


@every_case
@pytest.mark.parametrize("kind", KINDS)
def test_each_step_of_writing_is_what_training_computes(kind: Kind, method: str, options: Options) -> None:
    base, model = soft(kind, method, options)
    untouched = written(base.model, base).sequences[:, -NEW_TOKENS:]
    for beams in (1, 3):
        found = written(model, base, beams)
        summaries = found.sequences[:, -NEW_TOKENS:]
        assert not torch.equal(summaries, untouched)
        for number, row in enumerate(prompts(base)):
            expected = forward_logits(model, base, row, summaries[number].tolist())
            places = [number] * NEW_TOKENS if beams == 1 else found.beam_indices[number].tolist()
            steps = [found.logits[step][place] for step, place in enumerate(places[:NEW_TOKENS])]
            assert (torch.stack(steps) - expected).abs().max() < 1e-3
    with adapters.active(model, None):
        assert torch.equal(written(model, base).sequences[:, -NEW_TOKENS:], untouched)


@every_case
@pytest.mark.parametrize("kind", ["bart", "llama"])
@pytest.mark.filterwarnings("ignore::FutureWarning")  # PEFT's own, of transformers' words
def test_plain_peft_computes_the_same_from_the_saved_adapter(
    kind: Kind, method: str, options: Options, tmp_path: Path
) -> None:
    base, model = soft(kind, method, options)
    adapters.save_adapter(model, tmp_path)
    loader = AutoModelForSeq2SeqLM if base.family == "encoder-decoder" else AutoModelForCausalLM
    plain = PeftModel.from_pretrained(loader.from_pretrained(tiny_model(kind)), tmp_path).eval()
    asked = batch(base, prompts(base), [[20, 21], [30, 31, 32], [40]])
    task = {"task_ids": torch.zeros(3, dtype=torch.long)} if "multitask" in method else {}
    with torch.no_grad():
        ours = forward.logits(model, base.family, asked.input_ids, asked.attention_mask, asked.labels)
        theirs = plain(
            input_ids=asked.input_ids, attention_mask=asked.attention_mask, labels=asked.labels, **task
        ).logits
    real = asked.labels != IGNORED if base.family == "encoder-decoder" else asked.attention_mask.bool()
    theirs = theirs[:, theirs.shape[1] - ours.shape[1] :]
    assert (ours - theirs)[real].abs().max() < 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_a_prompt_that_begins_with_words_is_those_words(kind: Kind) -> None:
    base = load_tiny(kind)
    words = base.tokenizer(WORDS, add_special_tokens=False)["input_ids"]
    recipe = soft_recipe(kind, "prompt_tuning", {"init_text": WORDS}, len(words))
    row, summary = prompts(base)[1], [20, 21, 22]
    expected = forward_logits(base.model, base, words + row, summary)
    found = forward_logits(adapters.attach(base, recipe).eval(), base, row, summary)
    assert (found - expected).abs().max() < 1e-4


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_a_prefix_that_begins_with_words_is_as_if_a_decoder_had_read_them(kind: Kind) -> None:
    base = load_tiny(kind)
    words = base.tokenizer(WORDS, add_special_tokens=False)["input_ids"]
    recipe = soft_recipe(kind, "prefix_tuning", {"init_text": WORDS}, len(words))
    row, summary = prompts(base)[1], [20, 21, 22]
    expected = forward_logits(base.model, base, words + row, summary)
    found = forward_logits(adapters.attach(base, recipe).eval(), base, row, summary)
    assert (found - expected).abs().max() < 1e-4


@pytest.mark.parametrize("kind", ["t5", "bart"])
def test_an_encoder_decoders_prefix_that_begins_with_words_is_as_if_it_had_written_them(kind: Kind) -> None:
    base = load_tiny(kind)
    words = base.tokenizer(WORDS, add_special_tokens=False)["input_ids"]
    recipe = soft_recipe(kind, "prefix_tuning", {"init_text": WORDS}, len(words))
    read = torch.tensor([words])
    told = torch.tensor([[*words, base.model.config.decoder_start_token_id, 20, 21]])
    with torch.no_grad():
        expected = base.model(input_ids=read, decoder_input_ids=told).logits[0, len(words) :]
    found = forward_logits(adapters.attach(base, recipe).eval(), base, words, [20, 21, 22])
    assert (found - expected).abs().max() < 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_every_layer_of_the_decoder_has_keys_and_values_of_its_own(kind: Kind) -> None:
    base, model = soft(kind, "prefix_tuning", {})
    layers = base.model.config.num_hidden_layers
    cache = model.get_prompt(1)
    kept = getattr(cache, "self_attention_cache", cache).layers[:layers]
    told = [torch.cat([layer.keys, layer.values]) for layer in kept]
    assert len(told) == layers == 2
    assert not torch.equal(told[0], told[1])


@pytest.mark.parametrize(("tokens", "start"), [(3, "abc"), (7, "abcdeab")])
def test_starting_words_are_cut_or_repeated(tokens: int, start: str) -> None:
    base = load_tiny("llama")
    model = adapters.attach(base, soft_recipe("llama", "prompt_tuning", {"init_text": "abcde"}, tokens))
    ids = torch.tensor(base.tokenizer(start, add_special_tokens=False)["input_ids"])
    assert torch.equal(
        model.prompt_encoder["default"].embedding.weight, base.model.get_input_embeddings()(ids)
    )


@pytest.mark.parametrize("method", ["prompt_tuning", "prefix_tuning"])
def test_a_text_of_which_the_tokenizer_leaves_nothing_is_refused_beside_its_field(method: str) -> None:
    base = load_tiny("llama")
    base.tokenizer.backend_tokenizer.normalizer = normalizers.Replace("#", "")
    with pytest.raises(AdapterError) as caught:
        adapters.attach(base, soft_recipe("llama", method, {"init_text": "##"}))
    assert caught.value.field == "method.init_text"


def test_a_start_from_the_vocabulary_follows_the_seed() -> None:
    def first(seed: int) -> torch.Tensor:
        recipe = make_recipe(
            "t5",
            method={"id": "prompt_tuning", "init": "vocabulary"},
            training={"device": "cpu", "seed": seed},
        )
        (prompt,) = adapters.trainable_parameters(adapters.attach(load_tiny("t5"), recipe)).values()
        return prompt

    assert torch.equal(first(1), first(1))
    assert not torch.equal(first(1), first(2))
    vocabulary = load_tiny("t5").model.get_input_embeddings().weight
    assert all((vocabulary == row).all(dim=1).any() for row in first(1))


@every_case
def test_files_hold_no_path_and_saving_changes_and_draws_nothing(
    method: str, options: Options, tmp_path: Path
) -> None:
    recipe = soft_recipe("t5", method, options)
    model = attach_random(load_tiny("t5"), recipe).train()
    state = torch.get_rng_state()
    for name in ("one", "two"):
        adapters.save_adapter(model, tmp_path / name)
    assert torch.equal(state, torch.get_rng_state())
    assert (tmp_path / "one" / WEIGHTS_NAME).read_bytes() == (tmp_path / "two" / WEIGHTS_NAME).read_bytes()
    assert all(
        recipe.base_model.id.encode() not in path.read_bytes() for path in (tmp_path / "one").iterdir()
    )
    assert model.training
    assert model.prompt_encoder["default"].training


def test_a_saved_prompt_is_the_one_that_was_evaluated_whatever_was_dropped_while_training(
    tmp_path: Path,
) -> None:
    options = {"encoder": "LSTM", "encoder_dropout": 0.5}
    base, model = soft("t5", "p_tuning", options)
    expected = forward_logits(model, base, prompts(base)[0], [20, 21])
    adapters.save_adapter(model.train(), tmp_path)
    plain = PeftModel.from_pretrained(AutoModelForSeq2SeqLM.from_pretrained(tiny_model("t5")), tmp_path)
    assert (forward_logits(plain.eval(), base, prompts(base)[0], [20, 21]) - expected).abs().max() < 1e-4


@every_case
@pytest.mark.parametrize("kind", ["t5", "gpt2"])
def test_two_of_different_lengths_stand_beside_each_other(kind: Kind, method: str, options: Options) -> None:
    table = {"id": method, **options}
    chosen = [
        None,
        install_random(kind, "short", seed=1, method=table | {"virtual_tokens": 3}),
        install_random(kind, "long", seed=2, method=table | {"virtual_tokens": 8}),
    ]

    def computed(switcher: Switcher, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        with switcher.use(chosen[index]) as model:
            return (
                forward_logits(model, switcher.base, prompts(switcher.base)[1], [20, 21]),
                torch.stack(written(model, switcher.base).logits),
            )

    alone = [computed(Switcher(load_tiny(kind)), index) for index in range(3)]
    assert not torch.equal(alone[0][0], alone[1][0])
    assert not torch.equal(alone[1][0], alone[2][0])
    switcher = Switcher(load_tiny(kind))
    for index in (1, 2, 1, 0, 2, 0, 1):
        found = computed(switcher, index)
        assert all(torch.equal(one, other) for one, other in zip(found, alone[index], strict=True))


def test_a_damaged_one_beside_another_changes_nothing() -> None:
    sound, damaged = (
        install_random("t5", name, method={"id": "p_tuning", "virtual_tokens": 4})
        for name in ("sound", "damaged")
    )
    save_file({"prompt_embeddings": torch.zeros(4, 7)}, damaged.folder / WEIGHTS_NAME)
    switcher = Switcher(load_tiny("t5"))
    row = prompts(switcher.base)[0]
    with switcher.use(sound) as model:
        expected = forward_logits(model, switcher.base, row, [20, 21])
    with pytest.raises(AdapterError), switcher.use(damaged):
        pass
    with switcher.use(sound) as model:
        assert list(model.peft_config) == [adapters.adapter_name(sound.id)]
        assert torch.equal(forward_logits(model, switcher.base, row, [20, 21]), expected)


@pytest.mark.parametrize(("method", "options"), COMPUTED, ids=str)
@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_a_stopped_run_goes_on_to_the_same_bits(
    kind: Kind, method: str, options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropout = ["method.encoder_dropout=0.3"] if options.get("encoder") == "LSTM" else []
    overrides = [
        f"method.{name}={str(value).lower() if value is True else value}" for name, value in options.items()
    ]
    recipe = tiny_recipe(tmp_path, kind, method, *overrides, *dropout, "method.virtual_tokens=4")
    _, straight = train_here(recipe)
    with monkeypatch.context() as patch:
        when(patch, lambda event, facts: event == "step_finished" and facts["step"] == 4, ask_to_stop)
        job, events = train_here(recipe)
    assert events[-1]["outcome"] == "stopped"
    resumed = run_here(job)
    assert resumed[-1]["outcome"] == "completed", resumed[-1]
    assert weights(resumed) == weights(straight)
    losses = [event["loss"] for event in named(straight, "step_finished")][4:]
    assert [event["loss"] for event in named(resumed, "step_finished")] == losses


def ask_to_stop(channel: Any) -> None:
    channel.stopping = True


def weights(events: list[Any]) -> bytes:
    return (library.find(named(events, "adapter_saved")[-1]["adapter"]).folder / WEIGHTS_NAME).read_bytes()


@pytest.mark.parametrize(
    ("method", "before"),
    [("prompt_tuning", {}), ("prefix_tuning", {}), ("prefix_tuning", {"projection": True})],
)
def test_going_on_from_an_adapter_begins_where_it_ended(method: str, before: Options) -> None:
    adapter = install_random("t5", "first", method={"id": method, "virtual_tokens": 5, **before})
    base = load_tiny("t5")
    expected = forward_logits(adapters.load_adapter(base, adapter), base, prompts(base)[1], [20, 21])
    base = load_tiny("t5")
    recipe = soft_recipe("t5", method, {"start_from": adapter.id})
    found = forward_logits(adapters.attach(base, recipe).eval(), base, prompts(base)[1], [20, 21])
    assert torch.equal(found, expected)


@pytest.mark.parametrize(("method", "options"), COMPUTED, ids=str)
def test_going_on_where_the_file_lacks_the_network_is_refused(method: str, options: Options) -> None:
    with pytest.raises(RecipeError) as caught:
        soft_recipe("t5", method, {**options, "start_from": "any"})
    assert [problem.field for problem in caught.value.problems] == ["method.start_from"]


@every_case
@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_counts_and_bytes_without_weights_are_those_with(
    kind: Kind, method: str, options: Options, tmp_path: Path
) -> None:
    base, model = soft(kind, method, options)
    recipe, folder = soft_recipe(kind, method, options), tiny_model(kind)
    config = base_models.read_config(folder, "tiny")
    empty = dataclasses.replace(
        base,
        model=weightless.build(config, base.family, torch.float32, folder),
        device=torch.device("meta"),
    )
    with torch.device("meta"):
        weightless_model = adapters.attach(empty, recipe)
        saved = handling_of(weightless_model).saved_tensors(weightless_model)
    assert adapters.count_parameters(weightless_model) == adapters.count_parameters(model)
    adapters.save_adapter(model, tmp_path)
    shapes = library.weight_shapes(tmp_path / WEIGHTS_NAME)
    assert {name: tuple(tensor.shape) for name, tensor in saved.items()} == shapes


def uneven_t5() -> LoadedBase:
    """Return a T5 whose stacks differ in depth and whose heads do not divide its width, as flan-t5-small's."""
    base = load_tiny("t5")
    torch.manual_seed(3)
    own = base.model.config.to_dict() | {"d_model": 20, "d_kv": 8, "num_heads": 3, "num_layers": 3}
    model = T5ForConditionalGeneration(T5Config(**own | {"num_decoder_layers": 1})).eval()
    return dataclasses.replace(base, model=model.requires_grad_(False))


@every_case
def test_a_decoder_unlike_its_encoder_gets_its_own_prefix(method: str, options: Options) -> None:
    base = uneven_t5()
    model = attach_random(base, soft_recipe("t5", method, options))
    found = written(model, base)
    for number, row in enumerate(prompts(base)):
        expected = forward_logits(model, base, row, found.sequences[number, 1:].tolist())
        steps = torch.stack([logits[number] for logits in found.logits])
        assert (steps - expected).abs().max() < 1e-3


@every_case
def test_a_bfloat16_base_is_read_in_its_own_format(method: str, options: Options) -> None:
    base = load_tiny("llama")
    base.model.to(torch.bfloat16)
    model = attach_random(base, soft_recipe("llama", method, options))
    assert all(
        parameter.dtype == torch.float32 for parameter in adapters.trainable_parameters(model).values()
    )
    assert forward_logits(model, base, prompts(base)[0], [20, 21]).dtype == torch.bfloat16
    assert written(model, base).sequences.shape[0] == len(TEXTS)


@pytest.mark.parametrize(
    ("kind", "tables", "field"),
    [
        (
            "gpt2",
            {"data": {"max_conversation_tokens": 700, "max_summary_tokens": 128}},
            "method.virtual_tokens",
        ),
        ("gpt2", {"data": {"max_conversation_tokens": 100, "max_summary_tokens": 128}}, None),
        # Too long without the prompt already: no matter of the prompt.
        ("gpt2", {"data": {"max_conversation_tokens": 2000}}, None),
        ("bart", {"data": {"max_conversation_tokens": 900}}, "method.virtual_tokens"),
        ("t5", {"data": {"max_conversation_tokens": 9000}}, None),
    ],
)
def test_a_prompt_that_leaves_no_room_is_refused_beside_its_length(
    kind: Kind, tables: Options, field: str | None
) -> None:
    recipe = make_recipe(kind, method={"id": "prompt_tuning", "virtual_tokens": 256}, **tables)
    if field is None:
        adapters.attach(load_tiny(kind), recipe)
        return
    with pytest.raises(AdapterError) as caught:
        adapters.attach(load_tiny(kind), recipe)
    assert caught.value.field == field


def test_a_prompt_longer_than_the_models_positions_is_refused_before_loading(tmp_path: Path) -> None:
    folder = tmp_path / "narrow"
    folder.mkdir()
    config = (
        (tiny_model("gpt2") / "config.json").read_text().replace('"n_positions": 1024', '"n_positions": 64')
    )
    (folder / "config.json").write_text(config)
    for entry in SOFT_PROMPTS:
        with pytest.raises(RecipeError) as caught:
            make_recipe("gpt2", base_model={"id": str(folder)}, method={"id": entry.id, "virtual_tokens": 64})
        assert "method.virtual_tokens" in [problem.field for problem in caught.value.problems]


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
def test_settings_that_would_change_nothing_or_break_are_refused(
    method: str, options: Options, training: Options, field: str
) -> None:
    with pytest.raises(RecipeError) as caught:
        make_recipe("t5", method={"id": method, **options}, training=training)
    (problem,) = caught.value.problems
    assert problem.field == field
    assert problem.hint


@pytest.mark.parametrize(
    ("method", "options"), [case for case in CASES if case[0] != "prefix_tuning"], ids=str
)
@pytest.mark.parametrize("kind", ["t5", "gpt2"])
def test_vectors_before_the_input_learn_the_same_with_checkpointed_activations(
    kind: Kind, method: str, options: Options
) -> None:
    def gradients(checkpointed: bool) -> list[torch.Tensor]:
        base = load_tiny(kind)
        model = adapters.attach(base, soft_recipe(kind, method, options)).train()
        if checkpointed:
            base.model.activation_checkpointing_enable({"use_reentrant": False})
        asked = batch(base, prompts(base), [[20, 21], [30, 31, 32], [40]])
        torch.manual_seed(1)
        found = forward.logits(model, base.family, asked.input_ids, asked.attention_mask, asked.labels)
        found.logsumexp(-1).sum().backward()
        return [parameter.grad for parameter in adapters.trainable_parameters(model).values()]

    for plain, twice in zip(gradients(False), gradients(True), strict=True):
        assert plain.abs().max() > 0
        assert (plain - twice).abs().max() <= 1e-4 * plain.abs().max()


@pytest.mark.parametrize(
    "config",
    [
        MultitaskPromptTuningConfig(task_type="SEQ_2_SEQ_LM", num_virtual_tokens=4),
        PrefixTuningConfig(task_type="SEQ_2_SEQ_LM", num_virtual_tokens=4, num_transformer_submodules=1),
    ],
    ids=["a prompt in the decoder too", "a prefix of one part"],
)
def test_strangers_prompts_that_stand_elsewhere_are_refused(config: Any) -> None:
    model = get_peft_model(load_tiny("t5").model, config)
    with pytest.raises(AdapterError, match=config.peft_type.value):
        soft_prompts.before(model)
    with model.disable_adapter():
        assert soft_prompts.before(model).length == 0


def test_a_strangers_starting_text_makes_nothing_be_read(tmp_path: Path) -> None:
    adapter = install_random("t5", "mine", method={"id": "multitask_prompt_tuning", "virtual_tokens": 4})
    path = adapter.folder / library.CONFIG_NAME
    named_file = '"EXACT_SOURCE_TASK", "prompt_tuning_init_state_dict_path": "' + str(tmp_path / "no") + '"'
    path.write_text(path.read_text().replace('"RANDOM"', named_file))
    adapters.load_adapter(load_tiny("t5"), adapter)


def test_every_soft_prompt_is_handled_and_read() -> None:
    for entry in SOFT_PROMPTS:
        assert entry.peft_type in soft_prompts.KINDS
        assert handling_named(entry.peft_type) is not handling_named("LORA")
