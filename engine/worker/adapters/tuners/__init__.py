"""Our own PEFT tuners, bottleneck and selective: PEFT saves, loads, switches and merges them like its own.

Importing this package registers them; do so before loading such an adapter with plain PEFT.
"""

from engine.worker.adapters.tuners import bottleneck, selective

__all__ = ["bottleneck", "selective"]
