"""The versions of the libraries that decide a worker's results. Imports none of them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

REPORTED = ("tunesmith", "torch", "transformers", "peft")


@cache
def versions() -> Mapping[str, str]:
    """Return the versions of Python and of the reported packages that are installed."""
    installed = {"python": sys.version.split()[0]}
    for name in REPORTED:
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            continue
    return installed
