"""A step over several processes has the gradients of one process, and repeats to the bit."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.adapters import library
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.jobs.job import create_job
from engine.methods import METHODS
from engine.runs import run_store
from engine.system.paths import jobs_folder, plans_folder
from engine.worker.adapters import attach
from engine.worker.adapters.method_hooks import InitContext
from engine.worker.dataset.batch_packing import TOKENS_LIKE_A_WIDTH, shard_examples
from engine.worker.dataset.collator import Collator
from engine.worker.dataset.prompter import Encoded
from engine.worker.modeling import base_models
from engine.worker.planning import memory_estimate
from engine.worker.runtime import devices, fork_pool
from engine.worker.training import step_gradients, training_loop
from engine.worker.training.data_parallel import scatter
from engine.worker.training.step_gradients import StepGradients
from engine.worker.training.training_run import prepare
from tests.helpers.tiny_runs import (
    events_named,
    on_event,
    request_stop,
    run_in_process,
    tiny_recipe,
    train_in_process,
)
from tests.helpers.worker_setup import make_channel, make_recipe, stop_dropout

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not fork_pool.is_supported(), reason="no forks here"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
STEPS, BATCH = 3, 4
TRAINING = [method for method in METHODS if method.trains]


@pytest.fixture
def side_by_side(monkeypatch):
    """Let tiny models' steps be computed in two processes, whatever this computer has."""
    replicate(monkeypatch, 2)
    yield
    assert not fork_pool._forks


def replicate(monkeypatch, count):
    """Let runs from now on be planned with so many replicas, whatever was planned before."""
    monkeypatch.setattr(devices, "process_count", lambda *_: count)
    shutil.rmtree(plans_folder(), ignore_errors=True)


@pytest.fixture(scope="module")
def in_shares(tmp_path_factory):
    """Return the events of a method's run without dropout in two processes, trained once, with the recipe."""

    @cache
    def trained(method):
        folder = tmp_path_factory.mktemp("shares")
        recipe = tiny_recipe(folder, "llama", method, "method.dropout=0")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TUNESMITH_HOME", str(folder / "home"))
            replicate(patch, 2)
            return recipe, train_in_process(recipe)[1]

    return trained


# How a step is shared out


@pytest.mark.parametrize(
    ("sizes", "shards", "expected"),
    [
        ([(10, 1)] * 4, 2, [[0, 1], [2, 3]]),
        ([(2, 1), (9, 1), (2, 1), (2, 1)], 2, [[0, 2, 3], [1]]),
        ([(30, 1)] * 3 + [(29, 1)] * 5, 4, [[4, 5], [6, 7], [0, 1], [2, 3]]),
        ([(90, 1), (1, 1), (1, 1)], 3, [[1, 2], [0]]),
        ([(9, 1), (1, 1)], 4, [[1], [0]]),
        ([(5, 1)], 2, [[0]]),
    ],
)
def test_shares_are_of_like_weight_and_none_is_empty(sizes, shards, expected):
    assert shard_examples(sizes, shards, is_encoder_decoder=True) == expected


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 20)), min_size=1, max_size=9))
@settings(max_examples=60, deadline=None)
def test_no_other_split_by_length_into_two_has_a_lower_peak_weight(sizes):
    def weight(group):
        return len(group) * max(
            (read + written) * (1 + read / TOKENS_LIKE_A_WIDTH) for read, written in group
        )

    ordered = sorted(sizes, reverse=True)
    least = min(
        max(weight(part) for part in (ordered[:end], ordered[end:]) if part) for end in range(len(ordered))
    )
    found = shard_examples(sizes, 2, is_encoder_decoder=True)

    assert sorted(place for part in found for place in part) == list(range(len(sizes)))
    taken = [weight([sizes[place] for place in part]) for part in found]
    assert taken == sorted(taken)
    assert taken[-1] <= least * 1.02


