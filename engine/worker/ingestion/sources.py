"""Finds the files of a data source and the split of each. Knows nothing of rows, columns, examples or limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from engine.config.data_options import DataOptions
from engine.config.recipe import SAMPLE, looks_like_path
from engine.data import SPLITS, Split, split_in, told_apart
from engine.errors import DataError
from engine.messages import joined, listed, say
from engine.system.paths import path_here, sample_folder
from engine.worker.hub import repository_card
from engine.worker.readers import (
    DESCRIPTIONS,
    SUFFIXES,
    TEXT_SUFFIXES,
    archives,
    chat_files,
    content,
    delimited,
    suffix_of,
    text_folder,
)
from engine.worker.readers.table import FIELD
from engine.worker.runtime.channel import Channel

__all__ = ["SPLITS", "Source", "Split", "locate", "split_of"]

# Prefixes of caches of `datasets` and of lock files of open workbooks.
IGNORED_PREFIXES = ("cache-", "~$")
# Windows writes it into folders of pictures; it is no database.
THUMBNAILS = "Thumbs.db"
# Text files about the data, which hold none.
NOTES = ("readme", "licen", "notice", "changelog", "citation", "requirements")
MAX_NAMED = 5
# Of texts in a folder the first of these kinds is read that there are.
TEXT_KINDS = (
    (".txt", ".text", ".vtt", ".srt", ".sbv", ".eml", ".mbox", ".mbx"),
    (".log",),
    (".html", ".htm"),
    (".docx", ".pdf"),
    (".md",),
)
MAX_UNKNOWN = 2_000
UNNAMED_FIELD = "data.unnamed_files"
# Read alone, and in folders and archives.
PLAIN_SUFFIXES = (*SUFFIXES, *TEXT_SUFFIXES)
KNOWN = ", ".join(suffix.removeprefix(".") for suffix in (*PLAIN_SUFFIXES, *archives.SUFFIXES))


@dataclass(frozen=True)
class Source:
    """The files of a source by split, all under None if no name tells the split.

    `remarks` report what is not read, each with a hint. A folder among the files is a Slack channel.
    """

    name: str
    files: dict[Split | None, tuple[Path, ...]]
    licence: str = ""
    remarks: tuple[tuple[str, str], ...] = ()


def locate(options: DataOptions, channel: Channel) -> Source:
    """Return the files of a recipe's data source; a Hub data set is downloaded first.

    Raises DataError: with the field `data.source` if there is nothing that can be read, with `data.unnamed_files` if
    it is not known what some files are for; OfflineError.
    """
    source = options.source
    try:
        if source == SAMPLE:
            located = _folder_source(SAMPLE, sample_folder(), channel)
        else:
            located = _on_this_computer(source, channel) or _on_the_hub(source, channel)
        return _decided(located, options)
    except OSError as error:
        raise DataError(
            say("{} can't be opened: {}.", error.filename or source, error.strerror),
            "Check the path and its permissions.",
            FIELD,
        ) from error


def _decided(source: Source, options: DataOptions) -> Source:
    """Return a source whose files all have a split or none has one. Raises DataError if that is for a person to say."""
    unnamed = source.files.get(None, ())
    if not unnamed or len(source.files) == 1:
        return source
    named: dict[Split | None, tuple[Path, ...]] = {
        split: source.files[split] for split in source.files if split
    }
    answer = options.unnamed_files
    if answer == "ask":
        known = joined("; ", (say("{}: {}", split, _named(paths)) for split, paths in named.items()))
        raise DataError(
            say("Some file names contain a split ({}), others don't: {}.", known, _named(unnamed)),
            "Choose a split for the others, or skip them.",
            UNNAMED_FIELD,
        )
    if answer == "leave_out":
        remark = (say("Skipped, no split in the name: {}.", _named(unnamed)), "")
        return replace(source, files=named, remarks=(*source.remarks, remark))
    remark = (say("Used for {}, no split in the name: {}.", answer, _named(unnamed)), "")
    named[answer] = (*named.get(answer, ()), *unnamed)
    return replace(source, files=named, remarks=(*source.remarks, remark))


def _on_this_computer(source: str, channel: Channel) -> Source | None:
    path = path_here(source)
    if path.is_dir():
        return _folder_source(str(path), path, channel)
    if path.is_file():
        _require_readable(path)
        if path.suffix.lower() != ".zip":
            return Source(str(path), {None: (_plain(path, channel),)})
        return _folder_source(str(path), _unpacked(path, channel), channel, archives.members(path))
    if looks_like_path(source) or path.is_symlink():
        raise _nothing_at(path)
    return None


def _on_the_hub(source: str, channel: Channel) -> Source:
    # A slow import, which local files do without.
    from engine.worker.hub import repository

    folder = repository.download(
        source, "main", "dataset", on_progress=channel.progress, cancelled=channel.stop_requested
    )
    return _folder_source(source, folder, channel)


def _nothing_at(path: Path) -> DataError:
    if path.is_symlink():
        target = path.readlink()
        return DataError(
            say("{} is a link to {}, which doesn't exist.", path, target), "Choose the file itself.", FIELD
        )
    return DataError(say("{} doesn't exist.", path), "Check the path; a hub id looks like owner/name.", FIELD)


def _require_readable(path: Path) -> None:
    if path.stat().st_size == 0:
        raise DataError(
            say("{} is empty.", path.name), "Choose a file with conversations and summaries.", FIELD
        )
    packed = path.suffix.lower() in archives.COMPRESSED
    can_be_read = (
        Path(path.stem).suffix.lower() in PLAIN_SUFFIXES
        if packed
        else path.suffix.lower() == ".zip" or suffix_of(path)
    )
    if not can_be_read:
        kind = content.unread_kind(path)
        if kind:
            raise DataError(say("{} is {}, which can't be read.", path.name, kind.what), kind.step, FIELD)
        raise DataError(say("Files like {} can't be read.", path.name), say("These are: {}.", KNOWN), FIELD)


def _plain(path: Path, channel: Channel) -> Path:
    """Return a data file, unpacked if it is compressed."""
    if path.suffix.lower() not in archives.COMPRESSED:
        return path
    return _unpacked(path, channel) / path.stem


def _unpacked(path: Path, channel: Channel) -> Path:
    suffixes = (*PLAIN_SUFFIXES, *delimited.SUMMARY_SUFFIXES.values())

    def report(done: int, total: int) -> None:
        channel.check_stop()
        # The unpacked size of a compressed file is not known before its end.
        channel.progress(done, max(done + 1, total), "bytes")

    return archives.unpack(path, suffixes, report)


def _folder_source(name: str, folder: Path, channel: Channel, packed: Sequence[Path] = ()) -> Source:
    """Return the source of a folder; of a zip, `packed` are all its files, also those that were not unpacked."""
    by_split, remarks = _by_split(name, folder)
    for path in (path for paths in by_split.values() for path in paths):
        if path.suffix.lower() not in TEXT_SUFFIXES and not path.is_dir():
            _require_readable(path)
    files = {split: tuple(_plain(path, channel) for path in paths) for split, paths in by_split.items()}
    read = {path.relative_to(folder) for paths in by_split.values() for path in paths}
    there = packed or [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    remarks += _unknown([path for path in sorted(there) if path not in read])
    return Source(name, files, repository_card.licence(folder), tuple(remarks))


def _by_split(name: str, folder: Path) -> tuple[dict[Split | None, list[Path]], list[tuple[str, str]]]:
    """Return a folder's chats, else its tables, else its texts, with remarks on what is not read."""
    there = [path for path in sorted(folder.rglob("*")) if _may_hold_data(path, folder)]
    # Texts of a form that can't be read, such as XML.
    odd = [path for path in there if path.suffix.lower() in content.OPEN_SUFFIXES and not suffix_of(path)]
    paths = sorted({*there} - {*odd})
    if not paths:
        list(map(_require_readable, odd))
    told = _texts([path for path in paths if path.suffix.lower() in TEXT_SUFFIXES])
    texts, as_texts = _of_first_kind(told), set(told)
    packed = [
        path
        for path in paths
        if path.suffix.lower() in archives.COMPRESSED and Path(path.stem).suffix.lower() in SUFFIXES
    ]
    plain = [path for path in paths if path.suffix.lower() in PLAIN_SUFFIXES and path not in as_texts]
    if texts and not plain and (not packed or any(map(text_folder.is_summary, texts))):
        return _texts_by_split(_with_mail_folders(texts), folder), [*_unread(paths, texts), *_not_read(odd)]
    exported, none = _chats(plain)
    if exported:
        remarks = [(say("Skipped, no chat messages: {}.", _named(none)), "")] if none else []
        by_folder = _grouped((_split_of_folder(path.relative_to(folder)), path) for path in exported)
        return by_folder, [*remarks, *_unread(paths, plain), *_not_read(odd)]
    # A file that is also there unpacked is not read twice.
    files = [
        path for path in paths if path in plain or (path in packed and path.with_suffix("") not in plain)
    ]
    files = files or _by_content(folder)
    if not files:
        raise DataError(say("There are no data files in {}.", name), say("Supported: {}.", KNOWN), FIELD)
    # Names that differ in the word of a split alone tell it in any form.
    apart = told_apart({path.stem for path in files})
    by_name = _grouped((split_of(path.relative_to(folder)) or apart.get(path.stem), path) for path in files)
    return by_name, [*_unread(paths, files), *_not_read(odd)]


