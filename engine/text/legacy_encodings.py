"""Guesses the encoding of text that is neither Unicode nor ASCII, by the letters and words it would make.

A guess, always: a few bytes fit many encodings. Knows nothing of files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

WESTERN = "cp1252"
# What a person may choose, the likeliest first: Python's names, and what they are called.
ENCODINGS = {
    "utf-8": "UTF-8",
    WESTERN: "Windows-1252 (Western European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "koi8_r": "KOI8-R (Cyrillic)",
    "cp866": "DOS 866 (Cyrillic)",
    "mac_cyrillic": "Mac (Cyrillic)",
    "iso8859_5": "ISO 8859-5 (Cyrillic)",
    "cp1250": "Windows-1250 (Central European)",
    "iso8859_2": "ISO 8859-2 (Central European)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "cp932": "Shift-JIS (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "gb18030": "GBK (Simplified Chinese)",
    "big5": "Big5 (Traditional Chinese)",
    "cp949": "EUC-KR (Korean)",
    "mac_roman": "Mac Roman (Western European)",
    "utf-16": "UTF-16",
}
OF_SEVERAL_BYTES = frozenset(("utf-8", "cp932", "euc_jp", "gb18030", "big5", "cp949", "utf-16"))
MAX_SAMPLE_BYTES = 1 << 17
# Fewer bytes of other letters than this tell nothing; most texts that have so few are western.
MIN_TELLING_BYTES = 4
# The letters beside a to z of languages in Latin script, by encodings that have them. Encodings of one script fit the
# same bytes; what they make of them fits a language or none.
_WESTERN_ALPHABETS = (
    "äöüß", "àâæçéèêëîïôœùûüÿ", "áéíñóúüªº", "ãáâàçéêíóôõúüªº", "àèéìíîòóùú", "åäöéü", "æøåéäö", "ëéïöüèóáê",
    "áðéíóúýþæö", "àçéèíïóòúü", "äöüõšž", "éèêëïöüñçàâôîûä",
)  # fmt: skip
_CENTRAL_ALPHABETS = (
    "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţéî", "čćđšž", "äöüß",
)  # fmt: skip
_ALPHABETS = {
    WESTERN: _WESTERN_ALPHABETS,
    "mac_roman": _WESTERN_ALPHABETS,
    "cp1250": _CENTRAL_ALPHABETS,
    "iso8859_2": _CENTRAL_ALPHABETS,
    "cp1254": ("çğıöşüâîûi̇", "äöüß"),
}
# Encodings of Cyrillic differ in where they have capitals and rare letters: in the wrong one words have them inside.
_CYRILLIC = ("cp1251", "koi8_r", "cp866", "mac_cyrillic", "iso8859_5")
_CAPITALS, _SMALL = "А-ЯЁІЇЄҐЎЈЉЊЋЂЏЅ", "а-яёіїєґўјљњћђџѕ"
_CYRILLIC_WORD = re.compile(rf"(?<!\w)(?:[{_CAPITALS}]?[{_SMALL}]{{2,}}|[{_CAPITALS}]{{3,}})(?!\w)")
MIN_IN_WORDS = 0.6
_PUNCTUATION = frozenset("\xa0–—‘’‚“”„…«»‹›•·€£§°©®™¡¿")
# Western European is the likeliest where nothing tells them apart.
_WESTERN_BONUS = 0.02
_OTHER = re.compile(r"[^\W\d_a-z]", re.IGNORECASE)
_TOUCHING = re.compile(r"(?<=[a-z])[^\W\d_a-z]|[^\W\d_a-z](?=[a-z])", re.IGNORECASE)
MAX_TOUCHING = 0.3
_UNICODE = ("utf-8", "utf-16")


def guess(data: bytes) -> str:
    """Return the name of the encoding that bytes are likely in; of a long text its lines with other letters count."""
    lines = [line for line in data.splitlines(keepends=True) if not line.isascii()]
    # A file may hold lines of UTF-8 too, which say nothing of the others.
    sample = b"".join([line for line in lines if not _is_utf8(line)] or lines)[:MAX_SAMPLE_BYTES]
    if sum(byte > 0x7F for byte in sample[: 4 * MIN_TELLING_BYTES * 100]) < MIN_TELLING_BYTES:
        return WESTERN
    candidates = [name for name in ENCODINGS if name not in _UNICODE]
    best, _ = _best(sample, candidates)
    if best in {*_CYRILLIC, *_ALPHABETS, ""}:
        cyrillic = max(_CYRILLIC, key=lambda name: _in_words(sample, name))
        if _in_words(sample, cyrillic) > MIN_IN_WORDS:
            return cyrillic
    is_latin = best in {*_ALPHABETS, ""} or _is_mixed(sample.decode(best, "ignore"))
    return max(_ALPHABETS, key=lambda name: _fit(sample, name)) if is_latin else best


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _in_words(sample: bytes, encoding: str) -> float:
    """Return which part of the bytes beyond ASCII an encoding makes letters of Cyrillic words of."""
    letters = sum(map(len, _CYRILLIC_WORD.findall(sample.decode(encoding, "replace"))))
    return letters / sum(byte > 0x7F for byte in sample)


def _is_mixed(text: str) -> bool:
    """Tell whether many letters beyond ASCII touch those of a to z: then they are of the same script."""
    others = len(_OTHER.findall(text))
    return len(_TOUCHING.findall(text)) > MAX_TOUCHING * others


def _best(sample: bytes, candidates: Sequence[str]) -> tuple[str, float]:
    """Return the likeliest of encodings, "" if none fits, and how disordered it leaves the text."""
    # Takes 30 ms to import, which texts in Unicode need not wait for.
    from charset_normalizer import from_bytes

    found = from_bytes(sample, cp_isolation=list(candidates)).best()
    return (str(found.encoding), float(found.chaos)) if found else ("", 1.0)


def _fit(sample: bytes, encoding: str) -> float:
    """Return how well what an encoding of Latin script makes of bytes fits a language."""
    text = sample.decode(encoding, "replace").lower()
    letters = Counter(letter for letter in text if letter > "\x7f" and letter not in _PUNCTUATION)
    covered = (sum(letters[letter] for letter in alphabet) for alphabet in _ALPHABETS[encoding])
    share = max(covered) / letters.total() if letters else 1.0
    bonus = _WESTERN_BONUS if encoding == WESTERN else 0.0
    return share - 2 * _best(sample, [encoding])[1] + bonus
