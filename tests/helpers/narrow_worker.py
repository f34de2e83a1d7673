"""The real worker on a device with little room, for tests of what happens when memory does not suffice.

    python narrow_worker.py JOB_FOLDER ROOM_BYTES KILLED_AT

Python and the libraries count as nothing, neither in its plans nor when it is measured, since tiny models are nothing
beside them. At the step KILLED_AT the system ends it, as it ends what takes too much memory; 0 for never.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import pytest  # noqa: E402

from engine.jobs import Job  # noqa: E402
from engine.worker import __main__ as worker  # noqa: E402
from engine.worker.channel import Channel  # noqa: E402


def command(job: Job, room_bytes: int, killed_at: int = 0) -> list[str]:
    """Return the command that starts this worker on `job`."""
    return [sys.executable, str(Path(__file__).resolve()), str(job.folder), str(room_bytes), str(killed_at)]


def main() -> int:
    """Narrow the device, then do the job."""
    from engine.worker import devices, estimate

    folder, room, killed_at = sys.argv[1:]
    patch = pytest.MonkeyPatch()
    patch.setattr(estimate, "RUNTIME_BYTES", 0)
    patch.setattr(devices, "room_bytes", lambda _: int(room))
    patch.setattr(devices, "memory_bytes", lambda _: 0)
    emit = Channel.emit

    def watched(channel: Channel, event: str, **facts: Any) -> None:
        emit(channel, event, **facts)
        if event == "step_finished" and facts["step"] == int(killed_at):
            os.kill(os.getpid(), signal.SIGKILL)

    patch.setattr(Channel, "emit", watched)
    return worker.main(Path(folder))


if __name__ == "__main__":
    sys.exit(main())
