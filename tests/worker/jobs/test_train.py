import json
import os
import tempfile
from typing import Any

import pytest
import torch
from peft import PeftModel
from torch import nn
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

import engine.worker.adapters.tuners  # noqa: F401 - registers our own with PEFT
from engine.adapters import library
from engine.adapters.import_checks import weight_shapes
from engine.adapters.metadata import FILE_NAME
from engine.config import automatic
from engine.runs import run_store
from engine.system import paths
from engine.worker.planning.planner import Planner
from engine.worker.runtime import devices
from tests.helpers.systems import modes
from tests.helpers.tiny_models import tiny_model
from tests.helpers.tiny_runs import (
    adapter_of,
    completed,
    events_named,
    on_event,
    request_stop,
    run_in_process,
    send_now,
    stopped_after,
    tiny_recipe,
    train_in_process,
    weights,
)
from tests.helpers.worker_setup import make_channel

pytestmark = pytest.mark.torch

# What each method does on each kind of base is proven in tests/proof. Here one of each sort is a whole run, and one of
# each kind of base.
WHOLE_RUNS = [("t5", "lora"), ("bart", "bottleneck"), ("llama", "full"), ("gpt2", "lora")]


@pytest.mark.slow("engine/worker/adapters/", "engine/worker/modeling/", "engine/worker/training/", quick=2)
@pytest.mark.parametrize(("kind", "method"), WHOLE_RUNS)
def test_a_run_lowers_the_loss_and_plain_peft_writes_with_its_adapter_what_it_showed(tmp_path, kind, method):
    recipe = tiny_recipe(tmp_path, kind, method, "training.keep=last")
    job, events = completed(recipe)

    assert events[-1]["event"] == "job_ended"
    losses = [event["loss"] for event in events_named(events, "step_finished")]
    started = events_named(events, "run_started")[0]
    assert len(losses) == started["total_steps"] == 6
    copies = 0 if method == "full" else started["trainable_parameters"]
    assert started["base_parameters"] == started["all_parameters"] - copies
    # What was planned is told with the run, for a window that made no plan of it.
    assert started["adapter_bytes"] == pytest.approx(
        events_named(events, "adapter_saved")[0]["bytes"], rel=0.5
    )
    assert started["memory_bytes"] == sum(started["memory"].values()) > started["adapter_bytes"]
    validation = [
        event["loss"] for event in events_named(events, "evaluated") if event["split"] == "validation"
    ]
    assert validation[-1] < validation[0]
    card = adapter_of(events).metadata.score_card
    assert card.base.keys() == card.scores.keys() == card.difference.keys()
    assert run_store.open_run(job).state.tuned_scores is not None
    # What a checkpoint needs to become an adapter.
    for folder in run_store.checkpoints(job):
        assert (folder / FILE_NAME).exists()
        assert weight_shapes(folder / library.WEIGHTS_NAME)
    shown = [event for event in events_named(events, "sample_made") if event["step"] == 6]
    assert [sample["summary"].strip() for sample in shown] == written_by_plain_peft(
        kind, adapter_of(events), [told(recipe, sample) for sample in shown]
    )


def told(recipe, sample):
    return recipe.data.prompt.replace("{conversation}", sample["conversation"])


def written_by_plain_peft(kind, adapter, prompts):
    two_stacks = kind in {"t5", "t5-tied", "bart"}
    loader = AutoModelForSeq2SeqLM if two_stacks else AutoModelForCausalLM
    base = loader.from_pretrained(tiny_model(kind))
    model = PeftModel.from_pretrained(base, adapter.folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny_model(kind))
    pad = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    # As the run decodes, whatever the model's own configuration says.
    greedy = {
        "max_new_tokens": 8, "max_length": None, "do_sample": False, "num_beams": 1, "min_length": 0,
        "no_repeat_ngram_size": 0, "early_stopping": False, "forced_eos_token_id": None, "pad_token_id": pad,
    }  # fmt: skip
    summaries = []
    for prompt in prompts:
        inputs = tokenizer(prompt, return_tensors="pt")
        if not two_stacks and inputs["input_ids"][0, -1] == tokenizer.eos_token_id:
            inputs = {name: tensor[:, :-1] for name, tensor in inputs.items()}
        written = model.generate(**inputs, **greedy)[0]
        own = written if two_stacks else written[inputs["input_ids"].shape[1] :]
        summaries.append(tokenizer.decode(own, skip_special_tokens=True).strip())
    return summaries


