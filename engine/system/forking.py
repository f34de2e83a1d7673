"""Forks a process that has other threads and garbage."""

from __future__ import annotations

import gc
import os
import warnings


def fork() -> int:
    """Return the id of a new fork of this process; in the fork, 0.

    The fork never frees what was garbage here: a window or a group of processes has threads, which are not forked with
    it, and its end would wait for them for ever. Memory that a search for garbage would write to stays shared, too.
    Raises OSError where the system allows no fork.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            # Python warns of forks beside other threads: none of ours holds a lock that a fork takes.
            warnings.simplefilter("ignore", DeprecationWarning)
            process = os.fork()
        if not process:
            gc.freeze()
        return process
    finally:
        if collects:
            gc.enable()
