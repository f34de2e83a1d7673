"""Soft prompts on tiny models: every method and variant of the registry, and their outputs."""

from itertools import cycle
from typing import Any

import pytest
import torch
from peft import PeftModel
from transformers import GenerationConfig

from engine.config.recipe import Recipe
from engine.methods.soft_prompts import SOFT_PROMPTS
from engine.worker.dataset.collator import Collator, MicroBatch
from engine.worker.dataset.prompter import IGNORED, Encoded
from engine.worker.kernels.compat import CACHE
from engine.worker.modeling import forward, prompt_learning
from engine.worker.modeling.base_models import LoadedBase
from tests.helpers.tiny_models import Kind
from tests.helpers.worker_setup import attach_random, load_tiny, make_recipe

Options = dict[str, Any]
CASES: list[tuple[str, Options]] = [
    (entry.id, options)
    for entry in SOFT_PROMPTS
    for options in ({}, *(dict(variant.options) for variant in entry.variants))
]
NAMES = [f"{method} {' '.join(map(str, options.values()))}".strip() for method, options in CASES]


def in_turn(*kinds: Kind) -> pytest.MarkDecorator:
    """Give a test every method and variant, on these kinds of base in turn."""
    cases = zip(cycle(kinds), CASES, NAMES, strict=False)
    return pytest.mark.parametrize(
        ("kind", "method", "options"),
        [pytest.param(kind, *case, id=f"{kind}-{name}") for kind, case, name in cases],
    )


TEXTS = ["Ann: Hi", "Bob: do you have tea?\nAnn: yes I do, and cake too", "Kim: ok\nTom: fine, see you"]
NEW_TOKENS = 6


def soft_prompt_model(kind: Kind, method: str, options: Options) -> tuple[LoadedBase, PeftModel]:
    """Return a tiny base model, and the same with a random soft prompt."""
    base = load_tiny(kind)
    return base, attach_random(base, soft_recipe(kind, method, options), 5)


def soft_recipe(kind: Kind, method: str, options: Options, tokens: int = 5) -> Recipe:
    """Return a recipe for a soft prompt of so many tokens."""
    return make_recipe(kind, method={"id": method, "virtual_tokens": tokens, **options})


def prompts(base: LoadedBase) -> list[list[int]]:
    """Return the token ids of all texts; they differ in length."""
    rows: list[list[int]] = [base.tokenizer(text, add_special_tokens=False)["input_ids"] for text in TEXTS]
    return rows


def batch(base: LoadedBase, rows: list[list[int]], summaries: list[list[int]]) -> MicroBatch:
    """Return prompts and labels as a training batch."""
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


def generate_batch(model: Any, base: LoadedBase, beams: int = 1) -> Any:
    """Return what `generate` returns for the padded batch of all texts, with the logits of each step."""
    rows = prompts(base)
    width, left = max(map(len, rows)), base.family == "decoder-only"
    ids = torch.full((len(rows), width), base.tokenizer.pad_token_id)
    mask = torch.zeros_like(ids)
    for number, row in enumerate(rows):
        place = slice(width - len(row), None) if left else slice(0, len(row))
        ids[number, place], mask[number, place] = torch.tensor(row), 1
    config = GenerationConfig(
        max_new_tokens=NEW_TOKENS, min_new_tokens=NEW_TOKENS, num_beams=beams, do_sample=False,
        pad_token_id=base.tokenizer.pad_token_id, eos_token_id=base.tokenizer.eos_token_id,
        decoder_start_token_id=getattr(base.model.config, "decoder_start_token_id", None), output_logits=True,
        return_dict_in_generate=True,
    )  # fmt: skip
    before = prompt_learning.prompt_of(model)
    request = before.request({"input_ids": ids, "attention_mask": mask})
    if beams > 1 and CACHE in request:
        # transformers repeats all but this.
        request[CACHE].batch_repeat_interleave(beams)
    kept, base.model.generation_config = base.model.generation_config, config
    with torch.no_grad():
        found = base.model.generate(**request)
    base.model.generation_config = kept
    return found
