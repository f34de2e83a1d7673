"""Start Tunesmith; at the first start and after an update, make the environment it runs in, by uv.

    launcher.py [--set-up] [ARGUMENTS OF TUNESMITH …]

It needs a Python from 3.11 on and its standard library: on Debian the system's, on Windows and macOS one that uv
brings. On Windows and macOS uv runs this, which it says in UV; else it is taken from the PATH or fetched by pip.

Environments are folders beside Tunesmith's other data, each named after a digest of what it holds. The newest
finished one stays usable until the next one works, and beside that, since a window may run from it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tkinter import ttk

ROOT = Path(__file__).resolve().parent.parent
SET_UP = "--set-up"
# An environment that an administrator made, and an index or a folder with builds of torch.
GIVEN, TORCH_INDEX = "TUNESMITH_ENVIRONMENT", "TUNESMITH_TORCH_INDEX"
SET_IT_UP, AGAIN, PREVIOUS = "Set up", "Try again", "Use the previous version"
WIDTH = 520
# The window's light colours.
BACKGROUND, SURFACE, TEXT, EDGE, ACCENT = "#F6F6F3", "#FFFFFF", "#1A1E1C", "#CDD0CA", "#0C6A5E"
STAMP, LOG, LOCK = "tunesmith.stamp", "set-up.log", "lock"
MEGABYTES = {"K": 0.001, "M": 1.05, "G": 1074}
WINDOWS = sys.platform == "win32"
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
# The lowest compute capability of current CUDA builds of torch, and the build for older GPUs.
LOWEST_CAPABILITY, OLDER_GPUS = 7.5, "cu126"
# Importing everything once finds what does not work before it is used.
TRIAL = "import accelerate, datasets, peft, torch, transformers; from PySide6 import QtSvg, QtWidgets"
WORDS = (
    "Tunesmith downloads torch, in the build for your GPU, and its other libraries once: 0.4 to 5 GB, which take"
    " 2.5 to 17 GB on the disk. What you have trained stays as it is."
)
BUSY = "Tunesmith is already being set up in another window or terminal. Finish or cancel it there."
CANCELLED = "Cancelled. Finished downloads are kept."
# What uv's words mean to a person; the first that is found is shown above them.
PROBLEMS = {
    r"no wheels with a matching platform tag": "torch has no build for this computer. It needs 64-bit Windows or Linux,"
    " or a Mac with Apple silicon and macOS 14 or newer.",
    r"No space left|os error 112|not enough space": "The disk is full. Free some space and try again.",
    r"certificate": "The connection is not trusted: its certificate is unknown here. Behind a company's proxy, let"
    " SSL_CERT_FILE name its certificate.",
    r"[Pp]roxy": "The proxy does not let the download through. Check HTTPS_PROXY.",
    r"dns error|error sending request|timed out|[Cc]onnection|network": "The package index can't be reached. Check"
    " the connection and try again: finished downloads are kept.",
}
ADVICE = (
    "Check the connection and the free disk space, then try again: finished downloads are kept. Behind a proxy, set"
    " HTTPS_PROXY, and SSL_CERT_FILE if it has a certificate of its own. TUNESMITH_HOME can name another folder."
)


def main(arguments: list[str]) -> int:
    """Start Tunesmith, and return its exit code where it could not take this process over."""
    if given := os.environ.get(GIVEN):
        return start(Path(given), arguments)
    try:
        folder = home()
    except RuntimeError as error:
        return say(f"{error} Set TUNESMITH_HOME to a folder.")
    wants_set_up = arguments[:1] == [SET_UP]
    chosen = None if wants_set_up else newest(folder, f"{digest()}*")
    if chosen is None:
        try:
            with locked(folder):
                chosen = set_up(folder)
        except BlockingIOError:
            return say(BUSY)
        except OSError as error:
            return say(f"{folder} can't be used: {error}. Set TUNESMITH_HOME to another folder.")
    if chosen is None:
        return 1
    return 0 if wants_set_up else start(chosen, arguments)


def start(environment: Path, arguments: list[str]) -> int:
    """Become Tunesmith in an environment; on Windows, which can't, wait for it and return its exit code."""
    python = python_of(environment)
    if not python.exists():
        return say(f"There is no Python environment in {environment}.")
    # A windowed Python starts a windowed one.
    python = python.with_name(Path(sys.executable).name) if WINDOWS else python
    own = own_command()
    variables = os.environ | {"TUNESMITH_SET_UP": f"{own} {SET_UP}", "TUNESMITH_COMMAND": own}
    command = [str(python), str(ROOT / "main.py"), *arguments]
    if not WINDOWS:
        os.execve(python, command, variables)  # noqa: S606 - no shell is wanted
    return subprocess.call(command, env=variables)


