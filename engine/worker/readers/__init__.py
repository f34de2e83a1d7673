"""Files of every kind into rows: one module per kind of file, and `open_table` for all of them.

Knows nothing of conversations, columns' meaning or recipes. Imports neither torch nor datasets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from engine.data import PAUSE_HOURS
from engine.errors import DataError
from engine.messages import say
from engine.system.hub_cache import DESCRIPTIONS
from engine.worker.readers import chat_files, content, delimited, mail_files, text_folder
from engine.worker.readers.sandboxed import read_sandboxed
from engine.worker.readers.table import FIELD, BrokenRow, Notes, Reader, Record, Table

__all__ = [
    "DESCRIPTIONS",
    "FIELD",
    "SUFFIXES",
    "TEXT_SUFFIXES",
    "BrokenRow",
    "Record",
    "Table",
    "open_table",
    "suffix_of",
]


ChatReader = Callable[..., Iterator[Mapping[str, Any] | BrokenRow]]


def _sandboxed(reader: str, *libraries: str) -> ChatReader:
    """Return the reader of a kind of file that a library parses, in the sandbox, where alone it is imported.

    This is the rule: whatever parses what others wrote and is not our own, even if it is a part of Python, may take
    any time and memory for a small file, or end its process. So it works in a process of its own with limits, which
    ends with this one. Plain text, CSV and JSON have readers of our own, of linear time, and need none. `libraries`
    are those that the reader imports late.
    """
    module, _, name = f"{__name__}.{reader}".rpartition(".")

    def read(path: Path, notes: Notes, *others: Any) -> Iterator[Mapping[str, Any] | BrokenRow]:
        return read_sandboxed((module, *libraries), name, path, notes, *others)

    return read


# Readers of tables. A table that is one chat, a row a message, is parted into conversations too.
_READERS: dict[str, Reader] = {
    ".csv": delimited.read,
    ".tsv": delimited.read,
    ".parquet": _sandboxed("columnar.read_parquet"),
    **dict.fromkeys((".arrow", ".feather"), _sandboxed("columnar.read_arrow")),
    **dict.fromkeys((".sqlite", ".sqlite3", ".db"), _sandboxed("databases.read")),
    **dict.fromkeys((".xlsx", ".xls", ".xlsb", ".ods"), _sandboxed("workbook.read")),
    **dict.fromkeys(delimited.LINE_SUFFIXES, delimited.read_lines),
}
# These take the pause in hours that separates the conversations of a chat.
_TABLE_READERS: dict[Reader, ChatReader] = {
    read: partial(chat_files.read_table, read) for read in _READERS.values()
}
_JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
# A file of each of these kinds is a conversation, or one chat: files of several of them may lie together. These readers
# take the pause, and the summary that lies beside the file.
_TEXT_READERS: dict[str, ChatReader] = {
    **dict.fromkeys(text_folder.SUFFIXES, text_folder.read),
    **dict.fromkeys((".html", ".htm"), _sandboxed("documents.read_html")),
    **dict.fromkeys((".eml", ".mbox", ".mbx"), _sandboxed("mail_files.read")),
    ".docx": _sandboxed("documents.read_docx", "docx"),
    ".pdf": _sandboxed("documents.read_pdf", "pypdf"),
}
# A file with one of these endings is a data file; a text file is one if it was chosen, or if there is no other.
SUFFIXES = (*_READERS, *_JSON_SUFFIXES)
TEXT_SUFFIXES = tuple(_TEXT_READERS)


def open_table(
    files: Sequence[Path],
    pause_hours: float = PAUSE_HOURS,
    encoding: str = "",
    sheet: str = "",
    *,
    finds_chats: bool = True,
) -> Table:
    """Return the rows of files of one kind as one table; nothing is read yet.

    A folder is a Slack channel, or one of mails. A pause of `pause_hours` separates the conversations of a chat, 0: no
    pause does. `encoding` is that of text files, `sheet` that of workbooks, "" to tell it from each. With
    `finds_chats`, a table whose rows are the messages of one chat is read as that. Raises DataError with the field
    `data.source` for files of several kinds.
    """
    readers = {_reader(path) for path in files}
    if len(readers) > 1:
        names = ", ".join(path.name for path in files)
        raise DataError(
            say("The files are of several kinds: {}.", names), "Keep only one kind in the folder.", FIELD
        )
    reader = readers.pop()
    has_messages = reader in {chat_files.read, *_TABLE_READERS.values()}
    given = {"pause_hours": pause_hours, **({"finds_chats": finds_chats} if has_messages else {})}
    read: Reader = partial(reader, **given)
    return Table(files, read, may_have_more_columns=reader is chat_files.read, encoding=encoding, sheet=sheet)


def suffix_of(path: Path) -> str:
    """Return the suffix whose reader fits a file, "" for none: of a text file its content decides."""
    return content.suffix_of(path, (*SUFFIXES, *TEXT_SUFFIXES))


def _reader(path: Path) -> ChatReader:
    if path.is_dir():
        return _read_text if mail_files.holds_mails(path) else chat_files.read_channel
    suffix = suffix_of(path) or path.suffix.lower()
    if suffix in _TEXT_READERS:
        return _read_text
    return chat_files.read if suffix in _JSON_SUFFIXES else _TABLE_READERS[_READERS[suffix]]


def _read_text(path: Path, notes: Notes, pause_hours: float) -> Iterator[Mapping[str, Any] | BrokenRow]:
    """Read a file that is a conversation or a chat, or a folder of mails."""
    if path.is_dir():
        return _TEXT_READERS[".eml"](path, notes, pause_hours, None)
    if text_folder.is_summary(path):
        return text_folder.lone_summary(path)
    read = _TEXT_READERS[suffix_of(path) or path.suffix.lower()]
    return text_folder.with_summaries(path, notes, partial(read, path, notes, pause_hours))
