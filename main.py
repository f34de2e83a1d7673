"""Tunesmith's entry points: the window, a worker, the sandbox, a bridge to other computers, and the command line.

Nothing heavy is imported and no stream is touched before the entry point is known: a windowed program has no
streams, and only a worker may import torch.
"""

from __future__ import annotations

import sys
from pathlib import Path

WORKER, RANK, BRIDGE, SANDBOX = "--worker", "--rank", "--bridge", "--sandbox"


def main(arguments: list[str]) -> int:
    """Run the entry point that the arguments name and return its exit code."""
    if arguments[:1] == [WORKER] and len(arguments) <= 2:
        from engine.worker.__main__ import main as work

        # Without a job's folder the worker waits for one.
        return work(Path(arguments[1]) if arguments[1:] else None)
    if arguments == [RANK]:
        from engine.worker.__main__ import main_of_rank

        return main_of_rank()
    if arguments[:1] == [SANDBOX]:
        from engine.system.sandbox import main as serve

        serve(with_torch=len(arguments) > 1)
    if arguments[:1] == [BRIDGE] and len(arguments) == 2:
        from engine.cluster.bridge import main as connect

        return connect(Path(arguments[1]))
    from engine.commands.cli import end_as_by_ctrl_c, parse, run

    asked = parse(arguments)
    if asked.run is not None:
        end_as_by_ctrl_c()
        return run(asked)
    from gui.app import run as open_window

    return open_window(asked.window)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
