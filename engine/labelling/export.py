"""Exports the accepted summaries of a labelling set, with their authors, as a data set for `data.source`.

Knows nothing of windows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.errors import DataError, disk_errors
from engine.jobs.events import encode
from engine.labelling.items import Item
from engine.labelling.sets import SetInfo, fingerprint, read
from engine.messages import counted
from engine.system.files import aside, write_atomically, write_export
from engine.system.paths import labelling_folder
from engine.text.escaping import file_name

SCHEMA = 1
EXPORTS = "exports"
# Readers know that `metadata.json` holds no rows.
ROWS, METADATA = "summaries.jsonl", "metadata.json"
DIGITS = 8


def export(about: SetInfo) -> Path:
    """Write a data set of a set's accepted summaries, whoever has it open, and return its folder.

    The folder is called as people call it ("call-notes, 13 summaries"), since runs are named after their data. It is
    in a folder named after its content and never changes, so that a run finds the same data again. Raises DataError if
    nothing is accepted, StorageError.
    """
    history = read(about)
    accepted = [item for item in history.items.values() if item.state == "accepted"]
    if not accepted:
        raise DataError("No summary is accepted yet.", "Accept one first.", "summary")
    rows = [_row(item) for item in accepted]
    digest = fingerprint(text for row in rows for text in (row["conversation"], row["summary"]))
    count = counted(len(rows), "summary", "summaries")
    name = ", ".join(filter(None, (file_name(about.name), count)))
    folder = labelling_folder() / about.id / EXPORTS / digest[:DIGITS] / name
    if folder.exists():
        return folder
    metadata = {
        "schema": SCHEMA,
        "name": about.name,
        "source": about.source,
        "licence": about.licence,
        "conversations_fingerprint": about.fingerprint,
        "fingerprint": digest,
        "labelling_set": about.id,
        "sittings": history.sittings,
        "written_by": dict(Counter(item.written_by for item in accepted)),
    }
    with disk_errors("The data set can't be written: {}.", hint="Free some disk space."):
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with aside(folder) as unfinished:
            unfinished.mkdir(mode=0o700)
            write_atomically(unfinished / ROWS, b"".join(map(encode, rows)).decode("utf-8"))
            write_atomically(unfinished / METADATA, json.dumps(metadata, indent=1))
    return folder


def write_rows(path: Path, items: Sequence[Item], notes: Sequence[str]) -> None:
    """Write conversations and their summaries to a file that can be read as a data set, with a note in each row.

    Raises StorageError; an existing file stays then.
    """
    rows = [_row(item) | {"note": note} for item, note in zip(items, notes, strict=True)]
    write_export(path, b"".join(map(encode, rows)).decode("utf-8"))


def _row(item: Item) -> dict[str, Any]:
    draft = item.draft
    return {
        "id": item.id,
        "conversation": item.conversation,
        "summary": item.text.strip(),
        "written_by": item.written_by,
        "draft_base_model": draft.base_model if draft else None,
        "draft_adapter": draft.adapter if draft else None,
    }
