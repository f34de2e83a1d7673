"""Bytes of a text file into characters, piece by piece: which encoding, and where its lines end.

Knows nothing of rows. A mark at the start decides; then bytes that are zero as UTF-16's are; then UTF-8 if what is
not ASCII mostly is UTF-8; else Windows-1252, with a remark, since every byte means something in it.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from engine.worker.readers.table import MOST_CHARACTERS, Notes, unreadable

FIRST_BYTES = 1 << 16
READ_BYTES = 1 << 20
# A row may have several long cells, and one that is too long is to be named by its column.
MOST_LINE_CHARACTERS = 16 * MOST_CHARACTERS
# The longer mark of UTF-32 begins with UTF-16's.
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
    b"\xd0\xcf\x11\xe0": "a document of old Office",
    b"SQLite format 3": "a database",
}
CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
MOST_CONTROLS_SHARE = 0.02
FEW_CONTROLS = 8
# Windows-1252 with its five gaps filled as Latin-1 has them.
CP1252 = "".join(
    bytes([byte]).decode("latin-1" if byte in b"\x81\x8d\x8f\x90\x9d" else "cp1252") for byte in range(256)
)


class Decoder(Protocol):
    """Bytes to text, piece by piece."""

    def decode(self, data: bytes, final: bool = False) -> str:
        """Return the text of the next bytes; what ends in the middle of a character waits for the next call."""


def chunks(path: Path, notes: Notes) -> Iterator[str]:
    """Yield the text of a file in pieces. Raises DataError for a file that is no text."""
    with path.open("rb") as stream:
        first = stream.read(FIRST_BYTES)
        mark, encoding = _mark(first)
        stream.seek(len(mark))
        first = first[len(mark) :]
        encoding = encoding or _utf16_without_mark(first)
        if not encoding:
            _require_text(path, first)
        yield from _decoded(stream, _Undecided(path, notes) if not encoding else _marked(encoding), notes)


def _mark(first: bytes) -> tuple[bytes, str]:
    return next(((mark, name) for mark, name in MARKS if first.startswith(mark)), (b"", ""))


def _utf16_without_mark(first: bytes) -> str:
    """Return UTF-16's name if every other byte is mostly zero, as in text of western letters; else ""."""
    pairs = len(first) // 2
    even, odd = first[: 2 * pairs : 2].count(0), first[1 : 2 * pairs : 2].count(0)
    if odd > pairs // 2 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > pairs // 2 and not odd else ""


def _require_text(path: Path, first: bytes) -> None:
    for mark, what in OTHERS.items():
        if first.startswith(mark):
            raise unreadable(path, f"it is {what}, whatever its name says")
    controls = len(CONTROLS.findall(first))
    if b"\0" in first or controls > max(FEW_CONTROLS, MOST_CONTROLS_SHARE * len(first)):
        raise unreadable(path, "it holds bytes that no text has")


def _decoded(stream: BinaryIO, decoder: Decoder, notes: Notes) -> Iterator[str]:
    size = FIRST_BYTES
    while data := stream.read(size):
        notes.done_bytes += len(data)
        yield decoder.decode(data)
        size = READ_BYTES
    yield decoder.decode(b"", final=True)


def _marked(encoding: str) -> Decoder:
    return _Utf8() if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("surrogatepass")


class _Undecided:
    """ASCII so far: the first piece that holds other bytes decides between UTF-8 and Windows-1252."""

    def __init__(self, path: Path, notes: Notes) -> None:
        self._path = path
        self._notes = notes
        self._decoder: Decoder | None = None
        self._waiting = b""

    def decode(self, data: bytes, final: bool = False) -> str:
        if self._decoder is None:
            data, self._waiting = self._waiting + data, b""
            if data.isascii():
                return data.decode("ascii")
            right, wrong = _utf8_characters(data)
            if not right and not wrong and not final:
                # All that is not ASCII is the beginning of a character at the end.
                self._waiting = data
                return ""
            self._decoder = _Utf8() if right and right >= wrong else self._windows()
        return self._decoder.decode(data, final)

    def _windows(self) -> Decoder:
        self._notes.remarks.append(
            f"{self._path.name} is not UTF-8 and is read as Windows-1252 (Latin-1): look at its accents and "
            "quotation marks, and save it as UTF-8 if they are wrong."
        )
        return _Windows1252()


def _utf8_characters(data: bytes) -> tuple[int, int]:
    """Return how many characters beyond ASCII are UTF-8 and how many are not; an unfinished last one is neither."""
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data)
    wrong = text.count("\ufffd")
    return sum(character > "\x7f" for character in text) - wrong, wrong


class _Windows1252:
    def decode(self, data: bytes, final: bool = False) -> str:
        return codecs.charmap_decode(data, "strict", CP1252)[0]


class _Utf8:
    """UTF-8 whose wrong bytes become lone surrogates, which the row that holds them is known by."""

    def __init__(self) -> None:
        make = codecs.getincrementaldecoder("utf-8")
        self._strict, self._lenient = make("strict"), make("surrogateescape")
        self._sound = True

    def decode(self, data: bytes, final: bool = False) -> str:
        if self._sound:
            state = self._strict.getstate()
            try:
                return self._strict.decode(data, final)
            except UnicodeDecodeError:
                self._lenient.setstate(state)
                self._sound = False
        return self._lenient.decode(data, final)


def lines(path: Path, notes: Notes) -> Iterator[str]:
    """Yield a text file's lines with their ends as they are: LF, CRLF or CR. Raises DataError as `chunks` does."""
    rest, number = "", 0
    for chunk in chunks(path, notes):
        # Splits where universal newlines do, and nowhere else.
        found = list(io.StringIO(rest + chunk, newline=""))
        # The last line may go on, and a CR at its end may be the first half of CRLF.
        rest = found.pop() if found and not found[-1].endswith("\n") else ""
        number += len(found)
        yield from found
        if len(rest) > MOST_LINE_CHARACTERS:
            raise unreadable(path, f"line {number + 1:,} has more than {MOST_LINE_CHARACTERS:,} characters")
    if rest:
        yield rest
