"""Splits texts into sentences at line breaks and at the full stops of many scripts."""

from __future__ import annotations

import re

from engine.text.languages import ENGLISH

# English: a sentence ends at . ! ? or …, with closing quotes and brackets, before a space and a character that can
# open a sentence. A full stop after a title, "e.g.", "i.e." or an initial ends none. "。！？" need no space.
_ENGLISH_END = re.compile(
    r"(?<!\b[A-Z]\.)(?<!\b(?:Mr|Ms|Dr|St|vs)\.)(?<!\b(?:Mrs|e\.g|i\.e)\.)(?<!\bProf\.)"
    r"(?<=[.!?…])(?P<close>[\"'”’)\]]*)\s+(?=[\"'“‘(\[]?[^\W_a-z])|(?<=[。！？])"
)
# Full stops that need no space: Chinese, Japanese, Arabic, Urdu, Hindi, Armenian, Amharic, Burmese, Khmer, Tibetan.
_OWN_STOPS = "。！？｡．؟۔।॥։።፧။។៕།"
_END = re.compile(
    rf"(?P<stop>[.!?…;\u037e])(?P<close>(?:[\"'”’“«)\]]|\s?»)*)\s+(?=[\"'“‘„«»(\[¿¡]*(?P<next>\w))"
    rf"|(?<=[{_OWN_STOPS}])(?P<own>[\"'”’»」』）)\]]*)"
)
_TITLES = re.compile(
    r"\b(?:\w|\d+|dr|prof|st|hr|fr|frl|mr|mrs|mme|mlle|sr|sra|srta|sig|dott|dhr|mevr|pan|bzw|usw|ca|nr|no|vgl|etc|ул|им"
    r"|г|тов|т\.е|z\.b|d\.h|p\.ej|κ)\.$",
    re.IGNORECASE,
)


def sentences(text: str, language: str = ENGLISH) -> list[str]:
    """Split a text of a language into sentences.

    A full stop after a title (Dr.), an initial (J. Smith) or, but for English, a number (am 5. Mai) ends none, nor
    does a mark before a small letter.
    """
    if language == ENGLISH:
        marked = _ENGLISH_END.sub(lambda match: (match["close"] or "") + "\n", text)
    else:
        marked = _END.sub(lambda match: _with_end(match, language), text)
    return [line.strip() for line in marked.splitlines() if line.strip()]


def _with_end(match: re.Match[str], language: str) -> str:
    """Return what a mark and the space after it become: with a line break, if it ends a sentence."""
    if match["stop"] is None:
        return f"{match['own']}\n"
    ends = not match["next"].islower()
    if match["stop"] == ".":
        ends = ends and _TITLES.search(match.string, 0, match.start() + 1) is None
    elif match["stop"] in ";\u037e":
        # The question mark of Greek.
        ends = language == "el"
    return f"{match['stop']}{match['close']}\n" if ends else match[0]
