"""Formats unexpected exceptions for logs, without user text and passwords.

A library's message may quote conversations, and logs get shared. Quoted text with spaces is removed, and so are logins
in URLs; names, numbers and paths stay, since they help.
"""

from __future__ import annotations

import re
import traceback

LEFT_OUT = "…"
MAX_CHARACTERS = 2_000
_FRAME = '  File "'
# A quote after a letter is an apostrophe.
_QUOTED = re.compile(r"""(?<!\w)(?P<quote>["'`])(?P<inner>(?:\\.|(?!(?P=quote)).)*)(?P=quote)""", re.DOTALL)
# A name has no white space.
_WHITE_SPACE = re.compile(r"\s|\\[nt]")
# A slash in a password is encoded as %2F, so the last @ before the first slash ends the login.
_LOGIN = re.compile(r"(?<=://)[^\s/]*@")


def redact_quotes(message: str) -> str:
    """Return an error's message, truncated, without logins and quoted text."""
    return _QUOTED.sub(_left_out, without_login(message[:MAX_CHARACTERS]))


def _left_out(match: re.Match[str]) -> str:
    quote, inner = match["quote"], match["inner"]
    return f"{quote}{LEFT_OUT}{quote}" if _WHITE_SPACE.search(inner) else match.group()


def format_error(error: BaseException) -> str:
    """Return an error's redacted traceback with its causes."""
    parts = traceback.format_exception(error)
    return "".join(part if part.startswith(_FRAME) else redact_quotes(part) for part in parts)


def without_login(text: str) -> str:
    """Return a text without the users and passwords of its URLs."""
    return _LOGIN.sub("", text)
