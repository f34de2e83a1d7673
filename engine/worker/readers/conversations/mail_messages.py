"""One mail from its bytes: who wrote it, when, and the text of it, without ever holding its attachments.

The mail is parted here, line by line: the standard library's parser compares each line with all parts that are open,
and calls itself for each part in a part. It is given the few header fields that are used, each of a bounded length,
for which it takes quadratic time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from functools import partial

from engine.chats import html_exports, mails
from engine.text import encodings

# A part's text beyond this is cut, and a header field beyond that.
MAX_TEXT_BYTES = 4 << 20
MAX_FIELD_BYTES = 4 << 10
MAX_DEPTH = 100
USED_FIELDS = {b"from", b"date", b"content-type", b"content-disposition", b"content-transfer-encoding"}
# A line of a header, or one that goes on with the field above it. Any other line is the first of the text.
HEADER_LINE = re.compile(rb"(?:From |([!-9;-~]*):|[\t ])")
# A part of one of these holds others, or another mail; but a report holds none, and a mail that is attached is a file.
CONTAINERS = ("multipart", "message")
REPORT = "message/delivery-status"
DIGEST, MAIL, TEXT = "multipart/digest", "message/rfc822", "text/plain"
# What the standard library raises for some values of a header.
ERRORS = (LookupError, ValueError, TypeError, RecursionError)


@dataclass
class MailText:
    """What one mail says: `time` is in ISO 8601, "" if it has none; `attachments` are names."""

    sender: str
    time: str
    text: str
    attachments: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The time in seconds since 1970, 0 for none."""
        return datetime.fromisoformat(self.time).timestamp() if self.time else 0.0


def parse(lines: Iterable[bytes]) -> MailText:
    """Return a mail from its lines, without what is nested too deeply in it."""
    message, *inner = _parts(lines)
    parts = [part for part in (message, *inner) if not _is_container(part)]
    attachments = [name for part in parts if (name := _attachment_name(part))]
    sender = _asked(partial(mails.sender_name, header(message, "from")))
    return MailText(sender, _time(message), _text(parts), attachments)


def header(message: Message, name: str) -> str:
    """Return a header as text, "" for a missing one."""
    value = next((value for key, value in message.raw_items() if key.lower() == name), "")
    # Some programs write it as it is, not encoded as it should be.
    value = _guessed(value.encode("ascii", "surrogateescape"))
    with suppress(*ERRORS):
        value = str(make_header(decode_header(value)))
    return " ".join(value.split())


class _Head:
    """The header of a part while it is read: the first field of each name that is used."""

    def __init__(self, default_type: str) -> None:
        self._default_type = default_type
        self._lines: list[bytes] = []
        self._names: set[bytes] = set()
        self._room = 0

    def takes(self, line: bytes) -> bool:
        """Add a line; return whether it belongs to the header."""
        found = HEADER_LINE.match(line)
        if not found:
            return False
        if not line.startswith((b" ", b"\t")):
            name = (found[1] or b"").lower()
            is_used = name in USED_FIELDS and name not in self._names
            self._room = MAX_FIELD_BYTES if is_used else 0
            self._names |= {name} & USED_FIELDS
        if self._room > 0:
            self._lines.append(line.rstrip(b"\r\n")[: self._room] + b"\n")
            self._room -= len(line)
        return True

    def part(self) -> Message:
        """Return the part that the header is of, still without a body."""
        part = BytesHeaderParser().parsebytes(b"".join(self._lines))
        part.set_default_type(self._default_type)
        return part


class _Body:
    """The text of a part while it is read; that of an attachment is not kept."""

    def __init__(self, part: Message) -> None:
        self._part = part
        is_text = part.get_content_maintype() == "text"
        self._room = MAX_TEXT_BYTES if is_text and not _is_attached(part) else 0
        self._lines: list[bytes] = []

    def add(self, line: bytes) -> None:
        """Add a line."""
        if self._room > 0:
            self._lines.append(line)
            self._room -= len(line)

    def part(self) -> Message:
        """Return the part with its body, without the last line end, which belongs to the boundary behind it."""
        if self._lines:
            self._lines[-1] = re.sub(rb"\r?\n\Z|\r\Z", b"", self._lines[-1])
        self._part.set_payload(b"".join(self._lines).decode("ascii", "surrogateescape"))
        return self._part


