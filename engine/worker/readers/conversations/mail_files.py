"""Mail as conversations: each thread of an mbox, of an eml file, or of a folder of eml files is one.

Headers are read first and tell the threads; then the mails of one thread at a time. What a mail quotes is left out
where the thread has the quoted mail itself; of a single mail, the quoted mails are turns too.
"""

from __future__ import annotations

import mmap
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple

from engine import chats
from engine.chats import ImportStats, Segment, mails
from engine.text.conversations import Turn
from engine.worker.readers.conversations import mail_messages, text_folder
from engine.worker.readers.conversations.mail_messages import MailText
from engine.worker.readers.table import BrokenRow, Notes, unreadable

# In a mailbox, a line that begins so follows a blank one, and precedes a mail's header.
BEGINNING = b"From "
HEADER_LINE = re.compile(rb"[A-Za-z][\w-]{0,60}:")
MAX_BEGINNING_BYTES = 300
# Of a mapped file, what was read is given back in pieces of this size.
READ_BYTES = 64 << 20
HEADER_END = re.compile(rb"\r?\n\r?\n")
FIELD = re.compile(
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


def read(path: Path, notes: Notes, pause_hours: float) -> Iterator[text_folder.Row]:  # noqa: ARG001 - as readers are called
    """Yield the threads of a mailbox, of a mail, or of a folder of mails; a pause does not part them."""
    if path.is_dir():
        files = [each for each in sorted(path.iterdir()) if each.suffix.lower() == ".eml"]
        yield from _rows(path, files, notes, None)
        return
    reference = text_folder.summary_of(path, notes)
    if isinstance(reference, BrokenRow):
        yield reference
    else:
        yield from _rows(path, [path], notes, reference)


def holds_mails(folder: Path) -> bool:
    """Return whether a folder is one of mails, not a channel."""
    return any(path.suffix.lower() == ".eml" for path in folder.iterdir())


def _rows(
    path: Path, files: Sequence[Path], notes: Notes, reference: str | None
) -> Iterator[text_folder.Row]:
    stats = ImportStats(path.name, "mail", 0)
    number = 0
    for thread in _threads(files, notes):
        log = chats.Log()
        texts = sorted((_mail(files, place) for place in thread), key=lambda mail: mail.seconds)
        turns = tuple(_turns(texts, log))
        stats.leave_out(log.left_out)
        if not turns:
            continue
        number += 1
        for part in stats.following([Segment("", turns)]):
            notes.reason = "each thread is one conversation"
            name = (
                path.stem
                if len(files) == 1 and number == 1 and path.suffix.lower() == ".eml"
                else f"{path.stem} {number}"
            )
            row = {"id": name, "conversation": part.text, "summary": reference}
            notes.columns.update(dict.fromkeys(row))
            yield row
    notes.chats.append(stats)


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
            if not HEADER_LINE.match(head):
                raise unreadable(path, "it begins with no header of a mail")
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
    return end if end and HEADER_LINE.match(content[end : end + MAX_BEGINNING_BYTES]) else 0


def _identifiers(head: bytes) -> tuple[list[bytes], str]:
    """Return a mail's identifier, those of the mails that it answers, and its subject."""
    fields = {match[1].lower(): match[2] for match in FIELD.finditer(head)}
    ids = [
        found
        for name in (b"message-id", b"in-reply-to", b"references")
        for found in IDENTIFIER.findall(fields.get(name, b""))
    ]
    return ids, " ".join(fields.get(b"subject", b"").decode("utf-8", "replace").split())


def _mail(files: Sequence[Path], place: Place) -> MailText:
    with files[place.file].open("rb") as stream:
        stream.seek(place.start)
        return mail_messages.parse(_lines(stream, place.end - place.start))


def _lines(stream: IO[bytes], length: int) -> Iterator[bytes]:
    """Yield a mail's lines; one without an end comes in pieces."""
    while length > 0 and (line := stream.readline(min(length, MAX_LINE_BYTES))):
        length -= len(line)
        # Old programs end lines with CR alone. A mailbox quotes lines that would begin a mail.
        for each in line.splitlines(keepends=True):
            yield each[1:] if each.startswith(b">From ") else each
