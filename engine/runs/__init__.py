"""Runs on disk, their summaries and comparisons."""
