"""Tells what a text is from its beginning: JSON, a table, a mail, a web page, or a conversation."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from itertools import islice
from statistics import mean

from engine import chats
from engine.data import column_names

# By these a table is distinguished from prose.
LOOKED_AT_LINES = 20
MAX_HEAD_CHARACTERS = 60
TABLES = {"\t": ".tsv", ";": ".csv", "|": ".csv", ",": ".csv"}
# Commas stand in prose too: without a known name in the head, this many cells and rows make a table.
MIN_COMMA_CELLS = 3
MIN_COMMA_ROWS = 4
# Of the columns of a table without a header: names and times are shorter, and a conversation is longer.
MIN_TEXT_CHARACTERS, MIN_LONG_TEXT_CHARACTERS = 15, 50
KNOWN_NAMES = {
    *column_names.CONVERSATION_NAMES, *column_names.SUMMARY_NAMES, *column_names.ID_NAMES, *column_names.GROUP_NAMES,
    *column_names.SPEAKER_NAMES, *column_names.TEXT_NAMES, *column_names.SPLIT_NAMES,
}  # fmt: skip
# "[12:30] Ann: Hi" is no JSON.
JSON = re.compile(r'\{\s*(?:["}]|$)|\[\s*(?:[{"\[\]]|$)')
# An object as Python writes it, one a line.
PYTHON = re.compile(r"\{\s*'[^'\n]{1,60}'\s*:")
PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype html|html)\b", re.IGNORECASE | re.DOTALL
)
MAILBOX = re.compile(r"From \S+.* \d{4}\s*\n[A-Za-z][\w-]*: ")
MAIL_HEADER = re.compile(
    r"(?:from|to|subject|date|message-id|received|mime-version|return-path|delivered-to|content-type|reply-to|"
    r"in-reply-to|references|cc|x-[\w-]+|dkim-signature|arc-[\w-]+): ",
    re.IGNORECASE,
)
MAIL_NEEDS = re.compile(r"^(?:message-id|received|mime-version|return-path):", re.IGNORECASE | re.MULTILINE)
MIN_MAIL_HEADERS = 3
# No one writes it but for a mail, or a page that was saved as one.
SURE_MAIL_HEADER = "MIME-Version: "


def suffix_of(text: str) -> str:
    """Return the suffix of the kind of file that a text is: ".txt" for a conversation and for prose."""
    start = text.lstrip("\ufeff \t\r\n")
    if PYTHON.match(start):
        return ".jsonl"
    if JSON.match(start):
        return _json_suffix(start)
    if start.startswith("WEBVTT"):
        return ".vtt"
    if PAGE.match(start):
        return ".html"
    if _is_mail(start):
        return ".mbox" if MAILBOX.match(start) else ".eml"
    table = _table_suffix(start)
    # A head with the names of columns tells a table from a log with tabs.
    is_headed = len(_known_names(start.partition("\n")[0].split("\t"))) > 1
    return table if table and (is_headed or not chats.read(start).is_export) else ".txt"


def _known_names(head: Sequence[str]) -> list[str]:
    return [cell for cell in head if column_names.plain(cell) in KNOWN_NAMES]


def _is_mail(start: str) -> bool:
    """Return whether a text begins with the headers of a mail; a few headers alone are a mail pasted as text."""
    if MAILBOX.match(start):
        return True
    head = start.partition("\n\n")[0].replace("\r", "")
    lines = [line for line in head.split("\n") if not line[:1].isspace()]
    named = sum(MAIL_HEADER.match(line) is not None for line in lines)
    least = 1 if start.startswith(SURE_MAIL_HEADER) else MIN_MAIL_HEADERS
    return named >= least and named == len(lines) and MAIL_NEEDS.search(head) is not None


def _json_suffix(text: str) -> str:
    """Return .jsonl for a text whose first line is a complete value, else .json."""
    first, _, rest = text.rstrip().partition("\n")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return ".json"
    if rest.strip():
        return ".jsonl"
    # A single object is a row, or all of an export.
    return ".jsonl" if first.startswith("{") and not chats.read(first).is_export else ".json"


def _table_suffix(text: str) -> str:
    """Return the suffix of a table: short names in the first line, and as many cells in each line below."""
    lines = [line for line in islice(text.splitlines(), LOOKED_AT_LINES) if line.strip()]
    found = next((suffix for delimiter, suffix in TABLES.items() if _is_table(lines, delimiter)), "")
    return found or (".tsv" if _are_texts_side_by_side(lines) else "")


def _are_texts_side_by_side(lines: Sequence[str]) -> bool:
    """Tell whether lines are texts with tabs between them: a table without a header, no log with times and names."""
    rows = [line.split("\t") for line in lines]
    if len(rows) < MIN_COMMA_ROWS or len(rows[0]) < 2 or any(len(row) != len(rows[0]) for row in rows[:-1]):
        return False
    lengths = [mean(len(row[column]) for row in rows[:-1]) for column in range(len(rows[0]))]
    return min(lengths) >= MIN_TEXT_CHARACTERS and max(lengths) >= MIN_LONG_TEXT_CHARACTERS


def _is_table(lines: Sequence[str], delimiter: str) -> bool:
    try:
        # A quoted cell of several lines may be open where the lines end.
        head, *rows = csv.reader(lines, delimiter=delimiter)
    except (csv.Error, ValueError):
        return False
    named = all(0 < len(cell.strip()) <= MAX_HEAD_CHARACTERS and ": " not in cell for cell in head)
    if len(head) < 2 or not named or not rows or any(len(row) != len(head) for row in rows[:-1] or rows):
        return False
    return (
        bool(_known_names(head))
        or delimiter != ","
        or (len(head) >= MIN_COMMA_CELLS and len(rows) >= MIN_COMMA_ROWS)
    )