@pytest.mark.parametrize("family", ["encoder-decoder", "decoder-only"])
def test_a_step_in_shares_has_every_example_once_and_as_many_tokens_at_a_time_as_one_without(family):
    examples = [Encoded((5,) * (3 + 7 * place % 40), (6,) * (2 + place % 3)) for place in range(13)]
    collator = Collator(family, 0, 80, shards=3)
    step = collator(examples)
    rows = [row for batch in step.micro_batches for row in batch.attention_mask.sum(1).tolist()]

    assert len(step.shards) == 3
    assert sorted(rows) == sorted(len(each.input_ids) for each in examples)
    assert step.label_tokens == sum(each.label_tokens for each in examples)
    for batch in step.micro_batches:
        assert len(batch.input_ids) == 1 or batch.input_ids.numel() <= 80 / 3
    shapes = collator.batch_shapes(examples)
    assert [len(shard) for shard in shapes] == [len(shard) for shard in step.shards]


def test_chance_is_another_in_every_micro_batch_and_the_same_again():
    examples = [Encoded((5,) * 9, (6,) * 2)] * 6
    step = Collator("encoder-decoder", 0, 30, shards=2)(examples)
    seeds = [[shard.seeds for shard in scatter(step, 3, number)] for number in (0, 1, 0)]

    assert seeds[0] == seeds[2] != seeds[1]
    flat = [seed for shard in seeds[0] for seed in shard]
    assert len(set(flat)) == len(flat) == len(step.micro_batches)


# Gradients


@pytest.fixture
def loop_of():
    """Return what makes the loop of a recipe's run on a few examples."""
    made = []

    def make(recipe: Recipe, dropout: bool = True, asked: Sequence[str] = ()) -> Loop:
        made.append(_loop(recipe, dropout, asked))
        return made[-1]

    yield make
    for each in made:
        each.step_gradients.close()
    assert not fork_pool._forks


def _loop(recipe: Recipe, dropout: bool, asked: Sequence[str]) -> Loop:
    base = base_models.load(recipe.base_model, "cpu", make_channel("inspect"))
    collator = Collator(base.family, base.tokenizer.pad_token_id, 120)
    examples = encoded(base.family)
    model = attach.attach(base, recipe, InitContext(STEPS, collator(examples).micro_batches))
    if not dropout:
        stop_dropout(model)
    state = prepare(model, base, recipe.training, 0.01, STEPS)
    return Loop(state.gradients, model, collator, examples, asked)


class Loop(NamedTuple):
    step_gradients: StepGradients
    model: Any
    collator: Collator
    examples: Sequence[Encoded]
    asked: Sequence[str]

    def gradients(self, shards: int) -> tuple[float, list[torch.Tensor]] | None:
        """Return a step's loss and gradients when it is computed in so many shards, None where it was given up."""
        self.model.zero_grad()
        step = self.collator.with_shards(shards)(self.examples)
        loss = self.step_gradients.compute(step, 0, lambda: bool(self.asked))
        trained = [each for each in self.model.parameters() if each.requires_grad]
        if loss is None:
            assert not any(each.grad is not None and each.grad.any() for each in trained)
            return None
        return float(loss), [
            each.grad.clone() if each.grad is not None else torch.zeros(()) for each in trained
        ]


def encoded(family):
    rows = [(tuple(range(5, 9 + 3 * place)), (7, 8, 9 + place)) for place in range(BATCH * STEPS)]
    if family == "encoder-decoder":
        return [Encoded(*row) for row in rows]
    return [Encoded(read + written, (-100,) * len(read) + written) for read, written in rows]


@pytest.mark.parametrize("method", TRAINING, ids=lambda method: method.id)
def test_every_methods_gradients_are_the_same_in_shares_and_still_are_when_its_numbers_have_changed(
    loop_of, method
):
    kind = "t5" if "encoder-decoder" in method.families else "llama"
    table = {"id": method.id} | ({"dropout": 0.0} if "dropout" in method.options.model_fields else {})
    loop = loop_of(make_recipe("gpt2" if method.id == "bitfit" else kind, method=table), dropout=False)
    losses, chance = [], torch.Generator().manual_seed(1)
    for _ in range(2):
        loss, expected = loop.gradients(shards=1)
        shared_loss, found = loop.gradients(shards=3)

        assert shared_loss == pytest.approx(loss, rel=1e-5)
        size = float(flat(expected).norm())
        assert size > 0
        # Rounding is all that differs, but it may put a number to the other side of a ReLU's zero.
        assert float((flat(found) - flat(expected)).norm()) < 0.01 * size
        losses.append(loss)
        with torch.no_grad():
            # As an optimizer does it, in place.
            for each in loop.model.parameters():
                each.add_(0.1 * torch.randn(each.shape, generator=chance) if each.requires_grad else 0)

    assert losses[1] != pytest.approx(losses[0], rel=1e-4)