def own_command() -> str:
    """Return what starts Tunesmith in a terminal: on Windows and macOS a file, since neither puts it on the PATH."""
    starters = (ROOT / "tunesmith.cmd", ROOT.parent / "MacOS" / "tunesmith")
    found = next((str(each) for each in starters if each.is_file()), "tunesmith")
    return f'"{found}"' if " " in found else found


# ------------------------------------------------------------------------------------------- environments


def home() -> Path:
    """Return the folder of the environments, where `appdirs` puts Tunesmith's data."""
    if own := os.environ.get("TUNESMITH_HOME"):
        return Path(own).expanduser().resolve() / "environments"
    if WINDOWS:
        data = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        data = Path.home() / "Library" / "Application Support"
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return data / "tunesmith" / "environments"


def digest() -> str:
    """Return the name of the environment that this version needs with this Python."""
    wanted = hashlib.sha256(f"{own_python()} {sys.version}".encode())
    for name in ("pyproject.toml", "packaging/constraints.txt"):
        wanted.update((ROOT / name).read_bytes())
    return wanted.hexdigest()[:16]


def own_python() -> str:
    """Return this Python, on Windows the one with a console also where this one is windowed."""
    return str(Path(sys.executable).with_name("python.exe")) if WINDOWS else sys.executable


def newest(folder: Path, names: str = "*") -> Path | None:
    """Return the environment that was made to its end last and whose Python is still here, None if there is none."""
    stamps = [each for each in folder.glob(f"{names}/{STAMP}") if python_of(each.parent).exists()]
    return max(stamps, key=lambda each: each.stat().st_mtime).parent if stamps else None


def python_of(environment: Path) -> Path:
    """Return the Python of an environment."""
    return environment / ("Scripts/python.exe" if WINDOWS else "bin/python")


