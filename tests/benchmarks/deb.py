"""The Debian package from its build to its purge: judged, installed, launched, clicked through a run, and gone again.

Needs root on a Debian of some kind that does not have Tunesmith installed, and the programs in `TOOLS`; says so where
they are missing. Launched in the environment that runs this, so nothing is downloaded.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from PySide6.QtGui import QImage

from tests.helpers.benchmark_report import show
from tests.helpers.repository import ROOT

# The program and the package that brings it.
TOOLS = {
    "dpkg": "dpkg",
    "desktop-file-validate": "desktop-file-utils",
    "appstreamcli": "appstream",
    "lintian": "lintian",
    "Xvfb": "xvfb",
    "xdotool": "xdotool",
    "import": "imagemagick",
}
# Nobody has asked Debian for this package, so there is no report that it could close.
NOT_MEANT = "initial-upload-closes-no-bugs"
PRIMARY = "#0c6a5e"
START_WIDTH, RESULT_WIDTH, MIN_HEIGHT = 220, 120, 12
PICTURE = ROOT / "dist" / "deb.png"
WINDOW_SECONDS, PLAN_SECONDS, RUN_SECONDS, LEAVE_SECONDS = 120, 180, 1800, 60


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


Row = tuple[str, str, str]


def _built(folder: Path) -> Iterator[Row]:
    began = time.monotonic()
    _run(sys.executable, "packaging/deb.py", str(folder))
    [package] = folder.glob("*.deb")
    yield "built in", f"{time.monotonic() - began:.0f} s, {package.stat().st_size / 1e6:.1f} MB", ""
    tree = folder / "tree"
    _run("dpkg-deb", "--extract", str(package), str(tree))
    for name, command in (
        ("desktop-file-validate", ["desktop-file-validate", *_files(tree, "usr/share/applications/*")]),
        (
            "appstreamcli validate",
            ["appstreamcli", "validate", "--no-net", *_files(tree, "usr/share/metainfo/*")],
        ),
        (
            "lintian",
            [
                "lintian",
                "--allow-root",
                "--fail-on",
                "error,warning",
                "--suppress-tags",
                NOT_MEANT,
                str(package),
            ],
        ),
    ):
        _run(*command)
        yield name, "nothing found", "nothing found"


def _installed(folder: Path) -> Iterator[Row]:
    [package] = folder.glob("*.deb")
    began = time.monotonic()
    _run("dpkg", "--install", str(package))
    try:
        yield "installed in", f"{time.monotonic() - began:.1f} s", ""
        owned = [Path(line) for line in _run("dpkg", "--listfiles", "tunesmith").splitlines()]
        with _display() as display:
            yield from _launched(display, folder / "home")
    finally:
        _run("dpkg", "--purge", "tunesmith")
    ours = [place for place in owned if "tunesmith" in place.name or "tunesmith" in str(place.parent)]
    left = [str(place) for place in ours if place.exists()]
    yield "left after purge", ", ".join(left) or "nothing", "nothing"
    if left:
        raise SystemExit(f"Left after purge: {left}")


def _launched(display: str, home: Path) -> Iterator[Row]:
    variables = {
        name: text for name, text in os.environ.items() if name not in {"QT_QPA_PLATFORM", "WAYLAND_DISPLAY"}
    }
    variables |= {"DISPLAY": display, "TUNESMITH_HOME": str(home), "TUNESMITH_ENVIRONMENT": sys.prefix}
    # The first-run guide would stand before the page that is clicked on.
    (home / "config").mkdir(parents=True)
    (home / "config" / "window.json").write_text('{"guided": "yes"}', encoding="utf-8")
    began = time.monotonic()
    with subprocess.Popen(["tunesmith"], env=variables, cwd="/") as program:
        try:
            asks = {"DISPLAY": display}
            window = _wait(lambda: _window(asks), WINDOW_SECONDS, "a window")
            yield "window after", f"{time.monotonic() - began:.1f} s", ""
            x, y = _wait(lambda: _button(asks, home.parent, START_WIDTH), PLAN_SECONDS, "a button to start")
            _run("xdotool", "mousemove", str(x), str(y), "click", "1", variables=asks)
            began = time.monotonic()
            outcome = _wait(lambda: _outcome(home), RUN_SECONDS, "the end of the run")
            yield "run, from the click", f"{outcome} in {time.monotonic() - began:.0f} s", "completed"
            _wait(lambda: _button(asks, home.parent, RESULT_WIDTH), WINDOW_SECONDS, "a verdict")
            _wait(lambda: not _worker_lives(home), WINDOW_SECONDS, "end of the worker")
            _photograph(asks, PICTURE)
            yield "colours in the picture", str(_colours(PICTURE)), "200"
            # To the focus, not to the window by its id: that may be gone before the keys are up again.
            _run("xdotool", "windowfocus", window, variables=asks)
            _run("xdotool", "key", "ctrl+q", variables=asks)
            yield "left with", str(program.wait(LEAVE_SECONDS)), "0"
        finally:
            program.kill()


@contextmanager
def _display() -> Iterator[str]:
    """Give an X server of its own, with a window manager where there is one."""
    end, told = os.pipe()
    command = ["Xvfb", "-displayfd", str(told), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[told], stderr=subprocess.DEVNULL) as server:
        os.close(told)
        with os.fdopen(end) as said:
            display = f":{said.readline().strip()}"
        manager = shutil.which("openbox")
        beside = _manager(manager, display) if manager else None
        try:
            yield display
        finally:
            if beside is not None:
                beside.kill()
                beside.wait()
            server.terminate()


def _manager(program: str, display: str) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen([program], env={**os.environ, "DISPLAY": display}, stdout=quiet, stderr=quiet)


def _window(asks: dict[str, str]) -> str:
    """Return the id of Tunesmith's window by its class, empty before it is there."""
    done = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--class", "^tunesmith$"],
        env={**os.environ, **asks},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip().partition("\n")[0]


