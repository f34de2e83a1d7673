"""The versions of installed packages, and of those that decide a worker's results. Imports none of them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

DECIDING = ("tunesmith", "torch", "transformers", "peft")


def installed(package: str) -> str:
    """Return the version of a package, "" if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


@cache
def versions() -> Mapping[str, str]:
    """Return the versions of Python and of the deciding packages that are installed."""
    found = {"python": sys.version.split()[0], **{name: installed(name) for name in DECIDING}}
    return {name: number for name, number in found.items() if number}
