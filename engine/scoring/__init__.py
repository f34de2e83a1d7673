"""Metrics, bootstrap intervals, paired verdicts; numbers only."""
