"""A source into rows and splits, with token lengths; no torch."""
