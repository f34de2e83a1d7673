"""Runs in two ranks: what one trains, the same bits again, helpers in scoring, and an end when one is lost."""

import json
import os
import shutil
import subprocess
import time
from contextlib import suppress
from datetime import timedelta
from functools import cache
from itertools import islice
from queue import Queue

import psutil
import pytest
import torch
from safetensors.torch import load_file
from torch.distributed import distributed_c10d
from torch.distributed.tensor import DTensor

from engine.adapters import library
from engine.errors import ProcessLostError
from engine.jobs.events import read_all
from engine.jobs.worker_process import worker_command
from engine.methods import METHODS
from engine.runs import run_store
from engine.system import processes, ranks
from engine.system.paths import results_folder
from engine.worker.dataset import token_cache
from engine.worker.dataset.collator import Collator, steps_from
from engine.worker.dataset.prompter import Encoded
from engine.worker.evaluation.samples import SampleSet
from engine.worker.runtime import oom, rank_group, rank_joining
from engine.worker.runtime.rank_meeting import Folder
from engine.worker.training import rank_models, training_loop
from engine.worker.training.training_loop import train_step
from engine.worker.training.training_run import TrainingRun, prepare
from tests.helpers.ranks import rank_variables
from tests.helpers.tiny_models import tiny_model
from tests.helpers.tiny_runs import (
    adapter_of,
    events_named,
    on_event,
    request_stop,
    run_in_process,
    tiny_recipe,
    train_in_process,
)
from tests.helpers.worker_setup import make_channel, make_recipe

pytestmark = pytest.mark.torch
STEPS, BATCH = 3, 6
TRAINING = [each for each in METHODS if each.trains]


@pytest.fixture(autouse=True)
def forked_ranks(monkeypatch):
    """Let ranks be forks of a process that has the libraries, as they are where these are imported alike."""
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)


@pytest.fixture
def in_two(monkeypatch):
    """Return what lets a run have two ranks."""

    def do(function, *arguments):
        with monkeypatch.context() as patch:
            patch.setenv(ranks.COUNT, "2")
            return function(*arguments)

    return do


def weights(events):
    return load_file(adapter_of(events).folder / library.WEIGHTS_NAME)


