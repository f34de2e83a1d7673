"""Blind comparisons on disk: a folder each, with the summaries of several systems on the same conversations.

    comparison.json       schema, name, seed, systems, fingerprint of the summaries
    conversations.jsonl   conversations with a summary of each system
    votes.jsonl           the votes, see `engine.voting.votes`
    lock                  held by the window that votes, see `engine.jobs.journal`

A comparison holds all texts itself, so that it outlives its runs. Knows nothing of how pairs are drawn.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.adapters.metadata import now_text
from engine.adapters.trash import restore, to_trash
from engine.errors import DataError, StorageError, disk_errors
from engine.jobs.events import encode
from engine.jobs.job import new_id
from engine.messages import say
from engine.system.files import aside, write_atomically
from engine.system.foreign_files import FileKind, open_regular, read_bytes
from engine.system.paths import comparisons_folder

ABOUT, CONVERSATIONS, VOTES = "comparison.json", "conversations.jsonl", "votes.jsonl"
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


class ComparisonInfo(BaseModel):
    """A comparison without its conversations, as its file has it, and its folder."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal[1] = Field(1, alias="schema")
    name: str
    source: str = ""
    made_at: str
    seed: int
    fingerprint: str
    systems: tuple[System, ...] = Field(min_length=2, max_length=MAX_SYSTEMS)
    folder: Path = Field(Path(), exclude=True)

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
    kept = list(conversations)
    if len(kept) > MAX_CONVERSATIONS:
        # Equal conversations give equal samples.
        chosen = random.Random(len(kept)).sample(range(len(kept)), MAX_CONVERSATIONS)
        kept = [conversations[index] for index in sorted(chosen)]
    if len(systems) < 2 or not kept:
        raise DataError("There is nothing to compare.", "Choose systems with the same conversations.")
    if all(len({tuple(text.split()) for text in each.summaries}) == 1 for each in kept):
        raise DataError("All systems wrote the same summaries.", "Choose others.")
    mark = fingerprint(kept)
    for known in list_comparisons():
        if known.fingerprint == mark and _runs(known.systems) == _runs(systems):
            return known
    info = ComparisonInfo(
        name=name or source or "Conversations",
        source=source,
        made_at=now_text(),
        seed=int(mark[:8], 16),
        fingerprint=mark,
        systems=tuple(systems),
    )
    folder = comparisons_folder() / new_id("blind")
    lines = b"".join(encode(each.model_dump()) for each in kept)
    with (
        disk_errors("The comparison can't be created: {}.", hint="Free some disk space."),
        aside(folder) as unfinished,
    ):
        unfinished.mkdir(mode=0o700)
        write_atomically(unfinished / CONVERSATIONS, lines.decode("utf-8"))
        write_atomically(unfinished / ABOUT, info.model_dump_json(by_alias=True))
    return info.model_copy(update={"folder": folder})


def _runs(systems: Sequence[System]) -> list[tuple[str, bool]]:
    """Return what identifies systems; their names may be others."""
    return [(each.run or each.name, each.tuned) for each in systems]


def list_comparisons() -> list[ComparisonInfo]:
    """Return every readable comparison, the one that was made or voted on last first."""
    found = []
    for folder in comparisons_folder().iterdir():
        if not folder.name.endswith(PARTIAL):
            with suppress(StorageError):
                found.append(read_info(folder))

    def changed_at(info: ComparisonInfo) -> float:
        votes = info.votes_path
        return (votes if votes.exists() else info.folder / ABOUT).stat().st_mtime

    return sorted(found, key=changed_at, reverse=True)


def find(comparison_id: str) -> ComparisonInfo:
    """Return a comparison by its id. Raises StorageError if it is missing or damaged."""
    return read_info(comparisons_folder() / comparison_id)


def read_info(folder: Path) -> ComparisonInfo:
    """Return the comparison in a folder. Raises StorageError if it is missing or damaged."""
    try:
        info = ComparisonInfo.model_validate_json(read_bytes(folder / ABOUT, FileKind.COMPARISON))
    except (OSError, ValidationError) as error:
        raise StorageError(
            say("{} comes from another version.", folder.name), "Choose another one."
        ) from error
    return info.model_copy(update={"folder": folder})


def load(info: ComparisonInfo) -> Comparison:
    """Return a comparison with its conversations. Raises StorageError if they are damaged or were changed."""
    try:
        with open_regular(info.folder / CONVERSATIONS) as stream:
            conversations = tuple(Conversation.model_validate_json(line) for line in stream)
    except (OSError, ValidationError) as error:
        raise StorageError(
            say("The conversations of {} can't be read.", info.name), "Restore them from a backup."
        ) from error
    are_complete = all(len(each.summaries) == len(info.systems) for each in conversations)
    if not are_complete or fingerprint(conversations) != info.fingerprint:
        raise StorageError(
            say("Conversations of {} changed; its votes don't count.", info.name),
            "Restore them from a backup.",
        )
    return Comparison(info, conversations)


def delete(info: ComparisonInfo) -> Path:
    """Move a comparison with its votes to the trash and return its path there. Raises StorageError."""
    return to_trash(info.folder, comparisons_folder(), "comparison")


def restore_comparison(path: Path) -> ComparisonInfo:
    """Move a comparison back from the trash."""
    return read_info(restore(path, comparisons_folder()))
