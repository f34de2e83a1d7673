"""Ways of training on the same data, each in its own process; the benchmark runs them in turns.

    python -m tests.helpers.trainer_comparison

    tutorial    the tutorial's script: inputs and labels padded to 512 tokens, its collator, Seq2SeqTrainer
    plain       Trainer with dynamic padding and grouping by length
    plain_liger the same with Liger's kernels
    tunesmith   the training part of a run: its loop with loader, commands and events, in as many ranks as a run has
    own_code    the same without Liger's kernels

Reads its settings as a line of JSON, prepares, warms up, and answers each word that follows (a line of
JSON too). A turn is one epoch over the same examples. All compute in the same dtype
with as many threads, and a step of `plain` and of `tunesmith` sees as many examples: without accumulation the
stock Trainer's loss is normalised by the batch's label tokens, as ours is.
"""

import dataclasses
import gc
import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any
from unittest.mock import patch

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model, prepare_model_for_kbit_training
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode
from transformers import (
    DataCollatorForSeq2Seq,
    PrinterCallback,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    TrainerCallback,
    set_seed,
)

from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.jobs.events import read_all
from engine.jobs.job import Job
from engine.text.conversations import Example
from engine.worker.adapters import attach
from engine.worker.dataset import dataset
from engine.worker.dataset.collator import (
    CPU_TOKENS,
    Collator,
    MicroBatch,
    Step,
    StepSampler,
    micro_batch_tokens,
)
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompter import Encoded, Prompter
from engine.worker.dataset.prompting import make_prompter
from engine.worker.dataset.token_cache import tokenize
from engine.worker.evaluation import samples
from engine.worker.evaluation.losses import Batches, mean_loss
from engine.worker.modeling import base_models, forward, meta_model
from engine.worker.modeling.architecture import architecture_of
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.planning.meta_trace import LiveBytes
from engine.worker.runtime import devices, rank_group, rank_joining
from engine.worker.runtime.channel import Channel
from engine.worker.training import rank_models, training_loop
from engine.worker.training.training_run import TrainingRun, liger_kernels
from tests.helpers.benchmark_report import peak_resident, processor_seconds
from tests.helpers.line_process import answer, own_output
from tests.helpers.plain_models import plain_model
from tests.helpers.worker_setup import make_channel

TUTORIAL_LENGTH = 512
POLL_SECONDS = 0.05
CHECKPOINTING = {"use_reentrant": False}
COUNTED_EXAMPLES = 16
Result = dict[str, Any]


@dataclass(frozen=True)
class Stage:
    """The base model and the examples, as text and as token ids, that every side trains on."""

    recipe: Recipe
    base: LoadedBase
    splits: Splits
    prompter: Prompter
    train: Sequence[Encoded]

    @property
    def tokens(self) -> int:
        """Tokens of all examples without padding: inputs and, for an encoder-decoder, labels."""
        twice = self.base.family == "encoder-decoder"
        return sum(len(each.input_ids) + (len(each.labels) if twice else 0) for each in self.train)


def make_stage(recipe: Recipe, channel: Channel) -> Stage:
    """Read, load and encode as a run does, in all ranks."""
    splits = dataset.read(recipe.data, channel)
    base = rank_models.load(recipe, channel)
    prompter = make_prompter(recipe, base, splits)
    return Stage(recipe, base, splits, prompter, tokenize(splits.train, prompter, channel))


class Padding:
    """A collator that counts the tokens it returns, padding included."""

    def __init__(self, collate: Callable[[list[Any]], Any], twice: bool) -> None:
        self._collate = collate
        self._twice = twice
        self.computed = 0

    def __call__(self, rows: list[Any]) -> Any:
        made = self._collate(rows)
        self.computed += made["input_ids"].numel() + (made["labels"].numel() if self._twice else 0)
        return made


class EpochClock(TrainerCallback):
    """Measures an epoch; the preparation before it, done once a run, is left out."""

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.start()

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.stop()

    def start(self) -> None:
        settle_card()
        self._began = time.perf_counter(), processor_seconds()

    def stop(self) -> None:
        settle_card()
        self._ended = time.perf_counter(), processor_seconds()

    def elapsed(self) -> Result:
        """Return the seconds of wall and of CPU time."""
        seconds, processor = (end - begin for begin, end in zip(self._began, self._ended, strict=True))
        return {"seconds": seconds, "processor": processor}


