"""Summaries that replicas write side by side are those that one process writes."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.worker.generation.generate import generate
from engine.worker.generation.generated import Generated
from engine.worker.runtime import devices, fork_pool, parallel_map
from tests.helpers.tiny_models import Kind
from tests.helpers.tiny_runs import events_named, on_event, request_stop, tiny_recipe, train_in_process
from tests.helpers.worker_setup import attach_random, load_tiny, make_recipe

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not fork_pool.is_supported(), reason="no forks here"),
    # PEFT 0.21 asks transformers 5.24 by the old name.
    pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning"),
]
TEXTS = [
    f"{name}: {'yes ' * count}"
    for name, count in (("Ann", 9), ("Bob", 1), ("Cyd", 30), ("Dan", 3), ("Eve", 2))
]


@pytest.fixture
def apart(monkeypatch):
    """Let as many processes write as are asked for."""

    def write_by(count: int) -> None:
        monkeypatch.setattr(devices, "process_count", lambda *_: count)

    yield write_by
    assert not fork_pool._forks


def writer(kind: Kind, method: str, **asked: Any) -> Any:
    base = load_tiny(kind)
    model = attach_random(base, make_recipe(kind, method={"id": method}))
    inputs = [base.tokenizer(text)["input_ids"] for text in TEXTS]

    def write(**more: Any) -> list[Generated]:
        return generate(model, base.tokenizer, base.family, inputs, max_new_tokens=12, **asked | more)

    return write


@pytest.mark.parametrize(
    "asked", [{"beams": 1}, {"beams": 3}, {"temperature": 0.8, "seed": 4}], ids=["greedy", "beams", "drawn"]
)
@pytest.mark.parametrize("method", ["lora", "prompt_tuning", "prefix_tuning"])
@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_they_are_the_same(apart, kind, method, asked):
    write = writer(kind, method, **asked)
    apart(1)
    alone = write()
    told: list[int] = []
    for count in (2, 3):
        apart(count)
        told.clear()
        assert write(on_written=lambda row, _: told.append(row)) == alone
        assert sorted(told) == list(range(len(TEXTS)))
    assert len({one.text for one in alone}) > 1


def test_who_follows_rows_or_tokens_has_them_from_this_process(apart, monkeypatch):
    apart(2)
    monkeypatch.setattr(parallel_map, "_serve", None)
    write = writer("t5", "lora", beams=1)
    rows: list[int] = []
    tokens: list[torch.Tensor] = []
    write(on_rows=rows.extend)
    write(on_tokens=tokens.append)

    assert set(rows) == set(range(len(TEXTS)))
    assert tokens


@pytest.mark.parametrize("at", [1, 5, 12])
def test_what_is_raised_in_between_ends_the_work_of_all(apart, at):
    apart(2)
    asked = []

    def leave() -> None:
        asked.append(None)
        if len(asked) == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        writer("llama", "lora", beams=1)(on_tick=leave)
    assert not fork_pool._forks


def test_a_run_scores_the_same_and_can_be_stopped_meanwhile(tmp_path, monkeypatch, apart):
    recipe = tiny_recipe(tmp_path, "llama")
    apart(1)
    _, alone = train_in_process(recipe)
    apart(2)
    _, together = train_in_process(recipe)
    on_event(monkeypatch, lambda event, facts: facts.get("unit") == "summaries", request_stop)
    _, stopped = train_in_process(tiny_recipe(tmp_path, "t5"))

    assert events_named(together, "evaluated")[0]["scores"] == events_named(alone, "evaluated")[0]["scores"]
    assert stopped[-1]["outcome"] == "stopped"
