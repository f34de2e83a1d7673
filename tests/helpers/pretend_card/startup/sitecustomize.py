"""Puts a worker of Tunesmith on the pretend card. Python runs this at its start if the folder is on PYTHONPATH.

PRETEND_CARD names the file that gets a line of JSON with the counts of each worker, at its end.
"""

import atexit
import contextlib
import importlib.abc
import importlib.util
import os
import sys
from pathlib import Path

DEVICES = "engine.worker.runtime.devices"


class _Finder(importlib.abc.MetaPathFinder):
    """Lets the worker's module that chooses devices be followed by the card's registration."""

    def find_spec(self, name, path, target=None):
        if name != DEVICES:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            _put_on_card(module)

        setattr(spec.loader, "exec_module", exec_module)  # noqa: B010
        return spec


def _put_on_card(module):
    import json

    from tests.helpers import pretend_card

    sys.modules[DEVICES] = module
    pretend_card.put_workers_on(pretend_card.register())
    stack = contextlib.ExitStack()
    counts = stack.enter_context(pretend_card.counting())

    def write():
        stack.close()
        with Path(os.environ["PRETEND_CARD"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(counts.as_dict()) + "\n")

    atexit.register(write)


if "PRETEND_CARD" in os.environ and "--worker" in sys.orig_argv:
    sys.meta_path.insert(0, _Finder())
