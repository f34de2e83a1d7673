"""Start Tunesmith; at the first start and after an update, make the environment it runs in, by uv.

    launcher.py [--set-up] [ARGUMENTS OF TUNESMITH …]

It needs a Python from 3.11 on and its standard library: on Debian the system's, on Windows and macOS one that uv
brings. On Windows and macOS uv runs this, which it says in UV; else it is taken from the PATH or fetched by pip.

Environments are folders beside Tunesmith's other data, each named after a digest of what it holds. The newest
finished one stays usable until the next one works. uv keeps what it downloaded, so trying again continues.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import tomllib
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
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
CANCELLED = "Cancelled. What was downloaded is kept."
STAMP, LOG = "tunesmith.stamp", "set-up.log"
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
PROBLEMS = {
    r"no wheels with a matching platform tag": "torch has no build for this computer. It needs 64-bit Windows or Linux,"
    " or a Mac with Apple silicon and macOS 14 or newer.",
    r"No space left|os error 112|not enough space": "The disk is full. Free some space and try again.",
    r"certificate": "The connection is not trusted: its certificate is unknown here. Behind a company's proxy, let"
    " SSL_CERT_FILE name its certificate.",
    r"[Pp]roxy": "The proxy does not let the download through. Check HTTPS_PROXY.",
    r"dns error|error sending request|timed out|[Cc]onnection|network": "The package index can't be reached. Check"
    " the connection and try again: what was downloaded is kept.",
}


def main(arguments: list[str]) -> int:
    """Start Tunesmith, and return its exit code where it could not take this process over."""
    if given := os.environ.get(GIVEN):
        return start(Path(given), arguments)
    try:
        folder = home()
    except RuntimeError as error:
        return say(f"{error} Set TUNESMITH_HOME to a folder.")
    name, wants_set_up = digest(), arguments[:1] == [SET_UP]
    current = newest(folder, f"{name}*")
    if current and not wants_set_up:
        remove_others(folder, current)
        return start(current, arguments)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = sqlite3.connect(folder / "lock", timeout=0)
        lock.execute("BEGIN EXCLUSIVE")
    except (OSError, sqlite3.Error) as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            return say("Tunesmith is being set up already.")
        return say(f"{folder} can't be used: {error}. Set TUNESMITH_HOME to another folder.")
    environment = folder / (f"{name}-again" if current == folder / name else name)
    if wants_set_up:
        shutil.rmtree(environment, ignore_errors=True)
    chosen = set_up(environment, newest(folder))
    lock.close()
    return start(chosen, arguments) if chosen and not wants_set_up else int(chosen is None)


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


def remove_others(folder: Path, current: Path) -> None:
    """Remove the environments but one that nothing runs from."""
    others = [each.parent for each in folder.glob("*/pyvenv.cfg") if each.parent != current]
    # Windows does not rename a folder whose programs run.
    running = output_of(["ps", "-wwAo", "args="]) if others and not WINDOWS else ""
    for other in others:
        if f"{other}{os.sep}" not in running:
            with suppress(OSError):
                shutil.rmtree(other.rename(f"{other}.old"), ignore_errors=True)


# ------------------------------------------------------------------------------------------- setting up


def set_up(environment: Path, previous: Path | None) -> Path | None:
    """Make an environment, as often as the user tries; return the one to start with."""
    front = best_front()
    if front is None:
        say(f"Tunesmith is not set up yet. Run “tunesmith {SET_UP}” in a terminal.")
        return None
    answer = front.ask("Set up Tunesmith", WORDS, [SET_IT_UP, "Not now"])
    while answer in (SET_IT_UP, AGAIN):
        log = environment.with_name(LOG)
        problem = front.follow(Work(environment, log))
        if not problem:
            return environment
        choices = [AGAIN, *([PREVIOUS] if previous else []), "Close"]
        answer = front.ask("Not set up", f"{problem}\n\nThe log is {log}.", choices)
    return previous if answer == PREVIOUS else None


class Work(threading.Thread):
    """Makes an environment. `text` and `share` (0 to 1) say how far it is, `problem` what went wrong."""

    def __init__(self, environment: Path, log: Path) -> None:
        super().__init__(daemon=True)
        self._environment, self._log = environment, log
        self._program: subprocess.Popen[str] | None = None
        self._waiting: dict[str, float] = {}
        self._total = 0.0
        self._last: deque[str] = deque(maxlen=12)
        self._is_cancelled = False
        self.text, self.share, self.problem = "Preparing…", 0.0, ""

    def run(self) -> None:
        """Run one program after the other until one fails."""
        try:
            for command in commands(self._environment):
                code = self._run(command)
                if self._is_cancelled or code:
                    said = "\n".join(self._last) or f"{command[0]} ended with code {code}."
                    self.problem = CANCELLED if self._is_cancelled else explained(said)
                    return
            (self._environment / STAMP).touch()
        except OSError as error:
            self.problem = explained(str(error))

    def cancel(self) -> None:
        """End it; what was downloaded is kept."""
        self._is_cancelled = True
        if self._program is not None:
            self._program.terminate()

    def _run(self, command: list[str]) -> int:
        self._last.clear()
        with (
            self._log.open("a", buffering=1, encoding="utf-8") as log,
            subprocess.Popen(
                command,
                env=os.environ | {"UV_SYSTEM_CERTS": "1", "UV_HTTP_TIMEOUT": "120"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                creationflags=NO_WINDOW,
            ) as self._program,
        ):
            log.write(f"{command}\n")
            assert self._program.stdout is not None
            for line in self._program.stdout:
                log.write(line)
                self._hear(line.strip())
        return self._program.returncode

    def _hear(self, line: str) -> None:
        """Take in a line of uv: "Downloading torch (846.1MiB)", "Downloaded torch"."""
        self._last.append(line)
        if found := re.fullmatch(r"Downloading (\S+) \(([\d.]+)([KMG])iB\)", line):
            self._waiting[found[1]] = float(found[2]) * MEGABYTES[found[3]]
            self._total += self._waiting[found[1]]
        elif not (found := re.fullmatch(r"Downloaded (\S+)", line)) or not self._waiting.pop(found[1], 0):
            return
        done, total, names = self._total - sum(self._waiting.values()), self._total, [*self._waiting][:3]
        self.text = f"Downloading {', '.join(names) or 'more'}: {done:,.0f} of {total:,.0f} MB"
        self.share = done / total


def commands(environment: Path) -> Iterator[list[str]]:
    """Yield the programs that make, fill and try an environment."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    python, uv = str(python_of(environment)), find_uv()
    if uv is None:
        # Of pip alone, since Debian brings no uv.
        own = environment.with_name("uv")
        yield [own_python(), "-m", "venv", "--clear", str(own)]
        yield [str(python_of(own)), "-m", "pip", "install", "uv"]
        uv = str(own / "bin" / "uv")
    yield [uv, "venv", "--allow-existing", "--python", own_python(), str(environment)]
    install = [uv, "pip", "install", "--python", python, "-c", str(ROOT / "packaging" / "constraints.txt")]
    wanted = project["dependencies"]
    yield [*install, *torch_source(), *(each for each in wanted if re.match(r"torch\b", each))]
    yield [*install, "--compile-bytecode", *wanted]
    # The Triton that these kernels need comes with builds of torch for GPUs; nothing imports them without a GPU.
    yield [*install, "--no-deps", *project["optional-dependencies"]["liger"]]
    yield [python, "-c", TRIAL]