def plain_lora(model: Any, stage: Stage) -> PeftModel:
    """Add LoRA to a model through PEFT alone, with the recipe's settings."""
    options: Any = stage.recipe.method.options
    targets = list(options.target_modules)
    config = LoraConfig(
        task_type=TaskType[attach.TASK_TYPES[stage.base.family]], r=options.rank, lora_alpha=options.alpha,
        lora_dropout=options.dropout, target_modules="all-linear" if targets == ["all-linear"] else targets,
    )  # fmt: skip
    return get_peft_model(model, config)


def forget_model(stage: Stage) -> None:
    """Free a card of the model that Tunesmith loaded, before the same one is loaded another way; a peak begins here."""
    if stage.base.device.type == "cuda":
        del stage.base.model
        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(stage.base.device)


class Stock:
    """The stock Trainer over rows of ids; `tutorial` and `plain` differ in their rows and how these are ordered."""

    def __init__(
        self, stage: Stage, folder: Path, batch_size: int, rows: list[Result], tokens: int, *, grouped: bool,
        liger: bool = False,
    ) -> None:  # fmt: skip
        self._stage = stage
        self._rows = rows
        self.examples, self.tokens = len(rows), tokens
        self._liger = liger
        self._folder = folder
        self._batch_size = batch_size
        self._grouped = grouped
        set_seed(stage.recipe.training.seed)
        forget_model(stage)
        stage.base.model = self._prepared(plain_model(stage.base))
        self.model = plain_lora(stage.base.model, stage)

    def _prepared(self, model: Any) -> Any:
        """Return the model as PEFT wants it: a quantized one has its norms in float32."""
        checkpointed = self._stage.recipe.training.activation_checkpointing
        if self._stage.recipe.base_model.quantization != "none":
            return prepare_model_for_kbit_training(
                model, use_gradient_checkpointing=checkpointed, gradient_checkpointing_kwargs=CHECKPOINTING
            )
        if checkpointed:
            model.enable_input_require_grads()
        return model

    def first_step(self) -> float:
        """Take one step; return the time at its end."""
        self.turn(steps=1)
        return time.time()

    def turn(self, steps: int = -1) -> Result:
        """Train one epoch, or some steps; return the seconds and the tokens computed."""
        stage, training = self._stage, self._stage.recipe.training
        collate = DataCollatorForSeq2Seq(stage.base.tokenizer, model=self.model, pad_to_multiple_of=8)
        padding = Padding(collate, stage.base.family == "encoder-decoder")
        arguments = Seq2SeqTrainingArguments(
            output_dir=str(self._folder), per_device_train_batch_size=self._batch_size, num_train_epochs=1,
            max_steps=steps, learning_rate=stage.recipe.learning_rate(stage.base.family),
            weight_decay=training.weight_decay, max_grad_norm=training.max_gradient_norm, seed=training.seed,
            use_cpu=stage.base.device.type == "cpu",
            train_sampling_strategy="group_by_length" if self._grouped else "random",
            gradient_checkpointing=training.activation_checkpointing,
            gradient_checkpointing_kwargs=CHECKPOINTING, save_strategy="no", logging_steps=500, report_to=[],
            disable_tqdm=True, remove_unused_columns=False,
            dataloader_pin_memory=stage.base.device.type != "cpu", use_liger_kernel=self._liger,
        )  # fmt: skip
        clock = EpochClock()
        stock = Seq2SeqTrainer(self.model, arguments, train_dataset=self._rows, data_collator=padding)
        stock.remove_callback(PrinterCallback)
        stock.add_callback(clock)
        stock.train()
        return clock.elapsed() | {"computed": padding.computed}


def tutorial(stage: Stage, folder: Path, batch_size: int, steps: int = 1) -> Stock:
    """Return the tutorial's script: columns padded to 512 tokens beforehand, the labels' padding trained on as well.

    An epoch is a step or some, whose cost does not depend on the examples.
    """
    rows = [_tutorial_row(stage, each) for each in stage.splits.train[: batch_size * steps]]
    read = itertools.islice(stage.train, len(rows))
    tokens = sum(len(each.input_ids) + len(each.labels) for each in read)
    return Stock(stage, folder, batch_size, rows, tokens, grouped=False)


def _tutorial_row(stage: Stage, example: Example) -> Result:
    prompt = stage.recipe.data.prompt.replace("{conversation}", example.conversation)
    fill: dict[str, Any] = {"padding": "max_length", "truncation": True, "max_length": TUTORIAL_LENGTH}
    labels = stage.base.tokenizer(text_target=example.summary, **fill)["input_ids"]
    return {**stage.base.tokenizer(prompt, **fill), "labels": labels}