@pytest.mark.slow("engine/worker/training/", "engine/worker/adapters/method_hooks/", quick=1)
@pytest.mark.parametrize("method", ["lora", "adalora"])
def test_a_run_stopped_before_an_evaluation_makes_up_for_it(tmp_path, monkeypatch, reference_run, method):
    recipe = tiny_recipe(tmp_path, "t5", method, "training.log_every=1")
    whole = reference_run(method)
    evaluated = [each["step"] for each in events_named(whole.events, "evaluated")]
    step = next(each for each in evaluated if 0 < each < max(evaluated))

    job, events = stopped_after(recipe, step)
    assert adapter_of(events).metadata.training.stopped
    assert step not in [each["step"] for each in events_named(events, "evaluated")]
    _, resumed = completed(job)

    assert events_named(resumed, "run_resumed")[0]["step"] == step
    assert weights(resumed) == whole.weights
    told = ("step", "loss", "learning_rate", "gradient_norm")
    assert [[event[key] for key in told] for event in events_named(resumed, "step_finished")] == [
        [event[key] for key in told] for event in events_named(whole.events, "step_finished")[step:]
    ]
    assert run_store.open_run(job).state.loss == whole.loss

    def losses(events):
        return {
            each["step"]: each["loss"] for each in events_named(events, "evaluated") if each["step"] >= step
        }

    assert losses(resumed) == losses(whole.events)


@pytest.mark.slow("engine/worker/training/")
def test_a_step_given_up_in_its_middle_is_done_again_the_same(tmp_path, monkeypatch):
    steps = ("training.micro_batch_tokens=200", "training.max_steps=4", "training.checkpoint_every=2")
    recipe = tiny_recipe(tmp_path, "t5", "lora", *steps)
    _, uninterrupted = train_in_process(recipe)
    job = run_store.create_run(recipe)
    # Within an epoch, and at the start of one.
    for done in (1, 3):
        with monkeypatch.context() as patch:
            stop_in_step(patch, done)
            events = run_in_process(job)
        assert events[-1]["outcome"] == "stopped"
    resumed = run_in_process(job)
    assert events_named(events, "run_resumed")[0]["step"] == 1
    assert events_named(resumed, "run_resumed")[0]["step"] == 3
    assert weights(resumed) == weights(uninterrupted)


def stop_in_step(patch, number):
    """Stop a run before the second micro-batch of a step, counted from 0."""
    from engine.worker.training import training_loop

    take, asked = training_loop.train_step, []

    def stopped(state, batch, step, should_abort):
        def stops():
            asked.append(step)
            should_abort.__self__._channel.stopping = asked.count(number) == 2
            return should_abort()

        return take(state, batch, step, stops)

    patch.setattr(training_loop, "train_step", stopped)


def test_a_worker_that_dies_goes_on_from_its_last_sound_checkpoint(tmp_path, monkeypatch, reference_run):
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.checkpoint_every=2")
    with monkeypatch.context() as patch:
        on_event(patch, lambda event, facts: event == "step_finished" and facts["step"] == 5, die)
        job = run_store.create_run(recipe)
        with pytest.raises(Death):
            run_here_unguarded(patch, job)
    assert run_store.open_run(job).outcome == "crashed"
    newest = run_store.checkpoints(job)[-1]
    with (newest / "optimizer.pt").open("r+b") as stream:
        stream.seek(100)
        stream.write(b"damage")
    resumed = run_in_process(job)
    assert any(newest.name in event["message"] for event in events_named(resumed, "notice"))
    assert events_named(resumed, "run_resumed")[0]["step"] == 2
    assert weights(resumed) == reference_run("lora").weights


class Death(Exception):
    """What a kill looks like from inside: nothing after it is done."""


def die(_channel):
    raise Death


def run_here_unguarded(patch, job):
    """Do a job without the worker's last words."""
    from engine.worker import __main__ as worker

    patch.setattr(worker, "known_trouble", raise_again)
    return run_in_process(job)


def raise_again(error, *_):
    raise error


# What another program may have written among a run's events.
STRANGE = (
    {"event": "adapter_saved", "adapter": 3},
    {"event": "job_ended"},
    {"event": "job_ended", "outcome": ["completed"]},
    {"event": "job_ended", "outcome": None},
)


