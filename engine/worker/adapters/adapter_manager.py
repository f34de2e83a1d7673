"""Which adapters sit on a base model in memory, so that it computes as itself or with any: in turn, or row by row.

Adapters stay loaded as long as they can stand beside each other: PEFT puts only adapters of one type on a
model, some types share what each would want for itself, and one that trained the base's own biases changes the
base for all. Knows nothing of what is computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from peft import PeftModel

from engine.adapters.library import Adapter
from engine.worker.adapters import attach, method_hooks
from engine.worker.adapters.multi_lora import Mix, can_mix
from engine.worker.modeling.base_models import LoadedBase, Model


class Switcher:
    """One base model and the adapters that were asked for so far."""

    def __init__(self, base: LoadedBase) -> None:
        self.base = base
        self._model: PeftModel | None = None
        # Set while an adapter on the base has biases of its own in their place.
        self._own_biases: dict[str, torch.Tensor] | None = None
        # What was found out about adapters that are there.
        self._mixes: dict[str, bool] = {}

    @contextmanager
    def use(self, adapter: Adapter | None) -> Iterator[Model]:
        """Let the base compute with an adapter, loaded if it is not there yet, or as itself for None.

        Raises AdapterError if it does not fit; everything else is as it was then.
        """
        if adapter is not None and adapter.is_prompt:
            # It has no weights: what it changes is what the base reads.
            attach.refuse_other_base(self.base, adapter)
            adapter = None
        if adapter is None:
            if self._own_biases is not None:
                self._take_off()
        else:
            self._have_on(adapter)
        if self._model is None:
            yield self.base.model
        else:
            with attach.active(self._model, adapter.id if adapter else None):
                yield self._model

    def mixes(self, adapter: Adapter) -> bool:
        """Tell whether an adapter can be computed in one batch with the base and others that can.

        It is put on the base if it may be. Raises AdapterError if it does not fit.
        """
        if adapter.is_prompt:
            attach.refuse_other_base(self.base, adapter)
            return True
        config = attach.read_config(adapter)
        if not method_hooks.named(str(config.peft_type.value)).mixes or attach.changes_biases(config):
            return False
        model = self._have_on(adapter)
        if adapter.id not in self._mixes:
            self._mixes[adapter.id] = can_mix(model, self.base, adapter.id)
        return self._mixes[adapter.id]

    @contextmanager
    def mix(self, chosen: Sequence[Adapter | None]) -> Iterator[tuple[Model, Mix]]:
        """Let the base compute each row with one of the chosen adapters, all of which mix, or as itself for None."""
        for adapter in chosen:
            if adapter is not None and not adapter.is_prompt:
                self._have_on(adapter)
        assert self._model is not None
        mix = Mix(self._model, [_weights_name(adapter) for adapter in chosen])
        with mix.on():
            yield self._model, mix

    def _have_on(self, adapter: Adapter) -> PeftModel:
        """Return the model with an adapter on it, loaded if it is not there yet."""
        if self._model is None or attach.adapter_name(adapter.id) not in self._model.peft_config:
            self._put_on(adapter)
        assert self._model is not None
        return self._model

    def _put_on(self, adapter: Adapter) -> None:
        config = attach.read_config(adapter)
        changes_biases = attach.changes_biases(config)
        if changes_biases or self._own_biases is not None or not self._stands_beside(config):
            self._take_off()
        biases = _biases(self.base) if changes_biases else None
        self._model = attach.load_adapter(self.base, adapter, self._model)
        self._own_biases = biases

    def _stands_beside(self, config: Any) -> bool:
        """Tell whether an adapter can be put beside those that are there."""
        handled = method_hooks.named(str(config.peft_type.value))
        there = self._model.peft_config.values() if self._model is not None else ()
        return all(
            config.peft_type == other.peft_type and handled.stands_beside(config, other) for other in there
        )

    def _take_off(self) -> None:
        """Take every adapter off and make the base what it was."""
        if self._model is None:
            return
        attach.take_off(self._model)
        self._model = None
        self._mixes.clear()
        parameters = dict(self.base.model.named_parameters())
        with torch.no_grad():
            for name, value in (self._own_biases or {}).items():
                parameters[name].copy_(value)
        self._own_biases = None


def _weights_name(adapter: Adapter | None) -> str | None:
    """Return the name of an adapter's weights on the base; None for what has none."""
    return None if adapter is None or adapter.is_prompt else attach.adapter_name(adapter.id)


def _biases(base: LoadedBase) -> dict[str, torch.Tensor]:
    return {
        name: parameter.detach().clone()
        for name, parameter in base.model.named_parameters()
        if name.rpartition(".")[2] == "bias"
    }
