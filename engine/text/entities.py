"""Characters for the entities of HTML, whatever stands in their place."""

from __future__ import annotations

import html
import re

# The largest character has 7 digits. Of thousands of digits Python makes no number.
TOO_LONG = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")
NO_CHARACTER = "\ufffd"


def unescaped(text: str) -> str:
    """Return a text with characters for HTML entities such as "&amp;" and "&#228;"."""
    return html.unescape(TOO_LONG.sub(NO_CHARACTER, text)) if "&" in text else text
