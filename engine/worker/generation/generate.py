"""Write summaries: many prompts in few batches, with the same tokens that each would get alone.

Owns how text is decoded: every setting comes from here, and nothing but its special tokens from the base
model's own generation config. Knows nothing of conversations, scores or jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from peft import PeftModel
from transformers import (
    GenerationConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from engine.config.decoding import DecodingOptions
from engine.errors import BaseModelError
from engine.methods import Family
from engine.worker.generation.decode_loop import MakeSearch, Stepping
from engine.worker.generation.logits_processors import choosing
from engine.worker.generation.search import Beams, Greedy
from engine.worker.kernels.registry import enabled
from engine.worker.modeling import prompt_learning
from engine.worker.modeling.base_models import Model, kept_numbers, positions
from engine.worker.runtime import devices
from engine.worker.runtime.parallel_map import Emit, Tick, no_tick, parallel_map

# Tokens of one batch, pads and room for the summaries included. On two cores a model of 135 million parameters writes
# quickest with 2**14, the starter with twice as many; but no more than 2**28 numbers are kept of them.
CPU_BATCH_TOKENS = 1 << 13
LARGEST_CPU_BATCH_TOKENS = 1 << 15
CPU_NUMBERS = 1 << 28
# Elsewhere the keys and values of 2**14 tokens are 0.4 GB for SmolLM2-135M and 8 GB for a 7B.
BATCH_TOKENS = 1 << 14
# Of a batch's tokens this part is read at a time, and on a processor no more than that: enough to keep a device busy,
# and little of it is padding. Nobody is heard meanwhile, and a processor may take a second for a thousand tokens.
READ_PARTS = 4
CPU_READ_TOKENS = 1 << 11
# What the base model's own generation config may decide: which tokens mean something to the model.
SPECIAL_TOKENS = ("bos_token_id", "decoder_start_token_id", "forced_bos_token_id", "bad_words_ids")

OnTokens = Callable[[torch.Tensor], None]
OnRows = Callable[[list[int]], None]


@dataclass(frozen=True)
class Generated:
    """A summary: its token ids without special ends, its text, and whether the length limit cut it."""

    ids: list[int]
    text: str
    capped: bool


OnWritten = Callable[[int, Generated], None]
# Takes a row's place and its new ids, as soon as it is whole.
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
    between: Tick = no_tick,
    batch_tokens: int | None = None,
    **decoding: Any,
) -> list[Generated]:
    """Return a summary for each prompt, in the order of `inputs` (token ids).

    `decoding` are settings of DecodingOptions by their names. `on_rows(rows)` is called with places in `inputs` before
    others are computed than before: those of a batch, those of it that are read together, and those that are left
    when whole summaries have left it. `on_tokens(ids)` is called after each new token with what these rows have so far
    (rows × tokens), and `on_written(row, summary)` as soon as a summary is whole. Who wants neither rows nor tokens
    lets a processor's cores write apart, and is heard by `between`, called every so often. What any of them raises ends
    the work. `batch_tokens` is chosen by the device if absent. Raises BaseModelError if a prompt is too long for the
    model.
    """
    options = DecodingOptions(**decoding)
    core = model.get_base_model() if isinstance(model, PeftModel) else model
    prompt = prompt_learning.prompt_of(model)
    _refuse_too_long(core, prompt, inputs, options.max_new_tokens)
    config = generation_config(core, tokenizer, options)
    written: dict[int, Generated] = {}

    def take(row: int, ids: list[int]) -> None:
        written[row] = _finished(ids, config, tokenizer)
        if on_written:
            on_written(row, written[row])

    followed = on_rows or on_tokens
    alone = followed or not enabled("generation_forks", core.device.type)
    apart = 1 if alone else devices.process_count(core.device, len(inputs), core.num_parameters())
    rows = sorted(range(len(inputs)), key=lambda row: len(inputs[row]), reverse=True)
    work = _Work(core, prompt, family, inputs, options, (batch_tokens or _batch_tokens(core)) // apart)
    with _decoding(core, config):
        if followed:
            work.write(rows, take, on_rows, on_tokens)
        else:
            parts = [rows[place::apart] for place in range(apart)]
            parallel_map(work.write_apart, parts, lambda found: take(*found), between)
    return [written[row] for row in range(len(inputs))]


@dataclass(frozen=True)
class _Work:
    """What is written, from what and how; of prompts and room for summaries `batch_tokens` at a time."""

    core: PreTrainedModel
    prompt: prompt_learning.NoPrompt
    family: Family
    inputs: Sequence[list[int]]
    options: DecodingOptions
    batch_tokens: int

    def write(
        self,
        rows: Sequence[int],
        take: Take,
        on_rows: OnRows | None = None,
        on_tokens: OnTokens | None = None,
    ) -> None:
        """Write some of the prompts' summaries, the longest prompts first."""
        core, options = self.core, self.options
        most_read = CPU_READ_TOKENS if core.device.type == "cpu" else self.batch_tokens
        at_a_time = min(self.batch_tokens // READ_PARTS, most_read)
        for batch in self._batches(rows):
            if on_rows:
                on_rows(batch)
            prompts = [self.inputs[row] for row in batch]
            request = _request(core, self.prompt, self.family, prompts, options)
            with self.prompt.decoding():
                Stepping(batch, take, on_rows, on_tokens, at_a_time, _search(options)).write(core, request)

    def write_apart(self, rows: Sequence[int], emit: Emit, tick: Tick) -> None:
        """Write some of the prompts' summaries; emit each as its row and ids, and call `tick` every so often."""
        self.write(rows, lambda row, ids: emit((row, ids)), lambda _: tick(), lambda _: tick())

    def _batches(self, rows: Sequence[int]) -> Iterator[list[int]]:
        """Yield the rows of each batch: little is padded, and memory is tried at once."""
        left = list(rows)
        while left:
            row_tokens = (len(self.inputs[left[0]]) + self.options.max_new_tokens) * self.options.beams
            count = max(1, self.batch_tokens // row_tokens)
            yield left[:count]
            left = left[count:]


def refuse_too_long(model: Model, ids: list[int], max_new_tokens: int) -> None:
    """Raise BaseModelError if a prompt, with what is written after it, is too long for the model."""
    core = model.get_base_model() if isinstance(model, PeftModel) else model
    _refuse_too_long(core, prompt_learning.prompt_of(model), [ids], max_new_tokens)


def generation_config(
    core: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, options: DecodingOptions
) -> GenerationConfig:
    """Return what decides decoding beside `choosing`; what ends the model's or the tokenizer's texts ends ours.

    Tokens are drawn there, row by row, and beams are followed by a search of our own, so that for transformers the
    likeliest token is always the next.
    """
    own = core.generation_config
    special = {name: getattr(own, name, None) for name in SPECIAL_TOKENS}
    if core.config.is_encoder_decoder and special["decoder_start_token_id"] is None:
        special["decoder_start_token_id"] = core.config.decoder_start_token_id
    return GenerationConfig(
        max_new_tokens=options.max_new_tokens,
        num_beams=1,
        do_sample=False,
        use_cache=True,
        eos_token_id=_end_tokens(own.eos_token_id, tokenizer.eos_token_id),
        pad_token_id=tokenizer.pad_token_id,
        **special,
    )


def _end_tokens(*sources: int | list[int] | None) -> list[int]:
    found: set[int] = set()
    for source in sources:
        found.update(source if isinstance(source, list) else [] if source is None else [source])
    return sorted(found)


def _refuse_too_long(
    core: PreTrainedModel, prompt: prompt_learning.NoPrompt, inputs: Sequence[list[int]], max_new_tokens: int
) -> None:
    """Raise BaseModelError where the model has no positions for what it should read and write."""
    limit = positions(core.config)
    needed = prompt.positions(max((len(ids) for ids in inputs), default=0), max_new_tokens)
    if limit is not None and needed > limit:
        soft = f" and the {prompt.length} virtual tokens before them" if prompt.length else ""
        raise BaseModelError(
            f"This base model takes {limit} tokens; prompt and summary{soft} need up to {needed}.",
            "Lower the longest conversation or the longest summary.",
            "data.max_conversation_tokens",
        )


def _search(options: DecodingOptions) -> MakeSearch:
    if options.beams == 1:
        return Greedy
    return partial(Beams, beams=options.beams, length_penalty=options.length_penalty)


@contextmanager
def _decoding(core: PreTrainedModel, config: GenerationConfig) -> Iterator[None]:
    """Let the model decode by `config` alone: transformers fills what is left open from the model's own."""
    kept, was_training = core.generation_config, core.training
    core.generation_config = config
    core.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        core.generation_config = kept
        core.train(was_training)


def _batch_tokens(core: PreTrainedModel) -> int:
    """Return how many tokens a batch may have, by the device and by what is kept of each."""
    if core.device.type != "cpu":
        return BATCH_TOKENS
    numbers = kept_numbers(core.config)
    if numbers is None:
        return CPU_BATCH_TOKENS
    return min(LARGEST_CPU_BATCH_TOKENS, max(CPU_BATCH_TOKENS, CPU_NUMBERS // numbers))


def _request(
    core: PreTrainedModel,
    prompt: prompt_learning.NoPrompt,
    family: Family,
    prompts: list[list[int]],
    options: DecodingOptions,
) -> dict[str, Any]:
    """Return what the model's `generate` gets for prompts."""
    config = core.generation_config
    padded = _padded(prompts, config.pad_token_id, left=family == "decoder-only", device=core.device)
    request = prompt.request(padded)
    read = _repeated(request, family)
    request["logits_processor"] = choosing(options, config.eos_token_id, read=read, device=core.device)
    return request


def _repeated(request: dict[str, Any], family: Family) -> int:
    """Return how many ids stand before the written ones in what `generate` returns."""
    if family == "encoder-decoder":
        return 1
    return request["input_ids"].shape[1] if "input_ids" in request else 0


def _padded(prompts: list[list[int]], pad: int, left: bool, device: torch.device) -> dict[str, Any]:
    """Return ids and mask (rows × longest). A decoder goes on from the last token, so it is padded left."""
    longest = max(len(ids) for ids in prompts)
    ids = torch.full((len(prompts), longest), pad)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        place = slice(longest - len(prompt), None) if left else slice(0, len(prompt))
        ids[row, place] = torch.tensor(prompt)
        mask[row, place] = 1
    return {"input_ids": ids.to(device), "attention_mask": mask.to(device)}


def _finished(ids: list[int], config: GenerationConfig, tokenizer: PreTrainedTokenizerBase) -> Generated:
    """Cut a row at its end token; a row without one was cut by the length limit."""
    ends = set(config.eos_token_id)
    end = next((place for place, token in enumerate(ids) if token in ends), None)
    kept = ids[:end]
    return Generated(kept, plain_text(tokenizer, kept), end is None)


def plain_text(tokenizer: PreTrainedTokenizerBase, ids: list[int]) -> str:
    """Return the text of token ids without special tokens and without space around it."""
    text: str = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return text.strip()
