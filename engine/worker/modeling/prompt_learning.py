"""What stands before the tokens that a model reads: nothing, trained input vectors, or trained keys and values.

Training, scoring and generating all ask here, so that they compute the same. PEFT 0.21 speaks of caches by a name
that transformers 5.24 no longer knows: through PEFT's own `generate` soft prompts write what the base writes, or
something else again, without an error. Knows nothing of losses, of decoding settings, or of how prompts begin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch
from peft import PeftModel

from engine.errors import AdapterError
from engine.methods import tuner_of

Inputs = dict[str, Any]


class NoPrompt:
    """The usual: the model reads its tokens as they are."""

    def __init__(self, model: Any) -> None:
        self.length = 0
        self._model = model

    def logits(self, inputs: Inputs) -> torch.Tensor:
        """Return the logits (batch × tokens × vocabulary) at the tokens alone; `inputs` are a forward's."""
        found: torch.Tensor = self._model(**inputs, use_cache=False).logits
        return found

    def request(self, inputs: Inputs) -> Inputs:
        """Return what the base model's `generate` gets for `input_ids` and `attention_mask`."""
        return inputs

    @contextmanager
    def decoding(self) -> Iterator[None]:
        """Let the base model generate as this prompt needs it."""
        yield

    def positions(self, read: int, written: int) -> int:
        """Return the most positions that the model needs to read and write so many tokens."""
        return max(read, written) if _two_stacks(self._model) else read + written


class _SoftPrompt(NoPrompt):
    """A trained prompt of the active adapter.

    `submodules` is how many parts of an encoder-decoder have a prompt, as PEFT counts for prompts of this kind.
    """

    submodules: int

    def __init__(self, model: PeftModel) -> None:
        super().__init__(model)
        self._base = model.get_base_model()
        self.length = model.active_peft_config.num_virtual_tokens

    def _masked(self, attention_mask: torch.Tensor | None) -> torch.Tensor | None:
        """Return the mask with the prompt before it: every row reads all of it. Without a mask all is read anyway."""
        if attention_mask is None:
            return None
        return torch.cat([attention_mask.new_ones(len(attention_mask), self.length), attention_mask], dim=1)


class InputVectors(_SoftPrompt):
    """Vectors before the embedded input: prompt tuning, P-tuning, multitask prompt tuning."""

    submodules = 1

    def logits(self, inputs: Inputs) -> torch.Tensor:
        """Return the logits at the tokens alone; a decoder's stand behind those at the prompt."""
        found: torch.Tensor = self._base(**self._embedded(inputs), use_cache=False).logits
        # Where only some places are computed they are none of the prompt's.
        return found if _two_stacks(self._base) or found.dim() == 2 else found[:, self.length :]

    def request(self, inputs: Inputs) -> Inputs:
        """Return embeddings in place of the ids."""
        return self._embedded(inputs)

    def positions(self, read: int, written: int) -> int:
        """Count the prompt to what is read."""
        return super().positions(read + self.length, written)

    def _embedded(self, inputs: Inputs) -> Inputs:
        given = dict(inputs)
        # PEFT's own pick of the embedding, so that the adapter computes the same in plain PEFT.
        embedded = self._model.word_embeddings(given.pop("input_ids"))
        # All examples are of one task, the first; prompts without tasks take no notice.
        task = torch.zeros(len(embedded), dtype=torch.long, device=embedded.device)
        prompt = self._model.get_prompt(len(embedded), task)[:, : self.length].to(embedded.dtype)
        return given | {
            "inputs_embeds": torch.cat([prompt, embedded], dim=1),
            "attention_mask": self._masked(given["attention_mask"]),
        }


class KeysAndValues(_SoftPrompt):
    """Keys and values that stand in the decoder's cache before it begins: prefix tuning."""

    submodules = 2

    def logits(self, inputs: Inputs) -> torch.Tensor:
        """Return the logits at the tokens."""
        given = dict(inputs)
        if not _two_stacks(self._base):
            given["attention_mask"] = self._masked(given["attention_mask"])
        cache = self._model.get_prompt(len(given["input_ids"]))
        found: torch.Tensor = self._base(**given, cache=cache, use_cache=False).logits
        return found

    def request(self, inputs: Inputs) -> Inputs:
        """Return a decoder's filled cache, with an id in the place of each of its entries.

        An encoder-decoder gets its own later, see `decoding`: there ids before the first would be taken for
        written ones.
        """
        if _two_stacks(self._base):
            return inputs
        ids = inputs["input_ids"]
        return inputs | {
            "input_ids": torch.cat([ids.new_zeros(len(ids), self.length), ids], dim=1),
            "attention_mask": self._masked(inputs["attention_mask"]),
            "cache": self._model.get_prompt(len(ids)),
        }

    @contextmanager
    def decoding(self) -> Iterator[None]:
        """Put the prompt into the cache that an encoder-decoder's first step gets."""
        if not _two_stacks(self._base):
            yield
            return
        prepare = self._base.prepare_inputs_for_generation

        # transformers reads from the signature what may be given.
        @wraps(prepare)
        def prepared(*ids: Any, **given: Any) -> Any:
            found = prepare(*ids, **given)
            if given.get("is_first_iteration"):
                found["cache"] = self._model.get_prompt(len(found["decoder_input_ids"]))
            return found

        self._base.prepare_inputs_for_generation = prepared
        try:
            yield
        finally:
            del self._base.prepare_inputs_for_generation

    def positions(self, read: int, written: int) -> int:
        """Count the prompt to what is written: it stands in the decoder."""
        return super().positions(read, written + self.length)


KINDS: Mapping[str, type[_SoftPrompt]] = {"input": InputVectors, "keys_and_values": KeysAndValues}
"""By where a tuner inserts its virtual tokens."""


def prompt_of(model: Any) -> NoPrompt:
    """Return what stands before the tokens that a model, with or without an adapter, reads now.

    Raises AdapterError for soft prompts of another kind than Tunesmith trains.
    """
    # PEFT has no public word for "switched off" that holds for soft prompts too.
    if not isinstance(model, PeftModel) or model._adapters_disabled:
        return NoPrompt(model)
    config = model.active_peft_config
    if not config.is_prompt_learning:
        return NoPrompt(model)
    tuner = tuner_of(config.peft_type.value)
    kind = KINDS.get(tuner.virtual_tokens) if tuner is not None else None
    if kind is None or not _read_the_same(kind, model):
        raise AdapterError(
            f"{config.peft_type.value} adapters of this kind can't be used in this version.",
            "Choose another one.",
        )
    return kind(model)


def _read_the_same(kind: type[_SoftPrompt], model: PeftModel) -> bool:
    """Tell whether an adapter's prompt stands where this kind puts it; strangers' may stand in two places."""
    config = model.active_peft_config
    # PEFT puts these two before the encoder alone, whatever their configuration says.
    if not _two_stacks(model.get_base_model()) or config.peft_type.value in ("PROMPT_TUNING", "P_TUNING"):
        return True
    return bool(config.num_transformer_submodules == kind.submodules)


def _two_stacks(model: Any) -> bool:
    return bool(model.config.is_encoder_decoder)
