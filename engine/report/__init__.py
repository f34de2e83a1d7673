"""A run as a file that can be read anywhere: one page of HTML, or its figures as CSV or JSON.

Everything comes from the run's folder and its adapter's passport; no model is loaded and nothing is fetched.
"""

from __future__ import annotations

from engine.report.facts import Report, gather
from engine.report.figures import conversations_table
from engine.report.writing import FORMATS, default_name, write

__all__ = ["FORMATS", "Report", "conversations_table", "default_name", "gather", "write"]
