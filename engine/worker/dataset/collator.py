"""Samples the examples of each optimizer step and collates them into micro-batches.

A step has a fixed number of examples on every device. They are sorted by length and packed into micro-batches of a
limited number of padded tokens, which changes speed and memory but not the gradients. The examples of a step and the
order of steps are a pure function of the examples' lengths, seed and epoch, so a resumed run skips whole steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from engine.config.training import Order, TrainingOptions
from engine.methods import Family
from engine.worker.dataset.batch_packing import Size, pack, row_width, shard_examples
from engine.worker.dataset.prompter import IGNORED, Encoded
from engine.worker.dataset.token_cache import Tokens

CPU_TOKENS = 2048
# Of a card, until its memory decides; more than the most are hardly faster, fewer than the fewest much slower.
GPU_TOKENS = 8192
MIN_GPU_TOKENS, MAX_GPU_TOKENS = 1 << 9, 1 << 15
# Activations of linear layers in a micro-batch on a CPU: half a gigabyte of bfloat16. Overhead dominates the operations
# of a small model, so it computes more tokens at a time, at most as many as a GPU does.
CPU_ACTIVATIONS = 1 << 28
# Steps whose examples are sorted by length together: enough for similar lengths within a step, few enough that an
# example shares its step with others in every epoch.
SORT_WINDOW_STEPS = 64
MIN_SORT_WINDOWS = 4


def micro_batch_tokens(training: TrainingOptions, device_type: str, activations_per_token: int) -> int:
    """Return the padded tokens that are computed at a time: the recipe's, or a default for device and model.

    `activations_per_token` counts the outputs of the model's linear layers for one token.
    """
    if training.micro_batch_tokens or device_type != "cpu":
        return training.micro_batch_tokens or GPU_TOKENS
    return min(GPU_TOKENS, max(CPU_TOKENS, CPU_ACTIVATIONS // activations_per_token))


Indices = npt.NDArray[np.int64]
# The lengths of each example's inputs and labels, in tokens (examples × 2).
Sizes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class MicroBatch:
    """Tensors of examples that are computed at once, the first three of shape batch × length.

    `labels` are -100 where they are ignored; `label_tokens` counts the others. `tokens` counts the tokens without
    padding: the inputs and, for an encoder-decoder, the labels. `targets` are the predicted labels, and `positions`
    (2 × targets) the row and column of the logits that predict them.
    """

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    labels: torch.Tensor
    positions: torch.Tensor
    targets: torch.Tensor
    label_tokens: int
    tokens: int

    def to(self, device: torch.device) -> MicroBatch:
        """Return the batch on another device."""
        return self._mapped(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> MicroBatch:
        """Return the batch in memory that a card copies from by itself, while the host goes on."""
        return self._mapped(torch.Tensor.pin_memory)

    def _mapped(self, function: Callable[[torch.Tensor], torch.Tensor]) -> MicroBatch:
        tensors = {name: value for name, value in vars(self).items() if isinstance(value, torch.Tensor)}
        return replace(self, **{name: function(tensor) for name, tensor in tensors.items()})

    @property
    def rows(self) -> int:
        """The number of examples."""
        return len(self.input_ids)

    def padded_tokens(self, family: Family) -> int:
        """Return the tokens computed, padding included."""
        widths = self.input_ids.shape[1], self.labels.shape[1]
        return self.rows * row_width(*widths, is_encoder_decoder=family == "encoder-decoder")

    def halved(self) -> tuple[MicroBatch, ...]:
        """Return the batch as two of half its rows; a single row can't be halved."""
        if self.rows == 1:
            return (self,)
        half = self.rows // 2
        return self._slice(0, half), self._slice(half, self.rows)

    def _slice(self, begin: int, end: int) -> MicroBatch:
        rows = self.positions[0]
        chosen = (rows >= begin) & (rows < end)
        positions = self.positions[:, chosen].clone()
        positions[0] -= begin
        mask, labels = self.attention_mask[begin:end], self.labels[begin:end]
        share = int(mask.sum()) / max(1, int(self.attention_mask.sum()))
        return MicroBatch(
            self.input_ids[begin:end],
            mask,
            labels,
            positions,
            self.targets[chosen],
            label_tokens=int((labels != IGNORED).sum()),
            tokens=round(self.tokens * share),
        )


@dataclass(frozen=True)
class Step:
    """What this process computes of an optimizer step: all of its micro-batches, or those of one shard.

    The numbers are the whole step's: `label_tokens` normalise its loss, `tokens` are those without padding.
    """

    micro_batches: tuple[MicroBatch, ...]
    label_tokens: int
    tokens: int
    examples: int
    # Another micro-batch, the smallest there is: for passes whose result is dropped.
    filler: MicroBatch

    def pin_memory(self) -> Step:
        """Return the step in memory that a card copies from by itself; a DataLoader calls it."""
        return replace(self, micro_batches=tuple(batch.pin_memory() for batch in self.micro_batches))

    def halved(self) -> Step | None:
        """Return the step with every micro-batch halved, None if each has a single row."""
        if all(batch.rows == 1 for batch in self.micro_batches):
            return None
        halves = chain.from_iterable(batch.halved() for batch in self.micro_batches)
        return replace(self, micro_batches=tuple(halves))


