"""The frozen build: made by PyInstaller, asked for its versions, and driven through the demo off screen.

Needs the extra `freeze`; says so where it is missing.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.benchmark_report import Row, show
from tests.helpers.repository import ROOT

SPECIFICATION = "packaging/pyinstaller/app.spec"


def main() -> None:
    """Build, try and print. `FROZEN_BUILD` names a folder with a build that is tried in place of a new one."""
    made = os.environ.get("FROZEN_BUILD")
    if made is None and importlib.util.find_spec("PyInstaller") is None:
        print(
            "The frozen build is not tried: it takes `pip install -e .[freeze] -c packaging/constraints.txt`."
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = [*_built(Path(folder))] if made is None else []
        rows += _tried(Path(made) if made else Path(folder) / "dist" / "tunesmith", Path(folder))
    show("Frozen build", rows)


def _built(folder: Path) -> Iterator[Row]:
    began = time.monotonic()
    places = ["--distpath", str(folder / "dist"), "--workpath", str(folder / "build")]
    _run([sys.executable, "-m", "PyInstaller", "--noconfirm", *places, SPECIFICATION], folder)
    yield "built in", f"{time.monotonic() - began:.0f} s", ""


def _tried(build: Path, folder: Path) -> Iterator[Row]:
    size = sum(file.stat().st_size for file in build.rglob("*") if file.is_file() and not file.is_symlink())
    yield "size", f"{size / 1e9:.2f} GB", ""
    answer = json.loads(_run([str(build / "tunesmith-worker"), "doctor", "--json"], folder))
    faults = [check["title"] for check in answer["checks"] if check["state"] == "problem"]
    yield "faults the doctor finds", ", ".join(faults) or "none", "none"
    began = time.monotonic()
    picture = folder / "demo.png"
    _run([str(build / "tunesmith"), "--demo", "--screenshot", str(picture)], folder)
    yield (
        "demo", f"completed in {time.monotonic() - began:.0f} s, {picture.stat().st_size} bytes", "completed",
    )  # fmt: skip


def _run(command: list[str], home: Path) -> str:
    """Run a program to its end, away from the checkout once it is frozen; end here with its words if it fails."""
    variables = {**os.environ, "TUNESMITH_HOME": str(home / "home"), "QT_QPA_PLATFORM": "offscreen"}
    place = ROOT if command[0] == sys.executable else home
    done = subprocess.run(command, cwd=place, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
