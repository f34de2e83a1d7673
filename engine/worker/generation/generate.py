"""Generates summaries: many prompts in few batches, each with the tokens that it would get alone.

Every decoding setting comes from here; of the base model's own generation config only special tokens count. Knows
nothing of conversations, scores and jobs.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from peft import PeftModel
from transformers import (
    GenerationConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    StoppingCriteria,
    StoppingCriteriaList,
)

from engine.config.decoding import DecodingOptions
from engine.errors import BaseModelError
from engine.methods import Family
from engine.worker.dataset import token_cache
from engine.worker.dataset.prompter import Encoded
from engine.worker.generation import Generated
from engine.worker.generation.decode_loop import DecodeLoop
from engine.worker.generation.logits_processors import logits_processors
from engine.worker.kernels.compat import CACHE
from engine.worker.kernels.registry import enabled
from engine.worker.modeling import prompt_learning
from engine.worker.modeling.base_models import Model, kv_values_per_token
from engine.worker.runtime import devices, oom, rank_group, rank_meeting
from engine.worker.runtime.rank_group import RankGroup, Tick, no_tick

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
# The prefill takes this fraction of a batch's tokens at a time, on a CPU at most so many: enough to keep a device
# busy with little padding. No command is heard meanwhile, and a CPU may take a second for a thousand tokens.
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
    options, ends = DecodingOptions(**decoding), list(end_tokens)
    writer = _Writer(model, tokenizer, family, options, ends, batch_tokens)
    prompt_learning.refuse_too_long(model, inputs, options.max_new_tokens)
    order = sorted(range(len(inputs)), key=lambda row: len(inputs[row]), reverse=True)
    prompts = [inputs[row] for row in order]
    written: dict[int, Generated] = {}

    def take(place: int, ids: list[int]) -> None:
        row = order[place]
        written[row] = finished(ids, writer.config, tokenizer)
        if on_written:
            on_written(row, written[row])

    group = rank_group.current()
    if on_rows or on_tokens:
        report = on_rows or (lambda _: None)
        rows_of: OnRows = lambda places: report([order[place] for place in places])  # noqa: E731
        writer.write(prompts, range(len(prompts)), take, on_rows=rows_of, on_tokens=on_tokens)
    elif group is None:
        writer.write(prompts, range(len(prompts)), take, on_tick)
    else:
        group.share(
            TASK,
            len(prompts),
            partial(writer.write, prompts),
            take,
            on_tick,
            options=options.model_dump(),
            end_tokens=ends,
            with_adapter=not rank_group.without_adapter(),
            prompts=token_cache.share((Encoded(each, []) for each in prompts), group.folder),
        )
    return [written[row] for row in range(len(inputs))]


def help_out(
    group: RankGroup, told: dict[str, Any], model: Model, tokenizer: PreTrainedTokenizerBase, family: Family
) -> None:
    """Generate another rank's part of what `generate` asks for."""
    prompts = [list(each.input_ids) for each in token_cache.shared(told["prompts"], group.folder)]
    options = DecodingOptions(**told["options"])
    writer = _Writer(model, tokenizer, family, options, told["end_tokens"])
    group.do_share(told, partial(writer.write, prompts))


