"""Processes that tests wait for."""

import time

import psutil


def lives(process: psutil.Process) -> bool:
    """Tell whether a process still does anything: one that nobody has waited for does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(*processes: psutil.Process) -> None:
    while any(map(lives, processes)):
        time.sleep(0.05)


def wait_for_below(process: psutil.Process, depth: int) -> list[psutil.Process]:
    """Return all processes below a process, once some of them are so many levels below it."""
    while True:
        found: list[psutil.Process] = []
        level = [process]
        for _ in range(depth):
            level = [child for each in level if lives(each) for child in each.children()]
            found += level
        if level:
            return found
        time.sleep(0.05)