# ------------------------------------------------------------------------------------------- setting up


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other set-ups out of a folder, made if missing, until this process ends at the latest. Raises OSError."""
    # Private, as `engine.system.paths` makes all that Tunesmith keeps.
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    with (folder / LOCK).open("a") as stream:
        if sys.platform == "win32":
            import msvcrt

            try:
                msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
            except PermissionError as error:
                raise BlockingIOError from error
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def set_up(folder: Path) -> Path | None:
    """Make an environment below a folder, as often as the user tries; return the one to start with."""
    environment = folder / f"{digest()}-{time.time_ns()}"
    front = best_front()
    if front is None:
        say(f"Tunesmith is not set up yet. Run “tunesmith {SET_UP}” in a terminal.")
        return None
    # On the disk of the environments, whose files uv links to those in its cache; the user's own cache stays as it is.
    os.environ |= {"UV_SYSTEM_CERTS": "1", "UV_CACHE_DIR": str(folder / "cache")}
    previous = newest(folder)
    fallback = [PREVIOUS] if previous else []
    with closing(front):
        answer = front.ask("Set up Tunesmith", WORDS, [SET_IT_UP, *fallback, "Not now"])
        while answer in (SET_IT_UP, AGAIN):
            problem = front.follow(environment)
            if problem == CANCELLED:
                break
            if not problem:
                (environment / STAMP).touch()
                for other in folder.glob("*/pyvenv.cfg"):
                    if other.parent not in (environment, previous):
                        shutil.rmtree(other.parent, ignore_errors=True)
                return environment
            answer = front.ask("Not set up", explained(problem), [AGAIN, *fallback, "Close"])
    shutil.rmtree(environment, ignore_errors=True)
    return previous if answer == PREVIOUS else None


def explained(problem: str) -> str:
    """Return a problem below what to do about it, in general if it is not known."""
    advice = next((words for sign, words in PROBLEMS.items() if re.search(sign, problem)), ADVICE)
    return f"{advice}\n\n{problem}"


def make(environment: Path, show: Callable[[str, float], bool]) -> str:
    """Make an environment until `show` says no to what is done and its share (0 to 1); return what went wrong."""
    environment.mkdir(parents=True, exist_ok=True)
    log = environment / LOG
    with log.open("w", encoding="utf-8") as output:
        for command in commands(environment):
            program = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                creationflags=NO_WINDOW,
            )
            while program.poll() is None:
                if not show(*progress(log.read_text(encoding="utf-8", errors="replace"))):
                    program.terminate()
                    program.wait()
                    return CANCELLED
                time.sleep(0.05)
            if program.returncode:
                last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
                return "\n".join([*last, f"{Path(command[0]).name} ended with code {program.returncode}."])
    return ""


def progress(said: str) -> tuple[str, float]:
    """Return what uv does and the share downloaded, by its words "Downloading torch (846.1MiB)", "Downloaded torch"."""
    found = re.findall(r"Downloading (\S+) \(([\d.]+)([KMG])iB\)", said)
    sizes = {name: float(number) * MEGABYTES[unit] for name, number, unit in found}
    waiting = [name for name in sizes if not re.search(rf"Downloaded {re.escape(name)}$", said, re.MULTILINE)]
    if not waiting:
        return "Installing…" if sizes else "Preparing…", 0.0
    total = sum(sizes.values())
    done = total - sum(sizes[name] for name in waiting)
    largest = max(waiting, key=sizes.__getitem__)
    return f"Downloading {largest}: {done:,.0f} of {total:,.0f} MB", done / total


def commands(environment: Path) -> Iterator[list[str]]:
    """Yield the programs that make, fill and try an environment."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    python, uv = str(python_of(environment)), os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        # Of pip alone, since Debian brings no uv.
        yield [own_python(), "-m", "venv", str(environment)]
        yield [python, "-m", "pip", "install", "--quiet", "uv"]
        uv = str(environment / "bin" / "uv")
    else:
        yield [uv, "venv", "--allow-existing", "--python", own_python(), str(environment)]
    # A download that broke off left its part in the cache, which the next one begins anew.
    yield [uv, "--quiet", "cache", "prune"]
    install = [uv, "pip", "install", "--python", python, "-c", str(ROOT / "packaging" / "constraints.txt")]
    wanted = project["dependencies"]
    yield [*install, *torch_source(), *(each for each in wanted if re.match(r"torch\b", each))]
    yield [*install, "--compile-bytecode", *wanted]
    # The Triton that these kernels need comes with builds of torch for GPUs; nothing imports them without a GPU.
    yield [*install, "--no-deps", *project["optional-dependencies"]["liger"]]
    yield [python, "-c", TRIAL]


def torch_source() -> list[str]:
    """Return the options that find the build of torch for the GPU and its driver."""
    if given := os.environ.get(TORCH_INDEX):
        return (
            ["--no-index", "--no-deps", "--find-links", given] if Path(given).is_dir() else ["--index", given]
        )
    if nvidia_smi := shutil.which("nvidia-smi"):
        asked = [nvidia_smi, "--query-gpu=compute_cap", "--format=csv,noheader"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False, creationflags=NO_WINDOW)
        numbers = [float(each) for each in re.findall(r"\d+\.\d+", done.stdout)]
        if min(numbers, default=LOWEST_CAPABILITY) < LOWEST_CAPABILITY:
            return ["--torch-backend", OLDER_GPUS]
    return ["--torch-backend", "auto"]


# ------------------------------------------------------------------------------------------- fronts


