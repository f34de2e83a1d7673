"""Tuners of Tunesmith's own, registered with PEFT so that all goes through PEFT: save, load, switch, merge.

Importing this package registers them; do so before loading an adapter with plain PEFT.
"""

from engine.worker.adapters.tuners.bottleneck import (
    BottleneckConfig,
    BottleneckLayer,
    BottleneckModel,
    adapter_places,
)
from engine.worker.adapters.tuners.registration import refuse_unregistered
from engine.worker.adapters.tuners.selective import SelectiveConfig, SelectiveLayer, SelectiveModel

__all__ = [
    "BottleneckConfig",
    "BottleneckLayer",
    "BottleneckModel",
    "SelectiveConfig",
    "SelectiveLayer",
    "SelectiveModel",
    "adapter_places",
    "refuse_unregistered",
]
