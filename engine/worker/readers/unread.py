"""Files that stay unread: what they are, and the nearest step to a file that can be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Unread:
    """A kind of file that can't be read: what it is, and what to do."""

    what: str
    step: str
    suffixes: tuple[str, ...]
    starts: tuple[bytes, ...] = ()


KINDS = (
    Unread(
        "a document of old Word",
        "Open it and save it as docx.",
        (".doc", ".dot", ".wps", ".wri"),
    ),
    Unread(
        "a document",
        "Open it and save it as docx, or as text.",
        (".rtf", ".odt", ".pages", ".epub", ".wpd", ".ppt", ".pptx", ".odp", ".key"),
        (b"{\\rtf",),
    ),
    Unread(
        "subtitles of another form",
        "Save them as srt or vtt, for example with Subtitle Edit.",
        (".ass", ".ssa", ".ttml", ".dfxp", ".smi", ".sami", ".sub"),
        (b"[Script Info]", b"<SAMI", b"<sami", b"<tt ", b"<tt\n"),
    ),
    Unread(
        "an annotated transcript",
        "Export it as text, one turn a line, for example with ELAN or CLAN.",
        (".textgrid", ".eaf", ".cha", ".trs", ".exb", ".stm", ".ctm", ".rttm"),
        (b'File type = "oo', b"@UTF8", b"@Begin"),
    ),
    Unread("contacts or a calendar", "Choose the files with the conversations.", (".vcf", ".ics"), (b"BEGIN:V",)),
    Unread(
        "a file of another form",
        "Save its conversations as csv, or as JSON lines.",
        (".xml", ".yaml", ".yml", ".sql", ".toml", ".ini", ".tex", ".rst", ".ipynb", ".py", ".js", ".css"),
        (b"<?xml",),
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
        "Recognise its text first (OCR), and save that as txt.",
        (".png", ".jpg", ".jpeg", ".gif", ".heic", ".webp", ".tif", ".tiff", ".bmp"),
        (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*"),
    ),
    Unread("a mail of Outlook", "Save it as eml, or drag it out of another mail program.", (".msg",)),
    Unread("a mailbox of Outlook", "Export it as mbox, for example with Thunderbird.", (".pst", ".ost")),
    Unread(
        "an encrypted backup",
        "In WhatsApp, open the chat and choose More, Export chat; then choose the zip or txt.",
        (".crypt12", ".crypt14", ".crypt15"),
    ),
    Unread(
        "an archive of another kind",
        "Unpack it, and choose the folder.",
        (".rar", ".7z", ".tar", ".tgz"),
        (b"Rar!", b"7z\xbc\xaf"),
    ),
)  # fmt: skip


def kind_of(path: Path) -> Unread | None:
    """Return what a file is that can't be read, by its ending or else by its first bytes; None for any other."""
    suffix = path.suffix.lower()
    named = next((kind for kind in KINDS if suffix in kind.suffixes), None)
    if named:
        return named
    with path.open("rb") as stream:
        first = stream.read(20).removeprefix(b"\xef\xbb\xbf")
    if first[4:8] == b"ftyp":
        return next(kind for kind in KINDS if ".mp4" in kind.suffixes)
    return next((kind for kind in KINDS if first.startswith(kind.starts) and kind.starts), None)
