"""Choosing a method: list, explanation, support table, effect."""
