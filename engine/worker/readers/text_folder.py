"""Texts and folders of texts: a file is a conversation, its summary lies beside it or in a folder of summaries.

Chat exports and transcripts are parsed into turns, with a remark about what is left out; a long one is read line by
line. Files of other kinds whose text is a conversation are read here too, once their reader has the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from engine import chats
from engine.chats import ImportStats
from engine.messages import say
from engine.text import transcripts
from engine.text.conversations import Turn
from engine.worker.readers.chat_files import conversations
from engine.worker.readers.table import MAX_CHARACTERS, TOO_LARGE, BrokenRow, Notes
from engine.worker.readers.text_decoding import chunks, lines

SUFFIXES = (".txt", ".text", ".log", ".md", ".vtt", ".srt", ".sbv")
# The most that a row's longest text can have in any encoding.
MAX_BYTES = 4 * MAX_CHARACTERS
# What stands above and within notes in Markdown: properties, tables, and a summary.
PROPERTIES = re.compile(r"---\n(?:(?:\w[\w -]{0,39}:|[ \t#]|-(?!--\n)).*\n)+---\n")
TABLE = re.compile(r"(?:^\|.*\n)?^\|[ |:-]+\|[ ]*\n(?:^\|.*(?:\n|\Z))*", re.MULTILINE)
TOO_LONG = re.compile(
    r"^(?:(?:> )?\**TL;?DR\**:\**[ ]*|#{1,6} \**TL;?DR\**:?[ ]*\n{1,3})(\S.*)(?:\n|\Z)",
    re.MULTILINE | re.IGNORECASE,
)
Row = Mapping[str, str | None] | BrokenRow


def lone_summary(path: Path) -> Iterator[Row]:
    """Yield a broken row for a summary without a conversation; others are read with theirs."""
    if not has_conversation(path):
        reason = say("the conversation {}{} is missing", conversation_stem(path), SUFFIXES[0])
        yield BrokenRow("its one row", reason)


def with_summaries(path: Path, notes: Notes, read: Callable[[str | None], Iterator[Row]]) -> Iterator[Row]:
    """Yield the rows that `read` makes of a conversation's file and the first summary beside it, None for none.

    Further summaries are in columns of their own.
    """
    summaries = summary_files(path)
    summary = next(iter(summaries), None)
    if summary is not None and summary.stat().st_size > MAX_BYTES:
        yield _too_long(summary)
        return
    more = {
        f"summary{number}": _text(each, notes)
        for number, each in enumerate(summaries[1:], start=2)
        if each.stat().st_size <= MAX_BYTES
    }
    for row in read(None if summary is None else _text(summary, notes)):
        if isinstance(row, BrokenRow):
            yield row
        else:
            notes.columns.update(dict.fromkeys(more))
            yield {**row, **more}


def read(path: Path, notes: Notes, pause_hours: float, reference: str | None) -> Iterator[Row]:
    """Yield the row of a conversation and its summary, or those of a chat export.

    An export without a summary gives a row for each of its conversations, separated by a pause of `pause_hours`. One
    that is too long for memory is read line by line.
    """
    if path.stat().st_size <= MAX_BYTES:
        yield from rows_of(path, _text(path, notes), reference, notes, pause_hours)
        return
    form = chats.likeliest(next(chunks(path, Notes(encoding=notes.encoding)), ""))
    if form is None:
        yield _too_long(path)
        return
    stats = ImportStats(path.name, form.kind, 0 if reference is not None else pause_hours)
    log = chats.Log()
    turns = form.turns((line.rstrip("\r\n") for line in lines(path, notes)), log)
    timed = _timed(counted(turns, log, stats), form.kind, path)
    yield from conversations(path.stem, timed, stats, notes, reference)


def counted(turns: Iterable[Turn], log: chats.Log, stats: ImportStats) -> Iterator[Turn]:
    """Yield the turns of a long export; what is left out is counted and forgotten."""
    for turn in turns:
        yield turn
        stats.leave_out(log.left_out)
        log.left_out.clear()
    stats.leave_out(log.left_out)


def rows_of(path: Path, text: str, reference: str | None, notes: Notes, pause_hours: float) -> Iterator[Row]:
    """Yield the rows of a file's text: the conversation as it stands, or those of an export."""
    if path.suffix.lower() == ".md":
        text, reference = _of_markdown(path, text, reference, notes)
    chat = chats.read(text)
    # A summarised text is one conversation, however long its pauses are, and so is a thread of mails.
    is_whole = reference is not None or chat.kind == "mail"
    stats = ImportStats(path.name, chat.kind, 0 if is_whole else pause_hours)
    stats.leave_out(chat.left_out)
    if chat.is_export:
        timed = _timed(chat.turns, chat.kind, path)
        yield from conversations(path.stem, timed, stats, notes, reference)
        return
    below = transcripts.part_summaries(text) if reference is None else []
    if below:
        notes.remarks.append(say("{} has summaries below its conversations, which are read.", path.name))
    pairs: list[tuple[str, str | None]] = [*below] or [(text, reference)]
    for number, (conversation, summary) in enumerate(pairs, start=1):
        name = f"{path.stem} {number}" if len(pairs) > 1 else path.stem
        row = {"id": name, "conversation": conversation, "summary": summary}
        notes.columns.update(dict.fromkeys(row))
        yield row


