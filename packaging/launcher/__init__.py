"""What `/usr/bin/tunesmith` runs: the environment of the person who starts it, made at the first start, then Tunesmith.

Runs on the system's Python with nothing but its standard library, and tkinter where that is there.
"""