class StepSampler(Sampler[list[int]]):
    """Yields each step's example indices: every example once an epoch, in steps of equal size.

    `order` says which examples share a step: those of similar length, from a random part of the epoch and with the
    steps shuffled again, or any. A pass is that of `epoch`, without its first `skipped` steps.
    """

    def __init__(self, examples: Sequence[Encoded] | Sizes, batch_size: int, seed: int, order: Order) -> None:
        self.epoch = self.skipped = 0
        self._order = order
        self._sizes = _sizes(examples)
        self.batch_size = batch_size
        self._seed = seed

    def __len__(self) -> int:
        return math.ceil(len(self._sizes) / self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self.steps(self.epoch)[self.skipped :])

    def steps(self, epoch: int) -> list[list[int]]:
        """Return the steps of an epoch."""
        generator = np.random.default_rng((self._seed, epoch))
        permutation = generator.permutation(len(self._sizes))
        if self._order == "random":
            return self._cut(permutation)
        size = self.batch_size * max(1, min(SORT_WINDOW_STEPS, len(self) // MIN_SORT_WINDOWS))
        windows = (permutation[start : start + size] for start in range(0, len(permutation), size))
        steps = [step for window in windows for step in self._cut(self._sorted(window))]
        return [steps[index] for index in generator.permutation(len(steps))]

    def from_step(self, start: int) -> Iterator[list[int]]:
        """Yield all steps from one on, epoch after epoch without an end."""
        epoch, passed = divmod(start, max(1, len(self)))
        while len(self):
            yield from self.steps(epoch)[passed:]
            epoch, passed = epoch + 1, 0

    def sizes(self, step: Sequence[int]) -> list[Size]:
        """Return the lengths of a step's examples, of inputs and of labels, in tokens."""
        return [(inputs, labels) for inputs, labels in self._sizes[step].tolist()]

    def _sorted(self, window: Indices) -> Indices:
        """Return a window sorted by descending length of the inputs, then of the labels."""
        sizes = -self._sizes[window]
        return window[np.lexsort((sizes[:, 1], sizes[:, 0]))]

    def _cut(self, order: Indices) -> list[list[int]]:
        size = self.batch_size
        return [order[start : start + size].tolist() for start in range(0, len(order), size)]


def _sizes(examples: Sequence[Encoded] | Sizes) -> Sizes:
    if isinstance(examples, np.ndarray):
        return examples
    # Cached tokens know their lengths without reading the ids.
    if isinstance(examples, Tokens):
        return examples.sizes
    return np.array(list(map(_size, examples)), dtype=np.int32)


def _size(example: Encoded) -> Size:
    return len(example.input_ids), len(example.labels)


class Collator:
    """Collates examples into a step, without randomness.

    The `shards` of a step are computed by as many ranks and share the budget of tokens that are computed at a time;
    this process has one of them, its `own`.
    """

    def __init__(
        self, family: Family, pad_token_id: int, micro_batch_tokens: int, shards: int = 1, own: int = 0
    ) -> None:
        self.shards, self.own = shards, own
        self._family = family
        self._is_encoder_decoder = family == "encoder-decoder"
        self._pad = pad_token_id
        self._tokens = micro_batch_tokens

    @property
    def tokens(self) -> int:
        """The tokens that are computed at a time, in all shards together."""
        return self._tokens

    def with_tokens(self, tokens: int) -> Collator:
        """Return a collator that computes so many tokens at a time."""
        return Collator(self._family, self._pad, max(1, tokens), self.shards, self.own)

    def with_shards(self, shards: int, own: int = 0) -> Collator:
        """Return a collator whose steps have so many shards, of which this process has its own."""
        return Collator(self._family, self._pad, self._tokens, shards, own)

    def use_tokens(self, tokens: int) -> None:
        """Compute so many tokens at a time from now on."""
        self._tokens = max(1, tokens)

    def __call__(self, examples: Sequence[Encoded]) -> Step:
        """Return the step of these examples; without a micro-batch where there are too few for this shard."""
        sizes = list(map(_size, examples))
        mine = next(iter(self.groups(sizes)[self.own :]), [])
        return Step(
            tuple(self._collated([examples[index] for index in group]) for group in mine),
            label_tokens=sum(each.label_tokens for each in examples),
            tokens=sum(self._width(*size) for size in sizes),
            examples=len(examples),
            filler=self._collated([min(examples, key=_size)]),
        )

    def groups(self, sizes: Sequence[Size]) -> list[list[list[int]]]:
        """Return the indices of the examples in each micro-batch of each shard, from their lengths."""
        if self.shards == 1:
            return [self._cut(sizes)]
        parts = shard_examples(sizes, self.shards, is_encoder_decoder=self._is_encoder_decoder)
        return [
            [[part[index] for index in group] for group in self._cut([sizes[index] for index in part])]
            for part in parts
        ]

    def _cut(self, sizes: Sequence[Size]) -> list[list[int]]:
        return pack(sizes, self._tokens // self.shards, is_encoder_decoder=self._is_encoder_decoder)

    def _width(self, inputs: int, labels: int) -> int:
        return row_width(inputs, labels, is_encoder_decoder=self._is_encoder_decoder)

    def _collated(self, group: Sequence[Encoded]) -> MicroBatch:
        input_ids = _pad_rows([example.input_ids for example in group], self._pad)
        lengths = torch.tensor([len(example.input_ids) for example in group])
        mask = (torch.arange(input_ids.shape[1])[None, :] < lengths[:, None]).long()
        labels = _pad_rows([example.labels for example in group], IGNORED)
        return MicroBatch(
            input_ids,
            mask,
            labels,
            *self._predicted(labels),
            label_tokens=sum(example.label_tokens for example in group),
            tokens=sum(self._width(len(example.input_ids), len(example.labels)) for example in group),
        )

    def _predicted(self, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the positions of the logits that predict labels, and those labels; computed here to spare a device."""
        rows, columns = (labels != IGNORED).nonzero(as_tuple=True)
        if self._family == "encoder-decoder":
            return torch.stack([rows, columns]), labels[rows, columns]
        # A label is predicted by the token before it.
        rows, columns = rows[columns > 0], columns[columns > 0]
        return torch.stack([rows, columns - 1]), labels[rows, columns]


def _pad_rows(rows: Sequence[Sequence[int]], pad: int) -> torch.Tensor:
    """Return rows of ids as one tensor (rows × longest), padded at the right."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows], dtype=torch.long)


def train_loader(
    examples: Sequence[Encoded], collator: Collator, sampler: StepSampler, *, pinned: bool = False
) -> DataLoader[Any]:
    """Return the loader whose items are steps, in `pinned` memory for a card.

    torch draws a number at the start of each pass. A generator of its own keeps that out of the run's random numbers,
    which would be others if a run was stopped in the first step of a pass and resumed.
    """
    return DataLoader(
        # It only needs a length and items.
        cast("Dataset[Encoded]", examples),
        batch_sampler=sampler,
        collate_fn=collator,
        pin_memory=pinned,
        generator=torch.Generator(),
    )


def steps_from(
    loader: DataLoader[Any],
    first: int,
    load_random_states: Callable[[], object] | None = None,
    *,
    one_ahead: bool = False,
) -> Iterator[tuple[int, Step]]:
    """Yield a run's steps with their numbers (counted from 0) from the first on, epoch after epoch without an end.

    `load_random_states` puts the random states back to those after the step before the first. With `one_ahead` a step
    is prepared while the one before it is computed.
    """
    sampler, number = loader.batch_sampler, first
    assert isinstance(sampler, StepSampler)
    if load_random_states:
        load_random_states()
    while True:
        sampler.epoch, sampler.skipped = divmod(number, len(sampler))
        for step in _one_ahead(loader) if one_ahead else loader:
            yield number, step
            number += 1


def _one_ahead(loader: DataLoader[Any]) -> Iterator[Step]:
    """Yield a pass's steps, each of which a thread prepares while the one before it is in use.

    One that was cut before micro-batches got smaller is cut again: a resumed run has it in the smaller ones too.
    """
    sampler, collator, examples, steps = loader.batch_sampler, loader.collate_fn, loader.dataset, iter(loader)
    assert isinstance(sampler, StepSampler)
    assert isinstance(collator, Collator)

    def prepare() -> tuple[int, Step | None]:
        return collator.tokens, next(steps, None)

    with ThreadPoolExecutor(1, "steps") as thread:
        coming = thread.submit(prepare)
        for place in count(sampler.skipped):
            tokens, step = coming.result()
            if step is None:
                return
            if tokens != collator.tokens:
                step = collator([examples[index] for index in sampler.steps(sampler.epoch)[place]])
            coming = thread.submit(prepare)
            yield step


def evaluation_batches(
    examples: Sequence[Encoded], collator: Collator, size: int = 256
) -> Iterator[MicroBatch]:
    """Yield all examples as micro-batches, sorted by length within windows of `size`, for evaluation."""
    unsharded = collator.with_shards(1)
    for start in range(0, len(examples), size):
        yield from unsharded(examples[start : start + size]).micro_batches
