"""Reports: a run or an arena as one page of HTML, or all its figures as CSV or JSON.

Everything is read from folders; no model is loaded and nothing is fetched.
"""

from __future__ import annotations

from engine.report.arena.facts import ArenaReport, gather_arena
from engine.report.run_data import conversations_table
from engine.report.run_facts import Report, gather_run
from engine.report.writer import FORMATS, default_name, write
