"""What soft prompts need beyond PEFT: their true shapes, a beginning from words, and files without noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import PretrainedConfig

from engine.errors import AdapterError
from engine.methods.soft_prompts import PrefixOptions, PromptOptions, PTuningOptions
from engine.options import Options
from engine.worker.adapters.method_hooks.base import TRAINED, InitContext, MethodHooks, Tensors
from engine.worker.kernels.library import CACHE, PEFT_TYPE_TO_TUNER_MAPPING
from engine.worker.modeling.base_models import LoadedBase


class SoftPrompts(MethodHooks):
    """Vectors before the input: as wide as the embedding."""

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return the prompt's width; PEFT takes the layers', which a few models' embeddings do not have."""
        return {"token_dim": base.model.get_input_embeddings().embedding_dim}

    def saved_tensors(self, model: PeftModel) -> Tensors:
        """Return the finished prompt. Without weights it can't be computed: the one to be loaded has its shape."""
        if model.device.type != "meta":
            with _at_rest(model):
                return super().saved_tensors(model)
        config = model.peft_config[TRAINED]
        tuner = PEFT_TYPE_TO_TUNER_MAPPING[config.peft_type]
        embedding = self._finished(tuner, replace(config, inference_mode=True))
        return {"prompt_embeddings": embedding.weight}

    def _finished(self, tuner: Any, config: Any) -> torch.nn.Embedding:
        encoder: torch.nn.Embedding = tuner(config).embedding
        return encoder

    def save(self, model: PeftModel, folder: Path) -> None:
        """Write the finished prompt as evaluations compute it: without dropout, and drawing nothing."""
        with _at_rest(model):
            super().save(model, folder)


class PromptTuning(SoftPrompts):
    """Prompt tuning begins with words."""

    def initialize(self, model: PeftModel, base: LoadedBase, options: Options, context: InitContext) -> None:
        """Copy the embeddings of the chosen words into the prompt; a random one is PEFT's.

        PEFT's own way would keep the tokenizer's path in the adapter's configuration, and need it.
        """
        assert isinstance(options, PromptOptions)
        prompt = model.prompt_encoder[TRAINED].embedding.weight
        ids = _words(options, base, len(prompt))
        if ids is not None:
            with torch.no_grad():
                prompt.copy_(model.word_embeddings(ids.to(base.device)))

    def _finished(self, tuner: Any, config: Any) -> torch.nn.Embedding:
        encoder: torch.nn.Embedding = tuner(config, None).embedding
        return encoder


class MultitaskPromptTuning(PromptTuning):
    """Multitask prompt tuning begins with the shared prompt as it is."""

    def initialize(self, model: PeftModel, base: LoadedBase, options: Options, context: InitContext) -> None:
        """Let the tasks' factors be one at first. PEFT's are near zero: so would be the prompt and its gradients."""
        super().initialize(model, base, options, context)
        encoder = model.prompt_encoder[TRAINED]
        with torch.no_grad():
            encoder.prefix_task_cols[..., 0] += 1.0
            encoder.prefix_task_rows[:, 0] += 1.0

    def saved_tensors(self, model: PeftModel) -> Tensors:
        """Return the shared prompt and the factors, which are kept apart in the file."""
        return MethodHooks.saved_tensors(self, model)