class _Writer:
    """Writes summaries with a model and decoding options, in batches of up to `batch_tokens`, new tokens included."""

    def __init__(
        self,
        model: Model,
        tokenizer: PreTrainedTokenizerBase,
        family: Family,
        options: DecodingOptions,
        end_tokens: Iterable[int],
        batch_tokens: int | None = None,
    ) -> None:
        self.base_model = model.get_base_model() if isinstance(model, PeftModel) else model
        self.prompt = prompt_learning.prompt_of(model)
        self.config = generation_config(self.base_model, tokenizer, options, end_tokens)
        self._family = family
        self._options = options
        self._batch_tokens = batch_tokens or tokens_of_batch(self.base_model)

    def write(
        self,
        prompts: Sequence[list[int]],
        rows: Sequence[int],
        take: Take,
        on_tick: Tick = no_tick,
        on_rows: OnRows | None = None,
        on_tokens: OnTokens | None = None,
    ) -> None:
        """Generate the summaries of some rows of the prompts, which are sorted by length, the longest first.

        With the longest first, little is padded, and the peak of the memory comes first. Where a GPU's memory does not
        suffice for a batch, its unfinished rows are generated in halved ones, unless somebody has read a part of them.
        """
        is_followed = bool(on_rows or on_tokens)
        if not is_followed:
            on_rows = on_tokens = lambda _: on_tick()
        done: set[int] = set()
        has_tokens = False

        def take_row(row: int, ids: list[int]) -> None:
            take(row, ids)
            done.add(row)

        def read(ids: torch.Tensor) -> None:
            nonlocal has_tokens
            has_tokens = True
            if on_tokens:
                on_tokens(ids)

        remaining, batch_tokens = list(rows), self._batch_tokens
        with self._decoding():
            while remaining:
                # As wide as the first row is with its new tokens.
                width = (len(prompts[remaining[0]]) + self._options.max_new_tokens) * self._options.beams
                batch = remaining[: max(1, batch_tokens // width)]
                has_tokens, has_failed = False, False
                try:
                    if on_rows:
                        on_rows(batch)
                    self._write_batch(
                        batch,
                        [prompts[row] for row in batch],
                        batch_tokens,
                        take_row,
                        on_rows,
                        read if on_tokens else None,
                    )
                except (RuntimeError, MemoryError) as error:
                    is_unread = not (is_followed and has_tokens)
                    can_halve = is_unread and oom.can_halve(self.base_model.device.type, error)
                    if len(batch) == 1 or not can_halve:
                        raise
                    traceback.print_exc()
                    has_failed = True
                    batch_tokens = max(1, min(batch_tokens, len(batch) * width) // 2)
                if has_failed:
                    # Only now, the error being gone, is what the batch needed unused.
                    devices.free_unused(self.base_model.device)
                remaining = [row for row in remaining if row not in done]

    def _write_batch(
        self,
        batch: list[int],
        prompts: list[list[int]],
        batch_tokens: int,
        take: Take,
        on_rows: OnRows | None,
        on_tokens: OnTokens | None,
    ) -> None:
        request, read = _request(self.base_model, self.prompt, self._family, prompts, self._options)
        device = self.base_model.device.type
        is_greedy = self._options.beams == 1 and not self._options.temperature
        if is_greedy and enabled("decode_loop", device):
            prefill_tokens = min(
                batch_tokens // PREFILL_PARTS, CPU_PREFILL_TOKENS if device == "cpu" else batch_tokens
            )
            loop = DecodeLoop(batch, take, on_rows, on_tokens, prefill_tokens)
            if self._family == "encoder-decoder":
                request = loop.encoded(self.base_model, request)
            self.base_model.generate(**request, custom_generate=loop)
            return
        for row, ids in zip(batch, self._searched(request, read, on_tokens), strict=True):
            take(row, ids)

    def _searched(self, request: dict[str, Any], read: int, on_tokens: OnTokens | None) -> list[list[int]]:
        """Return the new token ids of each row, padded behind its end token, by transformers' own `generate`.

        It decodes beams, samples, and decodes greedily where our loop is off. `read` ids stand before the new ones in
        what it returns. With beams, `on_tokens` gets the ids of each row's best. Raises BaseModelError for beams where
        rows of the model's state can't be reordered.
        """
        model, options = self.base_model, self._options
        search: dict[str, Any] = {}
        if options.beams > 1:
            if not model._supports_default_dynamic_cache():
                raise BaseModelError(
                    "This base model doesn't support beams.", "Set Beams to 1.", "evaluation.beams"
                )
            search = {
                "num_beams": options.beams,
                "early_stopping": True,
                "length_penalty": options.length_penalty,
            }
            if CACHE in request:
                # `generate` repeats every other input itself.
                request[CACHE].batch_repeat_interleave(options.beams)
        if on_tokens:
            report = _Report(on_tokens, read, len(request["attention_mask"]))
            search["stopping_criteria"] = StoppingCriteriaList([report])
        ids: list[list[int]] = model.generate(**request, **search)[:, read:].tolist()
        return ids

    @contextmanager
    def _decoding(self) -> Iterator[None]:
        """Make our config the model's own: transformers fills unset values from the model's generation config."""
        model = self.base_model
        before, was_training = model.generation_config, model.training
        model.generation_config = self.config
        model.eval()
        try:
            with torch.inference_mode():
                yield
        finally:
            model.generation_config = before
            model.train(was_training)


class _Report(StoppingCriteria):
    """Stops nothing: reports the new ids after each step. What the listener raises ends the work."""

    def __init__(self, on_tokens: OnTokens, read: int, rows: int) -> None:
        self._on_tokens = on_tokens
        self._read = read
        self._rows = rows

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        # Beams call it with every row's candidates, the best first.
        self._on_tokens(input_ids[:: len(input_ids) // self._rows, self._read :].cpu())
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)


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
    ends = set(end_tokens)
    for known in (model_config.eos_token_id, tokenizer.eos_token_id):
        ends.update(known if isinstance(known, list) else [] if known is None else [known])
    return GenerationConfig(
        max_new_tokens=options.max_new_tokens,
        num_beams=1,
        do_sample=False,
        use_cache=True,
        eos_token_id=sorted(ends),
        pad_token_id=tokenizer.pad_token_id,
        **special_tokens,
    )


def tokens_of_batch(base_model: PreTrainedModel) -> int:
    """Return how many tokens a batch may have, by the device, its free memory and the size of the KV cache."""
    values, device = kv_values_per_token(base_model.config), base_model.device
    # Ranks on one computer share its memory.
    sharing = rank_meeting.local_size() if device.type in oom.SHARED_MEMORY else 1
    if device.type == "cpu":
        fitting = MAX_CPU_CACHE_VALUES // values if values else 0
        return min(MAX_CPU_BATCH_TOKENS, max(CPU_BATCH_TOKENS, fitting)) // sharing
    if values is None or device.type in oom.SHARED_MEMORY:
        return BATCH_TOKENS // sharing
    free = CACHE_SHARE * devices.unused_bytes(device)
    tokens = int(free / (values * base_model.dtype.itemsize))
    return min(MAX_CARD_BATCH_TOKENS, max(MIN_CARD_BATCH_TOKENS, tokens))


def _request(
    base_model: PreTrainedModel,
    prompt: prompt_learning.NoPrompt,
    family: Family,
    prompts: list[list[int]],
    options: DecodingOptions,
) -> tuple[dict[str, Any], int]:
    """Return what the model's `generate` gets for prompts, and how many ids stand before the new ones in its output."""
    config, device = base_model.generation_config, base_model.device
    longest = max(len(ids) for ids in prompts)
    ids = torch.full((len(prompts), longest), config.pad_token_id)
    mask = torch.zeros_like(ids)
    for row, each in enumerate(prompts):
        # A decoder continues the last token, so it is padded on the left.
        columns = slice(longest - len(each), None) if family == "decoder-only" else slice(0, len(each))
        ids[row, columns] = torch.tensor(each)
        mask[row, columns] = 1
    request = prompt.request({"input_ids": ids.to(device), "attention_mask": mask.to(device)})
    read = 1
    if family == "decoder-only":
        read = request["input_ids"].shape[1] if "input_ids" in request else 0
    request["logits_processor"] = logits_processors(options, config.eos_token_id, read=read, device=device)
    return request, read


def finished(ids: list[int], config: GenerationConfig, tokenizer: PreTrainedTokenizerBase) -> Generated:
    """Return a row's ids up to its end token, and its text; a row without one was truncated by the length limit."""
    ends = set(config.eos_token_id)
    end = next((index for index, token in enumerate(ids) if token in ends), None)
    return Generated(ids[:end], plain_text(tokenizer, ids[:end]), end is None)


def plain_text(tokenizer: PreTrainedTokenizerBase, ids: list[int]) -> str:
    """Return the text of token ids without special tokens, stripped."""
    text: str = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return text.strip()
