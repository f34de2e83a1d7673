"""The machine and the files: paths, atomic writes, locks, network, cards, redaction.

Imports nothing of Tunesmith but errors.
"""
