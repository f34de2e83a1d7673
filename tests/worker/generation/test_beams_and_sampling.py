"""Beams and sampling in batches write what transformers' own `generate` writes of each text alone."""

from typing import Any

import pytest
import torch

from engine.config.decoding import DecodingOptions
from engine.errors import BaseModelError
from engine.worker.generation import Generated
from engine.worker.generation.generate import generate, generation_config
from tests.helpers.soft_prompts import in_turn, soft_prompt_model
from tests.helpers.worker_setup import attach_random, load_tiny, make_recipe

pytestmark = pytest.mark.torch
TEXTS = ["Tim: Hi", "Ann: " + "yes " * 40, "Bob: no", "Eve: " + "so " * 35, "Kim: größer?\nTom: ja!"]
NEW = 16


def read(base: Any) -> list[list[int]]:
    return [base.tokenizer(text)["input_ids"] for text in TEXTS]


def end_often(base: Any, every: int = 9) -> None:
    """Declare some tokens ends, so that beginnings end at different steps."""
    base.model.generation_config.eos_token_id = list(range(4, len(base.tokenizer), every))


def by_transformers(model: Any, base: Any, beams: int, length_penalty: float) -> list[list[int]]:
    """Return what transformers' own search writes for each text alone."""
    config = generation_config(base.model, base.tokenizer, DecodingOptions(max_new_tokens=NEW))
    config.update(num_beams=beams, early_stopping=True, length_penalty=length_penalty)
    kept, base.model.generation_config = base.model.generation_config, config
    found = []
    for ids in read(base):
        given = torch.tensor([ids])
        with torch.no_grad():
            whole = model.generate(input_ids=given, attention_mask=torch.ones_like(given))[0].tolist()
        written = whole[1:] if base.family == "encoder-decoder" else whole[len(ids) :]
        ends = [place for place, token in enumerate(written) if token in config.eos_token_id]
        found.append(written[: ends[0]] if ends else written)
    base.model.generation_config = kept
    return found


def ours(model: Any, base: Any, inputs: list[list[int]] | None = None, **asked: Any) -> list[Generated]:
    return generate(model, base.tokenizer, base.family, inputs or read(base), max_new_tokens=NEW, **asked)


@pytest.mark.slow("engine/worker/generation/", "engine/worker/modeling/", "engine/worker/kernels/", quick=3)
@pytest.mark.parametrize(
    ("kind", "beams", "length_penalty", "every"),
    [
        ("t5", 4, -2.0, 9), ("llama", 3, 4.0, 3), ("bart", 2, 1.0, 10_000), ("t5-tied", 3, 4.0, 3),
        ("bart", 4, 1.0, 9), ("llama", 4, -2.0, 9), ("gpt2", 4, 1.0, 9),
    ],
)  # fmt: skip
def test_it_finds_what_transformers_finds(kind, beams, length_penalty, every):
    base = load_tiny(kind)
    model = attach_random(base, make_recipe(kind))
    end_often(base, every)
    expected = by_transformers(model, base, beams, length_penalty)
    asked = {"beams": beams, "length_penalty": length_penalty}
    assert [one.ids for one in ours(model, base, **asked)] == expected
    # Read in groups, too.
    assert [one.ids for one in ours(model, base, batch_tokens=600, **asked)] == expected
    assert len(set(map(tuple, expected))) > 1


@pytest.mark.slow("engine/worker/generation/", "engine/worker/modeling/", "engine/worker/kernels/", quick=2)
@in_turn("llama", "bart")
def test_soft_prompts_stand_before_every_beginning(kind, method, options):
    base, model = soft_prompt_model(kind, method, options)
    together = ours(model, base, beams=3)
    assert together == [ours(model, base, [ids], beams=3)[0] for ids in read(base)]
    assert together != ours(base.model, base, beams=3)


@pytest.mark.parametrize("asked", [{"beams": 2}, {"temperature": 1.2, "seed": 3}], ids=["beams", "sampled"])
@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_all_rows_are_told_at_every_step_and_each_when_the_batch_is_whole(kind, asked):
    base = load_tiny(kind)
    end_often(base)
    told: list[Any] = []
    found = ours(
        base.model, base, on_rows=lambda rows: told.append(list(rows)),
        on_tokens=lambda ids: told.append(ids.shape), on_written=lambda row, one: told.append((row, one)),
        **asked,
    )  # fmt: skip
    rows, *shapes = [entry for entry in told if type(entry) is not tuple]
    assert sorted(rows) == list(range(len(TEXTS)))
    assert shapes == [(len(TEXTS), step + 1) for step in range(len(shapes))]
    assert dict(entry for entry in told if type(entry) is tuple) == dict(enumerate(found))


def test_it_can_be_left_at_every_token():
    base = load_tiny("llama")
    steps: list[int] = []

    def leave(ids: torch.Tensor) -> None:
        steps.append(ids.shape[1])
        if len(steps) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ours(base.model, base, beams=3, on_tokens=leave)
    assert steps == [1, 2, 3]


def test_beams_of_a_model_whose_cache_can_t_be_reordered_are_refused(monkeypatch):
    base = load_tiny("llama")
    monkeypatch.setattr(type(base.model), "_supports_default_dynamic_cache", lambda *_: False)
    with pytest.raises(BaseModelError, match="beams"):
        ours(base.model, base, beams=2)