def _texts_by_split(texts: Sequence[Path], folder: Path) -> dict[Split | None, list[Path]]:
    """Return texts by the split of their folders, or of their own names if each of them has one."""
    # Of a folder of mails its own name tells the split.
    inner = ((path / "mail" if path.is_dir() else path, path) for path in texts)
    by_folder = _grouped((_split_of_folder(name.relative_to(folder)), path) for name, path in inner)
    by_name = _grouped((split_in(path.stem), path) for path in texts)
    return by_name if set(by_folder) == {None} and len(by_name) > 1 and None not in by_name else by_folder


def _texts(paths: list[Path]) -> list[Path]:
    """Return the text files that are conversations: all, unless most of them hold tables or JSON."""
    if any(map(text_folder.is_summary, paths)):
        return paths
    tables = {path for path in paths if suffix_of(path) in SUFFIXES}
    if len(tables) * 2 <= len(paths):
        return paths
    return [path for path in paths if path not in tables]


def _of_first_kind(texts: list[Path]) -> list[Path]:
    """Return the texts of the first kind that there are: what lies beside transcripts may be about them."""
    about = {path for path in texts if path.name.lower().startswith(NOTES)}
    texts = [path for path in texts if path not in about] or [
        path for path in texts if path.suffix.lower() != ".md"
    ]
    kinds = ([path for path in texts if path.suffix.lower() in kind] for kind in TEXT_KINDS)
    return next(filter(None, kinds), [])


