"""The conversation and its reference summary: editing, length, sources."""
