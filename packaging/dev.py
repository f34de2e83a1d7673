#!/usr/bin/env python3
"""The developer's commands. They need Python 3.11 or newer; the rest they install into `.venv`.

    python3 packaging/dev.py setup                     make or renew the environment
    python3 packaging/dev.py run [arguments]           open Tunesmith; arguments go to main.py
    python3 packaging/dev.py demo [--screenshot PNG]   watch the starter learn to summarise
    python3 packaging/dev.py test [pytest arguments]   linters, types, contracts, tests; or pytest alone
    python3 packaging/dev.py test --quick              the same with the tests that your changes reach, in 60 s
    python3 packaging/dev.py test --slow               the same with the slow tests, as before a release
    python3 packaging/dev.py test --with NAME==VERSION [pytest arguments]   with another version of a library
    python3 packaging/dev.py test --system win32|darwin [pytest arguments]  what differs on Windows or macOS
    python3 packaging/dev.py proof [--only WORDS]      every method, proven on every kind of base model
    python3 packaging/dev.py proof --device pretend    the same on a pretend card, which counts waits and copies
    python3 packaging/dev.py bench [names]             the benchmarks in tests/benchmarks
    python3 packaging/dev.py card [--minutes 9]        how fast and exact a GPU is; a second call goes on
    python3 packaging/dev.py screenshots [arguments]   the pictures of the README and the website, from the real window
    python3 packaging/dev.py texts                     gather all texts into the files of the languages
    python3 packaging/dev.py docs                      the documentation as a website, in dist/docs
    python3 packaging/dev.py deb [folder]              the Debian package, in dist/ if no folder is named
    python3 packaging/dev.py windows [folder]          the installer for Windows; needs makensis and a connection
    python3 packaging/dev.py macos [folder]            the application for macOS; needs a connection

Without a display everything is drawn off screen, and `demo` saves the finished page as demo.png.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

# An interpreter too old for Tunesmith must still be able to read this file, and to say so.
import environment
import qt_libraries
import quick_tests

ROOT = Path(__file__).resolve().parent.parent
LINTERS = {
    "ruff": ["ruff", "check", "--quiet"],
    "format": ["ruff", "format", "--check", "--quiet"],
    "types": ["mypy"],
    "contracts": ["lint-imports", "--no-logo"],
}
# Side by side, two processes more than there are cores: a test often waits for the workers it started. A process that
# has run out of tests takes over some of another's; until then each goes file by file, so that what a file's tests
# share is made once.
PROCESSES = (os.cpu_count() or 1) + 2
SIDE_BY_SIDE = ["-n", str(PROCESSES), "--dist", "worksteal"]
# What a system can change: files, locks, processes and names, and what uses them most.
OF_SYSTEMS = [
    *(f"tests/engine/{each}" for each in ("system", "jobs", "adapters", "labelling", "voting")),
    *(f"tests/commands/test_{each}.py" for each in ("output", "training", "adapters", "arena", "trash")),
    "tests/engine/cluster/test_entry.py", "tests/worker/test_main.py", "tests/worker/exports/test_export.py",
    "tests/gui/desktop", "tests/gui/stories", "tests/packaging/test_launcher.py",
]  # fmt: skip
# Names the folder of a `sitecustomize.py` that makes Tunesmith's modules believe in the system PRETEND_SYSTEM.
PRETENDER = "TUNESMITH_PRETENDER"
# Test seconds of each process with `--quick`: the rest of the 60 s goes to imports and the type checker.
QUICK_SECONDS = 25


def setup(arguments: list[str]) -> int:
    """Make or renew the environment."""
    if arguments:
        print(f"setup takes no arguments, got {' '.join(arguments)}.")
        return 2
    environment.ensure(ROOT)
    return 0


def run(arguments: list[str]) -> int:
    """Open the window, or do what main.py does with the arguments."""
    return _application(arguments)


def demo(arguments: list[str]) -> int:
    """Run the starter recipe in the window; without a display, save the finished page instead."""
    environment.ensure(ROOT)
    if "--screenshot" not in arguments and not _has_display():
        arguments = ["--screenshot", "demo.png", *arguments]
    return _application(["--demo", *arguments])


def test(arguments: list[str]) -> int:
    """Run every check, each to its end, and fail if one did; with arguments for pytest run pytest alone."""
    quick = "--quick" in arguments
    arguments = [each for each in arguments if each != "--quick"]
    environment.ensure(ROOT)
    variables = {"QT_QPA_PLATFORM": "offscreen", "HF_HUB_OFFLINE": "1"}
    if "--with" in arguments:
        arguments, variables["PYTHONPATH"] = _with_another_version(arguments)
    if "--system" in arguments:
        arguments, pretending = _on_another_system(arguments)
        variables |= pretending
    _prepare_qt({**os.environ, **variables})
    everything = arguments in ([], ["--slow"])
    tests = (
        _quick_tests(arguments) if quick else ["pytest", *(SIDE_BY_SIDE if everything else []), *arguments]
    )
    failed = _failed(LINTERS if quick or everything else {}, tests, variables)
    if failed:
        print(f"Failed: {', '.join(failed)}.")
    return 1 if failed else 0


def _with_another_version(arguments: list[str]) -> tuple[list[str], str]:
    """Install what `--with NAME==VERSION` names beside the environment; return the other arguments and its folder."""
    index = arguments.index("--with")
    wanted = arguments[index + 1]
    folder = environment.folder(ROOT) / "other-versions" / wanted
    if not folder.is_dir():
        python = str(environment.program(environment.folder(ROOT), "python"))
        command = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), wanted]
        subprocess.run(command, check=True)
    return arguments[:index] + arguments[index + 2 :], str(folder)


def _on_another_system(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return the tests for `--system NAME`, and the variables that pretend it where it is not this one."""
    index = arguments.index("--system")
    wanted, tests = arguments[index + 1], arguments[:index] + arguments[index + 2 :]
    if wanted != sys.platform and PRETENDER not in os.environ:
        raise SystemExit(
            f"This is {sys.platform}. To pretend {wanted}, {PRETENDER} has to name a folder for it."
        )
    pretending = {"PRETEND_SYSTEM": wanted, "PYTHONPATH": os.environ.get(PRETENDER, "")}
    return tests or [*SIDE_BY_SIDE, *OF_SYSTEMS], pretending if wanted != sys.platform else {}


