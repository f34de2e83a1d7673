"""The data check: what is in a source, how long it is, and what is wrong with it. A job; imports no torch.

Knows nothing of training: the findings say what a run would do with the rows they name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import RecipeError
from engine.options import check
from engine.paths import starter_folder
from engine.recipe import STARTER, DataOptions, looks_like_path
from engine.worker import hub
from engine.worker.channel import Channel
from engine.worker.data import Selection, fingerprint, select
from engine.worker.lengths import TokenCounter, describe, histogram, token_counter
from engine.worker.rows import Row
from engine.worker.sources import SPLITS, Split

MOST_ROWS = 200
# All shown rows travel in one event, which may have 256 kB.
MOST_BYTES_A_SPLIT = 64 * 1024
MOST_CHARACTERS_SHOWN = 4000
MOST_ROWS_NAMED = 100
BATCH = 500


@dataclass(frozen=True)
class MeasuredRow:
    """A row and the tokens of its two texts."""

    row: Row
    conversation_tokens: int
    summary_tokens: int


Measured = dict[Split, list[MeasuredRow]]


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Check the data that the request's `data` table names, and hand over what was found."""
    options, problems = check(DataOptions, request["data"], "data")
    if not isinstance(options, DataOptions):
        raise RecipeError(tuple(problems))
    channel.enter("read_data")
    selection = select(options, channel, needs=())
    counter = _counter(request.get("base_model"))
    if not counter.exact:
        channel.notice(counter.words)
    measured = _measure(selection, counter, channel)
    channel.result(_report(selection, measured, options, counter))


def _counter(base_model: str | None) -> TokenCounter:
    name = base_model or ""
    if name == STARTER:
        return token_counter(starter_folder(), name)
    folder = Path(name).expanduser() if looks_like_path(name) else hub.cached_folder(name)
    return token_counter(folder if name else None, name)


def _measure(selection: Selection, counter: TokenCounter, channel: Channel) -> Measured:
    total, done = sum(map(len, selection.rows.values())), 0
    measured: Measured = {split: [] for split in SPLITS}
    for split, rows in selection.rows.items():
        for start in range(0, len(rows), BATCH):
            channel.check_stop()
            batch = rows[start : start + BATCH]
            measured[split] += map(
                MeasuredRow,
                batch,
                counter.count([row.example.conversation for row in batch]),
                counter.count([row.example.summary for row in batch]),
            )
            done += len(batch)
            channel.progress(done, total, "rows")
    return measured


def _report(
    selection: Selection, measured: Measured, options: DataOptions, counter: TokenCounter
) -> dict[str, Any]:
    kept = {
        split: tuple(row.example for row in rows if row.missing is None)
        for split, rows in selection.rows.items()
    }
    return {
        "source": selection.source.name,
        "licence": selection.source.licence,
        "fingerprint": fingerprint(kept),
        "columns": selection.columns.as_dict(),
        "tokens": {"exact": counter.exact, "words": counter.words},
        "splits": {split: _split_report(rows) for split, rows in measured.items() if rows},
        "leaks": leaks(selection.rows),
        "findings": [
            finding for split, rows in measured.items() for finding in _findings(split, rows, options)
        ],
    }


def _split_report(rows: list[MeasuredRow]) -> dict[str, Any]:
    whole = [measured for measured in rows if measured.row.missing is None]
    lengths = {
        "conversation": [measured.conversation_tokens for measured in whole],
        "summary": [measured.summary_tokens for measured in whole],
    }
    return {
        "examples": len(whole),
        "rows": _shown(rows),
        "lengths": {
            name: {**describe(values), "histogram": histogram(values)} for name, values in lengths.items()
        },
    }


def _shown(rows: list[MeasuredRow]) -> list[dict[str, Any]]:
    """Return the first rows, as many as one event holds; very long texts are cut."""
    shown, room = [], MOST_BYTES_A_SPLIT
    for measured in rows[:MOST_ROWS]:
        row = {
            "id": measured.row.example.id,
            "conversation": _cut(measured.row.example.conversation),
            "summary": _cut(measured.row.example.summary),
            "conversation_tokens": measured.conversation_tokens,
            "summary_tokens": measured.summary_tokens,
        }
        room -= len(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")) + 1
        if room < 0:
            break
        shown.append(row)
    return shown


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS_SHOWN else text[: MOST_CHARACTERS_SHOWN - 1] + "…"


def leaks(rows: dict[Split, tuple[Row, ...]]) -> list[dict[str, Any]]:
    """Return how many conversations of one split also stand in another, spaces around them apart."""
    texts = {split: [row.example.conversation.strip() for row in rows[split]] for split in SPLITS}
    pairs: tuple[tuple[Split, Split], ...] = (
        ("test", "train"), ("test", "validation"), ("validation", "train"),
    )  # fmt: skip
    found = []
    for split, other in pairs:
        known = set(texts[other]) - {""}
        count = sum(text in known for text in texts[split])
        if count:
            found.append({"split": split, "other": other, "count": count})
    return found


def _findings(split: Split, rows: list[MeasuredRow], options: DataOptions) -> list[dict[str, Any]]:
    repeated, nearly = _repeated([measured.row for measured in rows])
    spaces = f"{nearly:,} more differ in the spaces around it only." if nearly else ""
    limit, summary_limit = options.max_conversation_tokens, options.max_summary_tokens
    long = [measured.row for measured in rows if measured.conversation_tokens > limit]
    long_summary = [measured.row for measured in rows if measured.summary_tokens > summary_limit]
    left_out, cut = "Runs leave such rows out.", "Runs cut its end."
    kinds = (
        ("empty_conversation", "No conversation", left_out, _lacking(rows, "conversation")),
        ("empty_summary", "No summary", left_out, _lacking(rows, "summary")),
        ("duplicates", "A conversation that stood before", spaces, repeated),
        ("long_conversation", f"A conversation of more than {limit:,} tokens", cut, long),
        ("long_summary", f"A summary of more than {summary_limit:,} tokens", cut, long_summary),
    )
    return [_finding(split, *kind) for kind in kinds if kind[-1]]


def _finding(split: Split, identity: str, what: str, then: str, rows: list[Row]) -> dict[str, Any]:
    numbered = f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'}"
    return {
        "id": identity,
        "split": split,
        "text": f"{what} in {numbered} of {split}. {then}".strip(),
        "count": len(rows),
        "rows": [row.number for row in rows[:MOST_ROWS_NAMED]],
    }


def _lacking(rows: list[MeasuredRow], what: str) -> list[Row]:
    return [measured.row for measured in rows if measured.row.missing == what]


def _repeated(rows: Sequence[Row]) -> tuple[list[Row], int]:
    """Return the rows whose conversation stood before, and how many more did but for spaces around it."""
    exact: set[str] = set()
    stripped: set[str] = set()
    repeated, nearly = [], 0
    for row in rows:
        text = row.example.conversation
        if not text.strip():
            continue
        if text in exact:
            repeated.append(row)
        elif text.strip() in stripped:
            nearly += 1
        exact.add(text)
        stripped.add(text.strip())
    return repeated, nearly
