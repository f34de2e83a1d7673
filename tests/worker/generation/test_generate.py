from itertools import cycle, pairwise
from typing import Any

import pytest
import torch
from peft import CartridgeConfig, TaskType, get_peft_model

from engine.config.decoding import DecodingOptions
from engine.errors import AdapterError, BaseModelError
from engine.worker.generation import Generated
from engine.worker.generation import generate as generate_module
from engine.worker.generation.generate import generate, generation_config
from engine.worker.modeling.base_models import LoadedBase, kv_values_per_token
from tests.helpers.tiny_models import KINDS
from tests.helpers.worker_setup import attach_random, load_tiny, make_recipe

pytestmark = pytest.mark.torch

CONVERSATIONS = [
    "Amanda: I baked cookies. Do you want some?\nJerry: Sure!\nAmanda: I'll bring you tomorrow :-)",
    "Olivia: Who are you voting for?\nOliver: Liberals as always.",
    "Tim: Hi",
    "Kim: größer?\nTom: 日本 😀, ja!",
    "Ann: " + "yes " * 40,
]


def prompts(base: LoadedBase) -> list[list[int]]:
    return [base.tokenizer(conversation)["input_ids"] for conversation in CONVERSATIONS]


def write(base: LoadedBase, inputs: list[list[int]], model: Any = None, **asked: Any) -> list[Generated]:
    return generate(model or base.model, base.tokenizer, base.family, inputs, **asked)


def test_the_base_models_own_generation_config_decides_nothing_but_special_tokens():
    base = load_tiny("bart")
    inputs = prompts(base)
    kept = base.model.generation_config.to_dict()
    (one, *_) = write(base, inputs, max_new_tokens=40)
    assert kept["max_length"] == 20
    assert len(one.ids) == 40
    assert one.ids[0] == kept["forced_bos_token_id"]
    assert base.model.generation_config.to_dict() == kept


def test_an_end_token_ends_a_summary_and_the_limit_caps_it():
    base = load_tiny("t5")
    inputs = prompts(base)
    free = write(base, inputs, max_new_tokens=12)
    assert all(one.capped and len(one.ids) == 12 for one in free)
    # What the first summary writes seventh is declared an end: the model now "ends" there.
    end = free[0].ids[6]
    base.model.generation_config.eos_token_id = [base.tokenizer.eos_token_id, end]
    ended = write(base, inputs, max_new_tokens=12)
    assert ended[0].ids == free[0].ids[: free[0].ids.index(end)]
    assert not ended[0].capped
    for before, after in zip(free, ended, strict=True):
        assert after.capped == (end not in before.ids)
        assert base.tokenizer.pad_token_id not in after.ids


@pytest.mark.slow("engine/worker/generation/", "engine/worker/modeling/", "engine/worker/kernels/", quick=2)
@pytest.mark.parametrize("batch_tokens", [1, 200, 10_000])
def test_every_batch_size_gives_the_same_in_the_same_order(batch_tokens):
    base = load_tiny("llama")
    inputs = prompts(base)
    seen: list[int] = []
    summaries = write(
        base, inputs, max_new_tokens=8, batch_tokens=batch_tokens, on_written=lambda row, _: seen.append(row)
    )
    assert summaries == write(base, inputs, max_new_tokens=8)
    assert sorted(seen) == list(range(len(inputs)))
    if batch_tokens == 1:
        # One after the other, the longest first.
        assert [len(inputs[row]) for row in seen] == sorted(map(len, inputs), reverse=True)


@pytest.mark.slow("engine/worker/generation/", "engine/worker/modeling/", "engine/worker/kernels/", quick=2)
@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_has_as_many_tokens_as_numbers_are_kept_of(kind, monkeypatch):
    base = load_tiny(kind)
    found = generate_module.tokens_of_batch(base.model)
    assert found == generate_module.MAX_CPU_BATCH_TOKENS
    monkeypatch.setattr(
        generate_module, "MAX_CPU_CACHE_VALUES", kv_values_per_token(base.model.config) * 10_000
    )
    assert generate_module.tokens_of_batch(base.model) == 10_000
    monkeypatch.setattr(generate_module, "MAX_CPU_CACHE_VALUES", 1)
    assert generate_module.tokens_of_batch(base.model) == generate_module.CPU_BATCH_TOKENS


