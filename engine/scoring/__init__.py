"""Scoring: metrics, bootstrap intervals and paired verdicts, of numbers alone."""
