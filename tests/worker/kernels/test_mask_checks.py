"""transformers' checks of masks and positions are answered on a card without a look at their values."""

import pytest
import torch

from engine.worker.kernels import mask_checks, registry
from engine.worker.kernels.library import masking_utils

LENGTH = 5


@pytest.fixture(autouse=True)
def _patched():
    mask_checks.patch()


def skipped(mask):
    """Return whether a decoder and an encoder leave a mask (rows × LENGTH) out."""
    return (
        masking_utils._ignore_causal_mask_sdpa(mask, LENGTH, LENGTH, 0, 0),
        masking_utils._ignore_bidirectional_mask_sdpa(mask, LENGTH),
    )


def test_on_a_card_every_mask_is_used_and_its_values_stay_unread():
    # A tensor on the meta device has none, and raises where they are asked for.
    with registry.planned_for("cuda"):
        assert skipped(torch.ones(2, LENGTH, device="meta")) == (False, False)
        assert masking_utils.find_packed_sequence_indices(torch.ones(2, LENGTH, device="meta")) is None


def test_on_a_processor_a_mask_that_hides_nothing_is_left_out():
    assert skipped(torch.ones(2, LENGTH, dtype=torch.bool)) == (True, True)
    padded = torch.tensor([[1, 1, 1, 1, 0]], dtype=torch.bool)
    assert skipped(padded) == (False, False)
    texts = torch.tensor([[0, 1, 0, 1, 2]])
    assert masking_utils.find_packed_sequence_indices(texts).tolist() == [[0, 0, 1, 1, 1]]


def test_switched_off_a_card_s_values_are_looked_at(monkeypatch):
    monkeypatch.setenv(registry.VARIABLE, registry.NONE)
    with registry.planned_for("cuda"), pytest.raises(RuntimeError, match="meta"):
        skipped(torch.ones(2, LENGTH, device="meta"))
