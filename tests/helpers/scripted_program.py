"""The command line with workers that follow a script (see scripted_worker) instead of training.

    python scripted_program.py SCRIPT VERB …

For tests of signals, pipes and dead workers that need no model.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import main  # noqa: E402
from engine.commands import follow_job  # noqa: E402
from engine.jobs.job import Job  # noqa: E402
from engine.jobs.supervisor import Supervisor  # noqa: E402
from tests.helpers import scripted_worker  # noqa: E402


def command(script: list[object]) -> list[str]:
    """Return the program; a verb and its arguments follow."""
    return [sys.executable, str(Path(__file__).resolve()), json.dumps(script)]


def run(script: list[object], arguments: list[str]) -> int:
    def supervised(job: Job) -> Supervisor:
        scripted_worker.give_script(job, script)
        return Supervisor(job, command=scripted_worker.command(job))

    follow_job.Supervisor = supervised  # type: ignore[assignment]
    return main.main(arguments)


if __name__ == "__main__":
    sys.exit(run(json.loads(sys.argv[1]), sys.argv[2:]))
