"""Web pages: the chats that applications export as pages, and conversations as the text of any other page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine import chats
from engine.chats import ImportStats, html_exports
from engine.chats.html_exports import PageFormat
from engine.data import column_names
from engine.text.conversations import Turn
from engine.worker.readers.conversations import text_folder
from engine.worker.readers.conversations.chat_files import conversations
from engine.worker.readers.table import BrokenRow, Notes, unreadable
from engine.worker.readers.text_decoding import chunks

# A page that is no chat is kept whole: its text is a part of it.
MAX_BYTES = 64 << 20
# The header of a table stands in one of the first lines.
MAX_LINES_ABOVE = 20


def read(path: Path, notes: Notes, pause_hours: float) -> Iterator[text_folder.Row]:
    """Yield the conversations of a page. Scripts are never run, and nothing else is loaded."""
    reference = text_folder.summary_of(path, notes)
    if isinstance(reference, BrokenRow):
        yield reference
        return
    form = html_exports.format_of(next(chunks(path, Notes(encoding=notes.encoding)), ""))
    if form:
        stats = ImportStats(path.name, form.kind, 0 if reference is not None else pause_hours)
        turns = _turns(path, form, notes, stats)
        rows = conversations(path.stem, chats.timed(turns), stats, notes, reference)
        yield from text_folder.with_columns(rows, notes)
    elif path.stat().st_size > MAX_BYTES:
        yield BrokenRow("its one row", f"{path.name} has more than {MAX_BYTES:,} bytes")
    else:
        text = html_exports.plain_text(chunks(path, notes))
        if any(map(_is_header, text.split("\n", MAX_LINES_ABOVE)[:MAX_LINES_ABOVE])):
            reason = "it is a page with a table of conversations and summaries"
            raise unreadable(path, reason, "Open it in a spreadsheet, and save the table as xlsx or csv.")
        yield from text_folder.rows_of(path, text, reference, notes, pause_hours)


def _is_header(line: str) -> bool:
    """Tell whether a line is the header of a table with conversations and summaries."""
    cells = line.split("\t")
    names = (column_names.CONVERSATION_NAMES, column_names.SUMMARY_NAMES)
    return len(cells) > 1 and all(column_names.exact(cells, each) for each in names)


def _turns(path: Path, form: PageFormat, notes: Notes, stats: ImportStats) -> Iterator[Turn]:
    log = chats.Log()
    for turn in html_exports.turns(chunks(path, notes), form, log):
        yield turn
        stats.leave_out(log.left_out)
        log.left_out.clear()
    stats.leave_out(log.left_out)
