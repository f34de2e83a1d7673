"""Our own PEFT tuners, bottleneck and selective: PEFT saves, loads, switches and merges them like its own.

Importing this package registers them; do so before loading such an adapter with plain PEFT.
"""

from engine.worker.adapters.tuners.bottleneck import (
    BottleneckConfig,
    BottleneckLayer,
    BottleneckModel,
    adapted_layers,
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
    "adapted_layers",
    "refuse_unregistered",
]
