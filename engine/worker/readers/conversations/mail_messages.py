"""One mail from its bytes: who wrote it, when, and the text of it, without ever holding its attachments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesFeedParser
from email.utils import parsedate_to_datetime

from engine.chats import html_exports, mails
from engine.text import encodings

# A part's text beyond this is cut, and more headers than this are no mail's.
MAX_TEXT_BYTES = 4 << 20
MAX_HEADER_BYTES = 1 << 20
PART_TYPE = re.compile(rb"^content-type:\s*([\w.+-]+)/([\w.+-]+)", re.IGNORECASE)
DISPOSITION = re.compile(rb"^content-disposition:\s*attachment", re.IGNORECASE)
BOUNDARY = re.compile(rb'boundary="?([^"\r\n;]+)"?', re.IGNORECASE)
KEPT_TYPES = (b"text", b"multipart", b"message")


@dataclass
class MailText:
    """What one mail says: `time` is in ISO 8601, "" if it has none; `attachments` are names."""

    sender: str
    time: str
    subject: str
    text: str
    attachments: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The time in seconds since 1970, 0 for none."""
        return datetime.fromisoformat(self.time).timestamp() if self.time else 0.0


def parse(lines: Iterable[bytes]) -> MailText:
    """Return a mail from its lines."""
    parser = BytesFeedParser()
    for line in _without_attachments(lines):
        parser.feed(line)
    message = parser.close()
    attachments = [name for part in message.walk() if (name := _attachment_name(part))]
    return MailText(
        mails.sender_name(header(message, "from")),
        _time(message),
        header(message, "subject"),
        _text(message),
        attachments,
    )


def header(message: Message, name: str) -> str:
    """Return a header as text, "" for a missing one."""
    value = message.get(name)
    if value is None:
        return ""
    try:
        return " ".join(str(make_header(decode_header(str(value)))).split())
    except (LookupError, ValueError, UnicodeError):
        return " ".join(str(value).split())


def _without_attachments(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a mail's lines but for the bodies of its parts that are no text, and what makes a text too long."""
    in_header, is_kept, is_attached = True, True, False
    size = 0
    boundaries: list[bytes] = []
    for line in lines:
        bare = line.rstrip(b"\r\n")
        if not in_header and bare.startswith(b"--") and any(bare.startswith(each) for each in boundaries):
            in_header, is_kept, is_attached, size = not bare.endswith(b"--"), True, False, 0
            yield line
        elif in_header:
            size += len(line)
            kind = PART_TYPE.match(line)
            is_attached = is_attached or DISPOSITION.match(line) is not None
            if kind:
                is_kept = kind[1].lower() in KEPT_TYPES
            named = BOUNDARY.search(line)
            if named:
                boundaries.append(b"--" + named[1].strip())
            if not bare:
                in_header, is_kept, size = False, is_kept and not is_attached, 0
            if size <= MAX_HEADER_BYTES:
                yield line
        elif is_kept and size <= MAX_TEXT_BYTES:
            size += len(line)
            yield line


def _attachment_name(part: Message) -> str:
    """Return the name of a part that is no text of the mail, "" for one that is."""
    if part.is_multipart():
        return ""
    try:
        name = part.get_filename() or ""
    except (LookupError, ValueError, UnicodeError, TypeError):
        name = ""
    is_text = part.get_content_maintype() == "text"
    return name or ("" if is_text else part.get_content_type())


def _time(message: Message) -> str:
    try:
        return parsedate_to_datetime(str(message.get("Date", ""))).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""


def _text(message: Message) -> str:
    """Return the plain text of a mail; of one that is a web page, the page's."""
    parts = [part for part in message.walk() if not part.is_multipart() and not part.get_filename()]
    plain = [_decoded(part) for part in parts if part.get_content_type() == "text/plain"]
    if any(text.strip() for text in plain):
        return "\n".join(plain)
    pages = [_decoded(part) for part in parts if part.get_content_type() == "text/html"]
    try:
        return "\n".join(html_exports.plain_text([page]) for page in pages)
    except ValueError:
        # The rest of a mailbox is read though the page of one mail is damaged.
        return ""


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    charset = str(part.get_content_charset() or "")
    try:
        text = data.decode(charset or "utf-8")
    except (LookupError, UnicodeError):
        try:
            text = encodings.decode(data)
        except ValueError:
            text = data.decode("utf-8", "replace")
    text = text.replace("\r\n", "\n").replace("\0", "")
    # Lines that were wrapped for sending end with a space.
    return re.sub(r"(?<=[^\n-]) \n(?=[^\n>])", " ", text) if part.get_param("format") == "flowed" else text