def _by_content(folder: Path) -> list[Path]:
    """Return the files without a known ending whose content can be read, such as logs of chat programs."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))
    unknown = (path for path in files if path.suffix.lower() not in (*PLAIN_SUFFIXES, *archives.SUFFIXES))
    return [path for path in islice(unknown, MAX_UNKNOWN) if path.stat().st_size and suffix_of(path)]


def _with_mail_folders(texts: Sequence[Path]) -> list[Path]:
    """Return texts with a folder in the place of the mails in it: a thread's mails lie in several files."""
    if any(map(text_folder.is_summary, texts)):
        return list(texts)
    mails = {path.parent for path in texts if path.suffix.lower() == ".eml"}
    others = [path for path in texts if path.suffix.lower() != ".eml"]
    return [*others, *sorted(mails)]


def _unread(paths: list[Path], files: list[Path]) -> list[tuple[str, str]]:
    """Return a remark on files that may hold data and are not read, since `files` of another kind are."""
    rest = [path for path in paths if path not in files and not path.name.lower().startswith(NOTES)]
    hint = "To read them, move them to another folder."
    return [(say("Skipped, other files are read: {}.", _named(rest)), hint)] if rest else []


def _unknown(paths: Sequence[Path]) -> list[tuple[str, str]]:
    """Return a remark on files that no reader knows; paths are relative."""
    known = (*PLAIN_SUFFIXES, *archives.SUFFIXES, *delimited.SUMMARY_SUFFIXES.values())
    return _not_read(
        [
            path
            for path in paths
            if path.suffix.lower() not in known
            and not any(part.startswith((".", "__MACOSX")) for part in path.parts)
            and not path.name.lower().startswith((*NOTES, *IGNORED_PREFIXES))
            and path.name not in (*DESCRIPTIONS, THUMBNAILS)
        ]
    )


