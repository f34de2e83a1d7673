"""What a log tells of an error that nobody foresaw: where it happened, and its message without what was said.

A library's message may quote the text that it could not do with, and a log is copied and sent. What stands in quotes
and has the look of speech is left out, and so is the login in an address; names, numbers and paths stay, since they are
what helps.
"""

from __future__ import annotations

import re
import traceback

from engine.system.url_redaction import without_login

LEFT_OUT = "…"
MAX_CHARACTERS = 2_000
_FRAME = '  File "'
# An apostrophe stands behind a letter.
_QUOTED = re.compile(r"""(?<!\w)(?P<quote>["'`])(?P<inner>(?:\\.|(?!(?P=quote)).)*)(?P=quote)""", re.DOTALL)
# A name has no space or line's end.
_SPEECH = re.compile(r"\s|\\[nt]")


def redact_quotes(message: str) -> str:
    """Return an error's message, shortened, without logins and what it quotes of a text."""
    return _QUOTED.sub(_left_out, without_login(message[:MAX_CHARACTERS]))


def _left_out(found: re.Match[str]) -> str:
    quote, inner = found["quote"], found["inner"]
    return f"{quote}{LEFT_OUT}{quote}" if _SPEECH.search(inner) else found.group()


def format_error(error: BaseException) -> str:
    """Return an error's traceback, causes included, as a log keeps it."""
    parts = traceback.format_exception(error)
    return "".join(part if part.startswith(_FRAME) else redact_quotes(part) for part in parts)