def flat(gradients):
    return torch.cat([each.flatten() for each in gradients])


@pytest.mark.parametrize("method", ["lora", "adalora"])
def test_a_run_in_shares_says_so_and_gets_where_one_without_does(in_shares, monkeypatch, method):
    recipe, shared = in_shares(method)
    replicate(monkeypatch, 1)
    _, alone = train_in_process(recipe)

    assert [events_named(events, "run_started")[0]["replicas"] for events in (shared, alone)] == [2, 1]
    assert shared[-1]["outcome"] == "completed"
    for one, other in zip(
        events_named(alone, "step_finished"), events_named(shared, "step_finished"), strict=True
    ):
        assert other["loss"] == pytest.approx(one["loss"], rel=1e-3)
        assert other["gradient_norm"] == pytest.approx(one["gradient_norm"], rel=0.01)


def weights(events):
    adapter = library.find(events_named(events, "adapter_saved")[-1]["adapter"])
    return (adapter.folder / library.WEIGHTS_NAME).read_bytes()


def stopped_at(step, recipe, monkeypatch):
    with monkeypatch.context() as patch:
        on_event(patch, lambda event, facts: event == "step_finished" and facts["step"] == step, request_stop)
        job, _ = train_in_process(recipe)
    return job


def test_with_dropout_it_is_the_same_to_the_bit_again_and_when_it_goes_on(
    tmp_path, monkeypatch, side_by_side
):
    # LoRA goes on to the same bits in the next test, and with other replicas in one below.
    recipe = tiny_recipe(tmp_path, "t5", "adalora")
    _, uninterrupted = train_in_process(recipe)
    _, again = train_in_process(recipe)
    resumed = run_in_process(stopped_at(2, recipe, monkeypatch))

    assert events_named(resumed, "run_resumed")[0]["step"] == 2
    assert weights(uninterrupted) == weights(again) == weights(resumed)


def test_a_step_given_up_in_its_middle_is_done_again_the_same(tmp_path, monkeypatch, side_by_side):
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.micro_batch_tokens=200")
    _, uninterrupted = train_in_process(recipe)
    take, seen = training_loop.train_step, []

    def counted(state, batch, step, should_abort):
        def stops():
            seen.extend([step] if step == 3 else [])
            should_abort.__self__._channel.stopping = len(seen) == 2
            return should_abort()

        return take(state, batch, step, stops)

    with monkeypatch.context() as patch:
        patch.setattr(training_loop, "train_step", counted)
        job, events = train_in_process(recipe)

    assert events[-1]["outcome"] == "stopped"
    assert events_named(events, "step_finished")[-1]["step"] == 3
    assert weights(run_in_process(job)) == weights(uninterrupted)


def test_a_step_that_was_given_up_leaves_nothing_in_the_next(loop_of):
    asked = []
    loop = loop_of(make_recipe("t5"), asked=asked)
    before = loop.gradients(shards=2)
    asked.append("to stop")
    assert loop.gradients(shards=2) is None
    asked.clear()
    after = loop.gradients(shards=2)

    assert before[0] == after[0]
    assert all(torch.equal(one, other) for one, other in zip(before[1], after[1], strict=True))


def test_more_shares_than_replicas_make_more_of_these(loop_of):
    loop = loop_of(make_recipe("t5"))
    counts = []
    for shards in (2, 3, 2):
        loop.gradients(shards)
        counts.append(len(fork_pool._forks))

    assert counts == [1, 2, 2]


# Checkpoints


def test_a_run_goes_on_with_the_replicas_that_it_had(tmp_path, monkeypatch, side_by_side):
    recipe = tiny_recipe(tmp_path, "t5")
    _, uninterrupted = train_in_process(recipe)
    job = stopped_at(2, recipe, monkeypatch)
    replicate(monkeypatch, 1)

    assert weights(run_in_process(job)) == weights(uninterrupted)


# Memory and trouble


