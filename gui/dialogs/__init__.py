"""Quit, settings, disk."""