def test_every_new_token_is_handed_on_and_what_the_listener_raises_ends_the_work():
    base = load_tiny("llama")
    seen = []
    (one,) = write(
        base, prompts(base)[:1], max_new_tokens=6, on_tokens=lambda ids: seen.append(ids.tolist()[0])
    )
    assert seen == [one.ids[:count] for count in range(1, 7)]

    def leave(ids: torch.Tensor) -> None:
        if ids.shape[1] == 3:
            raise KeyboardInterrupt

    base.model.train()
    with pytest.raises(KeyboardInterrupt):
        write(base, prompts(base), max_new_tokens=6, on_tokens=leave)
    assert base.model.training


@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_training_goes_on_after_generating(kind):
    base = load_tiny(kind)
    model = attach_random(base, make_recipe(kind)).train()
    write(base, prompts(base), model, max_new_tokens=4)
    assert model.training
    ids = torch.tensor([prompts(base)[0]])
    model(input_ids=ids, labels=ids).loss.backward()
    assert any(parameter.grad is not None for parameter in model.parameters())


def test_sampling_follows_the_seed_and_draws_from_no_generator_but_its_own():
    base = load_tiny("t5")
    inputs = prompts(base)[:2]

    def sampled(seed: int) -> list[Generated]:
        asked = {"max_new_tokens": 12, "temperature": 1.0}
        return write(base, inputs, seed=seed, **asked)

    state = torch.get_rng_state()
    assert sampled(1) == sampled(1)
    assert sampled(1) != sampled(2)
    write(base, inputs, max_new_tokens=12)
    assert torch.equal(state, torch.get_rng_state())


CHOSEN: dict[str, dict[str, Any]] = {
    "greedy": {},
    "drawn": {"temperature": 1.5, "seed": 3},
    "drawn among few": {"temperature": 1.5, "top_p": 0.4},
    "penalties": {"repetition_penalty": 1.8, "no_repeat_ngram": 2, "min_new_tokens": 9},
    "all": {"temperature": 0.8, "top_p": 0.9, "repetition_penalty": 1.3, "no_repeat_ngram": 3},
    "beams": {"beams": 3, "length_penalty": 3.0, "repetition_penalty": 1.3, "min_new_tokens": 4},
}


@pytest.mark.slow("engine/worker/generation/", "engine/worker/modeling/", "engine/worker/kernels/", quick=4)
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("t5", "drawn"), ("llama", "penalties"), ("bart", "all"), ("gpt2", "beams"), ("t5", "beams"),
        ("t5-tied", "greedy"), ("bart", "beams"), ("llama", "greedy"), ("gpt2", "drawn among few"),
    ],
)  # fmt: skip
def test_no_setting_makes_a_summary_depend_on_its_batch(kind, name):
    base, chosen = load_tiny(kind), CHOSEN[name]
    inputs, asked = prompts(base)[:4], {"max_new_tokens": 12} | chosen
    together = write(base, inputs, **asked)
    assert together == [write(base, [ids], **asked)[0] for ids in inputs]
    assert (together != write(base, inputs, max_new_tokens=12)) == (name != "greedy")


def end_often(base: LoadedBase) -> None:
    """Declare every ninth token an end, so that summaries end at different steps."""
    base.model.generation_config.eos_token_id = list(range(4, len(base.tokenizer), 9))


@pytest.mark.slow("engine/worker/generation/", "engine/worker/modeling/", "engine/worker/kernels/", quick=2)
@pytest.mark.parametrize(
    ("kind", "chosen"), list(zip(KINDS, cycle([CHOSEN["greedy"], CHOSEN["penalties"]]), strict=False))
)
def test_summaries_that_are_whole_leave_the_batch_and_the_others_go_on(kind, chosen):
    base = load_tiny(kind)
    end_often(base)
    inputs, asked = prompts(base), {"max_new_tokens": 24} | chosen
    running: list[list[int]] = []
    last: dict[int, list[int]] = {}
    computed: list[int] = []

    def look(ids: torch.Tensor) -> None:
        assert len(ids) == len(running[-1])
        computed.append(len(ids))
        last.update(zip(running[-1], ids.tolist(), strict=True))

    summaries = write(base, inputs, on_rows=running.append, on_tokens=look, **asked)
    assert summaries == [write(base, [ids], **asked)[0] for ids in inputs]
    assert all(
        ids[: len(one.ids)] == one.ids for ids, one in ((last[row], summaries[row]) for row in range(5))
    )
    # Every row that is whole is gone at the next step.
    lengths = [min(len(one.ids) + 1, 24) for one in summaries]
    assert computed == [sum(length > step for length in lengths) for step in range(max(lengths))]
    assert len(set(computed)) > 1
    whole = max(place for place, rows in enumerate(running) if len(rows) == len(inputs))
    assert all(set(after) < set(before) for before, after in pairwise(running[whole:]))


