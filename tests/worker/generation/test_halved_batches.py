"""Where a card's memory does not suffice for a batch of summaries, it is generated in halves."""

from types import SimpleNamespace

import pytest
import torch

from engine.worker.generation import generate as generate_module
from engine.worker.generation.generate import generate
from engine.worker.modeling.base_models import kv_values_per_token
from tests.helpers.worker_setup import load_tiny

pytestmark = pytest.mark.torch


def lacking(monkeypatch, rows):
    """Let a card's memory suffice for batches of so many rows; return the rows of all that were tried."""
    tried, prepare = [], generate_module._request

    def request(base_model, prompt, family, prompts, options):
        tried.append(len(prompts))
        if len(prompts) > rows:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return prepare(base_model, prompt, family, prompts, options)

    monkeypatch.setattr(generate_module, "_request", request)
    monkeypatch.setattr(generate_module.oom, "SHARED_MEMORY", frozenset())
    return tried


def test_memory_that_lacks_halves_the_batch(monkeypatch):
    base = load_tiny("t5")
    inputs = [[5, 6, 7], [8, 9], [10, 11, 12, 13], [6], [7, 7]]
    expected = generate(base.model, base.tokenizer, base.family, inputs, max_new_tokens=6)
    tried = lacking(monkeypatch, 2)
    found = generate(base.model, base.tokenizer, base.family, inputs, max_new_tokens=6)
    assert [each.ids for each in found] == [each.ids for each in expected]
    assert tried[0] == len(inputs)
    assert [rows for rows in tried if rows <= 2]


def test_what_somebody_has_read_is_not_written_again(monkeypatch):
    base = load_tiny("t5")
    monkeypatch.setattr(generate_module.oom, "SHARED_MEMORY", frozenset())
    seen = []

    def read(ids):
        seen.append(ids)
        if len(seen) == 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    with pytest.raises(torch.OutOfMemoryError):
        generate(base.model, base.tokenizer, base.family, [[5, 6], [7]], on_tokens=read, max_new_tokens=6)
    assert len(seen) == 2


def test_a_single_row_that_does_not_fit_is_an_error(monkeypatch):
    base = load_tiny("t5")
    lacking(monkeypatch, 0)
    with pytest.raises(torch.OutOfMemoryError):
        generate(base.model, base.tokenizer, base.family, [[5, 6], [7]], max_new_tokens=6)


@pytest.mark.parametrize(("free_tokens", "expected"), [(40_000, 20_000), (100, 1 << 11), (1 << 30, 1 << 18)])
def test_a_batch_fills_half_of_what_the_weights_leave_of_a_gpu(monkeypatch, free_tokens, expected):
    base = load_tiny("llama")
    bytes_per_token = kv_values_per_token(base.model.config) * base.model.dtype.itemsize
    weights, kept = 14 << 30, 50 * bytes_per_token
    for name, value in {
        "mem_get_info": (free_tokens * bytes_per_token - kept, 80 << 30),
        "memory_reserved": weights + kept,
        "memory_allocated": weights,
    }.items():
        monkeypatch.setattr(torch.cuda, name, lambda _, value=value: value)
    card = SimpleNamespace(device=torch.device("cuda"), config=base.model.config, dtype=base.model.dtype)
    assert generate_module.tokens_of_batch(card) == expected
