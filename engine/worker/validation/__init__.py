"""Finds what is wrong with rows, by rules on single rows and by rules that compare rows.

`engine.data.findings` declares the findings. Imports no torch, and the language identifier only where it is needed.
"""
