"""Steps over tensors of fixed shape and place write what steps over growing ones write, also when they are replayed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest.mock import Mock, patch

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.generation import fixed_steps
from engine.worker.generation.generate import generate
from engine.worker.generation.generated import Generated
from tests.helpers.soft_prompts import Options, in_turn, soft_prompt_model
from tests.helpers.tiny_models import Kind
from tests.helpers.worker_setup import attach_random, install_random, load_tiny, make_recipe

pytestmark = [
    pytest.mark.torch,
    # PEFT 0.21 asks transformers 5.24 by the old name.
    pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning"),
]
TEXTS = ["Tim: Hi", "Ann: " + "yes " * 40, "Bob: no", "Eve: " + "so " * 35, "Kim: größer?\nTom: ja!"]
NEW = 16
DECODINGS: dict[str, dict[str, Any]] = {
    "greedy": {},
    "beams": {"beams": 3},
    "drawn": {"temperature": 1.2, "seed": 3, "min_new_tokens": 7},
    "penalised": {"repetition_penalty": 1.3, "no_repeat_ngram": 2},
}


class Graph(TorchDispatchMode):
    """A graph as a card has it: the operations on tensors, with their places, and nothing of what called them."""

    replayed = 0

    def __init__(self) -> None:
        super().__init__()
        self._operations: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = operation(*args, **(kwargs or {}))
        self._operations.append((operation, args, kwargs or {}, result))
        return result

    def replay(self) -> None:
        Graph.replayed += 1
        for operation, args, kwargs, result in self._operations:
            given = {each.untyped_storage().data_ptr() for each in _tensors((args, kwargs))}
            for place, value in zip(_tensors(result), _tensors(operation(*args, **kwargs)), strict=True):
                # A view and what was changed in place are there already.
                if place.untyped_storage().data_ptr() not in given:
                    place.copy_(value)


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    return (each for each in tree_iter(values) if isinstance(each, torch.Tensor))


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> type[Graph]:
    """Let the processor record graphs, anew every five tokens; return what counts replays."""
    stream = Mock()
    monkeypatch.setattr(torch.cuda, "Stream", lambda: stream)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: stream)
    monkeypatch.setattr(torch.cuda, "stream", nullcontext)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", lambda graph, **_: graph)
    monkeypatch.setattr(fixed_steps, "_has_graphs", lambda device: True)
    monkeypatch.setattr(fixed_steps, "WINDOW", 5)
    monkeypatch.setattr(fixed_steps, "ALIGNED", 1)
    monkeypatch.setattr(Graph, "replayed", 0)
    return Graph


@contextmanager
def switched_on() -> Iterator[None]:
    """Let the entry be on, as if the processor were a card."""
    with patch.object(fixed_steps, "enabled", lambda name, device: name == "graphed_decoding"):
        yield


def written(model: Any, base: Any, **asked: Any) -> list[Generated]:
    inputs = [base.tokenizer(text)["input_ids"] for text in TEXTS]
    return generate(
        model, base.tokenizer, base.family, inputs, max_new_tokens=NEW, on_rows=lambda _: None, **asked
    )


def in_fixed_steps(model: Any, base: Any, **asked: Any) -> list[Generated]:
    with switched_on():
        return written(model, base, **asked)


@pytest.mark.parametrize(
    ("kind", "decoding"),
    [
        ("t5", "greedy"),
        ("t5-tied", "drawn"),
        ("bart", "beams"),
        ("llama", "beams"),
        ("llama", "penalised"),
        ("gpt2", "greedy"),
    ],
)
def test_a_recorded_step_that_is_played_again_writes_the_same(
    kind: Kind, decoding: str, graphs: type[Graph]
) -> None:
    asked = DECODINGS[decoding]
    base = load_tiny(kind)
    model = attach_random(base, make_recipe(kind))
    # Some end early and leave the batch.
    base.model.generation_config.eos_token_id = list(range(4, len(base.tokenizer), 9))
    assert in_fixed_steps(model, base, **asked) == written(model, base, **asked)
    assert graphs.replayed >= 5


@in_turn("bart", "llama")
def test_soft_prompts_stand_before_the_tokens(
    kind: Kind, method: str, options: Options, graphs: type[Graph]
) -> None:
    base, model = soft_prompt_model(kind, method, options)
    assert in_fixed_steps(model, base) == written(model, base)
    assert graphs.replayed


def test_the_cache_is_widened_to_what_attention_takes_without_a_copy(graphs: type[Graph]) -> None:
    base = load_tiny("llama")
    with (
        patch.object(fixed_steps, "ALIGNED", 8),
        patch.object(fixed_steps.fixed_cache, "fix", wraps=fixed_steps.fixed_cache.fix) as fix,
    ):
        in_fixed_steps(base.model, base)
    widths = [call.args[2] - call.args[1] for call in fix.call_args_list]
    assert all(call.args[2] % 8 == 0 for call in fix.call_args_list)
    assert all(5 <= width < 13 for width in widths)
    assert len(widths) > 1


def test_a_batch_read_in_groups_goes_on_so(graphs: type[Graph]) -> None:
    base = load_tiny("llama")
    asked = {"batch_tokens": 600}
    assert in_fixed_steps(base.model, base, **asked) == written(base.model, base, **asked)
    assert graphs.replayed


def test_adapters_share_a_batch_in_them(graphs: type[Graph]) -> None:
    kind: Kind = "t5-tied"
    adapters = [install_random(kind, f"lora{seed}", seed=seed) for seed in (1, 2)]
    base = load_tiny(kind)
    base.model.generation_config.eos_token_id = list(range(4, len(base.tokenizer), 9))
    inputs = [base.tokenizer(text)["input_ids"] for text in TEXTS]
    asked: dict[str, Any] = {"max_new_tokens": NEW}
    with AdapterManager(base).mixed_batch([*adapters, None, adapters[0], None]) as (model, mixed):
        asked |= {"on_rows": mixed.select}
        plain = generate(model, base.tokenizer, base.family, inputs, **asked)
        with switched_on():
            assert generate(model, base.tokenizer, base.family, inputs, **asked) == plain
    assert graphs.replayed


def test_a_step_that_waits_for_the_card_is_not_recorded_and_not_tried_again(
    graphs: type[Graph], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    base = load_tiny("llama")
    expected = written(base.model, base)
    refuse = Mock(side_effect=RuntimeError("operation not permitted when stream is capturing"))
    monkeypatch.setattr(Graph, "__enter__", refuse)
    assert in_fixed_steps(base.model, base) == expected
    assert "not permitted when stream is capturing" in capfd.readouterr().err
    tried = refuse.call_count
    assert in_fixed_steps(base.model, base) == expected
    assert (refuse.call_count, graphs.replayed) == (tried, 0)


def test_a_lack_of_memory_is_told_as_one_and_tried_again(
    graphs: type[Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = load_tiny("llama")
    expected = written(base.model, base)
    with monkeypatch.context() as lacking:
        lacking.setattr(Graph, "__enter__", Mock(side_effect=torch.OutOfMemoryError("CUDA out of memory.")))
        with pytest.raises(torch.OutOfMemoryError):
            in_fixed_steps(base.model, base)
    assert in_fixed_steps(base.model, base) == expected
    assert graphs.replayed


def test_other_caches_and_models_decode_as_before(
    graphs: type[Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = load_tiny("llama")
    with monkeypatch.context() as other:
        other.setattr(type(base.model), "_can_compile_fullgraph", False)
        in_fixed_steps(base.model, base)
    with monkeypatch.context() as other:
        other.setattr(fixed_steps.fixed_cache, "grows", lambda layer: False)
        other.setattr(fixed_steps.fixed_cache, "PreallocatedLayer", type(None))
        in_fixed_steps(base.model, base)
    written(base.model, base)
    assert graphs.replayed == 0
