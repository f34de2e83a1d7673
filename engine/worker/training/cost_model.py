"""What a step takes in forms that can't be tried with the model in hand: its base in other bits, another optimizer.

Each is measured beside what the run has now, on a part of the model: a linear layer of the shape that most of the work
is done in, and an update of tensors as they are trained. How much of a step that is says what it comes to. What can't
be measured here has no price.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import Trainer
from transformers.pytorch_utils import Conv1D
from transformers.quantizers.base import HfQuantizer
from transformers.quantizers.quantizers_utils import should_convert_module

from engine.config.recipe import BaseModelOptions, Recipe
from engine.config.training import TrainingOptions
from engine.worker.dataset.batch_packing import Load
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.training.memory_probe import same_random_numbers
from engine.worker.training.step_gradients import training_arguments

Clock = Callable[[], float]
Act = Callable[[], None]

REPETITIONS = 15
# A large layer on a processor is measured less often than that.
MOST_SECONDS = 1.0
# Trained numbers that are updated for a measurement: copies of all would take the memory that there is not.
MOST_NUMBERS = 4_000_000
# What libraries raise where they can't do something here, for want of memory among others.
FAILURES = (ImportError, OSError, RuntimeError, AttributeError, MemoryError, ValueError)
INNER = ".base_layer"


class Shape(NamedTuple):
    """A frozen linear layer's sizes, and whether an encoder has it, which sees other tokens than the decoder."""

    inputs: int
    outputs: int
    encodes: bool

    def work(self, load: Load) -> int:
        """Return how much is computed for a micro-batch, in multiplications."""
        return self.inputs * self.outputs * self.tokens(load)

    def tokens(self, load: Load) -> int:
        """Return the tokens of a micro-batch that pass through."""
        return load.rows * (load.input_length if self.encodes else load.label_length)


