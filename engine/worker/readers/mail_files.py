"""Mail as conversations: each thread of an mbox, of an eml file, or of a folder of eml files is one.

Headers are read first and tell the threads; then the mails of one thread at a time, without ever holding attachments.
What a mail quotes is left out where the thread has the quoted mail itself; of a single mail, the quoted mails are turns
too.

A mail is parted here, line by line: the standard library's parser compares each line with all parts that are open, and
calls itself for each part in a part. It is given the few header fields that are used, each of a bounded length, for
which it takes quadratic time.
"""

from __future__ import annotations

import mmap
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

from engine import chats
from engine.chats import ImportStats, Segment, html_exports, mails
from engine.text import encodings
from engine.text.conversations import Turn
from engine.worker.readers import text_folder
from engine.worker.readers.table import Notes, unreadable

# In a mailbox, a line that begins so follows a blank one, and precedes a mail's header.
BEGINNING = b"From "
FIRST_HEADER_LINE = re.compile(rb"[A-Za-z][\w-]{0,60}:")
MAX_BEGINNING_BYTES = 300
# Of a mapped file, what was read is given back in pieces of this size.
READ_BYTES = 64 << 20
HEADER_END = re.compile(rb"\r?\n\r?\n")
THREAD_FIELD = re.compile(
    rb"^(message-id|in-reply-to|references|subject|date):[ \t]*((?:[^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*))",
    re.IGNORECASE | re.MULTILINE,
)
IDENTIFIER = re.compile(rb"<[^<>\s]{1,500}>")
ANSWER = re.compile(
    r"^(?:(?:re|aw|antw|sv|vs|odp|rv|res|fwd?|wg|tr|回复|答复|转发|返信)(?:\[\d+\])? ?[:：] ?)+",
    re.IGNORECASE,
)
MAX_HEADER_BYTES = 64 << 10
MAX_LINE_BYTES = 1 << 20


class Place(NamedTuple):
    """Where a mail is: the number of its file, and the bytes of it."""

    file: int
    start: int
    end: int


@dataclass
class _Threads:
    """The threads of mails by their numbers, found from what mails answer.

    Of identifiers and subjects only hashes are kept, so that millions of mails fit into memory.
    """

    thread_by_id: dict[int, int] = field(default_factory=dict)
    thread_by_subject: dict[int, int] = field(default_factory=dict)
    parents: array[int] = field(default_factory=lambda: array("q"))

    def thread_of(self, ids: Sequence[bytes], subject: str) -> int:
        """Return the thread of a mail with these identifiers: its own and those of the mails before it."""
        plain = ANSWER.sub("", subject).strip().lower()
        known = [self.root(self.thread_by_id[hash(each)]) for each in ids if hash(each) in self.thread_by_id]
        is_answer = plain != subject.strip().lower()
        if not known and plain and is_answer and len(ids) <= 1 and hash(plain) in self.thread_by_subject:
            known = [self.root(self.thread_by_subject[hash(plain)])]
        if not known:
            known = [len(self.parents)]
            self.parents.append(known[0])
        first = min(known)
        for each in known:
            self.parents[each] = first
        for identifier in ids:
            self.thread_by_id[hash(identifier)] = first
        if plain:
            self.thread_by_subject.setdefault(hash(plain), first)
        return first

    def root(self, thread: int) -> int:
        """Return the thread that a thread was joined to."""
        while self.parents[thread] != thread:
            self.parents[thread] = self.parents[self.parents[thread]]
            thread = self.parents[thread]
        return thread


def read(path: Path, notes: Notes, pause_hours: float, reference: str | None) -> Iterator[text_folder.Row]:  # noqa: ARG001 - as readers are called
    """Yield the threads of a mailbox, of a mail, or of a folder of mails; a pause does not part them."""
    files = [path]
    if path.is_dir():
        files = [each for each in sorted(path.iterdir()) if each.suffix.lower() == ".eml"]
    stats = ImportStats(path.name, "mail", 0)
    number = 0
    for thread in _threads(files, notes):
        log = chats.Log()
        texts = sorted((_mail(files[place.file], place) for place in thread), key=lambda mail: mail.seconds)
        turns = tuple(_turns(texts, log))
        stats.leave_out(log.left_out)
        if not turns:
            continue
        number += 1
        is_one = len(files) == 1 and number == 1 and path.suffix.lower() == ".eml"
        for part in stats.following([Segment("", turns)]):
            notes.reason = "each thread is one conversation"
            name = path.stem if is_one else f"{path.stem} {number}"
            row = {"id": name, "conversation": part.text, "summary": reference}
            notes.columns.update(dict.fromkeys(row))
            yield row
    notes.chats.append(stats)


def holds_mails(folder: Path) -> bool:
    """Return whether a folder is one of mails, not a channel."""
    return any(path.suffix.lower() == ".eml" for path in folder.iterdir())


