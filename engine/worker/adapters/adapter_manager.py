"""Loads adapters on a base model in memory and activates them: one at a time, or one for each row of a batch.

Adapters stay loaded while they are compatible with each other. PEFT takes only adapters of one type on a model, some
types share buffers, and an adapter that trained the base's own biases changes the base for all others. Knows nothing
of what is computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from peft import PeftModel

from engine.adapters.library import Adapter
from engine.worker.adapters import attach, method_hooks, multi_lora
from engine.worker.adapters.multi_lora import MixedBatch
from engine.worker.kernels.registry import enabled
from engine.worker.modeling.base_models import LoadedBase, Model


class AdapterManager:
    """One base model and the adapters that were asked for so far."""

    def __init__(self, base: LoadedBase) -> None:
        self.base = base
        self._model: PeftModel | None = None
        # The base's biases, while a loaded adapter has replaced them with its own.
        self._saved_biases: dict[str, torch.Tensor] | None = None
        # By the id of a loaded adapter; measured once.
        self._supports_mixed_batch: dict[str, bool] = {}

    @contextmanager
    def use(self, adapter: Adapter | None) -> Iterator[Model]:
        """Yield the model with an adapter active, loaded if it is not yet, or the base alone for None.

        Raises AdapterError for an adapter that does not fit; the adapters loaded before are unchanged then.
        """
        if adapter is not None and adapter.is_prompt:
            # It has no weights: it changes only the prompt.
            attach.refuse_other_base(self.base, adapter)
            adapter = None
        if adapter is not None:
            self._load(adapter)
        elif self._saved_biases is not None:
            self._detach()
        if self._model is None:
            yield self.base.model
        else:
            with attach.active(self._model, adapter.id if adapter else None):
                yield self._model

    def supports_mixed_batch(self, adapter: Adapter) -> bool:
        """Return whether an adapter can share a batch with the base and with others that can.

        Loads the adapter if it might. Raises AdapterError if it does not fit.
        """
        if adapter.is_prompt:
            attach.refuse_other_base(self.base, adapter)
            return True
        config = attach.read_config(adapter)
        if not enabled("multi_lora", self.base.device.type):
            return False
        if not method_hooks.of_config(config).supports_mixed_batch or attach.changes_biases(config):
            return False
        model = self._load(adapter)
        if adapter.id not in self._supports_mixed_batch:
            self._supports_mixed_batch[adapter.id] = multi_lora.supports_mixed_batch(
                model, self.base, adapter.id
            )
        return self._supports_mixed_batch[adapter.id]

    @contextmanager
    def mixed_batch(self, chosen: Sequence[Adapter | None]) -> Iterator[tuple[Model, MixedBatch]]:
        """Yield the model in a state where each row has an adapter of its own, or none for None.

        `supports_mixed_batch` must hold for every adapter.
        """
        for adapter in chosen:
            if adapter is not None and not adapter.is_prompt:
                self._load(adapter)
        assert self._model is not None
        # None for what has no weights.
        names = [
            None if adapter is None or adapter.is_prompt else attach.adapter_name(adapter.id)
            for adapter in chosen
        ]
        batch = MixedBatch(self._model, names)
        with batch.active():
            yield self._model, batch

    def _load(self, adapter: Adapter) -> PeftModel:
        """Return the model with an adapter loaded."""
        if self._model is not None and attach.adapter_name(adapter.id) in self._model.peft_config:
            return self._model
        config = attach.read_config(adapter)
        changes_biases = attach.changes_biases(config)
        if changes_biases or self._saved_biases is not None or not self._is_compatible(config):
            self._detach()
        biases = None
        if changes_biases:
            biases = {
                name: parameter.detach().clone()
                for name, parameter in self.base.model.named_parameters()
                if name.rpartition(".")[2] == "bias"
            }
        self._model = attach.load_adapter(self.base, adapter, self._model)
        self._saved_biases = biases
        return self._model

    def _is_compatible(self, config: Any) -> bool:
        """Return whether an adapter can be loaded beside the loaded ones."""
        hooks = method_hooks.of_config(config)
        loaded = self._model.peft_config.values() if self._model is not None else ()
        return all(
            config.peft_type == other.peft_type and hooks.is_compatible(config, other) for other in loaded
        )

    def _detach(self) -> None:
        """Remove every adapter and restore the base model."""
        if self._model is None:
            return
        attach.detach(self._model)
        self._model = None
        self._supports_mixed_batch.clear()
        parameters = dict(self.base.model.named_parameters())
        with torch.no_grad():
            for name, value in (self._saved_biases or {}).items():
                parameters[name].copy_(value)
        self._saved_biases = None
