"""Earlier tries: what was summarised, how, and what came out; kept on disk, and shown as Markdown.

Owns the file `tries.json`. Knows no widget and no process.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.api import StorageError, paths, speakers, turns
from gui.pages.playground.board import Board, Column, Entry
from gui.summarizer import Decoding

FILE_NAME = "tries.json"
VERSION = 1
MOST_TRIES = 50
HEADLINE_LETTERS = 64


@dataclass(frozen=True)
class TriedColumn:
    """One summary of a try."""

    adapter: str | None
    name: str
    detail: str = ""
    text: str = ""
    tokens: int | None = None
    seconds: float | None = None
    scores: dict[str, float] = field(default_factory=dict)

    @property
    def entry(self) -> Entry:
        """What the column is for."""
        return Entry(self.adapter, self.name, self.detail)


@dataclass(frozen=True)
class Try:
    """A conversation, the base model, the decoding, and the summaries of every column."""

    made_at: float
    conversation: str
    reference: str
    base_model: dict[str, Any]
    decoding: Decoding
    columns: tuple[TriedColumn, ...]

    @property
    def headline(self) -> str:
        """One line that tells tries apart."""
        return headline(self.conversation)


@lru_cache(maxsize=64)
def headline(conversation: str) -> str:
    """Return who speaks and how the conversation begins, in one short line."""
    said = turns(conversation)
    begins = said[0].text.split("\n")[0] if said else ""
    names = ", ".join(speakers(conversation)[:3])
    line = f"{names}: {begins}" if names else begins
    return line if len(line) <= HEADLINE_LETTERS else line[: HEADLINE_LETTERS - 1].rstrip() + "…"


def from_board(board: Board, reference: str, base_model: dict[str, Any], decoding: Decoding) -> Try:
    """Return what stands in the columns as a try made now."""
    columns = tuple(_tried(column) for column in board.columns)
    return Try(time.time(), board.conversation, reference, base_model, decoding, columns)


def _tried(column: Column) -> TriedColumn:
    entry = column.entry
    return TriedColumn(
        entry.adapter, entry.name, entry.detail, column.text, column.tokens, column.seconds, column.scores
    )


def into_board(tried: Try) -> Board:
    """Return the columns of an earlier try, filled."""
    first, *others = tried.columns
    board = Board(first.entry)
    for other in others:
        board.add(other.entry)
    board.conversation = tried.conversation
    for column, saved in zip(board.columns, tried.columns, strict=True):
        column.status = "finished" if saved.text else "empty"
        column.text, column.tokens, column.seconds = saved.text, saved.tokens, saved.seconds
        column.scores = dict(saved.scores)
    return board


class Tries:
    """The earlier tries on this computer, newest first; every change is written at once."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or paths.config_folder() / FILE_NAME
        self.items: list[Try] = list(_read(self._path))

    def add(self, tried: Try) -> None:
        """Keep a try. Raises StorageError if it can't be written."""
        self.items = [tried, *self.items][:MOST_TRIES]
        self._write()

    def clear(self) -> None:
        """Forget all tries. Raises StorageError if that can't be written."""
        self.items = []
        self._write()

    def _write(self) -> None:
        stored = {"version": VERSION, "tries": [asdict(item) for item in self.items]}
        partial = self._path.with_name(self._path.name + ".partial")
        try:
            partial.write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")
            partial.replace(self._path)
        except OSError as error:
            raise StorageError(
                f"Earlier tries can't be kept: {error.strerror}.", "Free some disk space."
            ) from error


def _read(path: Path) -> Iterable[Try]:
    """Yield the tries in a file; one that is missing, damaged or of a later version holds none for us."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["version"] == VERSION:
            return [_try(item) for item in stored["tries"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return []


def _try(item: dict[str, Any]) -> Try:
    return Try(
        **{
            **item,
            "decoding": Decoding(**item["decoding"]),
            "columns": tuple(TriedColumn(**column) for column in item["columns"]),
        }
    )


def as_markdown(board: Board, reference: str, decoding: Decoding) -> str:
    """Return the conversation and its summaries as Markdown, for a note or a ticket."""
    parts = ["## Conversation", _quoted(board.conversation)]
    if reference:
        parts += ["## Reference summary", _quoted(reference)]
    for column in board.columns:
        if column.text:
            detail = f" ({column.entry.detail})" if column.entry.detail else ""
            parts += [f"## {column.entry.name}{detail}", _quoted(column.text), _facts(board, column)]
    parts.append(f"Decoding: {decoding_words(decoding)}.")
    return "\n\n".join(parts) + "\n"


def decoding_words(decoding: Decoding) -> str:
    """Return a decoding in words: "greedy, at most 128 tokens"."""
    how = "greedy" if decoding.beams == 1 else f"{decoding.beams} beams"
    if decoding.temperature > 0:
        how = f"sampled at temperature {decoding.temperature:g}"
    return f"{how}, at most {decoding.max_new_tokens} tokens"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}  " if line else ">" for line in text.strip().splitlines())


def _facts(board: Board, column: Column) -> str:
    facts = []
    if "rouge1" in column.scores:
        facts.append(f"ROUGE-1 {column.scores['rouge1'] * 100:.1f}")
    missing = ", ".join(claim.text for claim in board.marks(column).unsupported)
    facts.append(f"not in the conversation: {missing}" if missing else "nothing that was not said")
    if column.tokens and column.seconds:
        facts.append(f"{column.tokens} tokens in {column.seconds:.1f} s")
    return "; ".join(facts)
