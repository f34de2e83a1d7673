"""A worker's process does one kind of job: what does it comes in where nothing of another kind has come before."""

import subprocess
import sys

import pytest

from engine.system import paths
from tests.helpers.systems import forks

# The libraries once, for all: they are most of a worker's start.
PROGRAM = """
import importlib, os, traceback
import datasets, peft, torch, transformers
from engine.worker.__main__ import JOBS
from tests.helpers.systems import forks

for kind, module in JOBS.items():
    child = os.fork()
    if child == 0:
        try:
            importlib.import_module(module).run
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(kind, os.waitpid(child, 0)[1])
"""


@pytest.mark.torch
@pytest.mark.slow("engine/worker/")
@forks
def test_each_kind_of_job_is_imported_without_another():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=paths.application_root(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    codes = dict(line.split() for line in done.stdout.splitlines())
    assert {"train", "evaluate", "plan", "shrink", "export"} <= codes.keys()
    assert set(codes.values()) == {"0"}, done.stderr
