"""The checkout's environment in `.venv`: made with an interpreter that suits, and renewed when its definition changes.

Parses on much older versions of Python 3 too, so that they can say what is wanted.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import time
from pathlib import Path

CONSTRAINTS = "packaging/constraints.txt"
STAMP = "tunesmith.stamp"
# The extras that the tests use.
EXTRAS = "ctranslate2,gguf,cluster"
OLDEST = (3, 11)
# Tried in this order when the running interpreter does not suit.
OTHERS = ("python3.13", "python3.12", "python3.11", "python3.14")


def ensure(root: Path) -> None:
    """Make the checkout's environment hold what the project asks for; quick if it does already."""
    path = folder(root)
    if is_current(root, path):
        return
    start = time.monotonic()
    if not works(path):
        _make(path)
    (path / STAMP).unlink(missing_ok=True)
    print("Installing Tunesmith into .venv; the first time takes a few minutes.", flush=True)
    _install(root)
    stamp(root, path)
    print(f"The environment is ready after {time.monotonic() - start:.0f} s.", flush=True)


def folder(root: Path) -> Path:
    """Return the folder of the checkout's own environment."""
    return root / ".venv"


def program(path: Path, name: str) -> Path:
    """Return a program of the environment in the folder `path`, for example its Python."""
    return path / (f"Scripts/{name}.exe" if sys.platform == "win32" else f"bin/{name}")


def packages(path: Path) -> Path:
    """Return the folder that the environment's packages lie in."""
    if sys.platform == "win32":
        return path / "Lib" / "site-packages"
    return next((path / "lib").glob("python3.*/site-packages"))


def is_current(root: Path, path: Path) -> bool:
    """Say whether the environment was filled to its end from what the project now asks for."""
    written = path / STAMP
    return (
        written.is_file()
        and program(path, "python").is_file()
        and written.read_text() == _fingerprint(root, path)
    )


def stamp(root: Path, path: Path) -> None:
    """Write down that the environment holds what the project now asks for; in one go, and last of all."""
    aside = path / (STAMP + ".new")
    aside.write_text(_fingerprint(root, path))
    aside.replace(path / STAMP)


def works(path: Path) -> bool:
    """Say whether an environment is there, made whole, with an interpreter that suits."""
    check = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    try:
        return _succeeds([str(program(path, "python")), "-c", check])
    except OSError:
        return False


def _fingerprint(root: Path, path: Path) -> str:
    """Return a digest of all that decides what is in the environment, its place included: scripts name it."""
    digest = hashlib.sha256(str(path).encode())
    for file in (root / "pyproject.toml", root / CONSTRAINTS, path / "pyvenv.cfg"):
        digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()


def _make(path: Path) -> None:
    interpreter = fitting_interpreter()
    print(f"Making .venv with {interpreter}.", flush=True)
    subprocess.run([interpreter, "-m", "venv", "--clear", str(path)], check=True)


def fitting_interpreter() -> str:
    """Return the running interpreter if it suits, else another on the PATH; or say what to install."""
    problem = unsuited()
    if not problem:
        return sys.executable
    for name in OTHERS:
        interpreter = shutil.which(name)
        if interpreter and _suits(interpreter):
            print(f"{problem} Taking {interpreter} instead.")
            return interpreter
    print(f"{problem} {what_to_install()}")
    raise SystemExit(1)


def what_to_install() -> str:
    """Return what to do where no interpreter suits."""
    version = f"{OLDEST[0]}.{OLDEST[1]}"
    return (
        f"Tunesmith needs Python {version} or newer with its venv module; on Debian and Ubuntu:\n"
        "    sudo apt-get install python3 python3-venv"
    )


def unsuited() -> str:
    """Return why the running interpreter can't make an environment, or nothing."""
    if sys.version_info < OLDEST:
        return f"Python {sys.version.split()[0]} is too old."
    absent = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    return f"{sys.executable} has no {' and no '.join(absent)}." if absent else ""


def _suits(interpreter: str) -> bool:
    check = f"import sys, venv, ensurepip; sys.exit(sys.version_info < {OLDEST})"
    return _succeeds([interpreter, "-c", check])


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _install(root: Path) -> None:
    _pip_install(root, ["-e", f".[{EXTRAS}]", *_group(root, "dev")])


def add_group(root: Path, name: str) -> None:
    """Add a group of dependencies that only one command needs to the checkout's environment; quick if it is there."""
    _pip_install(root, _group(root, name))


def _group(root: Path, name: str) -> list[str]:
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    group: list[str] = project["dependency-groups"][name]
    return group


def _pip_install(root: Path, wanted: list[str]) -> None:
    python = str(program(folder(root), "python"))
    command = [
        python,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        *wanted,
        "-c",
        str(root / CONSTRAINTS),
    ]
    if not sys.stdout.isatty():
        command.append("--quiet")
    if subprocess.run(command, cwd=root, check=False).returncode:
        print("The environment could not be filled; pip's own words are above. The same command tries again.")
        raise SystemExit(1)