class Terminal:
    """Asks and shows in a terminal."""

    def ask(self, title: str, text: str, choices: list[str]) -> str:
        """Return the choice whose first letter is typed: Return takes the first, anything else the last."""
        print(f"\n{title}\n\n{text}\n")
        try:
            typed = input("  ".join(f"[{each[0].lower()}] {each}" for each in choices) + ": ").strip()
        except EOFError:
            return choices[-1]
        return next((each for each in choices if each.startswith(typed[:1].upper())), choices[-1])

    def follow(self, environment: Path) -> str:
        """Make an environment, let uv tell how far it is, and return what went wrong."""
        with suppress(KeyboardInterrupt):
            for command in commands(environment):
                if code := subprocess.call(command):
                    return f"{Path(command[0]).name} ended with code {code}."
            print("\nTunesmith is set up.")
            return ""
        print(f"\n{CANCELLED}")
        return CANCELLED

    def close(self) -> None:
        """Leave the terminal as it is."""


class Window:
    """A small window of tkinter's."""

    def __init__(self) -> None:
        import tkinter as tk
        from tkinter import ttk

        self._root = tk.Tk(className="tunesmith")
        self._root.title("Tunesmith")
        self._root.resizable(width=False, height=False)
        if self._root.tk.call("tk", "windowingsystem") == "x11":
            # Windows and macOS have themes of their own.
            self._root.configure(background=BACKGROUND)
            style = ttk.Style(self._root)
            style.theme_use("clam")
            colours = {"lightcolor": SURFACE, "darkcolor": SURFACE, "bordercolor": EDGE}
            style.configure(".", background=BACKGROUND, foreground=TEXT, **colours)
            style.configure("TButton", background=SURFACE, padding=(14, 6))
            style.configure("Horizontal.TProgressbar", background=ACCENT, troughcolor=SURFACE)
        self._inside = ttk.Frame(self._root, padding=32)
        self._inside.grid()
        self._inside.grid_columnconfigure(0, minsize=WIDTH)
        self._answer = tk.StringVar()
        self._root.protocol("WM_DELETE_WINDOW", partial(self._answer.set, ""))
        self._ttk = ttk

    def ask(self, title: str, text: str, choices: list[str]) -> str:
        """Show a text and a button for each choice; return the one that is pressed, "" if the window is closed."""
        self._show(title, text, choices)
        self._root.wait_variable(self._answer)
        return self._answer.get()

    def follow(self, environment: Path) -> str:
        """Make an environment, show how far it is, and return what went wrong."""
        self._answer.set("-")
        label = self._show("Setting up Tunesmith", "", ["Cancel"])
        bar = self._ttk.Progressbar(self._inside, length=WIDTH, maximum=1.0)
        bar.grid(row=2)

        def show(text: str, share: float) -> bool:
            label["text"] = text
            bar["mode"] = "determinate" if share else "indeterminate"
            # Without a share it moves to and fro.
            bar["value"] = share or time.monotonic() / 2
            self._root.update()
            return self._answer.get() == "-"

        return make(environment, show)

    def close(self) -> None:
        """Close the window: Tunesmith opens its own."""
        self._root.destroy()

    def _show(self, title: str, text: str, choices: list[str]) -> ttk.Label:
        for each in self._inside.winfo_children():
            each.destroy()
        self._ttk.Label(self._inside, text=title, font=("TkDefaultFont", 16, "bold")).grid(row=0, sticky="w")
        label = self._ttk.Label(self._inside, text=text, wraplength=WIDTH)
        label.grid(row=1, sticky="w", pady=16)
        row = self._ttk.Frame(self._inside)
        row.grid(row=3, sticky="e", pady=(16, 0))
        for column, choice in enumerate(choices):
            button = self._ttk.Button(row, text=choice, command=partial(self._answer.set, choice))
            button.grid(row=0, column=column, padx=(8, 0))
            button.bind("<Return>", lambda event: event.widget.event_generate("<space>"))
            if not column:
                button.focus_set()
        return label


def best_front() -> Terminal | Window | None:
    """Return the terminal if there is one, else a window if there can be one."""
    if sys.stdin is not None and sys.stdin.isatty():
        return Terminal()
    import tkinter as tk

    # There may be no display.
    with suppress(tk.TclError):
        return Window()
    return None


def say(text: str) -> int:
    """Say something in the terminal, or else in a window; return the exit code 1."""
    if sys.stderr is not None:
        sys.stderr.write(f"{text}\n")
    if (sys.stderr is None or not sys.stderr.isatty()) and isinstance(front := best_front(), Window):
        front.ask("Tunesmith", text, ["Close"])
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
