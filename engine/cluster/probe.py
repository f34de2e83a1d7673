"""What a node of a cluster tells about itself.

The module is pickled by value and sent to nodes that may lack Tunesmith, so it imports nothing of it.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

PACKAGES = ("ray", "torch", "transformers", "peft", "accelerate", "bitsandbytes", "datasets")
SMI = ["nvidia-smi", "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"]
MIB = 1 << 20


def facts() -> dict[str, Any]:
    """Return versions, memory, disk, GPUs and the clock of this computer."""
    import psutil

    memory = psutil.virtual_memory()
    is_found = find_spec("engine") is not None and find_spec("engine.cluster") is not None
    return {
        "host": platform.node(),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "tunesmith": installed_version() if is_found else "",
        "memory_bytes": memory.total,
        "free_memory_bytes": memory.available,
        "free_disk_bytes": shutil.disk_usage(tempfile.gettempdir()).free,
        "cards": _cards(),
        "time": time.time(),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def installed_version() -> str:
    """Return the version of Tunesmith here."""
    return _version("tunesmith") or "unknown"


def _cards() -> list[dict[str, Any]]:
    try:
        answer = subprocess.run(SMI, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [line.rsplit(",", 2) for line in answer.stdout.splitlines() if line.count(",") >= 2]
    return [
        {"name": name.strip(), "memory_bytes": int(total) * MIB, "free_bytes": int(free) * MIB}
        for name, total, free in rows
        if total.strip().isdigit() and free.strip().isdigit()
    ]
