"""The arena page."""
