"""Rows of the data: their list, one in full, and those that can't be read."""
