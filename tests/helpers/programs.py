"""Programs of others: stand-ins put where programs are looked for, and tests that need the real ones."""

import os
import runpy
import shutil
import sys
import warnings
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.helpers.systems import SHELL_SCRIPT, WINDOWS


def put_program(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a shell script as a program, before all others of its name; skip on Windows."""
    if WINDOWS:
        pytest.skip(SHELL_SCRIPT)
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


def run_script(script: Path, *arguments: str) -> int | str:
    """Run a Python script in this process as `python SCRIPT ARGUMENTS` would; return what it exits with."""
    before = set(sys.modules)
    with (
        patch.object(sys, "argv", [str(script), *arguments]),
        patch.object(sys, "path", [str(script.parent), *sys.path]),
        warnings.catch_warnings(),
    ):
        # Those that the libraries give everyone.
        warnings.simplefilter("ignore")
        try:
            runpy.run_path(str(script), run_name="__main__")
        except SystemExit as ended:
            return ended.code or 0
        finally:
            for name in set(sys.modules) - before:
                if Path(getattr(sys.modules[name], "__file__", None) or "").parent == script.parent:
                    del sys.modules[name]
    return 0
