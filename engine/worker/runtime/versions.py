"""The versions that decide what a worker computes. Imports none of what it tells of."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version

REPORTED = ("tunesmith", "torch", "transformers", "peft")


def versions() -> dict[str, str]:
    """Return the versions that decide a result, of the packages that are installed."""
    found = {"python": sys.version.split()[0]}
    for name in REPORTED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
