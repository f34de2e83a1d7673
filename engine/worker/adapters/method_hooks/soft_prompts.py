"""Hooks of soft prompts: their shapes, initialisation from a text, and saved prompts without dropout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from peft import PeftModel

from engine.errors import AdapterError
from engine.methods.soft_prompts import PrefixOptions, PromptOptions, PTuningOptions
from engine.options import Options
from engine.worker.adapters.method_hooks import TRAINED, InitContext, MethodHooks, Tensors
from engine.worker.kernels.compat import CACHE, PEFT_TYPE_TO_TUNER_MAPPING
from engine.worker.modeling.base_models import LoadedBase


class SoftPromptHooks(MethodHooks):
    """Vectors before the input, as wide as the embedding."""

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return the prompt's width; PEFT takes that of the layers, which differs from the embedding in some models."""
        return {"token_dim": base.model.get_input_embeddings().embedding_dim}

    def saved_tensors(self, model: PeftModel) -> Tensors:
        """Return the finished prompt. On the meta device it is that of a loaded adapter, which has its shape."""
        if model.device.type != "meta":
            # Without the prompt encoder's dropout.
            encoder = model.prompt_encoder[TRAINED]
            was_training = encoder.training
            encoder.eval()
            tensors = super().saved_tensors(model)
            encoder.train(was_training)
            return tensors
        config = model.peft_config[TRAINED]
        tuner = PEFT_TYPE_TO_TUNER_MAPPING[config.peft_type]
        embedding = self._saved_embedding(tuner, replace(config, inference_mode=True))
        return {"prompt_embeddings": embedding.weight}

    def _saved_embedding(self, tuner: Any, config: Any) -> torch.nn.Embedding:
        encoder: torch.nn.Embedding = tuner(config).embedding
        return encoder


class PromptTuningHooks(SoftPromptHooks):
    """Prompt tuning, initialised from a text."""

    def initialize(self, model: PeftModel, base: LoadedBase, options: Options, context: InitContext) -> None:
        """Copy the embeddings of the chosen tokens into the prompt; random values are PEFT's.

        PEFT's own way would save the tokenizer's path in the configuration, and need it to load the adapter.
        """
        assert isinstance(options, PromptOptions)
        prompt = model.prompt_encoder[TRAINED].embedding.weight
        ids = _initial_ids(options, base, len(prompt))
        if ids is not None:
            with torch.no_grad():
                prompt.copy_(model.word_embeddings(ids.to(base.device)))

    def _saved_embedding(self, tuner: Any, config: Any) -> torch.nn.Embedding:
        encoder: torch.nn.Embedding = tuner(config, None).embedding
        return encoder


class MultitaskPromptTuningHooks(PromptTuningHooks):
    """Multitask prompt tuning, initialised to the shared prompt."""

    def initialize(self, model: PeftModel, base: LoadedBase, options: Options, context: InitContext) -> None:
        """Set the tasks' factors to one. PEFT's are near zero, and so would be the prompt and its gradients."""
        super().initialize(model, base, options, context)
        encoder = model.prompt_encoder[TRAINED]
        with torch.no_grad():
            encoder.prefix_task_cols[..., 0] += 1.0
            encoder.prefix_task_rows[:, 0] += 1.0

    def saved_tensors(self, model: PeftModel) -> Tensors:
        """Return the shared prompt and the factors, which are separate in the file."""
        return MethodHooks.saved_tensors(self, model)


class PTuningHooks(SoftPromptHooks):
    """P-tuning's encoder."""

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return the widths; the encoder is as wide as the model by default."""
        assert isinstance(options, PTuningOptions)
        width = base.model.get_input_embeddings().embedding_dim
        return {"token_dim": width, "encoder_hidden_size": options.encoder_width or width}


# A projection's parameters change all tokens at once, so their learning rate is lower than the prefix's.
PROJECTION_RATE = 1 / 30


class PrefixTuningHooks(SoftPromptHooks):
    """Keys and values of the decoder.

    PEFT splits an encoder-decoder's prefix as if half of it were for cross-attention, and then drops that half: layer i
    gets the pair of keys and values at 2i, modulo their number. With an even number each pair would be used by two
    layers and half of them by none; one more pair gives each layer its own.
    """

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return the number of pairs, the decoder's heads and their width.

        PEFT would count the encoder's layers, and derive a head's width from the model's, which is wrong for T5.
        """
        config = base.model.config
        if not config.is_encoder_decoder:
            return {}
        heads = getattr(config, "decoder_attention_heads", config.num_attention_heads)
        width = heads * getattr(config, "d_kv", config.hidden_size // heads)
        names = ("num_decoder_layers", "decoder_layers", "num_hidden_layers")
        layers = next(found for name in names if (found := getattr(config, name, None)))
        return {"num_layers": int(layers) | 1, "num_attention_heads": heads, "token_dim": width}

    def initialize(self, model: PeftModel, base: LoadedBase, options: Options, context: InitContext) -> None:
        """Start from the decoder's keys and values for a text (Li and Liang 2021)."""
        assert isinstance(options, PrefixOptions)
        prefix = model.prompt_encoder[TRAINED].embedding.weight
        ids = None if options.projection else _initial_ids(options, base, len(prefix))
        if ids is None:
            return
        pairs = prefix.view(len(prefix), model.peft_config[TRAINED].num_layers, -1)
        stride = 2 if base.family == "encoder-decoder" else 1
        with torch.no_grad():
            prefix.zero_()
            for layer, pair in enumerate(_keys_and_values(base, ids.to(base.device))):
                pairs[:, layer * stride % pairs.shape[1]] = pair

    def learning_rate_factors(self, model: PeftModel, options: Options) -> Mapping[str, float]:
        """Lower the learning rate of a projection, so that one preset suits both forms."""
        assert isinstance(options, PrefixOptions)
        if not options.projection:
            return {}
        return {
            name: PROJECTION_RATE for name, parameter in model.named_parameters() if parameter.requires_grad
        }


def _keys_and_values(base: LoadedBase, ids: torch.Tensor) -> list[torch.Tensor]:
    """Return the keys and values of each decoder layer for a text (tokens × heads · width, keys then values).

    An encoder-decoder gets the text as input and as output.
    """
    decoder = {"decoder_input_ids": ids[None]} if base.family == "encoder-decoder" else {}
    was_training = base.model.training
    base.model.eval()
    cache = base.model(input_ids=ids[None], use_cache=True, **decoder)[CACHE]
    base.model.train(was_training)
    own = getattr(cache, "self_attention_cache", cache)
    pairs = [torch.cat([layer.keys[0], layer.values[0]]) for layer in own.layers]
    return [pair.transpose(0, 1).flatten(1) for pair in pairs]


def _initial_ids(options: PromptOptions | PrefixOptions, base: LoadedBase, count: int) -> torch.Tensor | None:
    """Return the token ids that a prompt of `count` tokens starts from, None if it starts from random values.

    Raises AdapterError for a text without tokens.
    """
    if options.init == "random":
        return None
    if options.init == "vocabulary":
        return torch.randint(len(base.tokenizer), (count,))
    ids = base.tokenizer(options.init_text, add_special_tokens=False)["input_ids"]
    if not ids:
        raise AdapterError("The starting text has no tokens.", "Write another text.", "method.init_text")
    return torch.tensor((ids * count)[:count])
