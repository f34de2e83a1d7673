"""Decodes text files piecewise, into chunks or into lines with their original ends.

`engine.text.encodings` detects the encoding, unless the user named one; a guess adds a remark. Knows nothing of rows.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from engine.messages import counted, say
from engine.text.encodings import (
    ENCODINGS,
    ByLine,
    Decoder,
    Utf8,
    decoder_of,
    guess,
    guessed_decoder,
    known,
    legacy_decoder,
    utf8_characters,
    why_no_text,
)
from engine.worker.readers.table import MAX_CHARACTERS, TOO_LARGE, Notes, unreadable

FIRST_BYTES = 1 << 16
READ_BYTES = 1 << 20
# The encoding is guessed from as much.
TELLING_BYTES = 1 << 22
# A row may have several long cells; a cell that is too long is reported by its column.
MAX_LINE_CHARACTERS = 16 * MAX_CHARACTERS


def chunks(path: Path, notes: Notes) -> Iterator[str]:
    """Yield the text of a file in pieces. Raises DataError for a file that is no text."""
    with path.open("rb") as stream:
        first = stream.read(FIRST_BYTES)
        encoding, rest = known(first)
        stream.seek(len(first) - len(rest))
        reason = "" if encoding or notes.encoding else why_no_text(rest)
        if reason:
            raise unreadable(path, reason, "Correct the extension, or choose another file.")
        decoder: Decoder
        if encoding:
            decoder = decoder_of(encoding, b"")
        elif notes.encoding:
            decoder = legacy_decoder(notes.encoding)
        else:
            decoder = _Undecided(path, notes)
        size = FIRST_BYTES
        while data := stream.read(size):
            notes.done_bytes += len(data)
            yield decoder.decode(data)
            size = READ_BYTES
        yield decoder.decode(b"", final=True)


class _Undecided:
    """Decodes ASCII until the first other byte, which decides between UTF-8 and a guess."""

    def __init__(self, path: Path, notes: Notes) -> None:
        self._path = path
        self._notes = notes
        self._decoder: Decoder | None = None
        self._pending = b""

    def decode(self, data: bytes, final: bool = False) -> str:
        if self._decoder is None:
            data, self._pending = self._pending + data, b""
            if data.isascii():
                return data.decode("ascii")
            valid, invalid = utf8_characters(data)
            if not valid and not invalid and not final:
                # The only other bytes are the beginning of a character at the end.
                self._pending = data
                return ""
            self._decoder = Utf8() if valid and valid >= invalid else self._guessed(data)
        text = self._decoder.decode(data, final)
        if final and isinstance(self._decoder, ByLine) and self._decoder.utf8_lines:
            lines = counted(self._decoder.utf8_lines, "line")
            self._notes.remarks.append(say("{} mixes encodings: {} are UTF-8.", self._path.name, lines))
        return text

    def _guessed(self, data: bytes) -> Decoder:
        """Return the decoder of the likeliest encoding, by much of the file; add a remark that it is a guess."""
        with self._path.open("rb") as stream:
            first = stream.read(TELLING_BYTES)
        encoding = guess(data if first.isascii() else first)
        self._notes.remarks.append(
            say(
                "{} is not UTF-8 and is read as {}. If accents look wrong, change the encoding "
                "(data.encoding).",
                self._path.name,
                ENCODINGS[encoding],
            )
        )
        return guessed_decoder(encoding)


def lines(path: Path, notes: Notes) -> Iterator[str]:
    """Yield a text file's lines with their original ends: LF, CRLF or CR. Raises DataError as `chunks` does."""
    # A line that no chunk ends is put together once: its pieces are few, and a line may be long.
    pieces: list[str] = []
    number, length = 0, 0
    for chunk in chunks(path, notes):
        pieces.append(chunk)
        length += len(chunk)
        if "\n" in chunk or "\r" in chunk or pieces[0].endswith("\r"):
            text = "".join(pieces)
            if "\r" in text:
                # Splits where universal newlines do, and nowhere else.
                complete = list(io.StringIO(text, newline=""))
                # The last line may go on, and a CR at its end may be the first half of CRLF.
                rest = complete.pop() if complete and not complete[-1].endswith("\n") else ""
            else:
                *parts, rest = text.split("\n")
                complete = [f"{part}\n" for part in parts]
            pieces, length = [rest] if rest else [], len(rest)
            number += len(complete)
            yield from complete
        if length > MAX_LINE_CHARACTERS:
            raise unreadable(
                path,
                say("line {:,} has more than {:,} characters", number + 1, MAX_LINE_CHARACTERS),
                TOO_LARGE,
            )
    if length:
        yield "".join(pieces)
