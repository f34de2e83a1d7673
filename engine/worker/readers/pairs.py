"""Which file holds the summary of which conversation, by their names and folders. Reads no file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

# Always a summary, also alone.
SUMMARY_ENDING = ".summary.txt"
SUFFIXES = (".txt", ".text", ".md")
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
    if path.suffix.lower() not in SUFFIXES:
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
        if path.suffix.lower() in SUFFIXES:
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
        match = _SUMMARY_STEM.fullmatch(path.stem) if path.suffix.lower() in SUFFIXES else None
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
