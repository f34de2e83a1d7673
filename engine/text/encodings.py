"""Detects the encoding of bytes and decodes them, or tells that they are no text.

A byte order mark decides; then zero bytes in the pattern of UTF-16; then UTF-8, if most non-ASCII characters are valid;
else `guess` chooses by the letters and words that an encoding would make, which a few bytes can't tell for sure.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from engine.messages import say

# UTF-32 first: its mark begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
OTHERS = {
    b"PK\x03\x04": "a zip archive or a workbook",
    b"PAR1": "a parquet file",
    b"ARROW1": "an arrow file",
    b"\x1f\x8b": "a gz archive",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\xd0\xcf\x11\xe0": "an old Office document",
    b"SQLite format 3": "a database",
}
CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
MAX_CONTROLS_FRACTION = 0.02
MAX_CONTROLS = 8
# UTF-16 of other scripts: as much is looked at, and so much of it is ASCII in texts with blanks, and seen as bytes.
UTF16_SAMPLE_BYTES = 1 << 13
MIN_UTF16_PAIRS = 12
MIN_ASCII_FRACTION = 0.01
MAX_ASCII_FRACTION = 0.9
# Categories of Unicode that no text has, and the controls that it has; directions of writing are marked by others.
NO_TEXT = ("Cc", "Cn", "Co", "Cs")
TEXT_CONTROLS = frozenset("\t\n\r")
# A line is told to be UTF-8 or not once it is whole, if it is no longer than this.
MAX_WAITING_BYTES = 4 << 20
# Windows-1252 with its five gaps filled as in Latin-1.
CP1252 = "".join(
    bytes([byte]).decode("latin-1" if byte in b"\x81\x8d\x8f\x90\x9d" else "cp1252") for byte in range(256)
)


class Decoder(Protocol):
    """Decodes bytes incrementally."""

    def decode(self, data: bytes, final: bool = False) -> str:
        """Return the text of the next bytes; an incomplete character waits for the next call."""


def decode(data: bytes) -> str:
    """Return the text of a file's bytes with LF line ends, with U+FFFD for each invalid byte.

    Raises ValueError for bytes that are no text.
    """
    encoding, rest = known(data)
    why = "" if encoding else why_no_text(rest)
    if why:
        raise ValueError(why)
    try:
        text = decoder_of(encoding, rest).decode(rest, final=True)
    except UnicodeDecodeError as error:
        raise ValueError(say("it starts like {} but is damaged", encoding.upper())) from error
    valid = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return valid.replace("\r\n", "\n").replace("\r", "\n")


def known(data: bytes) -> tuple[str, bytes]:
    """Return the encoding that the first bytes show, "" for none, and the bytes after its mark."""
    mark, encoding = next(((mark, name) for mark, name in MARKS if data.startswith(mark)), (b"", ""))
    rest = data[len(mark) :]
    # The bytes of Japanese mails are all ASCII.
    is_japanese_mail = rest.isascii() and b"\x1b$" in rest
    return encoding or _utf16_without_mark(rest) or ("iso2022_jp" if is_japanese_mail else ""), rest


def _utf16_without_mark(first: bytes) -> str:
    """Return UTF-16's name if every other byte is mostly zero, as in western texts, or if it makes text; else ""."""
    pairs = len(first) // 2
    even, odd = first[: 2 * pairs : 2].count(0), first[1 : 2 * pairs : 2].count(0)
    if odd > pairs // 2 and not even:
        return "utf-16-le"
    if even > pairs // 2 and not odd:
        return "utf-16-be"
    # Blanks and ends of lines have a zero byte in every script.
    if pairs < MIN_UTF16_PAIRS or not even + odd:
        return ""
    if sum(0x20 <= byte < 0x7F or byte in b"\t\n\r" for byte in first) > MAX_ASCII_FRACTION * len(first):
        return ""
    sample = first[:UTF16_SAMPLE_BYTES]
    spaced, name = max((_spaced(sample, name), name) for name in ("utf-16-le", "utf-16-be"))
    return name if spaced else ""


