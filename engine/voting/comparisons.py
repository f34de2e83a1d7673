"""Blind comparisons on disk: a folder each, with the summaries of several systems on the same conversations.

    comparison.json       schema, name, seed, systems, fingerprint of the summaries
    conversations.jsonl   conversations with a summary of each system
    votes.jsonl           the votes, see `engine.voting.votes`
    lock                  held by the window that votes

A comparison holds all texts itself, so that it outlives its runs and can be passed on to other voters. Knows nothing of
how pairs are drawn.
"""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.adapters.metadata import now_text
from engine.adapters.trash import restore, to_trash
from engine.errors import DataError, StorageError
from engine.jobs.events import encode
from engine.jobs.job import new_id
from engine.system.files import write_atomically, write_export
from engine.system.foreign_files import FileKind, open_regular, read_bytes
from engine.system.paths import comparisons_folder

ABOUT, CONVERSATIONS, VOTES, LOCK = "comparison.json", "conversations.jsonl", "votes.jsonl", "lock"
PARTIAL = ".partial"
# Nobody votes on more; the conversations are drawn from those that were scored.
MAX_CONVERSATIONS = 1_000
MAX_SYSTEMS = 100


class System(BaseModel, frozen=True):
    """What wrote summaries; `detail` is the name of its recipe, "" where its own name says enough.

    `run` is the id of its run, "" for summaries from elsewhere; `tuned` is False for the run's base model. `template`
    is its prompt, `shots` are the worked examples in it, as pairs of conversation and summary.
    """

    name: str = Field(min_length=1, max_length=300)
    detail: str = ""
    run: str = ""
    tuned: bool = True
    template: str = ""
    shots: tuple[tuple[str, str], ...] = ()


class Conversation(BaseModel, frozen=True):
    """A conversation with the summaries of the systems, in their order."""

    id: str
    conversation: str
    summaries: tuple[str, ...]


