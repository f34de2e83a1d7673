"""A run or a whole arena as a file that can be read anywhere: one page of HTML, or its figures as CSV or JSON.

Everything comes from folders and metadata; no model is loaded and nothing is fetched.
"""

from __future__ import annotations

from engine.report.arena_facts import ArenaReport
from engine.report.arena_facts import gather as gather_arena
from engine.report.run_data import conversations_table
from engine.report.run_facts import Report, gather
from engine.report.writer import FORMATS, default_name, write

__all__ = [
    "FORMATS",
    "ArenaReport",
    "Report",
    "conversations_table",
    "default_name",
    "gather",
    "gather_arena",
    "write",
]
