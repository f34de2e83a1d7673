"""Measures a card by one command: each part in a process of its own, with a deadline; the most telling part first.

    python3 packaging/dev.py card [--minutes 9]

`__main__` reads the arguments, `runner` runs the parts that `parts` lists, `state` keeps their results in card.json,
`table` shows them. The other modules measure, one a concern, by the same code that the benchmarks of CPU time use.
"""
