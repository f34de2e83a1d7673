"""The computer and its files: paths, atomic writes, locks, network, graphics cards, redaction.

Imports nothing of Tunesmith but errors.
"""