def _parts(lines: Iterable[bytes]) -> Iterator[Message]:
    """Yield the mail and all parts in it, in their order."""
    # The lines before the parts of those that are open, the innermost last, and the type of a part that names none.
    opened: list[tuple[bytes, str]] = []
    # Behind the last part of a multipart is neither a header nor a body.
    reading: _Head | _Body | None = _Head(TEXT)
    for line in lines:
        level, is_last = _boundary(opened, line)
        if level is not None:
            if reading is not None:
                yield reading.part()
            reading = None if is_last else _Head(opened[level][1])
            del opened[level + (not is_last) :]
        elif isinstance(reading, _Body):
            reading.add(line)
        elif reading is not None and not reading.takes(line):
            part = reading.part()
            reading = _Body(part)
            if part.get_content_maintype() == "multipart":
                _open(opened, part)
            elif _is_container(part) and part.get_content_type() != REPORT:
                yield part
                reading = _Head(TEXT)
            elif line.strip(b"\r\n"):
                reading.add(line)
    if reading is not None:
        yield reading.part()


def _open(opened: list[tuple[bytes, str]], part: Message) -> None:
    boundary = _asked(part.get_boundary).encode("utf-8", "surrogateescape")
    if boundary and len(opened) < MAX_DEPTH:
        opened.append((b"--" + boundary, MAIL if part.get_content_type() == DIGEST else TEXT))


def _boundary(opened: Sequence[tuple[bytes, str]], line: bytes) -> tuple[int | None, bool]:
    """Return which of the open parts a line is a boundary of, None for no boundary, and whether it is the last one."""
    if line.startswith(b"--"):
        bare = line.rstrip(b" \t\r\n")
        for level in reversed(range(len(opened))):
            boundary = opened[level][0]
            if bare in (boundary, boundary + b"--"):
                return level, bare != boundary
    return None, False


def _is_attached(part: Message) -> bool:
    return _asked(part.get_content_disposition) == "attachment"


def _is_container(part: Message) -> bool:
    kind = part.get_content_maintype()
    return kind in CONTAINERS and not (kind == "message" and _is_attached(part))


def _asked(ask: Callable[[], object]) -> str:
    """Return what a library finds in a header, "" for nothing and for what makes no sense."""
    try:
        return str(ask() or "")
    except ERRORS:
        return ""


def _attachment_name(part: Message) -> str:
    """Return the name of a part that is no text of the mail, "" for one that is."""
    is_text = part.get_content_maintype() == "text"
    return _asked(part.get_filename) or ("" if is_text else part.get_content_type())


def _time(message: Message) -> str:
    try:
        return parsedate_to_datetime(str(message.get("Date", ""))).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""


def _text(parts: Iterable[Message]) -> str:
    """Return the plain text of a mail's parts; of one that is a web page, the page's."""
    parts = [part for part in parts if not _asked(part.get_filename)]
    plain = [_decoded(part) for part in parts if part.get_content_type() == "text/plain"]
    if any(text.strip() for text in plain):
        return "\n".join(plain)
    pages = [_decoded(part) for part in parts if part.get_content_type() == "text/html"]
    try:
        return "\n".join(html_exports.plain_text([page]) for page in pages)
    except ValueError:
        # The rest of a mailbox is read though the page of one mail is damaged.
        return ""


def _guessed(data: bytes) -> str:
    try:
        return encodings.decode(data)
    except ValueError:
        return data.decode("utf-8", "replace")


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    charset = _asked(part.get_content_charset)
    try:
        text = data.decode(charset or "utf-8")
    except (LookupError, UnicodeError):
        text = _guessed(data)
    text = text.replace("\r\n", "\n").replace("\0", "")
    # Lines that were wrapped for sending end with a space.
    return (
        re.sub(r"(?<=[^\n-]) \n(?=[^\n>])", " ", text)
        if _asked(partial(part.get_param, "format")) == "flowed"
        else text
    )