def test_a_completed_run_asked_again_says_the_same_and_trains_nothing_nor_does_another_encode(tmp_path):
    job, events = train_in_process(tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=1"))
    before = weights(events)
    with job.events_path.open("a", encoding="utf-8") as stream:
        stream.writelines(json.dumps({"v": 1, "time": 1.0, "attempt": 1, **told}) + "\n" for told in STRANGE)
    again = run_in_process(job)
    assert [event["event"] for event in again] == ["job_accepted", "adapter_saved", "job_ended"]
    assert again[-1]["outcome"] == "completed"
    assert weights(again) == before
    other = tiny_recipe(tmp_path, "t5", "lora", "training.seed=7", "training.max_steps=1")
    assert encoded(events)
    assert not encoded(train_in_process(other)[1])


def encoded(events):
    return [event for event in events_named(events, "stage_progressed") if event["unit"] == "examples"]


def test_micro_batches_change_no_loss_and_no_gradient(tmp_path):
    short = ("method.dropout=0", "training.max_steps=2")
    whole = train_in_process(tiny_recipe(tmp_path, "llama", "lora", *short))[1]
    parts = train_in_process(
        tiny_recipe(tmp_path, "llama", "lora", *short, "training.micro_batch_tokens=100")
    )[1]
    for one, other in zip(
        events_named(whole, "step_finished"), events_named(parts, "step_finished"), strict=True
    ):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-5)
        assert one["gradient_norm"] == pytest.approx(other["gradient_norm"], rel=1e-4)


def test_patience_ends_a_run_that_no_longer_gains_and_its_best_state_is_kept(tmp_path):
    overrides = (
        "training.learning_rate=5.0", "training.evaluate_every=1", "training.early_stopping_patience=2",
    )  # fmt: skip
    job, events = completed(tiny_recipe(tmp_path, "t5", "full", "training.epochs=20", *overrides))
    losses = {
        event["step"]: event["loss"]
        for event in events_named(events, "evaluated")
        if event["split"] == "validation" and event["of"] != "base"
    }
    assert len(events_named(events, "step_finished")) < 60
    assert any(
        "without a better validation loss" in event["message"] for event in events_named(events, "notice")
    )
    best = min(losses, key=lambda step: losses[step])
    assert best < max(losses)
    assert adapter_of(events).metadata.training.step == best
    assert (job.folder / f"best-{best}").is_dir()
    assert len(list(job.folder.glob("best-*"))) <= 3  # one for each of two checkpoints, and the best


def test_a_run_whose_length_the_data_decide_is_as_long_as_planned(tmp_path, monkeypatch):
    monkeypatch.setattr(automatic, "ENOUGH_STEPS", 20)
    few = ("data.max_train=4", "data.max_validation=2", "data.max_test=2", "training.batch_size=2")
    recipe = tiny_recipe(
        tmp_path, "llama", "lora", "training.epochs=0", "training.evaluate_summaries=0", *few
    )
    planned = Planner(make_channel("plan")).plan(recipe)
    job, events = completed(recipe)
    [started] = events_named(events, "run_started")
    assert started["total_steps"] == planned["steps"] == len(events_named(events, "step_finished")) == 20
    evaluated = {
        event["step"] for event in events_named(events, "evaluated") if event["split"] == "validation"
    }
    assert sorted(evaluated) == [0, *range(2, 21, 2)]
    assert run_store.open_run(job).recipe.training.epochs == 0