def same_bits(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def examples_of(family):
    rows = [
        (tuple(range(5, 9 + 3 * (place % 7))), (7, 8, 9 + place % 11)) for place in range(BATCH * STEPS - 1)
    ]
    if family == "encoder-decoder":
        return [Encoded(*row) for row in rows]
    return [Encoded(read + written, (-100,) * len(read) + written) for read, written in rows]


def train(recipe):
    """Return losses and trained parameters of some steps, with the other rank if this process is connected to one."""
    channel = make_channel("inspect")
    base = rank_models.load(recipe, channel)
    collator, examples = Collator(base.family, base.tokenizer.pad_token_id, 160), examples_of(base.family)
    model = rank_models.attach_adapter(base, recipe, examples, collator)
    run = TrainingRun(channel, recipe, None, base, model, examples, (), None, collator, SampleSet((), (), {}))
    state = prepare(model, base, recipe.training, recipe.training.learning_rate, STEPS)
    rank_group.tell(training_loop.TRAIN, checkpoint="", tokens=160)
    losses = []
    for number, step in islice(steps_from(run.loader, 0), STEPS):
        rank_group.tell(training_loop.STEP)
        losses.append(train_step(state, step, number).loss)
    rank_group.tell(training_loop.TRAINED)
    trained = {name: each.detach().clone() for name, each in model.named_parameters() if each.requires_grad}
    return losses, trained


@pytest.fixture(scope="module")
def recipe_of(tmp_path_factory):
    """Return what makes a method's recipe, without dropout in adapter and base model."""

    @cache
    def without_dropout(kind):
        folder = tmp_path_factory.mktemp("models") / kind
        shutil.copytree(tiny_model(kind), folder)
        config = json.loads((folder / "config.json").read_text())
        config |= dict.fromkeys(("dropout_rate", "resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0)
        (folder / "config.json").write_text(json.dumps(config))
        return folder

    def make(method):
        kind = "t5" if "encoder-decoder" in method.families else "llama"
        kind = "gpt2" if method.id == "bitfit" else kind
        dropout = {"dropout": 0.0} if "dropout" in method.options.model_fields else {}
        return make_recipe(
            kind,
            base_model={"id": str(without_dropout(kind)), "precision": "float32"},
            method={"id": method.id} | dropout,
            training={"batch_size": BATCH, "learning_rate": 1e-5, "max_steps": STEPS, "schedule": "constant"},
        )

    return make


# Some at a time, as a rank takes longer to start than to train.
@pytest.mark.slow("engine/system/ranks", "engine/worker/training/", "engine/worker/runtime/rank_", quick=1)
@pytest.mark.parametrize(
    ("methods", "count"),
    [(TRAINING[part::3], count) for count in (2, 4) for part in range(3)],
)
def test_ranks_train_what_one_trains(tmp_path, recipe_of, methods, count):
    recipes = list(map(recipe_of, methods))
    alone = list(map(train, recipes))
    with rank_joining.started(count, tmp_path / "ranks", print):
        together = list(map(train, recipes))
    for each, (losses, trained), (shared_losses, shared) in zip(methods, alone, together, strict=True):
        assert shared_losses == pytest.approx(losses, rel=1e-5), each.id
        for name, parameter in trained.items():
            if "c_attn" not in name:
                # The bias of keys changes no attention: its gradient is rounding alone, which an optimizer makes more
                # of.
                differ = (parameter - shared[name]).abs() > 1e-5
                assert float(differ.float().mean()) < 0.001, (each.id, name)


def stopped(monkeypatch, matches, function, *given):
    with monkeypatch.context() as patch:
        on_event(patch, matches, request_stop)
        return function(*given)


def at_step(step):
    return lambda event, facts: (event, facts.get("step")) == ("step_finished", step)


@pytest.mark.slow(
    "engine/system/ranks",
    "engine/worker/evaluation/",
    "engine/worker/generation/",
    "engine/worker/runtime/rank_",
)
def test_two_ranks_score_and_summarise_as_one_does(tmp_path, in_two):
    scored = ("evaluation.examples=0", "evaluation.general_text=auto")
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.epochs=1", "training.learning_rate=1e-9", *scored)
    found = []
    for way in (in_two, lambda function, *given: function(*given)):
        shutil.rmtree(results_folder(), ignore_errors=True)
        _, events = way(train_in_process, recipe)
        assert events[-1]["outcome"] == "completed"
        written = [event["summary"] for event in events_named(events, "sample_made")]
        evaluated = events_named(events, "evaluated")
        losses = [event["loss"] for event in evaluated if event["loss"] is not None]
        found.append((written, [event["scores"] for event in evaluated], losses))
    (summaries, scores, losses), (expected, expected_scores, expected_losses) = found
    assert (summaries, scores) == (expected, expected_scores)
    assert losses == pytest.approx(expected_losses, rel=1e-5)


SHARDED = ("training.epochs=1", "training.learning_rate=0.001", "training.activation_checkpointing=true")


@pytest.fixture
def held(monkeypatch):
    """Return a list that gets the part of the blocks' weights that this rank holds, once they are sharded."""
    found = []

    def shard(base, *given):
        stock(base, *given)
        parts = [each for each in base.model.parameters() if isinstance(each, DTensor)]
        found.append(sum(each.to_local().numel() for each in parts) / sum(each.numel() for each in parts))

    stock = rank_models.shard
    monkeypatch.setattr(rank_models, "shard", shard)
    return found


# T5's blocks hand a view of the attention's bias on, which nobody changes.
@pytest.mark.filterwarnings("ignore:FSDP2-wrapped module")
@pytest.mark.slow("engine/system/ranks", "engine/worker/training/", "engine/worker/runtime/rank_")
@pytest.mark.parametrize(("kind", "method"), [("llama", "prompt_tuning"), ("t5", "bottleneck")])
def test_ranks_that_share_a_base_in_four_bits_compute_the_same(tmp_path, in_two, held, kind, method):
    fixed = [*SHARDED, "base_model.quantization=nf4", "training.micro_batch_tokens=150"]
    _, whole = in_two(train_in_process, tiny_recipe(tmp_path, kind, method, *fixed))
    shutil.rmtree(results_folder())
    _, sharded = in_two(train_in_process, tiny_recipe(tmp_path, kind, method, *fixed, "training.shard=true"))
    assert [each[-1]["outcome"] for each in (whole, sharded)] == ["completed", "completed"]
    assert held == [pytest.approx(0.5, abs=0.05)]
    one, other = weights(whole), weights(sharded)
    assert all(torch.allclose(one[name], other[name], atol=1e-5) for name in one)
    written = [[event["summary"] for event in events_named(each, "sample_made")] for each in (whole, sharded)]
    assert written[0] == written[1]
    [here], [there] = (events_named(each, "run_started") for each in (whole, sharded))
    assert (here["all_parameters"], here["sharded"]) == (there["all_parameters"], not there["sharded"])


@pytest.mark.slow("engine/worker/training/", "engine/system/ranks", "engine/worker/runtime/rank_")
def test_a_sharded_base_model_that_is_only_prompted_is_scored_as_a_whole_one(tmp_path, in_two, held):
    _, whole = train_in_process(tiny_recipe(tmp_path, "llama", "prompt_only"))
    shutil.rmtree(results_folder())
    _, sharded = in_two(
        train_in_process, tiny_recipe(tmp_path, "llama", "prompt_only", "training.shard=true")
    )
    summaries = [
        [event["summary"] for event in events_named(each, "sample_made")] for each in (whole, sharded)
    ]
    assert (len(held), summaries[0]) == (1, summaries[1])


@pytest.mark.slow("engine/system/ranks", "engine/worker/training/", "engine/worker/runtime/rank_")
def test_a_run_goes_on_to_the_same_bits_in_as_many_ranks_and_also_in_others(tmp_path, in_two, monkeypatch):
    """With dropout. The method has a state of its own, and adds to the loss."""
    # Nothing tells the language in a process of its own, which would keep the job's lock for a moment.
    recipe = tiny_recipe(tmp_path, "t5", "adalora", "training.epochs=1", "evaluation.language=en")
    _, uninterrupted = in_two(train_in_process, recipe)
    [started] = events_named(uninterrupted, "run_started")
    assert (started["processes"], started["replicas"]) == (2, 2)
    job, first = in_two(stopped, monkeypatch, at_step(1), train_in_process, recipe)
    copy = run_store.create_run(recipe)
    shutil.copytree(job.folder / "checkpoint-1", copy.folder / "checkpoint-1")
    resumed, alone = in_two(run_in_process, job), run_in_process(copy)
    assert [each[-1]["outcome"] for each in (first, resumed, alone)] == ["stopped", "completed", "completed"]
    assert events_named(resumed, "run_resumed")[0]["step"] == 1
    assert same_bits(weights(resumed), weights(uninterrupted))
    messages = [[event["message"] for event in events_named(each, "notice")] for each in (resumed, alone)]
    told = [any("continues in 1 process instead of 2" in message for message in each) for each in messages]
    assert told == [False, True]
    assert not (job.folder / "ranks").exists()


def test_what_fails_in_another_rank_is_the_runs_and_names_it(tmp_path, in_two, monkeypatch):
    share = token_cache.share
    monkeypatch.setattr(token_cache, "share", lambda *given: f"absent-{share(*given)}")
    _, events = in_two(train_in_process, tiny_recipe(tmp_path, "t5"))
    assert (events[-1]["outcome"], "Rank 1: " in events[-1]["message"]) == ("failed", True)
    assert "that all computers share" in events[-1]["hint"]


def test_a_rank_that_hangs_ends_the_run_once_torch_has_waited_for_it(tmp_path, recipe_of):
    def hang():
        with rank_joining.started(2, tmp_path / "ranks", print) as group:
            psutil.Process(group.peers[0].pid).suspend()
            distributed_c10d._set_pg_timeout(timedelta(seconds=1))
            rank_models.load(recipe_of(TRAINING[0]), make_channel("inspect"))

    with pytest.raises(ProcessLostError, match="The ranks lost their connection"):
        hang()


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_rank_without_memory_ends_the_run_for_lack_of_it(tmp_path, monkeypatch, is_killed):
    folder = tmp_path / "ranks"

    def lose_it():
        with rank_joining.started(2, folder, print) as group:
            if is_killed:
                monkeypatch.setattr(processes, "memory_kills", lambda: 1 << 40)
                psutil.Process(group.peers[0].pid).kill()
            else:
                rank_group.tell_failure(Folder(folder), 1, MemoryError("Unable to allocate 1 GiB"))
            while True:
                group.check()
                time.sleep(0.01)

    expected = oom.ProcessKilled if is_killed else MemoryError
    with pytest.raises(expected, match=r"Rank 1.*(was killed for lack of memory|allocate 1 GiB)"):
        lose_it()


def test_a_run_whose_libraries_wait_for_a_lost_rank_ends_all_the_same(tmp_path, monkeypatch):
    """As NCCL does, and gloo for a rank of another computer: here nothing looks at the connection."""
    monkeypatch.setattr(rank_group, "STUCK_SECONDS", 0.1)
    said = Queue()

    def lose_it():
        with rank_joining.started(2, tmp_path / "ranks", said.put) as group:
            psutil.Process(group.peers[0].pid).kill()
            said.get()
            group.check()

    with pytest.raises(ProcessLostError, match="Rank 1"):
        lose_it()


def started(job, **environment):
    return subprocess.Popen(worker_command(job.folder), env=os.environ | environment)


def wait_for(job, worker, event):
    while not any(each["event"] == event for each in read_all(job.events_path)):
        assert worker.poll() is None
        time.sleep(0.05)


def is_rank(process):
    with suppress(psutil.Error):
        return "--rank" in process.cmdline()


def long_run(tmp_path, *overrides):
    return run_store.create_run(
        tiny_recipe(
            tmp_path, "t5", "lora", "training.epochs=1000", "training.evaluate_every=1000", *overrides
        )
    )


@pytest.mark.slow("engine/system/ranks", "engine/worker/training/", "engine/worker/runtime/rank_")
def test_a_rank_that_is_killed_ends_the_run_which_can_be_resumed(tmp_path):
    job = long_run(tmp_path)
    worker = started(job, **{ranks.COUNT: "2"})
    wait_for(job, worker, "step_finished")
    [other] = filter(is_rank, psutil.Process(worker.pid).children())
    other.kill()
    assert worker.wait() == 0
    *_, ended = events = list(read_all(job.events_path))
    assert (ended["outcome"], ended["kind"]) == ("failed", "ProcessLostError")
    assert "Rank 1" in ended["message"]
    # No step before it is lost.
    assert run_store.last_step(job) == events_named(events, "step_finished")[-1]["step"]


@pytest.mark.slow("engine/system/ranks", "engine/worker/training/", "engine/worker/runtime/rank_")
def test_ranks_of_accelerate_launch_for_fsdp_train_one_sharded_run(tmp_path):
    """The variables are those that `accelerate launch --use_fsdp` sets, whose version is 1 unless it is chosen."""
    (tmp_path / "temporary").mkdir()
    fsdp = {"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "1", "FSDP_CPU_RAM_EFFICIENT_LOADING": "true"}
    common = fsdp | {"TMPDIR": str(tmp_path / "temporary")}
    # On one computer the port is a name alone.
    job, port = long_run(tmp_path), 29_500
    first = started(job, **common, **rank_variables(0, 2, port))
    other = subprocess.Popen(worker_command(), env=os.environ | common | rank_variables(1, 2, port))
    wait_for(job, first, "step_finished")
    # Whether the run stops, rank 0 decides.
    other.terminate()
    first.terminate()
    assert (first.wait(), other.wait()) == (0, 0)

    events = list(read_all(job.events_path))
    [run_started] = events_named(events, "run_started")
    assert (run_started["processes"], run_started["sharded"], events[-1]["outcome"]) == (2, True, "stopped")
    assert any("Version 1 of FSDP" in event["message"] for event in events_named(events, "notice"))
    assert run_store.last_step(job) == events_named(events, "step_finished")[-1]["step"]
    # Nothing that they sent each other is left.
    assert not list((tmp_path / "temporary").rglob("*ranks*"))
    assert not (job.folder / "ranks").exists()
