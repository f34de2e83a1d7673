"""The Debian package from its build to its purge: judged, installed, driven through the demo, and gone again.

Needs root on a Debian of some kind that does not have Tunesmith installed, and the programs in `TOOLS`; says so where
they are missing. Launched in the environment that runs this, so nothing is downloaded.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.benchmark_report import Row, show
from tests.helpers.repository import ROOT

# The program and the package that brings it.
TOOLS = {
    "dpkg": "dpkg", "desktop-file-validate": "desktop-file-utils", "appstreamcli": "appstream",
    "lintian": "lintian", "xvfb-run": "xvfb",
}  # fmt: skip
# Nobody has asked Debian for this package, so there is no report that it could close.
NOT_MEANT = "initial-upload-closes-no-bugs"
PICTURE = ROOT / "dist" / "deb.png"


def main() -> None:
    """Go all the way and print."""
    missing = sorted({package for program, package in TOOLS.items() if shutil.which(program) is None})
    if missing or os.geteuid() or shutil.which("tunesmith"):
        print("The Debian package is not tried: it takes root, no installed Tunesmith, and these packages:")
        print(" ", ", ".join(missing or sorted(set(TOOLS.values()))))
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = [*_built(Path(folder)), *_installed(Path(folder))]
    show("Debian package", rows)
    print(f"The window after the run: {PICTURE.relative_to(ROOT)}")


def _built(folder: Path) -> Iterator[Row]:
    began = time.monotonic()
    _run(sys.executable, str(ROOT / "packaging" / "deb.py"), str(folder))
    [package] = folder.glob("*.deb")
    yield "built in", f"{time.monotonic() - began:.0f} s, {package.stat().st_size / 1e6:.1f} MB", ""
    tree = folder / "tree"
    _run("dpkg-deb", "--extract", str(package), str(tree))
    lintian = f"lintian --allow-root --fail-on error,warning --suppress-tags {NOT_MEANT}"
    for command, files in (
        ("desktop-file-validate", tree.glob("usr/share/applications/*")),
        ("appstreamcli validate --no-net", tree.glob("usr/share/metainfo/*")),
        (lintian, [package]),
    ):
        _run(*command.split(), *map(str, files))
        yield command.split()[0], "nothing found", "nothing found"


def _installed(folder: Path) -> Iterator[Row]:
    [package] = folder.glob("*.deb")
    began = time.monotonic()
    try:
        _run("dpkg", "--install", str(package))
        yield "installed in", f"{time.monotonic() - began:.1f} s", ""
        owned = [Path(line) for line in _run("dpkg", "--listfiles", "tunesmith").splitlines()]
        yield from _launched(folder / "home")
    finally:
        _run("dpkg", "--purge", "tunesmith")
    ours = [place for place in owned if "tunesmith" in place.name or "tunesmith" in str(place.parent)]
    left = [str(place) for place in ours if place.exists()]
    yield "left after purge", ", ".join(left) or "nothing", "nothing"
    if left:
        raise SystemExit(f"Left after purge: {left}")


def _launched(home: Path) -> Iterator[Row]:
    """Let the installed program show its demo on an X server of its own."""
    variables = {"TUNESMITH_HOME": str(home), "TUNESMITH_ENVIRONMENT": sys.prefix, "QT_QPA_PLATFORM": "xcb"}
    PICTURE.parent.mkdir(exist_ok=True)
    began = time.monotonic()
    screen = ["xvfb-run", "--auto-servernum", "--server-args=-screen 0 1600x1000x24"]
    _run(*screen, "tunesmith", "--demo", "--screenshot", str(PICTURE), variables=variables)
    yield "demo", f"completed in {time.monotonic() - began:.0f} s", "completed"


def _run(*command: str, variables: dict[str, str] | None = None) -> str:
    """Run a program away from the checkout and return what it said; end here with its words if it fails."""
    done = subprocess.run(
        command, cwd="/", env={**os.environ, **(variables or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