def _of_markdown(path: Path, text: str, reference: str | None, notes: Notes) -> tuple[str, str | None]:
    """Return the conversation in a text of Markdown, and its summary: the one that is given, or its TL;DR."""
    properties = PROPERTIES.match(text)
    talk, tables = TABLE.subn("", text[properties.end() :] if properties else text)
    if properties or tables:
        notes.remarks.append(
            say("{} has properties or tables above the turns, which are skipped.", path.name)
        )
    short = TOO_LONG.search(talk) if reference is None else None
    if short is None:
        return talk.strip("\n"), reference
    notes.remarks.append(say("{} has a TL;DR, read as its summary.", path.name))
    return (talk[: short.start()] + talk[short.end() :]).strip("\n"), short[1].strip("* ")


def _timed(turns: Iterable[Turn], kind: chats.Kind, path: Path) -> Iterator[chats.Timed]:
    """Yield turns with their moments; the date of a log may be in its file's name alone."""
    return chats.timed(chats.on_day_named(turns, path.stem) if kind == "irc" else turns)


def _too_long(path: Path) -> BrokenRow:
    return BrokenRow("its one row", say("{} has more than {:,} bytes", path.name, MAX_BYTES), TOO_LARGE)


def _text(path: Path, notes: Notes) -> str:
    return "".join(chunks(path, notes)).replace("\r\n", "\n").replace("\r", "\n").strip("\n")


# Always a summary, also alone.
SUMMARY_ENDING = ".summary.txt"
SUMMARY_SUFFIXES = (".txt", ".text", ".md")
_SUMMARY_STEM = re.compile(
    r"(?P<stem>.+?)[._ -](?:summary|summ|sum|abstract|abs|reference|ref|gold|target|tgt)", re.IGNORECASE
)
_SUMMARY_FOLDERS = frozenset((
    "summaries", "summary", "sums", "abstracts", "abstract", "references", "reference", "refs", "ref", "targets",
    "target", "tgt", "gold", "golds", "zusammenfassungen", "resumes", "resúmenes", "résumés", "riassunti", "resumos",
))  # fmt: skip
_CONVERSATION_FOLDERS = frozenset((
    "dialogues", "dialogue", "dialogs", "dialog", "conversations", "conversation", "transcripts", "transcript",
    "chats", "chat", "meetings", "calls", "sources", "source", "src", "articles", "documents", "docs", "texts",
    "text", "inputs", "input", "gespräche", "conversaciones", "conversazioni", "conversas",
))  # fmt: skip
_NUMBER = re.compile(r"[ _-]?\d{1,2}$")
# A split's folder may lie between.
MAX_LEVELS = 3