class PTuning(SoftPrompts):
    """P-tuning's encoder."""

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return the widths; the encoder is as wide as the model unless the options say otherwise."""
        assert isinstance(options, PTuningOptions)
        width = base.model.get_input_embeddings().embedding_dim
        return {"token_dim": width, "encoder_hidden_size": options.encoder_width or width}


# A network's numbers move every token at once, so they go by smaller steps than a prefix's own.
PROJECTION_RATE = 1 / 30


class PrefixTuning(SoftPrompts):
    """Keys and values of the decoder.

    PEFT cuts an encoder-decoder's prefix as if half of it were for the attention to what was read, which it then
    throws away: layer i gets the pair of keys and values at 2i, counted round. With an even number of layers each
    pair would stand in two of them and half of what is trained in none; one pair to spare gives each its own.
    """

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return the number of pairs, the decoder's heads and their width.

        PEFT would count an encoder-decoder's encoder, and take a head's width from the model's, which for T5 differ.
        """
        config = base.model.config
        if not config.is_encoder_decoder:
            return {}
        heads = getattr(config, "decoder_attention_heads", config.num_attention_heads)
        width = heads * getattr(config, "d_kv", config.hidden_size // heads)
        pairs = _decoder_layers(config) | 1
        return {"num_layers": pairs, "num_attention_heads": heads, "token_dim": width}

    def initialize(self, model: PeftModel, base: LoadedBase, options: Options, context: InitContext) -> None:
        """Begin with the decoder's keys and values at the words of a text (Li and Liang 2021)."""
        assert isinstance(options, PrefixOptions)
        prefix = model.prompt_encoder[TRAINED].embedding.weight
        ids = None if options.projection else _words(options, base, len(prefix))
        if ids is None:
            return
        pairs = prefix.view(len(prefix), model.peft_config[TRAINED].num_layers, -1)
        stride = 2 if base.family == "encoder-decoder" else 1
        with torch.no_grad():
            prefix.zero_()
            for layer, pair in enumerate(_keys_and_values(base, ids.to(base.device))):
                pairs[:, layer * stride % pairs.shape[1]] = pair

    def learning_rate_factors(self, model: PeftModel, options: Options) -> Mapping[str, float]:
        """Let a projection learn at the rate that suits it, so that one preset serves both forms."""
        assert isinstance(options, PrefixOptions)
        if not options.projection:
            return {}
        return {
            name: PROJECTION_RATE for name, parameter in model.named_parameters() if parameter.requires_grad
        }


def _decoder_layers(config: PretrainedConfig) -> int:
    for name in ("num_decoder_layers", "decoder_layers"):
        if getattr(config, name, None):
            return int(getattr(config, name))
    return int(config.num_hidden_layers)


def _keys_and_values(base: LoadedBase, ids: torch.Tensor) -> list[torch.Tensor]:
    """Return what each layer of the decoder keeps of a text (tokens × numbers): keys, then values.

    An encoder-decoder reads the text and writes it.
    """
    told = {"decoder_input_ids": ids[None]} if base.family == "encoder-decoder" else {}
    was_training = base.model.training
    base.model.eval()
    cache = base.model(input_ids=ids[None], use_cache=True, **told)[CACHE]
    base.model.train(was_training)
    kept = [torch.cat([layer.keys[0], layer.values[0]]) for layer in _self_attention(cache).layers]
    return [both.transpose(0, 1).flatten(1) for both in kept]


def _self_attention(cache: Any) -> Any:
    return getattr(cache, "self_attention_cache", cache)


def _words(options: PromptOptions | PrefixOptions, base: LoadedBase, count: int) -> torch.Tensor | None:
    """Return the ids of the words that a prompt of so many begins with, None if it begins at random.

    Raises AdapterError for a text of which the tokenizer leaves nothing.
    """
    if options.init == "random":
        return None
    if options.init == "vocabulary":
        return torch.randint(len(base.tokenizer), (count,))
    ids = base.tokenizer(options.init_text, add_special_tokens=False)["input_ids"]
    if not ids:
        raise AdapterError(
            "The starting text has no tokens in the base model's vocabulary.",
            "Write another text.",
            "method.init_text",
        )
    return torch.tensor((ids * count)[:count])


@contextmanager
def _at_rest(model: PeftModel) -> Iterator[None]:
    """Let the prompt's encoder drop nothing, as long as its result is written."""
    encoder = model.prompt_encoder[TRAINED]
    was_training = encoder.training
    encoder.eval()
    try:
        yield
    finally:
        encoder.train(was_training)