def _turns(texts: Sequence[MailText], log: chats.Log) -> Iterator[Turn]:
    """Yield the turns of a thread, the oldest first."""
    for mail in texts:
        said = mails.mails_in(mail.text, mail.sender, mail.time)
        if len(texts) == 1:
            for each in mails.in_order(said):
                mails.add_mail(each, log)
        elif said:
            mails.add_mail(said[0], log)
            # Those that it quotes are mails of the thread, or were answered in it.
            log.leave_out("quote", "\n".join(each.text for each in said[1:]))
        for name in mail.attachments:
            log.leave_out("media", name)
        yield from log.take_turns()


def _threads(files: Sequence[Path], notes: Notes) -> list[list[Place]]:
    """Return the mails of each thread, threads in the order of their first mails."""
    threads = _Threads()
    places: list[Place] = []
    numbers = array("q")
    for number, path in enumerate(files):
        for place, head in _heads(path, number):
            ids, subject = _identifiers(head)
            numbers.append(threads.thread_of(ids, subject))
            places.append(place)
        notes.done_bytes += path.stat().st_size
    by_thread: dict[int, list[Place]] = {}
    for thread, place in zip(numbers, places, strict=True):
        by_thread.setdefault(threads.root(thread), []).append(place)
    return list(by_thread.values())


def _heads(path: Path, number: int) -> Iterator[tuple[Place, bytes]]:
    """Yield the place and the header of each mail in a file; the file is mapped, never held."""
    if not path.stat().st_size:
        return
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        read = 0
        for start, end in _spans(content):
            head = content[start : min(end, start + MAX_HEADER_BYTES)]
            stop = HEADER_END.search(head)
            if not FIRST_HEADER_LINE.match(head):
                raise unreadable(path, "it doesn't start with a mail header")
            yield Place(number, start, end), head[: stop.start()] if stop else head
            if end - read > READ_BYTES and hasattr(content, "madvise"):
                content.madvise(mmap.MADV_DONTNEED)
                read = end


def _spans(content: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Yield where each mail begins and ends: all is one mail where no line begins another."""
    start, at = _after_beginning(content, 0), 0
    while (at := content.find(b"\n" + BEGINNING, at)) >= 0:
        at += 1
        follows_blank = content[max(0, at - 2) : at] == b"\n\n" or content[max(0, at - 3) : at] == b"\n\r\n"
        following = _after_beginning(content, at) if start and follows_blank else 0
        if following:
            yield start, at
            start = following
    yield start, len(content)


def _after_beginning(content: mmap.mmap, at: int) -> int:
    """Return where the mail begins whose first line of a mailbox is at a place, 0 if none is."""
    if content[at : at + len(BEGINNING)] != BEGINNING:
        return 0
    end = content.find(b"\n", at, at + MAX_BEGINNING_BYTES) + 1
    return end if end and FIRST_HEADER_LINE.match(content[end : end + MAX_BEGINNING_BYTES]) else 0


def _identifiers(head: bytes) -> tuple[list[bytes], str]:
    """Return a mail's identifier, those of the mails that it answers, and its subject."""
    fields = {match[1].lower(): match[2] for match in THREAD_FIELD.finditer(head)}
    ids = [
        found
        for name in (b"message-id", b"in-reply-to", b"references")
        for found in IDENTIFIER.findall(fields.get(name, b""))
    ]
    return ids, " ".join(fields.get(b"subject", b"").decode("utf-8", "replace").split())


def _mail(path: Path, place: Place) -> MailText:
    with path.open("rb") as stream:
        stream.seek(place.start)
        return parse_mail(_lines(stream, place.end - place.start))


def _lines(stream: IO[bytes], length: int) -> Iterator[bytes]:
    """Yield a mail's lines; one without an end comes in pieces."""
    while length > 0 and (line := stream.readline(min(length, MAX_LINE_BYTES))):
        length -= len(line)
        # Old programs end lines with CR alone. A mailbox quotes lines that would begin a mail.
        for each in line.splitlines(keepends=True):
            yield each[1:] if each.startswith(b">From ") else each


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


def parse_mail(lines: Iterable[bytes]) -> MailText:
    """Return a mail from its lines, without what is nested too deeply in it."""
    message, *inner = _parts(lines)
    parts = [part for part in (message, *inner) if not _is_container(part)]
    attachments: list[str] = []
    for part in parts:
        # A part without a name that is a text is what the mail says.
        is_text = part.get_content_maintype() == "text"
        name = _asked(part.get_filename) or ("" if is_text else part.get_content_type())
        attachments += [name] if name else []
    sender = _asked(partial(mails.sender_name, _header(message, "from")))
    try:
        time = parsedate_to_datetime(str(message.get("Date", ""))).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        time = ""
    return MailText(sender, time, _text(parts), attachments)


def _header(message: Message, name: str) -> str:
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
