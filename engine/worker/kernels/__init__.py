"""Faster replacements of library operations, and the table that switches them."""