class About(BaseModel):
    """The file of a comparison."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal[1] = Field(1, alias="schema")
    name: str
    source: str = ""
    made_at: str
    seed: int
    fingerprint: str
    systems: tuple[System, ...] = Field(min_length=2, max_length=MAX_SYSTEMS)


@dataclass(frozen=True)
class ComparisonInfo:
    """A comparison without its conversations."""

    folder: Path
    name: str
    source: str
    made_at: str
    seed: int
    fingerprint: str
    systems: tuple[System, ...]

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def votes_path(self) -> Path:
        """The journal of its votes."""
        return self.folder / VOTES


@dataclass(frozen=True)
class Comparison:
    """A comparison with its conversations."""

    info: ComparisonInfo
    conversations: tuple[Conversation, ...]

    @property
    def systems(self) -> tuple[System, ...]:
        """The systems that are compared."""
        return self.info.systems

    def are_identical(self, conversation: int, first: int, second: int) -> bool:
        """Tell whether two systems wrote the same summary, apart from white space."""
        summaries = self.conversations[conversation].summaries
        return summaries[first].split() == summaries[second].split()


def fingerprint(conversations: Sequence[Conversation]) -> str:
    """Return the SHA-256 of conversations and summaries in their order."""
    digest = hashlib.sha256()
    for each in conversations:
        digest.update(encode({"conversation": each.conversation, "summaries": each.summaries}))
    return digest.hexdigest()


def create(
    systems: Sequence[System], conversations: Sequence[Conversation], name: str = "", source: str = ""
) -> ComparisonInfo:
    """Make a comparison and return it; a known one of the same runs and summaries is returned instead.

    Raises DataError if there is nothing to compare, StorageError.
    """
    kept = _drawn(conversations)
    if len(systems) < 2 or not kept:
        raise DataError(
            "There is nothing to compare.", "Choose two systems that summarised the same conversations."
        )
    if all(len({tuple(text.split()) for text in each.summaries}) == 1 for each in kept):
        raise DataError(
            "All systems wrote the same summaries.", "Choose other ones: there is nothing to vote on."
        )
    mark = fingerprint(kept)
    for known in list_comparisons():
        if known.fingerprint == mark and _runs(known.systems) == _runs(systems):
            return known
    about = About(
        name=name or source or "Conversations",
        source=source,
        made_at=now_text(),
        # The same summaries elsewhere are asked in the same order.
        seed=int(mark[:8], 16),
        fingerprint=mark,
        systems=tuple(systems),
    )
    return store(about, kept)


def _runs(systems: Sequence[System]) -> list[tuple[str, bool]]:
    """Return what identifies systems; their names may be others."""
    return [(each.run or each.name, each.tuned) for each in systems]


def _drawn(conversations: Sequence[Conversation]) -> list[Conversation]:
    """Return the conversations, of many a random sample; equal ones give equal samples."""
    if len(conversations) <= MAX_CONVERSATIONS:
        return list(conversations)
    chosen = random.Random(len(conversations)).sample(range(len(conversations)), MAX_CONVERSATIONS)
    return [conversations[index] for index in sorted(chosen)]


def store(about: About, conversations: Sequence[Conversation]) -> ComparisonInfo:
    """Make the folder of a comparison and return it. Raises StorageError."""
    folder = comparisons_folder() / new_id("blind")
    partial = folder.with_name(folder.name + PARTIAL)
    lines = b"".join(encode(each.model_dump()) for each in conversations)
    try:
        partial.mkdir(mode=0o700)
        write_atomically(partial / CONVERSATIONS, lines.decode("utf-8"))
        write_atomically(partial / ABOUT, about.model_dump_json(by_alias=True, exclude={"conversations"}))
        partial.rename(folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StorageError(
            f"The comparison can't be made: {error.strerror}.", "Free some disk space."
        ) from error
    return _info(folder, about)


def _info(folder: Path, about: About) -> ComparisonInfo:
    return ComparisonInfo(
        folder, about.name, about.source, about.made_at, about.seed, about.fingerprint, about.systems
    )


def list_comparisons() -> list[ComparisonInfo]:
    """Return every readable comparison, the one that was made or voted on last first."""
    found = []
    for folder in comparisons_folder().iterdir():
        if not folder.name.endswith(PARTIAL):
            with suppress(StorageError):
                found.append(read_info(folder))
    return sorted(found, key=_last_change, reverse=True)


def _last_change(info: ComparisonInfo) -> float:
    votes = info.votes_path
    return (votes if votes.exists() else info.folder / ABOUT).stat().st_mtime


def find(comparison_id: str) -> ComparisonInfo:
    """Return a comparison by its id. Raises StorageError if it is missing or damaged."""
    return read_info(comparisons_folder() / comparison_id)


def read_info(folder: Path) -> ComparisonInfo:
    """Return the comparison in a folder. Raises StorageError if it is missing or damaged."""
    try:
        return _info(folder, About.model_validate_json(read_bytes(folder / ABOUT, FileKind.COMPARISON)))
    except (OSError, ValidationError) as error:
        raise StorageError(
            f"{folder.name} is no blind comparison of this version.", "Choose another one."
        ) from error


def load(info: ComparisonInfo) -> Comparison:
    """Return a comparison with its conversations. Raises StorageError if they are damaged or were changed."""
    try:
        with open_regular(info.folder / CONVERSATIONS) as stream:
            conversations = tuple(Conversation.model_validate_json(line) for line in stream)
    except (OSError, ValidationError) as error:
        raise StorageError(
            f"The conversations of {info.name} can't be read.", "Restore them from a backup."
        ) from error
    if not fits(conversations, info.systems) or fingerprint(conversations) != info.fingerprint:
        raise StorageError(
            f"The conversations of {info.name} were changed, so its votes are void.",
            "Restore them from a backup, or start a new comparison.",
        )
    return Comparison(info, conversations)


def fits(conversations: Sequence[Conversation], systems: Sequence[System]) -> bool:
    """Tell whether every conversation has a summary of each system."""
    return all(len(each.summaries) == len(systems) for each in conversations)


class _Shared(About):
    """A comparison in one file, for another voter."""

    conversations: tuple[Conversation, ...] = Field(min_length=1, max_length=MAX_CONVERSATIONS)


def share(comparison: Comparison, path: Path) -> None:
    """Write a comparison without its votes to one file for another voter. Raises StorageError."""
    facts = {**vars(comparison.info), "conversations": comparison.conversations}
    shared = _Shared.model_validate(facts)
    write_export(path, shared.model_dump_json(by_alias=True))


def open_shared(path: Path) -> ComparisonInfo:
    """Take over a comparison that another person exported, and return it; a known one is not taken twice.

    Raises DataError for a file that is no comparison, StorageError.
    """
    try:
        shared: _Shared | None = _Shared.model_validate_json(read_bytes(path, FileKind.COMPARISON))
    except OSError as error:
        raise StorageError(f"{path} can't be read: {error.strerror}.") from error
    except ValidationError:
        shared = None
    if shared is None or not fits(shared.conversations, shared.systems):
        raise DataError(
            f"{path.name} is no blind comparison.", "Choose a file that Tunesmith exported for other voters."
        )
    if fingerprint(shared.conversations) != shared.fingerprint:
        raise DataError(f"{path.name} was changed after it was exported.", "Ask for the file again.")
    for known in list_comparisons():
        if known.fingerprint == shared.fingerprint and known.seed == shared.seed:
            return known
    return store(shared, shared.conversations)


def delete(info: ComparisonInfo) -> Path:
    """Move a comparison with its votes to the trash and return its path there. Raises StorageError."""
    return to_trash(info.folder, comparisons_folder(), "comparison")


def restore_comparison(path: Path) -> ComparisonInfo:
    """Move a comparison back from the trash."""
    return read_info(restore(path, comparisons_folder()))
