"""The kinds of files that data is read from: for file dialogs, drag and drop, recipes and help."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True)
class DataFileKind:
    """A family of files: its title, the suffixes, and what is read of such a file."""

    title: str
    suffixes: tuple[str, ...]
    about: str


DATA_FILE_KINDS = (
    DataFileKind(
        "Tables",
        (
            ".csv", ".tsv", ".xlsx", ".xls", ".xlsb", ".ods", ".parquet", ".arrow", ".feather", ".sqlite", ".sqlite3",
            ".db",
        ),
        "A conversation with its summary per row, or one turn per row.",
    ),
    DataFileKind(
        "JSON",
        (".json", ".jsonl", ".ndjson"),
        "Objects with texts, turns or messages: single, one per line, or in lists.",
    ),
    DataFileKind(
        "Chats and transcripts",
        (".txt", ".text", ".log", ".md", ".vtt", ".srt", ".sbv", ".html", ".htm"),
        "A conversation, or a chat to split at pauses. Summaries in x.summary.txt beside x.txt, or in "
"folders dialogues and summaries.",
    ),
    DataFileKind("Mail", (".eml", ".mbox", ".mbx"), "A conversation per thread, without quotes and "
"signatures."),
    DataFileKind("Documents", (".docx", ".pdf"), "A conversation each. Scanned pages contain no text."),
    DataFileKind(
        "Lines of two files",
        (".src", ".source"),
        "A conversation per line; summaries in x.tgt or x.target.",
    ),
    DataFileKind("Archives", (".zip", ".gz", ".bz2", ".xz", ".zst"), "Archives of the other kinds."),
)  # fmt: skip
DATA_SUFFIXES = tuple(chain.from_iterable(kind.suffixes for kind in DATA_FILE_KINDS))
