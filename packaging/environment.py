"""The environment in `.venv`: made with an interpreter that suits, renewed when its definition changes.

Knows nothing of what is run in it. Parses on much older versions of Python 3 too, so that they can say what is wanted.
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
OLDEST = (3, 11)
# Tried in this order when the running interpreter does not suit.
OTHERS = ("python3.13", "python3.12", "python3.11", "python3.14")


def ensure(root: Path) -> None:
    """Make the environment hold what the project asks for; quick if it does already."""
    stamp = _folder(root) / "tunesmith.stamp"
    if stamp.is_file() and program(root, "python").is_file() and stamp.read_text() == _fingerprint(root):
        return
    start = time.monotonic()
    if not _works(root):
        _make(root)
    stamp.unlink(missing_ok=True)
    print("Installing Tunesmith into .venv; the first time takes a few minutes.", flush=True)
    _install(root)
    stamp.write_text(_fingerprint(root))
    print(f"The environment is ready after {time.monotonic() - start:.0f} s.", flush=True)


def program(root: Path, name: str) -> Path:
    """Return a program of the environment, for example its Python."""
    return _folder(root) / (f"Scripts/{name}.exe" if sys.platform == "win32" else f"bin/{name}")


def packages(root: Path) -> Path:
    """Return the folder that the environment's packages lie in."""
    if sys.platform == "win32":
        return _folder(root) / "Lib" / "site-packages"
    return next((_folder(root) / "lib").glob("python3.*/site-packages"))


def _folder(root: Path) -> Path:
    return root / ".venv"


def _fingerprint(root: Path) -> str:
    """Return a digest of all that decides what is in the environment, its place included: scripts name it."""
    digest = hashlib.sha256(str(_folder(root)).encode())
    for file in (
        root / "pyproject.toml",
        root / "packaging" / "constraints.txt",
        _folder(root) / "pyvenv.cfg",
    ):
        digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()


def _works(root: Path) -> bool:
    """Say whether an environment is there, made whole, with an interpreter that suits."""
    check = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    try:
        return (
            subprocess.run(
                [str(program(root, "python")), "-c", check], capture_output=True, check=False
            ).returncode
            == 0
        )
    except OSError:
        return False


def _make(root: Path) -> None:
    interpreter = _interpreter()
    print(f"Making .venv with {interpreter}.", flush=True)
    subprocess.run([interpreter, "-m", "venv", "--clear", str(_folder(root))], check=True)


def _interpreter() -> str:
    """Return the running interpreter if it suits, else another on the PATH; or say what to install."""
    problem = _unsuited()
    if not problem:
        return sys.executable
    for name in OTHERS:
        found = shutil.which(name)
        if found and _suits(found):
            print(f"{problem} Taking {found} instead.")
            return found
    version = f"{OLDEST[0]}.{OLDEST[1]}"
    print(f"{problem} Tunesmith needs Python {version} or newer with its venv module; on Debian and Ubuntu:")
    print("    sudo apt-get install python3 python3-venv")
    raise SystemExit(1)


def _unsuited() -> str:
    """Return why the running interpreter can't make the environment, or nothing."""
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
    command = [str(program(root, "python")), "-m", "pip", "install", "--disable-pip-version-check"]
    if not sys.stdout.isatty():
        command.append("--quiet")
    command += ["-e", ".[test]", "-c", CONSTRAINTS]
    if subprocess.run(command, cwd=root, check=False).returncode:
        print("The environment could not be filled; pip's own words are above. The same command tries again.")
        raise SystemExit(1)
