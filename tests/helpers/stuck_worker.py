"""A worker that never gets on once it reads the conversations: `python -m tests.helpers.stuck_worker JOB_FOLDER`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any
from unittest.mock import patch

from engine.worker.__main__ import main
from engine.worker.dataset import dataset
from engine.worker.runtime import rank_joining


def wait(*_: Any, **__: Any) -> None:
    """Wait for what never comes."""
    threading.Event().wait()


if __name__ == "__main__":
    with patch.object(dataset, "read", wait), patch.object(rank_joining, "STUCK_SECONDS", 0.5):
        sys.exit(main(Path(sys.argv[1])))
