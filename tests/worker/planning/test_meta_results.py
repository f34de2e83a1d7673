"""Cached shapes on the meta device: the same results as without the cache, in storage of their own."""

from __future__ import annotations

import pytest
import torch

from engine.worker.planning import meta_results, meta_trace
from engine.worker.planning.meta_results import MetaResults

aten = torch.ops.aten


@pytest.fixture
def results():
    return MetaResults()


def meta(*sizes, dtype=torch.float32):
    return torch.empty(sizes, dtype=dtype, device="meta")


def layout(result):
    tensors = [result] if isinstance(result, torch.Tensor) else result
    return [
        each if each is None else (each.shape, each.stride(), each.dtype, each.device) for each in tensors
    ]


@pytest.mark.parametrize(
    ("operation", "args", "kwargs"),
    [
        (aten.add.Tensor, (meta(2, 3), meta(3)), {}),
        (aten.add.Tensor, (meta(4, 2).t(), meta(2, 4)), {"alpha": 2}),
        (aten.mm.default, (meta(2, 3), meta(3, 5)), {}),
        (aten._to_copy.default, (meta(2, 3),), {"dtype": torch.bfloat16}),
        (aten.cat.default, ([meta(2, 3), meta(4, 3)],), {}),
        (aten.native_dropout.default, (meta(2, 3), 0.1, True), {}),
        (aten.native_layer_norm.default, (meta(2, 3), [3], None, None, 1e-5), {}),
        (aten.ones.default, ([2, 3],), {"device": torch.device("meta")}),
    ],
    ids=str,
)
def test_a_repeated_result_has_the_same_layout_and_storage_of_its_own(results, operation, args, kwargs):
    first, second = (results.of(operation, args, kwargs) for _ in range(2))

    assert type(first) is type(second)
    assert layout(first) == layout(second) == layout(operation(*args, **kwargs))
    tensors = [first, second] if isinstance(first, torch.Tensor) else [*first, *second]
    storages = [each.untyped_storage()._cdata for each in tensors]
    assert len(set(storages)) == len(storages)


def test_a_view_stays_a_view_and_a_change_in_place_is_one(results):
    tensor = meta(2, 3)
    for _ in range(2):
        for operation, args in (
            (aten.view.default, ([6],)),
            (aten._unsafe_view.default, ([6],)),
            (aten.add_.Scalar, (1,)),
        ):
            result = results.of(operation, (tensor, *args), {})
            assert result.untyped_storage()._cdata == tensor.untyped_storage()._cdata


def test_the_cache_is_bounded(results, monkeypatch):
    monkeypatch.setattr(meta_results, "MAX_CACHED", 3)
    for size in range(1, 9):
        results.of(aten.relu.default, (meta(size),), {})

    assert 1 <= len(results._cached) <= 3


def test_a_trace_counts_the_same_from_the_cache():
    def peak():
        torch.manual_seed(0)
        with torch.device("meta"):
            layers = [torch.nn.Linear(8, 16), torch.nn.GELU(), torch.nn.LayerNorm(16), torch.nn.Linear(16, 4)]
            model, inputs = torch.nn.Sequential(*layers), torch.empty(3, 8)
        counter = meta_trace.LiveBytes()
        with counter:
            model(inputs).sum().backward()
        return counter.peak

    assert peak() == peak() > 0