def _quick_tests(arguments: list[str]) -> list[str]:
    """Return the command of the tests that the changes of the checkout reach; nothing if none does."""
    processes = min(os.cpu_count() or 1, 4)
    selection = quick_tests.select(ROOT, QUICK_SECONDS * processes)
    print(selection.text(), flush=True)
    side_by_side = SIDE_BY_SIDE if selection.seconds > QUICK_SECONDS / 4 else []
    return ["pytest", "--quick", *side_by_side, *arguments, *selection.arguments] if selection.files else []


def proof(arguments: list[str]) -> int:
    """Prove every method of the registry on every kind of base model; 41 minutes on two cores."""
    environment.ensure(ROOT)
    return _python(["-m", "tests.proof", *arguments], {"HF_HUB_OFFLINE": "1"})


def bench(arguments: list[str]) -> int:
    """Run all benchmarks, or those named."""
    environment.ensure(ROOT)
    folder = ROOT / "tests" / "benchmarks"
    names = arguments or sorted(file.stem for file in folder.glob("[a-z]*.py"))
    unknown = [name for name in names if not (folder / f"{name}.py").is_file()]
    if unknown:
        print(f"No benchmark named {', '.join(unknown)} in tests/benchmarks.")
        return 2
    variables = _qt_variables()
    _prepare_qt({**os.environ, **variables})
    return max([_python(["-m", f"tests.benchmarks.{name}"], variables) for name in names], default=0)


def card(arguments: list[str]) -> int:
    """Measure the GPU, or without one the processor on much smaller models."""
    environment.ensure(ROOT)
    # It runs in the checkout, and writes where it was asked for.
    return _python(["-m", "tests.benchmarks.card", "--asked-in", str(Path.cwd()), *arguments], {})


def screenshots(arguments: list[str]) -> int:
    """Take the README's pictures."""
    environment.ensure(ROOT)
    environment.add_group(ROOT, "pictures")
    variables = {"QT_QPA_PLATFORM": "offscreen"}
    _prepare_qt({**os.environ, **variables})
    return _python(["packaging/screenshots.py", *arguments], variables)


def texts(arguments: list[str]) -> int:
    """Gather the texts to translate."""
    environment.ensure(ROOT)
    return _python(["packaging/texts.py", *arguments], {})


