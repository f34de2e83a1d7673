"""How the rows of each finding are found: by what stands in a row, or by how rows compare with each other.

What the findings are is declared in `engine.data.findings`. Imports no torch, and its language guesser only when
asked for.
"""
