"""Adapters on disk: library, metadata, safe import, clean export."""