@pytest.mark.slow("engine/worker/generation/", "engine/worker/modeling/", "engine/worker/kernels/", quick=2)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_left_in_a_batch_is_what_transformers_writes_alone(kind):
    base = load_tiny(kind)
    end_often(base)
    inputs = prompts(base)
    summaries = write(base, inputs, max_new_tokens=24)
    config = generation_config(base.model, base.tokenizer, DecodingOptions(max_new_tokens=24))
    base.model.generation_config = config
    for ids, one in zip(inputs, summaries, strict=True):
        read = torch.tensor([ids])
        whole = base.model.generate(input_ids=read, attention_mask=torch.ones_like(read))[0].tolist()
        written = whole[1:] if base.family == "encoder-decoder" else whole[len(ids) :]
        assert (written if one.capped else written[:-1]) == one.ids


def test_only_what_was_written_counts_as_repeated():
    base = load_tiny("llama")
    (plain,) = write(base, prompts(base)[:1], max_new_tokens=30)
    read = [*prompts(base)[0], *plain.ids[:1]]
    (free,) = write(base, [read], max_new_tokens=1)
    (penalised,) = write(base, [read * 2], max_new_tokens=1)
    asked = {"max_new_tokens": 1, "repetition_penalty": 5.0, "no_repeat_ngram": 1}
    assert write(base, [read, read * 2], **asked) == [free, penalised]
    (once,) = write(base, [read], max_new_tokens=30, no_repeat_ngram=1)
    assert len(set(once.ids)) == 30 > len(set(plain.ids))


def test_no_summary_ends_before_the_shortest_length():
    base = load_tiny("t5")
    inputs = prompts(base)[:1]
    (free,) = write(base, inputs, max_new_tokens=12)
    base.model.generation_config.eos_token_id = [base.tokenizer.eos_token_id, free.ids[2]]
    (short,) = write(base, inputs, max_new_tokens=12)
    (longer,) = write(base, inputs, max_new_tokens=12, min_new_tokens=8)
    assert len(short.ids) == free.ids.index(free.ids[2])
    assert len(longer.ids) >= 8


def test_more_than_the_model_has_positions_for_is_refused():
    base = load_tiny("gpt2")
    with pytest.raises(BaseModelError, match="1024 tokens"):
        write(base, [[1] * 1000], max_new_tokens=25)
    write(base, [[1] * 1000], max_new_tokens=2)


def test_a_t5_takes_any_number_whatever_its_older_files_say():
    base = load_tiny("t5")
    base.model.config.max_position_embeddings = 8
    write(base, [[9] * 9], max_new_tokens=2)


def test_virtual_tokens_count_among_the_models_positions():
    tokens = 5
    for kind, method, longest in (
        ("gpt2", "prompt_tuning", 1024 - 8 - tokens),
        ("gpt2", "prefix_tuning", 1024 - 8 - tokens),
        ("bart", "prompt_tuning", 1024 - tokens),
        ("bart", "prefix_tuning", 1024),
    ):
        base = load_tiny(kind)
        model = attach_random(base, make_recipe(kind, method={"id": method, "virtual_tokens": tokens}))
        (one,) = write(base, [[9] * longest], model, max_new_tokens=8)
        assert one.ids
        with pytest.raises(BaseModelError, match=f"{tokens} virtual tokens"):
            write(base, [[9] * (longest + 1)], model, max_new_tokens=8)


def test_a_prompt_learning_adapter_of_another_kind_is_refused():
    base = load_tiny("t5")
    config = CartridgeConfig(task_type=TaskType.SEQ_2_SEQ_LM, num_virtual_tokens=4)
    with pytest.raises(AdapterError, match="CARTRIDGE"):
        write(base, prompts(base), get_peft_model(base.model, config), max_new_tokens=4)


def test_nothing_to_write_is_nothing_written():
    base = load_tiny("t5")
    assert write(base, [], max_new_tokens=4) == []
