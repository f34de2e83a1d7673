"""Addresses as they may be shown and logged: without the user and the password that one may hold."""

from __future__ import annotations

import re

# A password is written with %2F for a slash; whatever else it holds, the last @ before the first slash ends it.
_LOGIN = re.compile(r"(?<=://)[^\s/]*@")


def without_login(text: str) -> str:
    """Return an address, or a text with addresses in it, without users and passwords."""
    return _LOGIN.sub("", text)
