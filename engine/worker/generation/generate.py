"""Generates summaries: many prompts in few batches, each with the tokens that it would get alone.

Every decoding setting comes from here; of the base model's own generation config only special tokens count. Knows
nothing of conversations, scores and jobs.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from peft import PeftModel
from transformers import (
    GenerationConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from engine.config.decoding import DecodingOptions
from engine.methods import Family
from engine.worker.dataset import token_cache
from engine.worker.dataset.prompter import Encoded
from engine.worker.generation.decode_loop import DecodeLoop
from engine.worker.generation.generated import Generated
from engine.worker.generation.logits_processors import logits_processors
from engine.worker.generation.stock import generate_stock
from engine.worker.kernels.registry import enabled
from engine.worker.modeling import prompt_learning
from engine.worker.modeling.base_models import Model, kv_values_per_token
from engine.worker.runtime import devices, oom, rank_group, rank_meeting
from engine.worker.runtime.rank_group import OnResult, RankGroup, Tick, no_tick

# Tokens of one batch, padding and new tokens included. On two cores a model of 135 million parameters is fastest with
# 2**14, the starter with twice as many. The KV cache of a batch holds at most 2**28 values.
CPU_BATCH_TOKENS = 1 << 13
MAX_CPU_BATCH_TOKENS = 1 << 15
MAX_CPU_CACHE_VALUES = 1 << 28
# Elsewhere as many as keys and values fill half of the free memory with; the rest is for the prefill's activations.
# Those of 2**14 tokens are 0.4 GB for SmolLM2-135M and 8 GB for a 7B.
BATCH_TOKENS = 1 << 14
MIN_CARD_BATCH_TOKENS, MAX_CARD_BATCH_TOKENS = 1 << 11, 1 << 18
CACHE_SHARE = 0.5
# The prefill takes this fraction of a batch's tokens at a time, on a processor at most so many: enough to keep a device
# busy with little padding. No command is heard meanwhile, and a processor may take a second for a thousand tokens.
PREFILL_PARTS = 4
CPU_PREFILL_TOKENS = 1 << 11
# All that the base model's own generation config decides.
SPECIAL_TOKENS = ("bos_token_id", "decoder_start_token_id", "forced_bos_token_id", "bad_words_ids")

# The task of other ranks.
TASK = "generate"

OnTokens = Callable[[torch.Tensor], None]
OnRows = Callable[[list[int]], None]


OnWritten = Callable[[int, Generated], None]
# Gets a row's index and its new ids as soon as it has ended.
Take = Callable[[int, list[int]], None]


def generate(
    model: Model,
    tokenizer: PreTrainedTokenizerBase,
    family: Family,
    inputs: Sequence[list[int]],
    *,
    on_rows: OnRows | None = None,
    on_tokens: OnTokens | None = None,
    on_written: OnWritten | None = None,
    on_tick: Tick = no_tick,
    batch_tokens: int | None = None,
    end_tokens: Iterable[int] = (),
    **decoding: Any,
) -> list[Generated]:
    """Return a summary for each prompt, in the order of `inputs` (token ids).

    `decoding` are settings of DecodingOptions by name. `on_rows(rows)` gets indices in `inputs` whenever other rows are
    about to be computed: a batch; in greedy decoding also a group of its prefill, and what remains when rows have left.
    `on_tokens(ids)` gets all new ids of these rows after each step (rows × tokens, on the host), `on_written(row,
    summary)` each summary as soon as it has ended. Without `on_rows` and `on_tokens`, the ranks that this process is
    connected to write too, and `on_tick` is called regularly. An exception from any of them ends the work.
    `batch_tokens` is chosen by the device if absent. `end_tokens` end a summary besides the model's own. Raises
    BaseModelError if a prompt is too long for the model.
    """
    options = DecodingOptions(**decoding)
    base_model = model.get_base_model() if isinstance(model, PeftModel) else model
    prompt = prompt_learning.prompt_of(model)
    prompt_learning.refuse_too_long(model, inputs, options.max_new_tokens)
    config = generation_config(base_model, tokenizer, options, end_tokens)
    written: dict[int, Generated] = {}

    def take(row: int, ids: list[int]) -> None:
        written[row] = finished(ids, config, tokenizer)
        if on_written:
            on_written(row, written[row])

    is_followed = bool(on_rows or on_tokens)
    group = None if is_followed else rank_group.current()
    rows = sorted(range(len(inputs)), key=lambda row: len(inputs[row]), reverse=True)
    if group is not None:
        prompts = [inputs[row] for row in rows]

        def take_item(item: int, ids: list[int]) -> None:
            take(rows[item], ids)

        ends = list(end_tokens)
        _write_shared(group, model, tokenizer, family, prompts, options, ends, take_item, on_tick)
        return [written[row] for row in range(len(inputs))]
    tokens = batch_tokens or _batch_tokens(base_model)
    work = _Work(base_model, prompt, family, inputs, options, tokens, is_followed=is_followed)
    with _decoding(base_model, config):
        if is_followed:
            work.write(rows, take, on_rows, on_tokens)
        else:
            work.write(rows, take, lambda _: on_tick(), lambda _: on_tick())
    return [written[row] for row in range(len(inputs))]


def _write_shared(
    group: RankGroup,
    model: Model,
    tokenizer: PreTrainedTokenizerBase,
    family: Family,
    prompts: Sequence[list[int]],
    options: DecodingOptions,
    end_tokens: list[int],
    take: Take,
    on_tick: Tick,
) -> None:
    """Generate the summaries of prompts, the longest first, by all ranks: each writes as many as the others."""
    facts = {
        "options": options.model_dump(),
        "end_tokens": end_tokens,
        "with_adapter": not rank_group.without_adapter(),
        "prompts": token_cache.share((Encoded(each, []) for each in prompts), group.folder),
    }

    def work(items: Sequence[int], on_result: OnResult, tick: Tick) -> None:
        write_part(model, tokenizer, family, facts, prompts, items, on_result, tick)

    group.share(TASK, len(prompts), work, take, on_tick, **facts)


def help_out(
    group: RankGroup, told: dict[str, Any], model: Model, tokenizer: PreTrainedTokenizerBase, family: Family
) -> None:
    """Generate another rank's part of what `generate` asks for."""
    prompts = [list(each.input_ids) for each in token_cache.shared(told["prompts"], group.folder)]
    group.do_share(
        told,
        lambda items, emit, tick: write_part(model, tokenizer, family, told, prompts, items, emit, tick),
    )