def plain(stage: Stage, folder: Path, batch_size: int, *, liger: bool = False) -> Stock:
    """Return Trainer with dynamic padding and grouping by length, on the ids that Tunesmith trains on too."""
    rows = [_row(each) for each in stage.train]
    return Stock(stage, folder, batch_size, rows, stage.tokens, grouped=True, liger=liger)


def _row(example: Encoded) -> Result:
    ids = list(example.input_ids)
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": list(example.labels)}


class Tunesmith:
    """A run's training loop in all ranks, which listens for commands and reports each step as an event."""

    def __init__(self, stage: Stage, folder: Path, batch_size: int) -> None:
        self._stage = stage
        self.examples, self.tokens = len(stage.train), stage.tokens
        shape = architecture_of(stage.base.model)
        self._collator = Collator(
            stage.base.family,
            stage.base.tokenizer.pad_token_id,
            micro_batch_tokens(stage.recipe.training, stage.base.device.type, shape.activations_per_token),
        )
        self.model = rank_models.attach_adapter(stage.base, stage.recipe, stage.train, self._collator)
        self._batch_size = batch_size
        self._watch = Watch(stage.base.device)
        self._computed = sum(map(self._padded, self._micro_batches()))

    def _micro_batches(self) -> Iterator[MicroBatch]:
        """Yield the micro-batches of an epoch, those of all ranks."""
        training, train, ranks = self._stage.recipe.training, self._stage.train, rank_group.size()
        sampler = StepSampler(train, self._batch_size, training.seed, training.order)
        for step, rank in itertools.product(sampler.steps(0), range(ranks)):
            yield from self._collator.with_shards(ranks, rank)([train[place] for place in step]).micro_batches

    def _padded(self, batch: MicroBatch) -> int:
        twice = self._stage.base.family == "encoder-decoder"
        return int(batch.input_ids.numel() + (batch.labels.numel() if twice else 0))

    def first_step(self) -> float:
        """Train one epoch; return the time at the end of its first step."""
        job = self.train()
        return min(each["time"] for each in read_all(job.events_path) if each["event"] == "step_finished")

    def turn(self) -> Result:
        """Train one epoch; the seconds run from its beginning to the last step's report."""
        clock = EpochClock()
        steps_from, report = training_loop.steps_from, training_loop.report_step

        def began(*given: Any, **others: Any) -> Iterator[tuple[int, Step]]:
            clock.start()
            return steps_from(*given, **others)

        def reported(*given: Any) -> None:
            report(*given)
            clock.stop()

        with (
            patch.object(training_loop, "steps_from", began),
            patch.object(training_loop, "report_step", reported),
            self._watch,
        ):
            self.train()
        return clock.elapsed() | {"computed": self._computed}

    def train(self) -> Job:
        """Train one epoch without validation; return its job."""
        stage, recipe = self._stage, self._stage.recipe
        splits = dataclasses.replace(stage.splits, validation=(), test=())
        channel = make_channel("train", recipe)
        run = TrainingRun(
            channel=channel, recipe=recipe, splits=splits, base=stage.base, model=self.model, train=stage.train,
            validation=[], prompter=stage.prompter, collator=self._collator,
            chosen=samples.choose(recipe, splits),
        )  # fmt: skip
        with liger_kernels(run):
            training_loop.TrainingLoop(run, None).train()
        return channel.job


SIDES: dict[str, Callable[..., Stock | Tunesmith]] = {
    "tutorial": tutorial, "plain": plain, "plain_liger": partial(plain, liger=True), "tunesmith": Tunesmith,
    "own_code": Tunesmith,
}  # fmt: skip