def test_pause_holds_a_run_until_it_may_go_on_or_its_window_leaves(tmp_path, monkeypatch):
    pauses = []

    def pause(channel):
        # Read together, they let it go on.
        send_now(channel, *(["pause"] if pauses else ["pause", "save_checkpoint", "continue"]))

    def go_on(channel):
        pauses.append(channel)
        if len(pauses) == 2:
            channel.job.send("continue")
        elif len(pauses) == 3:
            monkeypatch.setattr(channel, "pending_commands", lambda: leave(channel))

    def leave(channel):
        channel.window_gone = True
        return []

    on_event(monkeypatch, lambda event, _: event == "step_finished", pause)
    on_event(monkeypatch, lambda event, _: event == "run_paused", go_on)
    _, events = completed(tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=3", "training.log_every=1"))

    names = [event["event"] for event in events]
    paused = [place for place, name in enumerate(names) if name == "run_paused"]
    assert len(paused) == 3
    assert [names[place + 1] for place in paused] == ["run_continued"] * 3
    assert events_named(events, "checkpoint_saved")[0]["step"] == 1


def test_a_run_without_a_checkpoint_begins_again_and_says_so(tmp_path, monkeypatch):
    recipe = tiny_recipe(tmp_path, "t5")
    with monkeypatch.context() as patch:
        on_event(patch, lambda event, facts: event == "step_finished" and facts["step"] == 2, die)
        job = run_store.create_run(recipe)
        with pytest.raises(Death):
            run_here_unguarded(patch, job)
    resumed = run_in_process(job)
    assert events_named(resumed, "run_resumed")[0]["step"] == 0
    assert list(run_store.open_run(job).state.loss.steps) == [1, 2, 3, 4, 5, 6]


def test_stopping_before_the_first_step_leaves_no_adapter(tmp_path, monkeypatch):
    on_event(
        monkeypatch,
        lambda event, facts: event == "stage_entered" and facts["stage"] == "read_data",
        request_stop,
    )
    job, events = train_in_process(tiny_recipe(tmp_path, "t5"))
    assert events[-1]["outcome"] == "stopped"
    assert library.scan() == ([], [])
    assert not run_store.checkpoints(job)


def test_a_pause_that_frees_the_device_goes_on_to_the_same_bits(tmp_path, monkeypatch, reference_run):
    job = run_store.create_run(tiny_recipe(tmp_path, "t5"))
    # First at once, then of a run that holds already.
    for step, ask in ((2, ask_to_free), (4, lambda channel: send_now(channel, "pause"))):
        with monkeypatch.context() as patch:
            on_event(
                patch, lambda event, facts, step=step: event == "step_finished" and facts["step"] == step, ask
            )
            on_event(
                patch, lambda event, facts: event == "run_paused" and "frees_device" not in facts, ask_to_free
            )
            events = run_in_process(job)
        assert [event["event"] for event in events[-3:]] == ["checkpoint_saved", "run_paused", "job_ended"]
        assert events[-1]["outcome"] == "stopped"
        assert not events_named(events, "adapter_saved")
        assert run_store.open_run(job).state.device_released
    _, resumed = completed(job)
    assert not run_store.open_run(job).state.device_released
    assert weights(resumed) == reference_run("lora").weights


def ask_to_free(channel):
    send_now(channel, "pause", free_device=True)


class AcceleratorError(RuntimeError):
    """As torch names what a card reports."""


def fall_off(_: Any) -> None:
    """Fail as the next operation on a card that is gone."""
    raise AcceleratorError(
        "CUDA error: unspecified launch failure\nCUDA kernel errors might be reported later."
    )


def test_a_card_that_falls_off_ends_the_run_by_name_and_resume_goes_on(tmp_path, monkeypatch):
    # Two cards never become data parallel, and who else uses one is told.
    made: list[Any] = []
    monkeypatch.setattr(nn.DataParallel, "__init__", lambda *model, **_: made.append(model))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    notice = {"message": "Other programs are using cuda:0.", "hint": "End them.", "level": "warning"}
    monkeypatch.setattr(devices, "notices", lambda _: [notice])
    recipe = tiny_recipe(
        tmp_path, "llama", "lora", "training.checkpoint_every=2", "training.log_every=1",
        "training.max_steps=4",
    )  # fmt: skip
    with monkeypatch.context() as patch:
        on_event(patch, lambda event, facts: event == "step_finished" and facts["step"] == 3, fall_off)
        job, events = train_in_process(recipe)

    ended = events[-1]
    assert (ended["outcome"], ended["kind"], ended["field"]) == ("failed", "DeviceError", "training.device")
    assert ended["message"] == "The GPU stopped responding: CUDA error: unspecified launch failure."
    assert "Resume continues from the last checkpoint." in ended["hint"]
    assert "memory_exceeded" not in {event["event"] for event in events}
    assert notice["message"] in {event["message"] for event in events_named(events, "notice")}
    assert run_store.last_step(job) == 2

    _, resumed = completed(job)
    assert weights(resumed) == weights(train_in_process(recipe)[1])
    assert made == []


def test_a_user_may_have_any_name(tmp_path, monkeypatch):
    home = tmp_path / "Jürgen O'Müller 🦙 名前"
    monkeypatch.setenv(paths.HOME, str(home / "tunesmith"))
    _, events = completed(tiny_recipe(home / "my data", "t5", "lora"))
    adapter = library.delete(adapter_of(events))
    assert library.restore_adapter(adapter).changed_files() == []


@modes
def test_a_run_keeps_its_files_to_this_user(tmp_path, monkeypatch):
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=1", "evaluation.examples=1")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    before = os.umask(0)
    try:
        job, events = train_in_process(recipe)
    finally:
        os.umask(before)
    assert events[-1]["outcome"] == "completed"
    assert list(temporary.iterdir()) == []
    private = (
        job.folder, job.commands_folder, paths.runs_folder(), paths.adapters_folder(), paths.cache_folder(),
    )  # fmt: skip
    assert {folder.stat().st_mode & 0o777 for folder in private} == {0o700}
