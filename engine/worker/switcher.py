"""Which adapters sit on a base model in memory, so that it computes as itself or with any of them in turn.

Adapters stay loaded as long as they can stand beside each other: PEFT puts only adapters of one type on a
model, some types share what each would want for itself, and one that trained the base's own biases changes the
base for all. Knows nothing of what is computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from peft import PeftModel

from engine.library import Adapter
from engine.worker import adapters, handling
from engine.worker.base_models import LoadedBase
from engine.worker.generate import Model


class Switcher:
    """One base model and the adapters that were asked for so far."""

    def __init__(self, base: LoadedBase) -> None:
        self.base = base
        self._model: PeftModel | None = None
        # Set while an adapter on the base has biases of its own in their place.
        self._own_biases: dict[str, torch.Tensor] | None = None

    @contextmanager
    def use(self, adapter: Adapter | None) -> Iterator[Model]:
        """Let the base compute with an adapter, loaded if it is not there yet, or as itself for None.

        Raises AdapterError if it does not fit; everything else is as it was then.
        """
        if adapter is not None and adapter.is_prompt:
            # It has no weights: what it changes is what the base reads.
            adapters.refuse_other_base(self.base, adapter)
            adapter = None
        if adapter is None:
            if self._own_biases is not None:
                self._take_off()
        elif self._model is None or adapters.adapter_name(adapter.id) not in self._model.peft_config:
            self._put_on(adapter)
        if self._model is None:
            yield self.base.model
        else:
            with adapters.active(self._model, adapter.id if adapter else None):
                yield self._model

    def _put_on(self, adapter: Adapter) -> None:
        config = adapters.read_config(adapter)
        changes_biases = adapters.changes_biases(config)
        if changes_biases or self._own_biases is not None or not self._stands_beside(config):
            self._take_off()
        biases = _biases(self.base) if changes_biases else None
        self._model = adapters.load_adapter(self.base, adapter, self._model)
        self._own_biases = biases

    def _stands_beside(self, config: Any) -> bool:
        """Tell whether an adapter can be put beside those that are there."""
        handled = handling.named(str(config.peft_type.value))
        there = self._model.peft_config.values() if self._model is not None else ()
        return all(
            config.peft_type == other.peft_type and handled.stands_beside(config, other) for other in there
        )

    def _take_off(self) -> None:
        """Take every adapter off and make the base what it was."""
        if self._model is None:
            return
        adapters.take_off(self._model)
        self._model = None
        parameters = dict(self.base.model.named_parameters())
        with torch.no_grad():
            for name, value in (self._own_biases or {}).items():
                parameters[name].copy_(value)
        self._own_biases = None


def _biases(base: LoadedBase) -> dict[str, torch.Tensor]:
    return {
        name: parameter.detach().clone()
        for name, parameter in base.model.named_parameters()
        if name.rpartition(".")[2] == "bias"
    }