def summary_files(path: Path) -> list[Path]:
    """Return the files with the summaries of a conversation: several where several folders of summaries have one."""
    stem = path.stem.lower()
    beside = _summaries_in(path.parent, path.parent.stat().st_mtime_ns).get(stem)
    twins = _twins(path, _CONVERSATION_FOLDERS, _SUMMARY_FOLDERS)
    inside = [found for twin in twins if (found := _texts(twin).get(stem))]
    return list(dict.fromkeys([beside, *inside] if beside else inside))


def is_summary(path: Path) -> bool:
    """Return whether a file is named or lies as a summary does, beside a conversation or a folder of them."""
    if path.name.lower().endswith(SUMMARY_ENDING):
        return True
    if path.suffix.lower() not in SUMMARY_SUFFIXES:
        return False
    if path in _summaries_in(path.parent, path.parent.stat().st_mtime_ns).values():
        return True
    return any(True for _ in _twins(path, _SUMMARY_FOLDERS, _CONVERSATION_FOLDERS))


def conversation_stem(path: Path) -> str:
    """Return how the conversation of a summary is called, without its ending."""
    if path.name.lower().endswith(SUMMARY_ENDING):
        return path.name[: -len(SUMMARY_ENDING)]
    match = _SUMMARY_STEM.fullmatch(path.stem)
    return match["stem"] if match else path.stem


def has_conversation(path: Path) -> bool:
    """Return whether there is a conversation for what is a summary by its name or folder."""
    stems = {conversation_stem(path).lower(), path.stem.lower()}
    folders = [path.parent, *_twins(path, _SUMMARY_FOLDERS, _CONVERSATION_FOLDERS)]
    return any(
        each.stem.lower() in stems and each != path
        for folder in folders
        for each in _files(folder, _time(folder))
    )


def _twins(path: Path, names: frozenset[str], others: frozenset[str]) -> Iterator[Path]:
    """Yield the folders that lie as that of a file does, with a name of `others` in the place of one of `names`."""
    for ancestor in list(path.parents)[:MAX_LEVELS]:
        if _is_called(ancestor, names):
            for sibling in _folders(ancestor.parent, _time(ancestor.parent)):
                twin = sibling / path.parent.relative_to(ancestor)
                if _is_called(sibling, others) and twin.is_dir():
                    yield twin


def _is_called(folder: Path, names: frozenset[str]) -> bool:
    """Return whether a folder has one of the names; those of summaries may be numbered: summary_1, summary_2."""
    name = folder.name.lower()
    return name in names or (names is _SUMMARY_FOLDERS and _NUMBER.sub("", name) in names)


def _texts(folder: Path) -> dict[str, Path]:
    """Return the texts of a folder of summaries by the names of their conversations."""
    found: dict[str, Path] = {}
    for path in _files(folder, _time(folder)):
        if path.suffix.lower() in SUMMARY_SUFFIXES:
            match = _SUMMARY_STEM.fullmatch(path.stem)
            found.setdefault(path.stem.lower(), path)
            if match:
                found.setdefault(match["stem"].lower(), path)
    return found


@lru_cache(maxsize=64)
def _summaries_in(folder: Path, _at: int) -> Mapping[str, Path]:
    """Return the summaries in a folder by the names of the conversations that lie beside them."""
    files = _files(folder, _at)
    stems = {path.stem.lower() for path in files}
    found: dict[str, Path] = {}
    for path in files:
        match = _SUMMARY_STEM.fullmatch(path.stem) if path.suffix.lower() in SUMMARY_SUFFIXES else None
        if match and match["stem"].lower() in stems:
            found.setdefault(match["stem"].lower(), path)
    return found


@lru_cache(maxsize=64)
def _files(folder: Path, _at: int) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.iterdir() if path.is_file()))


@lru_cache(maxsize=64)
def _folders(folder: Path, _at: int) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.iterdir() if path.is_dir()))


def _time(folder: Path) -> int:
    return folder.stat().st_mtime_ns