def write_part(
    model: Model,
    tokenizer: PreTrainedTokenizerBase,
    family: Family,
    facts: Mapping[str, Any],
    prompts: Sequence[list[int]],
    items: Sequence[int],
    on_result: OnResult,
    tick: Tick,
) -> None:
    """Generate the summaries of some of the prompts, which are sorted by length, the longest first."""
    options = DecodingOptions(**facts["options"])
    base_model = model.get_base_model() if isinstance(model, PeftModel) else model
    # Of one computer they share the memory.
    sharing = rank_meeting.local_size() if base_model.device.type in oom.SHARED_MEMORY else 1
    tokens = _batch_tokens(base_model) // sharing
    prompt = prompt_learning.prompt_of(model)
    work = _Work(base_model, prompt, family, prompts, options, tokens, is_followed=False)
    with _decoding(base_model, generation_config(base_model, tokenizer, options, facts["end_tokens"])):
        work.write(items, on_result, lambda _: tick(), lambda _: tick())


@dataclass(frozen=True)
class _Work:
    """Prompts and decoding options; a batch has up to `batch_tokens`, new tokens included.

    `is_followed`: somebody reads the tokens as they come.
    """

    base_model: PreTrainedModel
    prompt: prompt_learning.NoPrompt
    family: Family
    inputs: Sequence[list[int]]
    options: DecodingOptions
    batch_tokens: int
    is_followed: bool

    def write(
        self,
        rows: Sequence[int],
        take: Take,
        on_rows: OnRows | None = None,
        on_tokens: OnTokens | None = None,
    ) -> None:
        """Generate the summaries of some prompts, which are sorted by length, the longest first.

        Where a card's memory does not suffice for a batch, its unfinished rows are generated in halved ones.
        """
        remaining, batch_tokens = list(rows), self.batch_tokens
        while remaining:
            batch = self._next_batch(remaining, batch_tokens)
            progress = _Progress(take, on_tokens)
            failed = False
            try:
                self._write_batch(batch, batch_tokens, progress, on_rows)
            except (RuntimeError, MemoryError) as error:
                if len(batch) == 1 or not self._can_repeat(error, progress):
                    raise
                traceback.print_exc()
                failed = True
                batch_tokens = max(1, min(batch_tokens, self._tokens_of(batch)) // 2)
            if failed:
                # Only now, the error being gone, is what the batch needed unused.
                devices.free_unused(self.base_model.device)
            remaining = [row for row in remaining if row not in progress.done]

    def _can_repeat(self, error: BaseException, progress: _Progress) -> bool:
        """Tell whether rows may be generated anew: nobody has read a part of them."""
        unread = not self.is_followed or not progress.has_tokens
        return unread and oom.can_halve(self.base_model.device.type, error)

    def _write_batch(
        self, batch: list[int], batch_tokens: int, progress: _Progress, on_rows: OnRows | None
    ) -> None:
        if on_rows:
            on_rows(batch)
        request, read = _request(
            self.base_model, self.prompt, self.family, [self.inputs[row] for row in batch], self.options
        )
        on_tokens = progress.on_tokens if progress.wants_tokens else None
        is_greedy = self.options.beams == 1 and not self.options.temperature
        if is_greedy and enabled("decode_loop", self.base_model.device.type):
            prefill = self._prefill_tokens(batch_tokens)
            DecodeLoop(batch, progress.take, on_rows, on_tokens, prefill).run(self.base_model, request)
        else:
            ids = generate_stock(self.base_model, request, self.options, read, on_tokens)
            for row, new_ids in zip(batch, ids, strict=True):
                progress.take(row, new_ids)

    def _prefill_tokens(self, batch_tokens: int) -> int:
        limit = CPU_PREFILL_TOKENS if self.base_model.device.type == "cpu" else batch_tokens
        return min(batch_tokens // PREFILL_PARTS, limit)

    def _next_batch(self, rows: list[int], batch_tokens: int) -> list[int]:
        """Return the first rows. With the longest first, little is padded and the peak memory comes first."""
        return rows[: max(1, batch_tokens // self._tokens_of(rows[:1]))]

    def _tokens_of(self, batch: Sequence[int]) -> int:
        """Return the tokens of a batch, as wide as its first row is with its new tokens."""
        width = len(self.inputs[batch[0]]) + self.options.max_new_tokens
        return len(batch) * width * self.options.beams


class _Progress:
    """What has come of a batch: the rows that are `done`, and whether any row has tokens."""

    def __init__(self, take: Take, on_tokens: OnTokens | None) -> None:
        self.done: set[int] = set()
        self.has_tokens = False
        self.wants_tokens = on_tokens is not None
        self._take = take
        self._on_tokens = on_tokens

    def take(self, row: int, ids: list[int]) -> None:
        """Pass a finished row on."""
        self._take(row, ids)
        self.done.add(row)

    def on_tokens(self, ids: torch.Tensor) -> None:
        """Pass new tokens on."""
        self.has_tokens = True
        if self._on_tokens:
            self._on_tokens(ids)


def generation_config(
    base_model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    options: DecodingOptions,
    end_tokens: Iterable[int] = (),
) -> GenerationConfig:
    """Return the config that `generate` gets beside `logits_processors`.

    Sampling is a logits processor, so for transformers decoding is greedy or by beams. The end tokens are the model's,
    the tokenizer's and `end_tokens`.
    """
    model_config = base_model.generation_config
    special_tokens = {name: getattr(model_config, name, None) for name in SPECIAL_TOKENS}
    if base_model.config.is_encoder_decoder and special_tokens["decoder_start_token_id"] is None:
        special_tokens["decoder_start_token_id"] = base_model.config.decoder_start_token_id
    return GenerationConfig(
        max_new_tokens=options.max_new_tokens,
        num_beams=1,
        do_sample=False,
        use_cache=True,
        eos_token_id=_end_tokens(model_config.eos_token_id, tokenizer.eos_token_id, list(end_tokens)),
        pad_token_id=tokenizer.pad_token_id,
        **special_tokens,
    )


def _end_tokens(*sources: int | list[int] | None) -> list[int]:
    tokens: set[int] = set()
    for source in sources:
        tokens.update(source if isinstance(source, list) else [] if source is None else [source])
    return sorted(tokens)


@contextmanager
def _decoding(base_model: PreTrainedModel, config: GenerationConfig) -> Iterator[None]:
    """Make `config` the model's own: transformers fills unset values from the model's generation config."""
    before, was_training = base_model.generation_config, base_model.training
    base_model.generation_config = config
    base_model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        base_model.generation_config = before
        base_model.train(was_training)


def _batch_tokens(base_model: PreTrainedModel) -> int:
    """Return how many tokens a batch may have, by the device, its free memory and the size of the KV cache."""
    values = kv_values_per_token(base_model.config)
    if base_model.device.type != "cpu":
        return _card_batch_tokens(base_model, values)
    if values is None:
        return CPU_BATCH_TOKENS
    return min(MAX_CPU_BATCH_TOKENS, max(CPU_BATCH_TOKENS, MAX_CPU_CACHE_VALUES // values))


def _card_batch_tokens(base_model: PreTrainedModel, values_per_token: int | None) -> int:
    if values_per_token is None or base_model.device.type in oom.SHARED_MEMORY:
        return BATCH_TOKENS
    free = CACHE_SHARE * devices.unused_bytes(base_model.device)
    tokens = int(free / (values_per_token * base_model.dtype.itemsize))
    return min(MAX_CARD_BATCH_TOKENS, max(MIN_CARD_BATCH_TOKENS, tokens))


def _request(
    base_model: PreTrainedModel,
    prompt: prompt_learning.NoPrompt,
    family: Family,
    prompts: list[list[int]],
    options: DecodingOptions,
) -> tuple[dict[str, Any], int]:
    """Return what the model's `generate` gets for prompts, and how many ids stand before the new ones in its output."""
    config = base_model.generation_config
    padded = _padded(prompts, config.pad_token_id, left=family == "decoder-only", device=base_model.device)
    request = prompt.request(padded)
    read = _ids_before(request, family)
    request["logits_processor"] = logits_processors(
        options, config.eos_token_id, read=read, device=base_model.device
    )
    return request, read


def _ids_before(request: dict[str, Any], family: Family) -> int:
    if family == "encoder-decoder":
        return 1
    return request["input_ids"].shape[1] if "input_ids" in request else 0


def _padded(prompts: list[list[int]], pad: int, left: bool, device: torch.device) -> dict[str, Any]:
    """Return ids and mask (rows × longest). A decoder continues the last token, so it is padded on the left."""
    longest = max(len(ids) for ids in prompts)
    ids = torch.full((len(prompts), longest), pad)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        columns = slice(longest - len(prompt), None) if left else slice(0, len(prompt))
        ids[row, columns] = torch.tensor(prompt)
        mask[row, columns] = 1
    return {"input_ids": ids.to(device), "attention_mask": mask.to(device)}


def finished(ids: list[int], config: GenerationConfig, tokenizer: PreTrainedTokenizerBase) -> Generated:
    """Return a row's ids up to its end token, and its text; a row without one was truncated by the length limit."""
    ends = set(config.eos_token_id)
    end = next((index for index, token in enumerate(ids) if token in ends), None)
    return Generated(ids[:end], plain_text(tokenizer, ids[:end]), end is None)


def plain_text(tokenizer: PreTrainedTokenizerBase, ids: list[int]) -> str:
    """Return the text of token ids without special tokens, stripped."""
    text: str = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return text.strip()