def _not_read(paths: Sequence[Path]) -> list[tuple[str, str]]:
    """Return a remark on files of forms that are not read, with their number by ending."""
    if not paths:
        return []
    counts = Counter(path.suffix.lower() or "without an ending" for path in paths)
    by_ending = joined(
        ", ", (say("{:,} {}", count, ending) for ending, count in counts.most_common(MAX_NAMED))
    )
    hint = "To read them, save them as text, csv or JSON lines."
    return [(say("Skipped, can't be read: {} ({}).", by_ending, _named(paths)), hint)]


def _chats(plain: list[Path]) -> tuple[list[Path], list[Path]]:
    """Return the chats and the other files, if all are JSON; a folder is a Slack channel.

    A chat's name is for people and tells no split.
    """
    if not all(path.suffix.lower() == ".json" for path in plain):
        return [], []
    days: dict[Path, list[Path]] = {}
    for path in filter(chat_files.is_day, plain):
        days.setdefault(path.parent, []).append(path)
    channels = [folder for folder, files in days.items() if any(map(chat_files.holds_messages, files))]
    others = [path for path in plain if not (path.parent in channels and chat_files.is_day(path))]
    files = list(filter(chat_files.holds_messages, others))
    none = [path for path in others if path not in files and path.name not in chat_files.BESIDE_CHANNELS]
    return [*channels, *files], none


def _named(paths: Sequence[Path]) -> str:
    return listed(path.name for path in paths)


def _grouped(files: Iterable[tuple[Split | None, Path]]) -> dict[Split | None, list[Path]]:
    paths_by_split: dict[Split | None, list[Path]] = {}
    for split, path in files:
        paths_by_split.setdefault(split, []).append(path)
    return paths_by_split


def _may_hold_data(path: Path, folder: Path) -> bool:
    """Return whether a file may hold data, by its name. Raises DataError for a broken link."""
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    described = path.name in (*DESCRIPTIONS, THUMBNAILS) or path.name.startswith(IGNORED_PREFIXES)
    if (
        hidden
        or described
        or path.suffix.lower() not in (*PLAIN_SUFFIXES, *archives.COMPRESSED)
        or path.is_dir()
    ):
        return False
    if not path.is_file():
        raise _nothing_at(path)
    return True


def split_of(path: Path) -> Split | None:
    """Return the split in a file's name, else in the nearest folder's; None if no name has one."""
    return split_in(path.stem) or _split_of_folder(path)


def _split_of_folder(path: Path) -> Split | None:
    """Return the split in the name of the nearest folder that has one; a text's own name is its id."""
    words = (split_in(name) for name in reversed(path.parent.parts))
    return next((word for word in words if word), None)
