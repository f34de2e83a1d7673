"""Output columns."""