def needed_operations(stage: Stage) -> float:
    """Return the floating-point operations that an example needs: forward and backward of plain LoRA, unpadded.

    Counted by torch's flop counter over examples spread over the lengths, each alone and without weights; the output
    head is counted where there are labels.
    """
    folder = base_models.folder_of(stage.base.options, make_channel("train"))
    with torch.device("meta"):
        own = meta_model.has_own_head(folder)
        bare = meta_model.build(stage.base.model.config, stage.base.family, torch.float32, has_own_head=own)
        model = plain_lora(bare, stage)
    collator = Collator(stage.base.family, stage.base.tokenizer.pad_token_id, CPU_TOKENS)
    ordered = sorted(stage.train, key=lambda each: len(each.input_ids))
    # The middle example of each length range, so that neither short nor long ones weigh more.
    counted = min(COUNTED_EXAMPLES, len(ordered))
    spread = [ordered[len(ordered) * (2 * part + 1) // (2 * counted)] for part in range(counted)]
    return fmean(_operations(model, collator([each]).micro_batches[0], stage) for each in spread)


def _operations(model: PeftModel, batch: MicroBatch, stage: Stage) -> float:
    bare = batch.to(torch.device("meta"))
    # A single text has no padding, so no mask.
    with LiveBytes(all_true=True), FlopCounterMode(display=False) as counter:
        found = forward.logits_at(model, stage.base.family, bare.input_ids, None, bare.labels, bare.positions)
        functional.cross_entropy(found.float(), bare.targets, reduction="sum").backward()
    return float(counter.get_total_flops())


def validation_loss(stage: Stage, model: PeftModel) -> float:
    """Return the mean loss per label token on the validation split, computed alike for every side."""
    collator = Collator(stage.base.family, stage.base.tokenizer.pad_token_id, CPU_TOKENS)
    encoded = [stage.prompter.example(each) for each in stage.splits.validation]
    return mean_loss(model, Batches(encoded, collator), stage.base.family, int)


# The sides of the matrices, by kind of device.
SIZES = {"cpu": 2048, "cuda": 8192}
REPEATS = 8


def matrix_peak(precision: str, device: torch.device) -> float:
    """Return the floating-point operations a second that a large matrix product reaches in this number format."""
    size = SIZES.get(device.type, SIZES["cpu"])
    kind = getattr(torch, precision)
    left, right = (torch.randn(size, size, device=device).to(kind) for _ in range(2))
    torch.matmul(left, right)
    product = partial(torch.matmul, left, right)
    return float(2 * size**3 / min(_seconds(product) for _ in range(REPEATS)))


def _seconds(work: Callable[[], object]) -> float:
    settle_card()
    began = time.perf_counter()
    work()
    settle_card()
    return time.perf_counter() - began


def settle_card() -> None:
    """Wait until the GPU is idle, if this process computes on one."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()


class Watch:
    """Polls the memory of a run on the CPU, of all its ranks."""

    most = 0

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def __enter__(self) -> None:
        self._over = threading.Event()
        self._looks = threading.Thread(target=self._look)
        self._looks.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._looks.join()

    def _look(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            Watch.most = max(Watch.most, devices.memory_bytes(self._device))


def peak_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return devices.memory_bytes(device)
    return max(peak_resident(os.getpid()), Watch.most)


def main() -> None:
    """Carry out the commands on the standard input."""
    answers = own_output()
    wanted = json.loads(sys.stdin.readline())
    with prepared(wanted) as (stage, side):
        first = side.first_step() if wanted["first_step"] else 0.0
        answer(answers, {"first_step": first, "precision": stage.base.precision})
        for line in sys.stdin:
            answer(answers, _done(json.loads(line), stage, side))


@contextmanager
def prepared(wanted: Result) -> Iterator[tuple[Stage, Any]]:
    """Have what is wanted loaded, Tunesmith's side in as many ranks as a run has."""
    wanted["recipe"]["training"]["liger"] = wanted["side"] != "own_code"
    recipe = recipes.from_tables(wanted["recipe"])
    channel, side = make_channel("train", recipe), SIDES[wanted["side"]]
    with rank_joining.joined(channel, rank_joining.expected(recipe) if side is Tunesmith else 1):
        stage = make_stage(recipe, channel)
        steps = {"steps": wanted.get("tutorial_steps", 1)} if wanted["side"] == "tutorial" else {}
        yield stage, side(stage, Path(wanted["folder"]), wanted["batch_size"], **steps)


def _done(word: str, stage: Stage, side: Any) -> Result:
    if word == "turn":
        return side.turn() | {"examples": side.examples, "tokens": side.tokens}
    if word == "ceiling":
        # By all cores, of which each rank has a part.
        with devices.using_threads(rank_joining.cores()):
            return {"ceiling": matrix_peak(stage.base.precision, stage.base.device)}
    if word == "needed":
        return {"needed": needed_operations(stage)}
    if word == "loss":
        return {"loss": validation_loss(stage, side.model)}
    return {"peak": peak_bytes(stage.base.device)}


if __name__ == "__main__":
    main()
