from typing import Any

import pytest
import torch
from transformers import DynamicCache

from engine.worker.generation.generate import generate
from engine.worker.kernels import decode_attention
from engine.worker.kernels.preallocated_cache import reserve
from tests.helpers.worker_setup import load_tiny

pytestmark = pytest.mark.torch

ROWS, LENGTH, WIDTH = 6, 37, 16


def kept(shared: int, room: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Return keys and values as a cache returns them when a token has come to what was read."""
    cache = DynamicCache()
    read = torch.randn(2, ROWS, shared, LENGTH - 1, WIDTH).bfloat16()
    cache.update(read[0], read[1], 0)
    if room:
        reserve(cache)
    new = torch.randn(2, ROWS, shared, 1, WIDTH).bfloat16()
    return cache.update(new[0], new[1], 0)


def masks() -> dict[str, torch.Tensor | None]:
    seen = torch.ones(ROWS, 1, 1, LENGTH, dtype=torch.bool)
    for row in range(ROWS):
        seen[row, ..., : 5 * row] = False
    return {
        "none": None,
        "seen": seen,
        "added": torch.randn(1, 6, 1, LENGTH).bfloat16(),
        "both": torch.where(seen, torch.randn(1, 6, 1, LENGTH), -1e30).bfloat16(),
    }


@pytest.mark.parametrize(
    ("shared", "room", "mask", "scale"),
    [
        (6, True, "none", None), (2, False, "none", 1.0), (2, True, "seen", 1.0), (6, False, "seen", None),
        (2, True, "added", None), (6, True, "both", 1.0), (2, False, "both", None),
    ],
)  # fmt: skip
def test_the_result_is_torchs(shared, room, mask, scale):
    torch.manual_seed(0)
    key, value = kept(shared, room)
    query, added = torch.randn(ROWS, 6, 1, WIDTH).bfloat16(), masks()[mask]
    assert (
        decode_attention.allocated(key).shape[2] > LENGTH if room else decode_attention.allocated(key) is key
    )
    with torch.no_grad():
        assert decode_attention.applies(query)
        ours = decode_attention.attention(query, key, value, added, scale)
        wide = added.float() if added is not None and added.is_floating_point() else added
        exact = torch.nn.functional.scaled_dot_product_attention(
            query.float(), key.float(), value.float(), attn_mask=wide, scale=scale, enable_gqa=True
        )
    assert ours.shape == exact.shape
    assert (ours.float() - exact).norm() < 0.015 * exact.norm()


def test_it_is_for_batches_in_bfloat16_that_learn_nothing():
    query = torch.randn(ROWS, 6, 1, WIDTH).bfloat16()
    assert not decode_attention.applies(query)
    with torch.no_grad():
        assert decode_attention.applies(query)
        assert not decode_attention.applies(query.float())
        assert not decode_attention.applies(query[:2])
        assert not decode_attention.applies(query.expand(-1, -1, 2, -1))


@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_summaries_in_bfloat16_are_written_by_it_as_by_torch(kind, monkeypatch):
    base = load_tiny(kind)
    base.model.to(torch.bfloat16)
    inputs = [base.tokenizer("Ann: " + "yes " * count)["input_ids"] for count in (3, 9, 14, 20, 5)]

    def logits() -> tuple[torch.Tensor, int]:
        """Return those of a first token after what was read, and how often attention of one token was asked for."""
        asked: list[torch.Tensor] = []
        found: list[torch.Tensor] = []
        attention = decode_attention.attention

        def noted(query: torch.Tensor, *given: Any) -> torch.Tensor:
            asked.append(query)
            return attention(query, *given)

        with monkeypatch.context() as patch:
            patch.setattr(decode_attention, "attention", noted)
            hook = base.model.register_forward_hook(lambda _, __, output: found.append(output.logits))
            generate(base.model, base.tokenizer, base.family, inputs, max_new_tokens=2)
            hook.remove()
        return found[1], len(asked)

    ours, count = logits()
    assert count
    monkeypatch.setattr(decode_attention, "applies", lambda _: False)
    torchs, count = logits()
    assert not count
    torch.testing.assert_close(ours, torchs, atol=0.05 * float(torchs.abs().max()), rtol=0)