def _spaced(sample: bytes, encoding: str) -> int:
    """Return how many ASCII characters are between the letters that bytes make, 0 if they make anything but text."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return 0
    if any(unicodedata.category(each) in NO_TEXT for each in set(text) - TEXT_CONTROLS):
        return 0
    spaces = sum(each.isascii() for each in text)
    return spaces if spaces > MIN_ASCII_FRACTION * len(text) else 0


def why_no_text(first: bytes) -> str:
    """Return why the first bytes of a file are no text, "" if they are."""
    what = next((what for mark, what in OTHERS.items() if first.startswith(mark)), "")
    if what:
        return say("it is really {}", what)
    controls = len(CONTROLS.findall(first))
    if b"\0" in first or controls > max(MAX_CONTROLS, MAX_CONTROLS_FRACTION * len(first)):
        wrong = CONTROLS.search(first, max(first.find(b"\0"), 0))
        line = first.count(b"\n", 0, wrong.start() if wrong else 0) + 1
        return say("it contains bytes that are not text, from line {:,}", line)
    return ""


def decoder_of(encoding: str, data: bytes) -> Decoder:
    """Return a decoder for the detected encoding, or for that of the non-ASCII bytes."""
    if encoding.startswith("iso2022"):
        return codecs.getincrementaldecoder(encoding)("replace")
    if encoding not in ("", "utf-8"):
        return codecs.getincrementaldecoder(encoding)("surrogatepass")
    right, wrong = utf8_characters(data)
    if encoding or data.isascii() or (right and right >= wrong):
        return Utf8()
    return guessed_decoder(guess(data))


def guessed_decoder(encoding: str) -> Decoder:
    """Return a decoder for a guessed encoding, with UTF-8 for the lines that are that if its characters are bytes."""
    return legacy_decoder(encoding) if encoding in OF_SEVERAL_BYTES else ByLine(encoding)


def legacy_decoder(encoding: str) -> Decoder:
    """Return a decoder for an encoding by its name; bytes that are no characters become lone surrogates."""
    if encoding == "utf-8":
        return Utf8()
    if encoding == WESTERN:
        return Windows1252()
    return codecs.getincrementaldecoder(encoding)("surrogateescape")


def utf8_characters(data: bytes) -> tuple[int, int]:
    """Return how many non-ASCII characters are valid UTF-8 and how many are not, without an incomplete last one."""
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data)
    # A text may contain U+FFFD itself.
    wrong = text.count("\ufffd") - data.count("\ufffd".encode())
    return sum(character > "\x7f" for character in text) - wrong, wrong


class Windows1252:
    """Windows-1252, in which every byte is a character."""

    def decode(self, data: bytes, final: bool = False) -> str:
        """Return the text of the next bytes."""
        return codecs.charmap_decode(data, "strict", CP1252)[0]


class ByLine:
    """A single-byte encoding, but UTF-8 for each line that is valid in it: files of two origins were put together.

    `utf8_lines` counts the latter.
    """

    def __init__(self, encoding: str) -> None:
        self._legacy = legacy_decoder(encoding)
        self._rest = b""
        self.utf8_lines = 0

    def decode(self, data: bytes, final: bool = False) -> str:
        """Return the text of the lines that are complete; a very long one is not waited for."""
        data = self._rest + data
        end = (
            len(data)
            if final or len(data) > MAX_WAITING_BYTES
            else max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        )
        whole, self._rest = data[:end], data[end:]
        if whole.isascii():
            return whole.decode("ascii")
        return "".join(map(self._line, whole.splitlines(keepends=True)))

    def _line(self, line: bytes) -> str:
        if line.isascii():
            return line.decode("ascii")
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            return self._legacy.decode(line)
        self.utf8_lines += 1
        return text


class Utf8:
    """UTF-8 whose invalid bytes become lone surrogates, by which their row is found."""

    def __init__(self) -> None:
        make = codecs.getincrementaldecoder("utf-8")
        self._strict, self._lenient = make("strict"), make("surrogateescape")
        self._valid = True

    def decode(self, data: bytes, final: bool = False) -> str:
        """Return the text of the next bytes; an incomplete character waits for the next call."""
        if self._valid:
            state = self._strict.getstate()
            try:
                return self._strict.decode(data, final)
            except UnicodeDecodeError:
                self._lenient.setstate(state)
                self._valid = False
        return self._lenient.decode(data, final)


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
    best, _ = _likeliest(sample, candidates)
    if best in {*_CYRILLIC, *_ALPHABETS, ""}:
        cyrillic = max(_CYRILLIC, key=lambda name: _in_words(sample, name))
        if _in_words(sample, cyrillic) > MIN_IN_WORDS:
            return cyrillic
    is_latin = best in {*_ALPHABETS, ""}
    if not is_latin:
        # Many letters beyond ASCII that touch those of a to z are of the same script.
        text = sample.decode(best, "ignore")
        is_latin = len(_TOUCHING.findall(text)) > MAX_TOUCHING * len(_OTHER.findall(text))
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


def _likeliest(sample: bytes, candidates: Sequence[str]) -> tuple[str, float]:
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
    return share - 2 * _likeliest(sample, [encoding])[1] + bonus
