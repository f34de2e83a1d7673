"""The verb `trash`: list what was deleted, restore it, or delete it for good."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

from engine.adapters.trash import TRASH_DAYS
from engine.commands.output import Output, table_lines
from engine.commands.parser import Verbs
from engine.maintenance import trash_contents
from engine.maintenance.trash_contents import Trashed
from engine.system.units import size


def add(verbs: Verbs) -> None:
    """Declare the verb and its actions."""
    parser = verbs.add("trash", "List, restore or permanently delete what is in the trash", list_trash)
    actions = Verbs(parser, title="action")
    actions.add("list", "List what is in the trash", list_trash)
    restore = actions.add("restore", "Restore something to where it was", restore_trashed)
    delete = actions.add("delete", "Delete something permanently", delete_trashed)
    for action in (restore, delete):
        action.add_argument("trashed", metavar="ID", help="its id or the beginning of it, or its name")
    actions.add("empty", "Empty the trash", empty_trash)


def list_trash(_: argparse.Namespace, output: Output) -> int:
    """List what was deleted, the last first."""
    found = trash_contents.contents()
    output.json([_as_dict(each) for each in found])
    if found:
        rows = [(each.kind, each.name, _moment(each), size(each.size_bytes), each.id) for each in found]
        output.lines(table_lines(("Kind", "Name", "Deleted", "Size", "Id"), rows, right=("Size",)))
        output.line(f"The window permanently deletes what has been here for {TRASH_DAYS} days.")
    else:
        output.line("The trash is empty.")
    return 0


def _moment(trashed: Trashed) -> str:
    return f"{datetime.fromtimestamp(trashed.at, UTC).astimezone():%Y-%m-%d %H:%M}"


def _as_dict(trashed: Trashed) -> dict[str, Any]:
    return {
        "id": trashed.id,
        "kind": trashed.kind,
        "name": trashed.name,
        "deleted_at": datetime.fromtimestamp(trashed.at, UTC).isoformat(timespec="seconds"),
        "bytes": trashed.size_bytes,
        "path": str(trashed.folder),
    }


def restore_trashed(asked: argparse.Namespace, output: Output) -> int:
    """Put something back to where it was."""
    found = trash_contents.find(asked.trashed)
    folder = trash_contents.restore(found)
    output.json({"id": found.id, "kind": found.kind, "path": str(folder)})
    output.line(f"Restored {found.name}: {folder}")
    return 0


def delete_trashed(asked: argparse.Namespace, output: Output) -> int:
    """Delete something for good."""
    found = trash_contents.find(asked.trashed)
    freed = found.size_bytes
    trash_contents.delete(found)
    output.json({"id": found.id, "kind": found.kind, "bytes": freed})
    output.line(f"Deleted {found.name} permanently, {size(freed)}.")
    return 0


def empty_trash(_: argparse.Namespace, output: Output) -> int:
    """Delete everything in the trash for good."""
    found = trash_contents.contents()
    freed = sum(each.size_bytes for each in found)
    for each in found:
        trash_contents.delete(each)
    output.json({"deleted": [each.id for each in found], "bytes": freed})
    output.line(f"Emptied the trash, {size(freed)}.")
    return 0