class Prices:
    """Tells what one run's steps would take."""

    def __init__(self, base: LoadedBase, own: Recipe, clock: Clock = time.perf_counter) -> None:
        """Prepare; `base` has the run's adapter on it, and `own` is the run's recipe."""
        self._base = base
        self._own = own
        self._clock = clock

    def of(self, wanted: Recipe, seconds: float, loads: Sequence[Load]) -> float | None:
        """Return how long a step of `seconds` takes with the bits and the optimizer of a recipe, None if unknown.

        `loads` are the step's micro-batches, as the recipe has them.
        """
        try:
            with same_random_numbers():
                return seconds * self._by_bits(wanted, seconds, loads) * self._by_optimizer(wanted, seconds)
        except FAILURES:
            return None

    def _by_bits(self, wanted: Recipe, seconds: float, loads: Sequence[Load]) -> float:
        """Return how many times as long a step takes in the bits that are wanted."""
        if wanted.base_model == self._own.base_model:
            return 1.0
        shapes, heaviest = quantizable(self._base.model), max(loads, key=lambda load: load.weight)
        if not shapes:
            return 1.0
        shape = max(shapes, key=lambda each: shapes[each] * each.work(heaviest))
        forwards = 2 if wanted.training.activation_checkpointing else 1
        now, then = self._medians(
            *(
                self._pass(shape, options, max(1, shape.tokens(heaviest)), forwards)
                for options in (self._own.base_model, wanted.base_model)
            )
        )
        times = sum(shapes[each] * each.work(load) for each in shapes for load in loads) / shape.work(
            heaviest
        )
        return 1 + min(1.0, now * times / seconds) * (then / now - 1)

    def _by_optimizer(self, wanted: Recipe, seconds: float) -> float:
        """Return how many times as long a step and its update take with the optimizer that is wanted."""
        if wanted.training.optimizer == self._own.training.optimizer:
            return 1.0
        trained = [each for each in self._base.model.parameters() if each.requires_grad]
        numbers = sum(each.numel() for each in trained)
        sample = trained[:: 1 + numbers // MOST_NUMBERS]
        now, then = self._medians(*(self._update(sample, recipe.training) for recipe in (self._own, wanted)))
        times = numbers / sum(each.numel() for each in sample)
        return (seconds + times * then) / (seconds + times * now)

    def _pass(self, shape: Shape, options: BaseModelOptions, tokens: int, forwards: int) -> Act:
        """Return what goes through a layer and back, as often forwards as a step does."""
        dtype, device = getattr(torch, self._base.precision), self._base.device
        layer = made(shape, options, dtype, device)
        seen = torch.full((tokens, shape.inputs), 0.01, dtype=dtype, device=device, requires_grad=True)
        back = torch.full((tokens, shape.outputs), 0.01, dtype=dtype, device=device)

        def act() -> None:
            for _ in range(forwards):
                found = layer(seen)
            torch.autograd.grad(found, seen, back)

        return act

    def _update(self, sample: Sequence[torch.Tensor], training: TrainingOptions) -> Act:
        """Return what updates copies of trained tensors."""
        copies = [torch.nn.Parameter(torch.zeros_like(each)) for each in sample]
        for each in copies:
            each.grad = torch.full_like(each, 0.01)
        arguments = training_arguments(training, 1e-3, self._base.device, Path())
        kind, settings = Trainer.get_optimizer_cls_and_kwargs(arguments)
        optimizer = kind(copies, **settings)

        def act() -> None:
            optimizer.step()

        return act

    def _medians(self, *acts: Act) -> list[float]:
        """Return how long each takes: by turns, so that what else the computer does is the same for all."""
        taken: list[list[float]] = [[] for _ in acts]
        for act in acts:
            # The first time finds memory and kernels.
            self._timed(act)
        for place, act in islice(cycle(enumerate(acts)), REPETITIONS * len(acts)):
            if place == 0 and sum(map(sum, taken)) > MOST_SECONDS:
                break
            taken[place].append(self._timed(act))
        return [statistics.median(each) for each in taken]

    def _timed(self, act: Act) -> float:
        began = self._clock()
        act()
        if self._base.device.type != "cpu":
            torch.accelerator.synchronize()
        return self._clock() - began


def quantizable(model: Any) -> Counter[Shape]:
    """Return how often a model, an adapter on it, has each shape of frozen linear layers that fewer bits can keep."""
    head = model.get_output_embeddings()
    kept = HfQuantizer.get_modules_to_not_convert(model, None, model._keep_in_fp32_modules)
    two_stacks = model.config.is_encoder_decoder
    return Counter(
        _shape(module, encodes=not two_stacks or "encoder" in name.split("."))
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear | Conv1D)
        and module is not head
        and not module.weight.requires_grad
        and should_convert_module(name.removesuffix(INNER), kept)
    )


def _shape(module: Any, *, encodes: bool) -> Shape:
    if isinstance(module, Conv1D):
        return Shape(module.nx, module.nf, encodes)
    return Shape(module.in_features, module.out_features, encodes)


def made(
    shape: Shape, options: BaseModelOptions, dtype: torch.dtype, device: torch.device
) -> torch.nn.Module:
    """Return a frozen layer as a base model of these options has them; what its numbers are costs no time."""
    weight = torch.full((shape.outputs, shape.inputs), 0.01, dtype=dtype)
    with torch.device("meta"):
        layer, kept = _empty(shape, options, dtype, weight)
    layer.weight = kept
    return layer.to(device)


def _empty(
    shape: Shape, options: BaseModelOptions, dtype: torch.dtype, weight: torch.Tensor
) -> tuple[torch.nn.Module, torch.nn.Parameter]:
    """Return a layer without numbers, and its weight as that layer wants it: it comes into fewer bits as it moves."""
    sizes = shape.inputs, shape.outputs
    if options.quantization == "none":
        return torch.nn.Linear(*sizes, bias=False), torch.nn.Parameter(weight, requires_grad=False)
    from bitsandbytes import nn

    if options.quantization == "int8":
        layer = nn.Linear8bitLt(*sizes, bias=False, has_fp16_weights=False, threshold=0.0)
        return layer, nn.Int8Params(weight, requires_grad=False, has_fp16_weights=False)
    form = {"compress_statistics": options.double_quantization, "quant_type": options.quantization}
    layer = nn.Linear4bit(*sizes, bias=False, compute_dtype=dtype, **form)
    return layer, nn.Params4bit(weight, requires_grad=False, **form)
