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
        "A conversation and its summary in each row, or a turn in each row.",
    ),
    DataFileKind(
        "JSON",
        (".json", ".jsonl", ".ndjson"),
        "Objects, alone, one a line or in lists, with texts, turns or messages anywhere in them.",
    ),
    DataFileKind(
        "Chats and transcripts",
        (".txt", ".text", ".log", ".md", ".vtt", ".srt", ".sbv", ".html", ".htm"),
        "A conversation, or a chat that is parted into conversations at pauses. A summary lies beside it: x.txt and "
        "x.summary.txt, or folders dialogues and summaries.",
    ),
    DataFileKind("Mail", (".eml", ".mbox", ".mbx"), "Each thread is a conversation, without quotes and signatures."),
    DataFileKind("Documents", (".docx", ".pdf"), "A conversation each, of text; a scanned page has none."),
    DataFileKind(
        "Lines of two files",
        (".src", ".source"),
        "A conversation in each line, and its summary in the same line of x.tgt or x.target.",
    ),
    DataFileKind("Archives", (".zip", ".gz", ".bz2", ".xz", ".zst"), "Files of the other kinds, packed."),
)  # fmt: skip
DATA_SUFFIXES = tuple(chain.from_iterable(kind.suffixes for kind in DATA_FILE_KINDS))