def find_uv() -> str | None:
    """Return the uv that runs this, the one on the PATH, or that of an earlier try."""
    return os.environ.get("UV") or shutil.which("uv") or shutil.which("uv", path=home() / "uv" / "bin")


def torch_source() -> list[str]:
    """Return the options that find the build of torch for the GPU and its driver."""
    if given := os.environ.get(TORCH_INDEX):
        return ["--find-links" if Path(given).is_dir() else "--index", given]
    if nvidia_smi := shutil.which("nvidia-smi"):
        asked = [nvidia_smi, "--query-gpu=compute_cap", "--format=csv,noheader"]
        numbers = [float(each) for each in output_of(asked).split() if re.fullmatch(r"\d+\.\d+", each)]
        if min(numbers, default=LOWEST_CAPABILITY) < LOWEST_CAPABILITY:
            return ["--torch-backend", OLDER_GPUS]
    return ["--torch-backend", "auto"]


def output_of(command: list[str]) -> str:
    """Return what a program writes."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, creationflags=NO_WINDOW)
    return done.stdout


def explained(said: str) -> str:
    """Return what went wrong in words, or what the program said last."""
    return next((words for sign, words in PROBLEMS.items() if re.search(sign, said)), said)


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

    def follow(self, work: Work) -> str:
        """Show the work to its end; return what went wrong."""
        work.start()
        while work.is_alive():
            work.join(0.2)
            print(f"\r{work.text[:79]:79}", end="", flush=True)
        print()
        return work.problem


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
            style.configure(".", background=BACKGROUND, foreground=TEXT)
            style.configure(".", lightcolor=SURFACE, darkcolor=SURFACE, bordercolor=EDGE)
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

    def follow(self, work: Work) -> str:
        """Show the work to its end; return what went wrong."""
        self._answer.set("-")
        label = self._show("Setting up Tunesmith", "", ["Cancel"])
        bar = self._ttk.Progressbar(self._inside, length=WIDTH, maximum=1.0)
        bar.grid(row=2)
        work.start()
        while work.is_alive():
            label["text"], bar["value"] = work.text, work.share
            self._root.update()
            if self._answer.get() != "-":
                work.cancel()
            work.join(0.05)
        return work.problem

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