def test_what_shares_keep_at_once_is_planned(tmp_path, monkeypatch):
    recipe = tiny_recipe(tmp_path, "t5", "full", "training.micro_batch_tokens=100")

    def planned():
        job = create_job(jobs_folder(), "plan", {}, recipe=recipes.dumps(recipe))
        return events_named(run_in_process(job), "result_made")[0]["result"]

    alone = planned()
    replicate(monkeypatch, 2)
    shared = planned()

    assert (alone["replicas"], shared["replicas"]) == (1, 2)
    for part in ("weights", "adapter", "optimizer"):
        assert shared["memory"][part] == alone["memory"][part]
    assert shared["memory"]["gradients"] == 2 * alone["memory"]["gradients"]
    assert shared["memory"]["runtime"] > alone["memory"]["runtime"]
    # Half the tokens each, but a row is a row.
    assert 0.8 * alone["memory"]["activations"] < shared["memory"]["activations"]
    assert shared["memory"]["activations"] < 2 * alone["memory"]["activations"]


def test_where_there_is_not_the_memory_for_more_one_process_computes(tmp_path, monkeypatch, side_by_side):
    monkeypatch.setattr(memory_estimate, "REPLICA_BYTES", 10**15)
    _, events = train_in_process(tiny_recipe(tmp_path, "t5"))

    assert events_named(events, "run_started")[0]["replicas"] == 1
    assert events[-1]["outcome"] == "completed"


def refuse():
    raise OSError(errno.EAGAIN, "no fork for you")


def test_where_the_system_allows_no_fork_the_run_goes_on_alone(in_shares, monkeypatch, side_by_side, capfd):
    recipe, shared = in_shares("lora")
    monkeypatch.setattr(os, "fork", refuse)
    _, alone = train_in_process(recipe)

    assert alone[-1]["outcome"] == "completed"
    assert "no fork for you" in capfd.readouterr().err
    for one, other in zip(
        events_named(alone, "step_finished"), events_named(shared, "step_finished"), strict=True
    ):
        assert other["loss"] == pytest.approx(one["loss"], rel=1e-3)


def in_replica(act):
    """Return what takes the place of a loss: it acts in replicas alone, after a few micro-batches."""
    here, found, seen = os.getpid(), step_gradients.token_loss_sum, []

    def loss(*given):
        seen.append(given)
        if os.getpid() != here and len(seen) > 6:
            act()
        return found(*given)

    return loss


def test_a_replica_that_the_system_ends_means_that_memory_lacked(tmp_path, monkeypatch, side_by_side):
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.checkpoint_every=1")
    kills = itertools.count()
    with monkeypatch.context() as patch:
        patch.setattr(
            step_gradients, "token_loss_sum", in_replica(lambda: os.kill(os.getpid(), signal.SIGKILL))
        )
        patch.setattr(fork_pool.memory_kills, "count", lambda: next(kills))
        job, events = train_in_process(recipe)
    assert (events[-1]["outcome"], events[-1]["kind"]) == ("failed", "OutOfMemoryError")
    message = events[-1]["message"]
    assert "system killed a process that computes part of each step for lack of memory" in message
    # What was needed is unknown: no number is told, and fallbacks have the plan's own.
    assert not any(character.isdigit() for character in message)
    [told] = events_named(events, "memory_exceeded")
    [started] = events_named(events, "run_started")
    assert told["needed"] == started["memory_bytes"]
    assert run_store.checkpoints(job)

    assert run_in_process(job)[-1]["outcome"] == "completed"


def test_a_trouble_in_a_replica_is_the_runs_and_the_log_has_its_trace(
    tmp_path, monkeypatch, side_by_side, capfd
):
    def fail():
        raise ValueError("no number of mine")

    monkeypatch.setattr(step_gradients, "token_loss_sum", in_replica(fail))
    _, events = train_in_process(tiny_recipe(tmp_path, "t5"))

    assert events[-1]["outcome"] == "failed"
    assert "no number of mine" in events[-1]["message"]
    assert "in fail" in capfd.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_memory_of_replicas_counts_in_what_a_step_tells(tmp_path, monkeypatch, side_by_side):
    kept = []
    size = 300_000_000

    def take():
        if not kept:
            kept.append(torch.ones(size // 4))

    monkeypatch.setattr(step_gradients, "token_loss_sum", in_replica(take))
    _, events = train_in_process(tiny_recipe(tmp_path, "t5"))
    told = [event["memory_bytes"] for event in events_named(events, "step_finished")]

    assert told[-1] - told[0] > 0.8 * size
