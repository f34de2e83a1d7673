"""The virtual tokens before a model's input: none, trained input embeddings, or trained keys and values.

Training, scoring and generation all ask here and so compute the same, on the public paths of the base model. PEFT 0.21
calls the KV cache by a name that transformers 5.24 has given up: through PEFT's own `generate`, soft prompts write what
the base writes, or something else, without an error. Knows nothing of losses, decoding settings and initialisation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from peft import PeftModel

from engine.errors import AdapterError, BaseModelError, Problem
from engine.messages import counted, say
from engine.methods import tuner_of
from engine.worker.kernels.compat import CACHE, are_adapters_disabled
from engine.worker.modeling.base_models import Model, positions

Inputs = dict[str, Any]


class NoPrompt:
    """No virtual tokens: the model reads its input as it is."""

    def __init__(self, model: Any) -> None:
        self.length = 0
        self._model = model

    def logits(self, inputs: Inputs) -> torch.Tensor:
        """Return the logits (batch × tokens × vocabulary) at the input's tokens; `inputs` are a forward pass's."""
        logits: torch.Tensor = self._model(**inputs, use_cache=False).logits
        return logits

    def request(self, inputs: Inputs) -> Inputs:
        """Return what the base model's `generate` gets for `input_ids` and `attention_mask`."""
        return inputs

    def positions(self, read: int, written: int) -> int:
        """Return how many positions the model needs to read and write so many tokens."""
        return max(read, written) if _is_encoder_decoder(self._model) else read + written


class _SoftPrompt(NoPrompt):
    """The trained prompt of the active adapter.

    `submodules` is PEFT's count of the stacks of an encoder-decoder that a prompt of this kind has a part in.
    """

    submodules: int

    def __init__(self, model: PeftModel) -> None:
        super().__init__(model)
        self._base = model.get_base_model()
        self.length = model.active_peft_config.num_virtual_tokens

    def _masked(self, attention_mask: torch.Tensor | None) -> torch.Tensor | None:
        """Return the mask with ones for the prompt before it, if there is a mask."""
        if attention_mask is None:
            return None
        return torch.cat([attention_mask.new_ones(len(attention_mask), self.length), attention_mask], dim=1)


class InputVectors(_SoftPrompt):
    """Embeddings before the embedded input: prompt tuning, P-tuning, multitask prompt tuning."""

    submodules = 1

    def logits(self, inputs: Inputs) -> torch.Tensor:
        """Return the logits at the input's tokens; in a decoder they stand behind those at the prompt."""
        logits: torch.Tensor = self._base(**self._embedded(inputs), use_cache=False).logits
        # Logits of selected positions have none of the prompt's.
        has_prompt = not _is_encoder_decoder(self._base) and logits.dim() == 3
        return logits[:, self.length :] if has_prompt else logits

    def request(self, inputs: Inputs) -> Inputs:
        """Return embeddings in place of the ids."""
        return self._embedded(inputs)

    def positions(self, read: int, written: int) -> int:
        """Count the prompt as input."""
        return super().positions(read + self.length, written)

    def _embedded(self, inputs: Inputs) -> Inputs:
        given = dict(inputs)
        # The embedding that PEFT has found, so that the adapter computes the same in plain PEFT.
        embedded = self._model.word_embeddings(given.pop("input_ids"))
        # All examples are of the first task; prompts without tasks ignore it.
        task = torch.zeros(len(embedded), dtype=torch.long, device=embedded.device)
        prompt = self._model.get_prompt(len(embedded), task)[:, : self.length].to(embedded.dtype)
        return given | {
            "inputs_embeds": torch.cat([prompt, embedded], dim=1),
            "attention_mask": self._masked(given["attention_mask"]),
        }


class KeysAndValues(_SoftPrompt):
    """Keys and values in the decoder's KV cache before it starts: prefix tuning."""

    submodules = 2

    def logits(self, inputs: Inputs) -> torch.Tensor:
        """Return the logits at the input's tokens."""
        given = dict(inputs)
        if not _is_encoder_decoder(self._base):
            given["attention_mask"] = self._masked(given["attention_mask"])
        given[CACHE] = self._model.get_prompt(len(given["input_ids"]))
        logits: torch.Tensor = self._base(**given, use_cache=False).logits
        return logits

    def request(self, inputs: Inputs) -> Inputs:
        """Return the filled cache, and in a decoder-only model a placeholder id for each of its entries."""
        ids = inputs["input_ids"]
        filled = inputs | {CACHE: self._model.get_prompt(len(ids))}
        if _is_encoder_decoder(self._base):
            return filled
        return filled | {
            "input_ids": torch.cat([ids.new_zeros(len(ids), self.length), ids], dim=1),
            "attention_mask": self._masked(inputs["attention_mask"]),
        }

    def positions(self, read: int, written: int) -> int:
        """Count the prompt as output: it stands in the decoder."""
        return super().positions(read, written + self.length)


KINDS: Mapping[str, type[_SoftPrompt]] = {"input": InputVectors, "keys_and_values": KeysAndValues}
"""By where a tuner inserts its virtual tokens."""


def prompt_of(model: Any) -> NoPrompt:
    """Return the prompt of a model, with or without an adapter, as it computes now.

    Raises AdapterError for soft prompts of another kind than Tunesmith trains.
    """
    if not isinstance(model, PeftModel) or are_adapters_disabled(model):
        return NoPrompt(model)
    config = model.active_peft_config
    if not config.is_prompt_learning:
        return NoPrompt(model)
    tuner = tuner_of(config.peft_type.value)
    kind = KINDS.get(tuner.virtual_tokens) if tuner is not None else None
    if kind is None or not _has_same_stacks(kind, model):
        raise AdapterError(
            say("{} adapters of this kind are not supported.", config.peft_type.value), "Choose another one."
        )
    return kind(model)


def _has_same_stacks(kind: type[_SoftPrompt], model: PeftModel) -> bool:
    """Tell whether an adapter's prompt stands in the stacks that this kind uses; imported ones may use others."""
    config = model.active_peft_config
    # PEFT puts these two before the encoder alone, whatever their configuration says.
    if not _is_encoder_decoder(model.get_base_model()) or config.peft_type.value in (
        "PROMPT_TUNING",
        "P_TUNING",
    ):
        return True
    return bool(config.num_transformer_submodules == kind.submodules)


def refuse_too_long(model: Model, prompts: Sequence[Sequence[int]], max_new_tokens: int) -> None:
    """Raise BaseModelError if the longest prompt (token ids) and its new tokens exceed the context window."""
    soft_prompt, limit = prompt_of(model), positions(model.config)
    needed = soft_prompt.positions(max(map(len, prompts), default=0), max_new_tokens)
    if limit is not None and needed > limit:
        hint = "Lower the conversation or summary limit."
        problem = too_long(soft_prompt, needed, limit, hint)
        raise BaseModelError(problem.message, problem.hint, problem.field)


def too_long(soft_prompt: NoPrompt, needed: int, limit: int, hint: str) -> Problem:
    """Return the problem of a prompt and a summary that need more tokens than the context window has."""
    virtual = (
        say(" and {} before them", counted(soft_prompt.length, "virtual token")) if soft_prompt.length else ""
    )
    message = say("This base model supports {} tokens; prompt and summary{} need {}.", limit, virtual, needed)
    return Problem("data.max_conversation_tokens", message, hint)


def _is_encoder_decoder(model: Any) -> bool:
    return bool(model.config.is_encoder_decoder)
