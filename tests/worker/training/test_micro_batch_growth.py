"""A card's micro-batches are doubled while they fit and that pays, once for all runs of the same."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from engine.config import recipe as recipes
from engine.runs import run_store
from engine.worker.dataset.collator import MAX_GPU_TOKENS, Collator, StepSampler
from engine.worker.dataset.prompter import Encoded
from engine.worker.planning import requirements
from engine.worker.planning.probed_tokens import ProbedTokens
from engine.worker.runtime import devices, oom
from engine.worker.training import micro_batch_growth
from engine.worker.training.micro_batch_growth import Trial
from tests.helpers.tiny_runs import (
    events_named,
    on_event,
    request_stop,
    run_in_process,
    tiny_recipe,
    train_in_process,
    weights,
)

pytestmark = pytest.mark.torch
PLANNED = 512


# When to stop


def trial(tokens, speed, needed=1):
    return Trial(tokens, tokens, {"needed": needed, "available": 100}, speed)


def grown(trials, tokens_per_step=100_000):
    """Return the size that is found and the sizes that were tried, by the trials of 1,000, 2,000 … tokens."""
    examples = [Encoded(tuple([5] * 100), (6,)) for _ in range(tokens_per_step // 101)]
    run = SimpleNamespace(
        collator=Collator("encoder-decoder", 0, 1_000),
        sampler=StepSampler(examples, len(examples), 0, "lengths"),
        total_steps=1,
    )
    tried = []

    def attempt(tokens):
        tried.append(tokens)
        return trials[(tokens // 1_000).bit_length() - 1]

    return micro_batch_growth.grow(run, trials[0], attempt).tokens, tried


@pytest.mark.parametrize(
    ("trials", "found", "tried"),
    [
        # It stops paying.
        ([trial(1_000, 10), trial(2_000, 15), trial(4_000, 15.2), trial(8_000, 99)], 2_000, [2_000, 4_000]),
        # The peak would fill the card.
        ([trial(1_000, 10, 50), trial(2_000, 20, 80), trial(4_000, 40, 90)], 2_000, [2_000, 4_000]),
        # Memory runs out while it is tried.
        ([trial(1_000, 10), None], 1_000, [2_000]),
        # No more than what is ever computed at a time.
        (
            [trial(1_000 << power, 10 << power) for power in range(7)],
            32_000,
            [2_000, 4_000, 8_000, 16_000, 32_000],
        ),
    ],
)
def test_it_ends_where_more_does_not_pay_or_not_fit(trials, found, tried):
    assert 32_000 <= MAX_GPU_TOKENS < 64_000
    assert grown(trials) == (found, tried)


def test_nothing_is_tried_where_a_step_is_computed_at_once():
    assert grown([trial(1_000, 10)], tokens_per_step=900) == (1_000, [])


# In a run


@pytest.fixture
def roomy_card(monkeypatch):
    """Let the processor's memory be its own, and hold so many rows; a plan expects `PLANNED` tokens to fill it."""
    monkeypatch.setattr(oom, "SHARED_MEMORY", frozenset())
    monkeypatch.setattr(requirements, "MIN_GPU_TOKENS", 1)
    monkeypatch.setattr(requirements, "MAX_GPU_TOKENS", PLANNED)
    monkeypatch.setattr(micro_batch_growth, "MIN_SPEEDUP", 0)
    monkeypatch.setattr(devices, "available_bytes", lambda _: 1 << 50)


def probed(events):
    [facts] = events_named(events, "memory_probed")
    return facts["micro_batch_tokens"]


def recipe_for(folder, *overrides):
    return tiny_recipe(
        folder, "llama", "lora", "training.max_steps=3", "training.evaluate_summaries=0", *overrides
    )


def with_tokens(recipe, tokens):
    return recipes.from_tables(
        recipes.overridden(recipe.as_tables(), [f"training.micro_batch_tokens={tokens}"])
    )


def test_a_run_trains_as_with_the_size_that_was_found_and_neither_the_next_nor_a_resumed_one_searches(
    tmp_path, monkeypatch, roomy_card
):
    recipe = recipe_for(tmp_path, "training.checkpoint_every=1")
    _, first = train_in_process(recipe)
    assert events_named(first, "run_started")[0]["micro_batch_tokens"] == PLANNED
    assert probed(first) > PLANNED

    _, chosen = train_in_process(with_tokens(recipe, probed(first)))
    assert weights(chosen) == weights(first)

    monkeypatch.setattr(micro_batch_growth, "grow", None)
    job = run_store.create_run(recipe)
    with monkeypatch.context() as patch:
        on_event(patch, lambda name, facts: name == "step_finished" and facts["step"] == 2, request_stop)
        stopped = run_in_process(job)
    assert stopped[-1]["outcome"] == "stopped"
    assert probed(stopped) == probed(first)
    # What is kept for new runs does not matter to one that has begun.
    monkeypatch.setattr(ProbedTokens, "_read", lambda _: 32)
    assert weights(run_in_process(job)) == weights(first)


def test_what_had_to_be_halved_is_not_grown(tmp_path, monkeypatch, roomy_card):
    monkeypatch.setattr(
        devices.PeakMemory, "__exit__", lambda self, *_: setattr(self, "bytes", next(peaks) << 40)
    )
    monkeypatch.setattr(devices.PeakMemory, "__enter__", lambda self: self)
    peaks = iter([2_000, 500])
    _, events = train_in_process(recipe_for(tmp_path))

    assert events[-1]["outcome"] == "completed"
    assert probed(events) < PLANNED


def test_the_recipe_s_own_size_stays(tmp_path, roomy_card):
    _, events = train_in_process(recipe_for(tmp_path, "training.micro_batch_tokens=50"))
    assert probed(events) == 50


# What is kept


def test_a_size_is_kept_and_a_damaged_file_is_none(tmp_path):
    plan = tmp_path / "abc.json"
    ProbedTokens(plan).save(4_096)
    assert ProbedTokens(plan).tokens == 4_096

    (tmp_path / "abc-tokens.json").write_bytes(b"\xff{")
    assert ProbedTokens(plan).tokens == 0