def _button(asks: dict[str, str], folder: Path, width: int) -> tuple[int, int] | None:
    """Return the middle of the page's one primary button, found as a person does: a field of its colour, this wide."""
    picture = folder / "page.png"
    _photograph(asks, picture)
    image = QImage(str(picture))
    rows = [
        (y, start) for y in range(image.height()) if (start := _run_of_colour(image, y, width)) is not None
    ]
    if len(rows) < MIN_HEIGHT:
        return None
    return rows[0][1] + width // 2, (rows[0][0] + rows[-1][0]) // 2


def _run_of_colour(image: QImage, y: int, width: int) -> int | None:
    """Return where in a row the button's colour begins that goes on for this long; None if nowhere."""
    start = None
    for x in range(image.width()):
        if image.pixelColor(x, y).name() != PRIMARY:
            start = None
        elif start is None:
            start = x
        elif x - start >= width:
            return start
    return None


def _worker_lives(home: Path) -> bool:
    """Say whether a worker of a run in this home is still there: asked to quit then, the window would ask back."""
    runs = os.fsencode(home / "runs")
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if runs in file.read_bytes():
                return True
    return False


def _photograph(asks: dict[str, str], file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    _run("import", "-window", "root", str(file), variables=asks)


def _colours(picture: Path) -> int:
    image = QImage(str(picture))
    return len({image.pixel(x, y) for y in range(0, image.height(), 2) for x in range(0, image.width(), 2)})


def _outcome(home: Path) -> str:
    """Return how the one run ended, empty before it has."""
    for file in home.glob("runs/*/events.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            if '"job_ended"' in line:
                return str(json.loads(line)["outcome"])
    return ""


Found = TypeVar("Found")


def _wait(look: Callable[[], Found], seconds: float, what: str) -> Found:
    end = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > end:
            raise SystemExit(f"After {seconds:.0f} s there is no {what.removeprefix('a ')}.")
        time.sleep(0.5)
    return found


def _files(tree: Path, pattern: str) -> list[str]:
    return [str(file) for file in tree.glob(pattern)]


def _run(*command: str, variables: dict[str, str] | None = None) -> str:
    """Run a program to its end and return what it said; end here with its words if it fails."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
