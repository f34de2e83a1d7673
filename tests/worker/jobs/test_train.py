"""A run from recipe to adapter, on tiny models, for real."""

import threading

import pytest
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

from engine.adapters import library
from engine.adapters.metadata import FILE_NAME
from engine.jobs.events import read_all
from engine.runs import run_store
from engine.worker.adapters import tuners
from engine.worker.planning.planner import Planner
from tests.helpers.tiny_models import KINDS, tiny_model
from tests.helpers.tiny_runs import (
    adapter_of,
    events_named,
    on_event,
    request_stop,
    run_in_process,
    send_now,
    tiny_recipe,
    train_in_process,
)
from tests.helpers.worker_setup import make_channel

pytestmark = pytest.mark.torch

# What each method does on each kind of base is proven in tests/proof. Here one of each sort is a whole run on a base of
# each family, and LoRA on the others.
SORTS = ("lora", "bottleneck", "full")
WHOLE_RUNS = [
    (kind, method) for kind in KINDS for method in (SORTS if kind in {"t5", "llama"} else SORTS[:1])
]


def weights(adapter):
    return (adapter.folder / library.WEIGHTS_NAME).read_bytes()


@pytest.mark.parametrize(("kind", "method"), WHOLE_RUNS)
@pytest.mark.filterwarnings("ignore::FutureWarning")  # PEFT's own, of transformers' words
def test_a_run_lowers_the_loss_and_plain_peft_writes_with_its_adapter_what_it_showed(tmp_path, kind, method):
    recipe = tiny_recipe(tmp_path, kind, method, "training.keep=last")
    job, events = train_in_process(recipe)

    assert events[-1]["event"] == "job_ended", events[-1]
    assert events[-1]["outcome"] == "completed", events[-1]
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
    assert tuners.SelectiveModel is not None  # registered with PEFT by the import above
    model = PeftModel.from_pretrained(base, adapter.folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny_model(kind))
    pad = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    # As the run decodes, whatever the model's own configuration says.
    greedy = {
        "max_new_tokens": 8,
        "max_length": None,
        "do_sample": False,
        "num_beams": 1,
        "min_length": 0,
        "no_repeat_ngram_size": 0,
        "early_stopping": False,
        "forced_eos_token_id": None,
        "pad_token_id": pad,
    }
    summaries = []
    for prompt in prompts:
        inputs = tokenizer(prompt, return_tensors="pt")
        if not two_stacks and inputs["input_ids"][0, -1] == tokenizer.eos_token_id:
            inputs = {name: tensor[:, :-1] for name, tensor in inputs.items()}
        written = model.generate(**inputs, **greedy)[0]
        own = written if two_stacks else written[inputs["input_ids"].shape[1] :]
        summaries.append(tokenizer.decode(own, skip_special_tokens=True).strip())
    return summaries


def test_lora_learns_on_a_base_in_the_4_bits_that_the_proof_leaves_out(tmp_path):
    recipe = tiny_recipe(tmp_path, "llama", "lora", "base_model.quantization=fp4")
    _, events = train_in_process(recipe)

    assert events[-1]["outcome"] == "completed", events[-1]
    started = events_named(events, "run_started")[0]
    assert started["base_parameters"] == started["all_parameters"] - started["trainable_parameters"]
    validation = [
        event["loss"] for event in events_named(events, "evaluated") if event["split"] == "validation"
    ]
    assert validation[-1] < validation[0]


@pytest.mark.parametrize(
    ("method", "step"), [("lora", 1), ("lora", 4), ("full", 3), ("p_tuning", 3), ("adalora", 3)]
)
def test_a_stopped_run_goes_on_to_the_same_bits(tmp_path, monkeypatch, reference_run, method, step):
    recipe = tiny_recipe(tmp_path, "t5", method, "training.log_every=1")
    whole = reference_run(method)

    with monkeypatch.context() as patch:
        on_event(patch, lambda event, facts: event == "step_finished" and facts["step"] == step, request_stop)
        job, events = train_in_process(recipe)
    assert events[-1]["outcome"] == "stopped"
    assert adapter_of(events).metadata.training.stopped
    resumed = run_in_process(job)

    assert resumed[-1]["outcome"] == "completed", resumed[-1]
    assert events_named(resumed, "run_resumed")[0]["step"] == step
    assert weights(adapter_of(resumed)) == whole.weights
    told = ("step", "loss", "learning_rate", "gradient_norm")
    assert [[event[key] for key in told] for event in events_named(resumed, "step_finished")] == [
        [event[key] for key in told] for event in events_named(whole.events, "step_finished")[step:]
    ]
    assert run_store.open_run(job).state.loss == whole.loss


def test_an_evaluation_that_a_stop_cut_short_is_made_up_for(tmp_path, monkeypatch, reference_run):
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.log_every=1")
    whole = reference_run("lora").events
    evaluated = [each["step"] for each in events_named(whole, "evaluated")]
    step = next(each for each in evaluated if 0 < each < max(evaluated))

    with monkeypatch.context() as patch:
        on_event(patch, lambda event, facts: event == "step_finished" and facts["step"] == step, request_stop)
        job, stopped = train_in_process(recipe)
    assert step not in [each["step"] for each in events_named(stopped, "evaluated")]
    resumed = run_in_process(job)

    def losses(events):
        return {
            each["step"]: each["loss"] for each in events_named(events, "evaluated") if each["step"] >= step
        }

    assert losses(resumed) == losses(whole)


