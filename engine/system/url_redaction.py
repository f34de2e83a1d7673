"""Removes users and passwords from URLs before they are shown or logged."""

from __future__ import annotations

import re

# A slash in a password is encoded as %2F, so the last @ before the first slash ends the login.
_LOGIN = re.compile(r"(?<=://)[^\s/]*@")


def without_login(text: str) -> str:
    """Return a text without the users and passwords of its URLs."""
    return _LOGIN.sub("", text)
