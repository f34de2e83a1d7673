"""Tells what the installed torch was built for, without importing it."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

from engine.messages import say

# By CUDA's major version: the oldest driver that supports it, and the lowest compute capability of torch's kernels.
OLDEST_DRIVER = {11: 450, 12: 525, 13: 580}
LOWEST_CAPABILITY = {11: (3, 7), 12: (5, 0), 13: (7, 5)}


@dataclass(frozen=True)
class TorchBuild:
    """The versions of CUDA, ROCm (`hip`) and oneAPI (`xpu`) that torch was built with, "" for none."""

    cuda: str = ""
    hip: str = ""
    xpu: str = ""

    @property
    def name(self) -> str:
        if self.hip:
            return say("ROCm {}", self.hip)
        if self.xpu:
            return "Intel graphics"
        return say("CUDA {}", self.cuda) if self.cuda else "the CPU"

    @property
    def oldest_driver(self) -> int:
        """The major version of the oldest NVIDIA driver that it runs with, 0 if unknown."""
        return OLDEST_DRIVER.get(self._cuda_major, 0)

    @property
    def lowest_capability(self) -> tuple[int, int]:
        """The lowest compute capability that it has kernels for."""
        return LOWEST_CAPABILITY.get(self._cuda_major, (0, 0))

    @property
    def _cuda_major(self) -> int:
        major = self.cuda.partition(".")[0]
        return int(major) if major.isdecimal() else 0


_VERSION = re.compile(
    r"^(?P<name>cuda|hip|xpu)\b[^=\n]*=\s*(?:None|(?P<quote>['\"])(?P<version>[^'\"\n]*)(?P=quote))",
    re.MULTILINE,
)


def find() -> TorchBuild | None:
    """Return the build of the installed torch, None if unknown, as in a frozen program."""
    try:
        spec = importlib.util.find_spec("torch")
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.origin:
        return None
    return read(Path(spec.origin).with_name("version.py"))


def read(file: Path) -> TorchBuild | None:
    """Return the build that torch's `version.py` names, None if unreadable."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    # Not `ast.parse`: in Python 3.11 it sometimes fails when two threads parse at once.
    versions = {found["name"]: found["version"] or "" for found in _VERSION.finditer(text)}
    return TorchBuild(*(versions.get(name, "") for name in ("cuda", "hip", "xpu"))) if versions else None
