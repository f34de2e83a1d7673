"""Tells how a file is read, by its ending or by its content, and what can be done with one that can't be read."""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engine import chats
from engine.data import text_kind
from engine.errors import DataError
from engine.worker.readers.table import Notes
from engine.worker.readers.text_decoding import FIRST_BYTES, chunks


@dataclass(frozen=True)
class Unread:
    """A kind of file that can't be read: what it is, what to do, and how its bytes or its text begin."""

    what: str
    step: str
    suffixes: tuple[str, ...]
    starts: tuple[bytes, ...] = ()
    begins: tuple[bytes, ...] = ()


UNREAD_KINDS = (
    Unread(
        "an old Word document",
        "Save it as docx.",
        (".doc", ".dot", ".wps", ".wri"),
    ),
    Unread(
        "a document",
        "Save it as docx, or as text.",
        (".rtf", ".odt", ".pages", ".epub", ".wpd", ".ppt", ".pptx", ".odp", ".key"),
        begins=(b"{\\rtf",),
    ),
    Unread(
        "unsupported subtitles",
        "Save them as srt or vtt, for example with Subtitle Edit.",
        (".ass", ".ssa", ".ttml", ".dfxp", ".smi", ".sami", ".sub"),
        begins=(b"[Script Info]", b"<SAMI", b"<sami", b"<tt ", b"<tt\n"),
    ),
    Unread(
        "an annotated transcript",
        "Export it as text, one turn a line, for example with ELAN or CLAN.",
        (".textgrid", ".eaf", ".cha", ".trs", ".exb", ".stm", ".ctm", ".rttm"),
        begins=(b'File type = "oo', b"@UTF8", b"@Begin"),
    ),
    Unread(
        "contacts or a calendar",
        "Choose the files with the conversations.",
        (".vcf", ".ics"),
        begins=(b"BEGIN:V",),
    ),
    Unread(
        "a file in another format",
        "Save its conversations as csv or JSON lines.",
        (".xml", ".yaml", ".yml", ".sql", ".toml", ".ini", ".tex", ".rst", ".ipynb", ".py", ".js", ".css"),
        begins=(b"<?xml",),
    ),
    Unread(
        "a recording",
        "Transcribe it first, for example with Whisper, and choose the transcript (vtt, srt, json or txt).",
        (
            ".mp3", ".wav", ".m4a", ".ogg", ".opus", ".flac", ".aac", ".wma", ".amr", ".mp4", ".mov", ".mkv", ".webm",
            ".avi", ".m4v", ".3gp",
        ),
        (b"ID3", b"OggS", b"fLaC", b"RIFF", b"\x1aE\xdf\xa3"),
    ),
    Unread(
        "a picture",
        "Run OCR, and save the text as txt.",
        (".png", ".jpg", ".jpeg", ".gif", ".heic", ".webp", ".tif", ".tiff", ".bmp"),
        (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*"),
    ),
    Unread("an Outlook mail", "Save it as eml.", (".msg",)),
    Unread("an Outlook mailbox", "Export it as mbox, for example with Thunderbird.", (".pst", ".ost")),
    Unread(
        "an encrypted backup",
        "In WhatsApp, choose More, Export chat, then choose that zip or txt here.",
        (".crypt12", ".crypt14", ".crypt15"),
    ),
    Unread(
        "an unsupported archive",
        "Unpack it, and choose the folder.",
        (".rar", ".7z", ".tar", ".tgz"),
        (b"Rar!", b"7z\xbc\xaf"),
    ),
)  # fmt: skip


def unread_kind(path: Path) -> Unread | None:
    """Return what a file is that can't be read, by its ending or else by its beginning; None for any other."""
    suffix = path.suffix.lower()
    named = next((kind for kind in UNREAD_KINDS if suffix in kind.suffixes), None)
    if named:
        return named
    with path.open("rb") as stream:
        first = stream.read(20)
    if first[4:8] == b"ftyp":
        return next(kind for kind in UNREAD_KINDS if ".mp4" in kind.suffixes)
    try:
        text = next(chunks(path, Notes()), "")
    except (DataError, ValueError):
        text = ""
    return next((kind for kind in UNREAD_KINDS if first.startswith(kind.starts)), None) or _unread_text(text)


def _unread_text(text: str) -> Unread | None:
    """Return what a text is that can't be read, by its beginning."""
    start = text[:100].lstrip("\ufeff \t\r\n").encode(errors="replace")
    return next((kind for kind in UNREAD_KINDS if start.startswith(kind.begins)), None)


# A file with one of these endings, or with one that no reader knows, may hold anything: its content decides.
UNREAD = "unread"
# A table, or the log of a meeting.
TABBED = ".tsv"
OPEN_SUFFIXES = ("", ".txt", ".text", ".log", ".md")
MAGIC = {
    b"PAR1": ".parquet",
    b"ARROW1": ".arrow",
    b"%PDF": ".pdf",
    b"SQLite f": ".sqlite",
    b"FEA1": ".feather",
}
ZIPPED = {"word/document.xml": ".docx", "xl/workbook.xml": ".xlsx"}


def suffix_of(path: Path, known: Collection[str]) -> str:
    """Return the suffix whose reader fits a file, "" for a text of a form that can't be read, or for what is none."""
    suffix = path.suffix.lower()
    if suffix in known and suffix not in (*OPEN_SUFFIXES, TABBED):
        return suffix
    status = path.stat()
    found = _by_content(path, status.st_mtime_ns, status.st_size)
    return found if found in known else suffix if suffix in known and found != UNREAD else ""


@lru_cache(maxsize=20_000)
def _by_content(path: Path, _time: int, size: int) -> str:
    """Return the suffix for what a file holds, "" for no text, `UNREAD` for one that can't be read.

    The file's time and size are keys of the cache too.
    """
    with path.open("rb") as stream:
        first = stream.read(8)
    magic = next((suffix for start, suffix in MAGIC.items() if first.startswith(start)), "")
    if magic:
        return magic
    if first.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(path) as archive:
                members = set(archive.namelist())
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return ""
        return next((suffix for member, suffix in ZIPPED.items() if member in members), "")
    try:
        text = next(chunks(path, Notes()), "")
    except (DataError, ValueError):
        return ""
    end = text.rfind("\n") + 1
    text = text[:end] if size > FIRST_BYTES and end else text
    found = text_kind.suffix_of(text)
    return found if found != ".txt" else _suffix_of_prose(path, text)


def _suffix_of_prose(path: Path, text: str) -> str:
    """Return the suffix for a text that is no table and no JSON."""
    suffix = path.suffix.lower()
    if _unread_text(text) or (suffix not in (*OPEN_SUFFIXES, TABBED) and unread_kind(path)):
        return UNREAD
    if suffix == TABBED:
        # Times, names and texts without a header.
        form = chats.likeliest(text)
        return ".txt" if form and "<tab>" in form.form else TABBED
    # Prose with an ending of its own, such as a program, is no conversation.
    return ".txt" if suffix in OPEN_SUFFIXES or chats.read(text).speakers else ""
