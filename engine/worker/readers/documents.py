"""Web pages, Word documents and PDFs: the chats that applications export as pages, else the text as a conversation."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import chats
from engine.chats import ImportStats, html_exports
from engine.data import column_names
from engine.errors import DataError
from engine.messages import say
from engine.worker.readers import text_folder
from engine.worker.readers.archives import ERRORS, require_safe_size
from engine.worker.readers.chat_files import conversations
from engine.worker.readers.table import FIELD, BrokenRow, Notes, unreadable
from engine.worker.readers.text_decoding import chunks

if TYPE_CHECKING:
    from docx.table import Table as DocxTable
    from pypdf import PdfReader


# A page that is no chat is kept whole: its text is a part of it.
MAX_PAGE_BYTES = 64 << 20
# The header of a table stands in one of the first lines.
MAX_LINES_ABOVE = 20


def read_html(
    path: Path, notes: Notes, pause_hours: float, reference: str | None
) -> Iterator[text_folder.Row]:
    """Yield the conversations of a page. Scripts are never run, and nothing else is loaded."""
    form = html_exports.format_of(next(chunks(path, Notes(encoding=notes.encoding)), ""))
    if form:
        log = chats.Log()
        for thread in html_exports.threads(chunks(path, notes), form, log):
            stats = ImportStats(path.name, form.kind, 0 if reference is not None else pause_hours)
            turns = text_folder.counted(thread, log, stats)
            yield from conversations(path.stem, chats.timed(turns), stats, notes, reference)
    elif path.stat().st_size > MAX_PAGE_BYTES:
        yield BrokenRow("its one row", say("{} has more than {:,} bytes", path.name, MAX_PAGE_BYTES))
    else:
        text = html_exports.plain_text(chunks(path, notes))
        if any(map(_is_header, text.split("\n", MAX_LINES_ABOVE)[:MAX_LINES_ABOVE])):
            reason = "it is a table of conversations and summaries"
            raise unreadable(path, reason, "Save it as xlsx or csv.")
        yield from text_folder.rows_of(path, text, reference, notes, pause_hours)


def _is_header(line: str) -> bool:
    """Tell whether a line is the header of a table with conversations and summaries."""
    cells = line.split("\t")
    names = (column_names.CONVERSATION_NAMES, column_names.SUMMARY_NAMES)
    return len(cells) > 1 and all(column_names.exact(cells, each) for each in names)


# Elements of Word around what is said: insertions that are tracked, fields, marked words, directions of writing, and
# words whose pronunciation stands above them.
WRAPPERS = (
    "w:ins", "w:moveTo", "w:sdt", "w:sdtContent", "w:smartTag", "w:customXml", "w:fldSimple", "w:bdo", "w:dir",
    "w:ruby", "w:rubyBase",
)  # fmt: skip
PRONUNCIATION = "w:rt"
MAX_PAGES = 5_000
# Scanned pages may have a few characters, such as a stamp or a page number.
MIN_PAGE_CHARACTERS = 20
CLOCK = re.compile(r"^[\[(]?(?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d+)?(?: ?[AaPp][Mm])?[\])]?$")
MAX_NAME_CHARACTERS = 60
PAGE_NUMBER = re.compile(
    r"^(?:(?:page|seite|página|pagina|стр\.?) )?[-–]? ?\d{1,4}(?: ?(?:/|of|von|de|из) ?\d{1,4})? ?[-–]?$",
    re.IGNORECASE,
)
# As many pages repeat a line at their edge if it is a running head.
MIN_HEADED_PAGES = 3
EDGE_LINES = 2


def read_docx(
    path: Path, notes: Notes, pause_hours: float, reference: str | None
) -> Iterator[text_folder.Row]:
    """Yield the conversation in a Word document, or those of an export in it."""
    text = _docx_text(path)
    if text.strip():
        yield from text_folder.rows_of(path, text, reference, notes, pause_hours)


def read_pdf(
    path: Path, notes: Notes, pause_hours: float, reference: str | None
) -> Iterator[text_folder.Row]:
    """Yield the conversation in a PDF, or those of an export in it. Raises DataError for one without text."""
    text = _pdf_text(path, notes)
    if text.strip():
        yield from text_folder.rows_of(path, text, reference, notes, pause_hours)


def _docx_text(path: Path) -> str:
    import docx

    try:
        with zipfile.ZipFile(path) as archive:
            require_safe_size(path, archive.infolist())
    except ERRORS as error:
        raise unreadable(path, "it is not a complete Word document") from error
    try:
        document: Any = docx.Document(str(path))
        own = document.element.getroottree().docinfo.internalDTD
        if own is None:
            _unwrap(document.element)
            return "\n".join(_docx_lines(document))
    except MemoryError:
        raise
    except Exception as error:
        raise unreadable(
            path, say("it is not a complete Word document ({})", type(error).__name__)
        ) from error
    # Office writes none. What they stand for may be without end, and left out they would take text with them.
    raise unreadable(path, "it defines its own XML entities", "Save it again.")


def _unwrap(document: Any) -> None:
    """Leave out what stands around and between the texts of a document, whose library reads only those before it."""
    from docx.oxml.ns import qn
    from lxml import etree  # type: ignore[import-untyped]

    etree.strip_elements(document, qn(PRONUNCIATION), with_tail=False)
    etree.strip_tags(document, etree.Comment, etree.PI, *map(qn, WRAPPERS))
    for run in list(document.iter(qn("w:r"))):
        etree.strip_tags(run, qn("w:r"))
    for text in document.iter(qn("w:t")):
        if len(text):
            etree.strip_tags(text, "*")


def _docx_lines(document: Any) -> Iterator[str]:
    """Yield the paragraphs and the rows of tables, in their order."""
    from docx.table import Table as DocxTable

    for block in document.iter_inner_content():
        if isinstance(block, DocxTable):
            yield from _table_lines(block)
        else:
            yield from block.text.splitlines()


def _table_lines(table: DocxTable) -> Iterator[str]:
    """Yield a table's rows as lines: a time in brackets, a name before a colon, then what is said."""
    for row in table.rows:
        # A merged cell is listed once for each column that it spans.
        cells = [text for cell in dict.fromkeys(row.cells) if (text := "\n".join(_docx_lines(cell)).strip())]
        times = [cell for cell in cells if CLOCK.match(cell)]
        rest = [" ".join(cell.split()) for cell in cells if cell not in times]
        time = f"[{times[0].strip('[]()')}] " if times else ""
        is_named = len(rest) > 1 and len(rest[0]) <= MAX_NAME_CHARACTERS
        yield f"{time}{rest[0].rstrip(':')}: {' '.join(rest[1:])}" if is_named else f"{time}{' '.join(rest)}"