def test_a_step_given_up_in_its_middle_is_done_again_the_same(tmp_path, monkeypatch):
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.micro_batch_tokens=200")
    _, uninterrupted = train_in_process(recipe)

    with monkeypatch.context() as patch:
        stop_in_micro_batch(patch, number=9)
        job, events = train_in_process(recipe)
    assert events[-1]["outcome"] == "stopped"
    resumed = run_in_process(job)

    assert 0 < events_named(resumed, "run_resumed")[0]["step"] < 6
    assert weights(adapter_of(resumed)) == weights(adapter_of(uninterrupted))


def stop_in_micro_batch(patch, number):
    from engine.worker.training import training_loop

    take, seen = training_loop.train_step, []

    def counted(state, batch, step, should_abort):
        def stops():
            seen.append(step)
            should_abort.__self__._channel.stopping = len(seen) == number
            return should_abort()

        return take(state, batch, step, stops)

    patch.setattr(training_loop, "train_step", counted)


def test_a_worker_that_dies_without_a_word_goes_on_from_its_checkpoint(tmp_path, monkeypatch, reference_run):
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.checkpoint_every=2")

    with monkeypatch.context() as patch:
        on_event(patch, lambda event, facts: event == "step_finished" and facts["step"] == 5, die)
        job = run_store.create_run(recipe)
        with pytest.raises(Death):
            run_here_unguarded(patch, job)
    assert run_store.open_run(job).outcome == "crashed"
    resumed = run_in_process(job)

    assert events_named(resumed, "run_resumed")[0]["step"] == 4
    assert weights(adapter_of(resumed)) == reference_run("lora").weights


class Death(Exception):
    """What a kill looks like from inside: nothing after it is done."""


def die(_channel):
    raise Death


def run_here_unguarded(patch, job):
    """Do a job without the worker's last words."""
    from engine.worker import __main__ as worker

    patch.setattr(worker, "_known", raise_again)
    return run_in_process(job)


def raise_again(error, *_):
    raise error


def test_a_damaged_checkpoint_is_skipped_with_a_notice(tmp_path, monkeypatch):
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.checkpoint_every=2")
    with monkeypatch.context() as patch:
        on_event(patch, lambda event, facts: event == "step_finished" and facts["step"] == 5, request_stop)
        job, _ = train_in_process(recipe)
    newest = run_store.checkpoints(job)[-1]
    with (newest / "optimizer.pt").open("r+b") as stream:
        stream.seek(100)
        stream.write(b"damage")

    resumed = run_in_process(job)

    assert any(newest.name in event["message"] for event in events_named(resumed, "notice"))
    assert events_named(resumed, "run_resumed")[0]["step"] == 4
    assert resumed[-1]["outcome"] == "completed"


