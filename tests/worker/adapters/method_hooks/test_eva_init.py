"""EVA's directions do not depend on what decides their sign: the last digit of another device's numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from engine.worker.adapters.method_hooks import eva_init
from engine.worker.adapters.method_hooks.base import TRAINED

pytestmark = pytest.mark.torch
READ = torch.randn(2, 9, 6, generator=torch.Generator().manual_seed(0))


def begun() -> torch.Tensor:
    """Return the matrix A of a layer of six inputs."""
    layer: Any = SimpleNamespace(lora_A={TRAINED: torch.nn.Linear(6, 3)}, in_features=6)
    covariance = eva_init._Covariance(layer)
    covariance.add(READ, [torch.ones(2, 9, dtype=torch.bool)])
    eva_init._init(covariance)
    return layer.lora_A[TRAINED].weight.detach()


def test_a_direction_begins_the_same_whichever_sign_it_is_computed_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    eigh, expected = torch.linalg.eigh, begun()

    def turned(matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        values, directions = eigh(matrix)
        return values, directions * torch.tensor([1, -1, -1, 1, -1, 1])

    monkeypatch.setattr(torch.linalg, "eigh", turned)
    assert torch.equal(begun(), expected)
    assert torch.allclose(expected @ expected.T, torch.eye(3), atol=1e-5)
