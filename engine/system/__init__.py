"""The computer and its files: paths, atomic writes, locks, network, GPUs, redaction.

Imports nothing of Tunesmith but errors.
"""