def test_a_completed_run_asked_again_says_the_same_and_trains_nothing(tmp_path):
    job, events = train_in_process(tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=1"))
    before = weights(adapter_of(events))

    again = run_in_process(job)

    assert [event["event"] for event in again] == ["job_accepted", "adapter_saved", "job_ended"]
    assert again[-1]["outcome"] == "completed"
    assert weights(adapter_of(again)) == before


def test_a_second_run_on_the_same_data_encodes_nothing_again(tmp_path):
    first = train_in_process(tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=1"))[1]
    second = train_in_process(tiny_recipe(tmp_path, "t5", "lora", "training.seed=7", "training.max_steps=1"))[
        1
    ]

    def encoded(events):
        return [event for event in events_named(events, "stage_progressed") if event["unit"] == "examples"]

    assert encoded(first)
    assert not encoded(second)
    assert second[-1]["outcome"] == "completed"


def test_micro_batches_change_no_loss_and_no_gradient(tmp_path):
    whole = train_in_process(tiny_recipe(tmp_path, "llama", "lora", "method.dropout=0"))[1]
    parts = train_in_process(
        tiny_recipe(tmp_path, "llama", "lora", "method.dropout=0", "training.micro_batch_tokens=100")
    )[1]

    for one, other in zip(
        events_named(whole, "step_finished"), events_named(parts, "step_finished"), strict=True
    ):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-5)
        assert one["gradient_norm"] == pytest.approx(other["gradient_norm"], rel=1e-4)


def test_the_best_state_is_kept_when_later_ones_are_worse(tmp_path):
    recipe = tiny_recipe(tmp_path, "t5", "full", "training.learning_rate=0.5", "training.evaluate_every=1")
    job, events = train_in_process(recipe)
    losses = {
        event["step"]: event["loss"]
        for event in events_named(events, "evaluated")
        if event["split"] == "validation" and event["of"] != "base"
    }

    best = min(losses, key=lambda step: losses[step])
    assert adapter_of(events).metadata.training.step == best
    assert (job.folder / f"best-{best}").is_dir()
    assert len(list(job.folder.glob("best-*"))) <= 3  # one for each of two checkpoints, and the best


def test_patience_ends_a_run_that_no_longer_gains(tmp_path):
    overrides = (
        "training.learning_rate=5.0",
        "training.evaluate_every=1",
        "training.early_stopping_patience=2",
    )
    _, events = train_in_process(tiny_recipe(tmp_path, "t5", "full", "training.epochs=20", *overrides))

    assert events[-1]["outcome"] == "completed", events[-1]
    assert len(events_named(events, "step_finished")) < 60
    assert any(
        "without a better validation loss" in event["message"] for event in events_named(events, "notice")
    )


def test_a_run_that_leaves_its_length_to_the_data_is_as_long_as_its_plan_said_and_evaluated_ten_times(
    tmp_path,
):
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.epochs=0", "training.evaluate_summaries=0")
    planned = Planner(make_channel("plan")).plan(recipe)
    job, events = train_in_process(recipe)

    assert events[-1]["outcome"] == "completed", events[-1]
    [started] = events_named(events, "run_started")
    assert started["total_steps"] == planned["steps"] == len(events_named(events, "step_finished")) == 60
    evaluated = {
        event["step"] for event in events_named(events, "evaluated") if event["split"] == "validation"
    }
    assert sorted(evaluated) == [0, *range(6, 61, 6)]
    assert run_store.open_run(job).recipe.training.epochs == 0


def test_pause_holds_the_run_until_it_may_go_on(tmp_path, monkeypatch):
    on_event(monkeypatch, lambda event, facts: event == "step_finished" and facts["step"] == 2, ask_to_pause)
    on_event(monkeypatch, lambda event, _: event == "run_paused", ask_to_go_on)
    _, events = train_in_process(tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=3"))

    names = [event["event"] for event in events]
    assert names.index("run_continued") == names.index("run_paused") + 1
    assert events[-1]["outcome"] == "completed"


def ask_to_pause(channel):
    send_now(channel, "pause")


def ask_to_go_on(channel):
    channel.job.send("continue")


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


def test_pause_and_continue_read_together_let_the_run_go_on(tmp_path, monkeypatch):
    def ask_for_both(channel):
        send_now(channel, "pause", "save_checkpoint", "continue")

    on_event(monkeypatch, lambda event, facts: event == "step_finished" and facts["step"] == 1, ask_for_both)
    _, events = train_in_process(tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=2"))

    assert events[-1]["outcome"] == "completed"
    assert events_named(events, "run_continued")
    assert events_named(events, "checkpoint_saved")[0]["step"] == 1


def test_a_paused_run_goes_on_when_its_window_leaves(tmp_path, monkeypatch):
    def leave(channel):
        channel.window_gone = True

    on_event(monkeypatch, lambda event, facts: event == "step_finished" and facts["step"] == 1, ask_to_pause)
    on_event(monkeypatch, lambda event, _: event == "run_paused", leave_later(leave))
    _, events = train_in_process(tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=2"))

    assert events_named(events, "run_continued")
    assert events[-1]["outcome"] == "completed"


def leave_later(leave):
    def start(channel):
        threading.Timer(0.3, leave, [channel]).start()

    return start


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


def test_one_job_ended_an_attempt_and_it_is_last(tmp_path):
    job, _ = train_in_process(tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=1"))
    run_in_process(job)
    events = list(read_all(job.events_path))

    for attempt in (1, 2):
        mine = [event for event in events if event["attempt"] == attempt]
        assert [event["event"] for event in mine].count("job_ended") == 1
        assert mine[-1]["event"] == "job_ended"


def test_a_checkpoint_can_become_an_adapter(tmp_path):
    job, _ = train_in_process(tiny_recipe(tmp_path, "t5"))

    for folder in run_store.checkpoints(job):
        assert (folder / FILE_NAME).exists()
        assert library.weight_shapes(folder / library.WEIGHTS_NAME)


@pytest.mark.parametrize("held_first", [False, True])
def test_a_pause_that_frees_the_device_makes_no_adapter_and_goes_on_to_the_same_bits(
    tmp_path, monkeypatch, reference_run, held_first
):
    recipe = tiny_recipe(tmp_path, "t5")
    with monkeypatch.context() as patch:
        on_event(
            patch,
            lambda event, facts: event == "step_finished" and facts["step"] == 2,
            ask_to_pause if held_first else ask_to_free,
        )
        on_event(
            patch, lambda event, facts: event == "run_paused" and "frees_device" not in facts, ask_to_free
        )
        job, events = train_in_process(recipe)

    assert [event["event"] for event in events[-3:]] == ["checkpoint_saved", "run_paused", "job_ended"]
    assert events[-1]["outcome"] == "stopped"
    assert not events_named(events, "adapter_saved")
    assert run_store.open_run(job).state.device_released
    resumed = run_in_process(job)
    assert resumed[-1]["outcome"] == "completed"
    assert not run_store.open_run(job).state.device_released
    assert weights(adapter_of(resumed)) == reference_run("lora").weights


def ask_to_free(channel):
    send_now(channel, "pause", free_device=True)
