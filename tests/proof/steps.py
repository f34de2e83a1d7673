"""The steps of generate(), watched from outside, beside what the training-time forward computes for the same tokens.

Watches the base model inside, so that it sees whatever route a method's generating takes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

import torch

from engine.config.decoding import DecodingOptions
from engine.worker.generation import generate
from engine.worker.modeling import forward
from engine.worker.modeling.base_models import LoadedBase

NEW_TOKENS = 5


@dataclass(frozen=True)
class WrittenStep:
    """One step of generate(): which prompts were still in it, what each row (prompts × beams) had written (rows ×
    tokens), and its logits."""

    prompts: list[int]
    written: torch.Tensor
    logits: torch.Tensor


def written_steps(model: Any, base: LoadedBase, read: list[list[int]], beams: int) -> list[WrittenStep]:
    """Write a few tokens the product's way and return every step of it."""
    core = model.get_base_model() if hasattr(model, "get_base_model") else model
    running: list[int] = []

    def begin(rows: list[int]) -> None:
        running[:] = rows

    with _watched(core, running) as steps:
        generate.generate(
            model, base.tokenizer, base.family, read, on_rows=begin, beams=beams, max_new_tokens=NEW_TOKENS
        )
    return steps


@contextmanager
def _watched(core: Any, running: list[int]) -> Iterator[list[WrittenStep]]:
    """Note each step of the model's generate() over the running prompts, whatever route leads there."""
    prepare = core.prepare_inputs_for_generation
    steps: list[WrittenStep] = []
    rows: list[torch.Tensor] = []

    # transformers reads from the signature whether embeddings can take the place of ids.
    @wraps(prepare)
    def prepared(input_ids: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        # Whatever stands before, the last tokens are those written so far.
        rows.append(input_ids[:, input_ids.shape[1] - len(steps) :].clone())
        return prepare(input_ids, *args, **kwargs)

    def computed(_module: Any, _inputs: Any, output: Any) -> None:
        steps.append(WrittenStep(list(running), rows[-1], output.logits[:, -1].float().clone()))

    core.prepare_inputs_for_generation = prepared
    hook = core.register_forward_hook(computed)
    try:
        yield steps
    finally:
        hook.remove()
        # A soft prompt that put its own in this one's place has taken both away already.
        core.__dict__.pop("prepare_inputs_for_generation", None)


@torch.no_grad()
def furthest_off(steps: list[WrittenStep], model: Any, base: LoadedBase, read: list[list[int]]) -> float:
    """Return the largest difference of a step's logits to the training-time forward over the same tokens."""
    model.eval()
    ends = torch.tensor(
        generate.generation_config(base.model, base.tokenizer, DecodingOptions()).eos_token_id,
        device=base.device,
    )
    furthest = 0.0
    for step in steps:
        beams = len(step.written) // len(step.prompts)
        goes_on = ~torch.isin(step.written, ends).any(dim=1)
        rows = [read[prompt] for prompt in step.prompts for _ in range(beams)]
        off = (step.logits - _next_logits(model, base, rows, step.written)).abs().amax(dim=1)
        furthest = max(furthest, float(off[goes_on].max()) if goes_on.any() else 0.0)
    return furthest


def _next_logits(model: Any, base: LoadedBase, read: list[list[int]], written: torch.Tensor) -> torch.Tensor:
    """Return the training-time logits (rows × vocabulary) of the token after what was written."""
    pad, rows = base.tokenizer.pad_token_id, torch.arange(len(read), device=base.device)
    whole = (
        read
        if base.family == "encoder-decoder"
        else [ids + more for ids, more in zip(read, written.tolist(), strict=True)]
    )
    lengths = torch.tensor([len(ids) for ids in whole], device=base.device)
    longest = max(map(len, whole))
    input_ids = torch.tensor([ids + [pad] * (longest - len(ids)) for ids in whole], device=base.device)
    mask = (torch.arange(longest, device=base.device)[None] < lengths[:, None]).long()
    if base.family == "encoder-decoder":
        # The last label is what is predicted; which one it is, the model does not see.
        labels = torch.cat([written, written.new_full((len(written), 1), pad)], dim=1)
        return forward.logits(model, base.family, input_ids, mask, labels)[:, -1].float()
    return forward.logits(model, base.family, input_ids, mask, input_ids)[rows, lengths - 1].float()