def docs(arguments: list[str]) -> int:
    """Build the documentation."""
    environment.ensure(ROOT)
    environment.add_group(ROOT, "docs")
    return _python(["packaging/docs.py", *arguments], {"NO_MKDOCS_2_WARNING": "1"})


def deb(arguments: list[str]) -> int:
    """Build the Debian package."""
    environment.ensure(ROOT)
    return _python(["packaging/deb.py", *arguments], {})


def windows(arguments: list[str]) -> int:
    """Build the installer for Windows."""
    environment.ensure(ROOT)
    return _python(["packaging/installers.py", "windows", *arguments], {})


def macos(arguments: list[str]) -> int:
    """Build the application for macOS."""
    environment.ensure(ROOT)
    return _python(["packaging/installers.py", "macos", *arguments], {})


def _application(arguments: list[str]) -> int:
    environment.ensure(ROOT)
    variables = _qt_variables()
    _prepare_qt({**os.environ, **variables})
    return _python(["main.py", *arguments], variables)


def _python(arguments: list[str], variables: dict[str, str]) -> int:
    return _program(["python", *arguments], variables)


def _program(command: list[str], variables: dict[str, str], output: IO[bytes] | None = None) -> int:
    """Run a program of the environment in the checkout and return its exit status."""
    # Threads that spin while they wait cost everything else on the machine its speed.
    settings = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", **variables}
    program = str(environment.program(environment.folder(ROOT), command[0]))
    with subprocess.Popen(
        [program, *command[1:]], cwd=ROOT, env=settings, stdout=output, stderr=output
    ) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                # Ctrl+C reached the program as well; how it ends is its own matter.
                continue


def _failed(linters: dict[str, list[str]], tests: list[str], variables: dict[str, str]) -> list[str]:
    """Run the linters one after another beside the tests; return the names of the checks that failed."""
    with ThreadPoolExecutor(1) as aside:
        checks = {name: aside.submit(_passes_aside, name, each, variables) for name, each in linters.items()}
        passed = not tests or _passes("tests", tests, variables)
        failed = [name for name, check in checks.items() if not check.result()]
    return failed if passed else [*failed, "tests"]


def _passes(name: str, command: list[str], variables: dict[str, str]) -> bool:
    print(f"── {name}", flush=True)
    start = time.monotonic()
    code = _program(command, variables)
    print(f"── {name} {'passed' if code == 0 else 'failed'} in {time.monotonic() - start:.1f} s", flush=True)
    return code == 0


def _passes_aside(name: str, command: list[str], variables: dict[str, str]) -> bool:
    """Run a check whose output is shown when it has ended, below whatever else is printed meanwhile."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as output:
        code = _program(command, variables, output)
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    word = "passed" if code == 0 else "failed"
    print(f"\n{text}── {name} {word} in {time.monotonic() - start:.1f} s", flush=True)
    return code == 0


def _has_display() -> bool:
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _qt_variables() -> dict[str, str]:
    """Return what to set so that Qt starts without a display, and say so."""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if _has_display() and not platform:
        return {}
    print(f"No window will appear: Qt draws off screen ({'asked for' if platform else 'no display found'}).")
    return {"QT_QPA_PLATFORM": platform or "offscreen"}


def _prepare_qt(variables: dict[str, str]) -> None:
    """End with the line that installs what is missing, or run that line on a CI machine."""
    missing = qt_libraries.missing(
        environment.packages(environment.folder(ROOT)), qt_libraries.platform(variables)
    )
    if not missing:
        return
    command = qt_libraries.install_command(missing)
    if command and os.environ.get("CI") == "true" and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(command, check=True)
        return
    print(f"Qt needs system libraries that are not here: {', '.join(missing)}.")
    if command:
        print("Install them with:\n    " + " ".join((["sudo"] if os.geteuid() else []) + command))
    raise SystemExit(1)


VERBS: dict[str, Callable[[list[str]], int]] = {
    verb.__name__: verb
    for verb in (setup, run, demo, test, proof, bench, card, screenshots, texts, docs, deb, windows, macos)
}


def main(arguments: list[str]) -> int:
    """Do what the first argument says and return the exit status."""
    if not arguments or arguments[0] not in VERBS:
        print(__doc__)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    return VERBS[arguments[0]](arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
