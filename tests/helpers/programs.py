"""Programs of others: stand-ins put where programs are looked for, and tests that need the real ones."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def put_program(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a shell script as a program, before all others of its name."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    if str(folder) not in os.environ["PATH"].split(os.pathsep):
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def needs(program: str, package: str) -> pytest.MarkDecorator:
    """Return the mark that skips a test where a program is missing. In CI, which installs it, the test fails."""
    missing = shutil.which(program) is None and os.environ.get("CI") != "true"
    return pytest.mark.skipif(missing, reason=f"no {program}: apt-get install {package}")