def _pdf_text(path: Path, notes: Notes) -> str:
    import logging

    import pypdf

    # What the library finds odd in a file that it can read is no one's concern.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(str(path))
        is_open = not reader.is_encrypted or bool(reader.decrypt(""))
        pages = _pages(reader) if is_open else []
    except MemoryError:
        raise
    except Exception as error:
        raise unreadable(path, say("it is not a complete PDF ({})", type(error).__name__)) from error
    if not is_open:
        raise DataError(
            say("{} is protected by a password.", path.name), "Save or print it without the password.", FIELD
        )
    if sum(map(len, pages)) < MIN_PAGE_CHARACTERS * max(1, len(pages)):
        raise DataError(
            say("{} has no text; its pages are images.", path.name),
            "Run OCR, and choose the resulting PDF or text.",
            FIELD,
        )
    notes.done_bytes = path.stat().st_size
    return "\n".join(_without_edges([page.splitlines() for page in pages]))


def _pages(reader: PdfReader) -> list[str]:
    if len(reader.pages) > MAX_PAGES:
        raise ValueError(say("it has more than {:,} pages", MAX_PAGES))
    return [page.extract_text() for page in reader.pages]


def _without_edges(pages: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of pages without page numbers, and without the heads and feet that most pages repeat."""
    edges = Counter(
        _numberless(line)
        for page in pages
        for line in {*page[:EDGE_LINES], *page[-EDGE_LINES:]}
        if line.strip()
    )
    running = {line for line, count in edges.items() if count >= max(MIN_HEADED_PAGES, len(pages) / 2)}
    for page in pages:
        for number, line in enumerate(page):
            at_edge = number < EDGE_LINES or number >= len(page) - EDGE_LINES
            is_number = PAGE_NUMBER.match(line.strip()) is not None
            if not (at_edge and (is_number or _numberless(line) in running)):
                yield line


def _numberless(line: str) -> str:
    return re.sub(r"\d+", "0", " ".join(line.split()))
