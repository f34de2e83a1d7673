import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import launcher
import pytest

from engine.system import paths
from tests.helpers.repository import ROOT
from tests.helpers.systems import shell_scripts

PROJECT = """[project]
dependencies = ["torch>=2.9", "peft"]
[project.optional-dependencies]
liger = ["liger-kernel"]
"""
# Holds the lock of the folder that it is given until it is killed.
HOLDER = """
import launcher, pathlib, sys
with launcher.locked(pathlib.Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""
# Makes environments whose Python does nothing, says what uv says, and writes down what it was asked for and its cache.
UV = f"""#!{sys.executable}
import json, os, pathlib, sys
here = pathlib.Path(__file__).parent
with (here / "asked").open("a") as asked:
    asked.write(json.dumps(sys.argv[1:]) + "\\n")
(here / "cache").write_text(os.environ["UV_CACHE_DIR"])
if sys.argv[1] == "venv":
    python = pathlib.Path(sys.argv[-1]) / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text("#!/bin/sh\\n")
    python.chmod(0o755)
    (python.parents[1] / "pyvenv.cfg").touch()
elif "torch>=2.9" in sys.argv:
    print("Downloading torch (1000.0MiB)", "Downloading numpy (10.0MiB)", " Downloaded numpy", sep="\\n", flush=True)
    exec((here / "downloads").read_text())
"""
# The first download breaks off.
BREAKS_ONCE = "(here / 'downloads').write_text(''); print('  cause: dns error', file=sys.stderr); sys.exit(2)"


class Front:
    """Answers what it is told to, and follows the work without a word."""

    def __init__(self, *answers: str, cancels: bool = False) -> None:
        self._answers = list(answers)
        self._cancels = cancels
        self.asked: list[tuple[str, list[str]]] = []
        self.seen: list[tuple[str, float]] = []

    def ask(self, _title: str, text: str, choices: list[str]) -> str:
        self.asked.append((text, choices))
        return self._answers.pop(0)

    def follow(self, environment: Path) -> str:
        return launcher.make(environment, self._show)

    def close(self) -> None:
        pass

    def _show(self, text: str, share: float) -> bool:
        self.seen.append((text, share))
        return not (self._cancels and share)


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Return the folder of an installed Tunesmith with a uv of its own."""
    root = tmp_path / "Böse Leerzeichen"
    (root / "packaging").mkdir(parents=True)
    (root / "pyproject.toml").write_text(PROJECT)
    (root / "packaging" / "constraints.txt").write_text("peft==0.21\n")
    (root / "uv").write_text(UV)
    (root / "uv").chmod(0o755)
    (root / "downloads").write_text("")
    monkeypatch.setattr(launcher, "ROOT", root)
    monkeypatch.setenv("TUNESMITH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UV", str(root / "uv"))
    monkeypatch.setenv(launcher.TORCH_INDEX, "https://index")
    monkeypatch.delenv(launcher.GIVEN, raising=False)
    return root


@pytest.fixture
def started(monkeypatch):
    """Return what was started: the environment's Python, the command and its variables."""
    calls = []
    monkeypatch.setattr(os, "execve", lambda *call: calls.append(call))
    monkeypatch.setattr(subprocess, "call", lambda *_call, **_options: 0)
    return calls


def answered(monkeypatch, *answers, **options):
    front = Front(*answers, **options)
    monkeypatch.setattr(launcher, "best_front", lambda: front)
    return front


def environments():
    return {each for each in launcher.home().iterdir() if each.is_dir()}


def printed_beside_a_display(code, *arguments):
    return subprocess.run(
        ["xvfb-run", "--auto-servernum", sys.executable, "-c", code, *arguments],
        cwd=ROOT / "packaging", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False,
    ).stdout  # fmt: skip


def asked_of_uv(program):
    return [json.loads(line) for line in (program / "asked").read_text().splitlines()]


@shell_scripts
def test_the_first_start_makes_an_environment_that_the_next_ones_use(program, started, monkeypatch):
    answered(monkeypatch, "Set up")
    launcher.main(["--page", "playground"])
    python = launcher.python_of(launcher.newest(launcher.home()))
    [(path, command, variables)] = started
    assert (path, command) == (python, [str(python), str(program / "main.py"), "--page", "playground"])
    assert variables["TUNESMITH_SET_UP"] == "tunesmith --set-up"
    venv, prune, torch, rest, kernels = asked_of_uv(program)
    assert venv[-3:] == ["--python", sys.executable, str(python.parents[1])]
    assert prune == ["--quiet", "cache", "prune"]
    assert torch[-3:] == ["--index", "https://index", "torch>=2.9"]
    assert rest[-3:] == ["--compile-bytecode", "torch>=2.9", "peft"]
    assert kernels[-2:] == ["--no-deps", "liger-kernel"]
    # It goes with the environments, and the user's own uv has another.
    assert (program / "cache").read_text() == str(launcher.home() / "cache")
    # Other users can neither read nor change what runs.
    assert {each.stat().st_mode & 0o777 for each in (launcher.home(), launcher.home().parent)} == {0o700}
    launcher.main(["doctor"])
    assert started[1][1][-1] == "doctor"
    assert len(asked_of_uv(program)) == 5


@shell_scripts
def test_what_failed_is_tried_again_in_the_same_folder(program, started, monkeypatch):
    (program / "downloads").write_text(BREAKS_ONCE)
    front = answered(monkeypatch, "Set up", "Try again")
    launcher.main([])
    assert len(started) == 1
    problem, choices = front.asked[1]
    assert problem.startswith("The package index can't be reached.")
    assert problem.endswith("\n  cause: dns error\nuv ended with code 2.")
    assert choices == ["Try again", "Close"]
    assert len({asked[-1] for asked in asked_of_uv(program) if asked[0] == "venv"}) == 1


@shell_scripts
def test_the_previous_version_can_be_used_until_the_next_one_works(program, started, monkeypatch):
    answered(monkeypatch, "Set up")
    launcher.main([])
    old = started[0][0]
    (program / "pyproject.toml").write_text(PROJECT.replace("peft", "peft>=1"))
    (program / "downloads").write_text("sys.exit(1)")
    answered(monkeypatch, "Use the previous version")
    launcher.main([])
    front = answered(monkeypatch, "Set up", "Use the previous version")
    launcher.main([])
    assert [choices for _, choices in front.asked] == [
        ["Set up", "Use the previous version", "Not now"],
        ["Try again", "Use the previous version", "Close"],
    ]
    assert [call[0] for call in started] == [old] * 3


@shell_scripts
def test_progress_counts_what_uv_downloads_and_cancel_ends_it(program, started, monkeypatch):
    (program / "downloads").write_text("import time; time.sleep(600)")
    front = answered(monkeypatch, "Set up", cancels=True)
    assert launcher.main([]) == 1
    assert not started
    assert ("Downloading torch: 10 of 1,060 MB", pytest.approx(10.5 / 1060.5)) in front.seen
    assert len(front.asked) == 1
    assert environments() == set()


def test_the_largest_package_is_named_until_all_are_there_to_be_installed():
    said = "Downloading numpy (10.0MiB)\nDownloading torch (1000.0MiB)\n"
    assert launcher.progress(said) == ("Downloading torch: 0 of 1,060 MB", 0.0)
    assert launcher.progress(f"{said} Downloaded numpy\n Downloaded torch\n") == ("Installing…", 0.0)


@shell_scripts
def test_set_up_makes_the_environment_anew_and_keeps_it_until_the_new_one_works(
    program, started, monkeypatch
):
    answered(monkeypatch, "Set up")
    launcher.main([])
    (program / "downloads").write_text("sys.exit(1)")
    answered(monkeypatch, "Set up", "Close")
    assert launcher.main(["--set-up"]) == 1
    launcher.main([])
    first, second = (call[0] for call in started)
    assert first == second
    (program / "downloads").write_text("")
    # A window may still run from the one before.
    for _ in range(2):
        answered(monkeypatch, "Set up")
        assert launcher.main(["--set-up"]) == 0
        launcher.main([])
        before, now = started[-2][0], started[-1][0]
        assert before != now
        assert environments() == {before.parents[1], now.parents[1]}


@shell_scripts
def test_what_a_killed_set_up_left_goes(program, started, monkeypatch):
    left = launcher.home() / "0123456789abcdef-1"
    left.mkdir(parents=True)
    (left / "pyvenv.cfg").touch()
    answered(monkeypatch, "Set up")
    launcher.main([])
    assert environments() == {started[0][0].parents[1]}


@shell_scripts
def test_a_terminal_shows_what_uv_says_and_how_it_ends(program, monkeypatch, capfd):
    (program / "downloads").write_text(BREAKS_ONCE)
    monkeypatch.setattr("builtins.input", lambda _prompt: "")
    monkeypatch.setattr(launcher, "start", lambda *_call: 7)
    monkeypatch.setattr(launcher, "best_front", launcher.Terminal)
    assert launcher.main([]) == 7
    said = capfd.readouterr()
    assert "Downloading torch (1000.0MiB)" in said.out
    assert "cause: dns error" in said.err
    assert "TUNESMITH_HOME can name another folder.\n\nuv ended with code 2.\n" in said.out
    assert said.out.endswith("\nTunesmith is set up.\n")


@shell_scripts
def test_ctrl_c_in_a_terminal_cancels(program, monkeypatch, capfd):
    def interrupted(_command):
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", lambda _prompt: "")
    monkeypatch.setattr(launcher, "best_front", launcher.Terminal)
    monkeypatch.setattr(subprocess, "call", interrupted)
    assert launcher.main([]) == 1
    assert capfd.readouterr().out.endswith("\nCancelled. Finished downloads are kept.\n")


@shell_scripts
def test_a_program_that_ends_without_a_word_is_named(program, monkeypatch):
    (program / "uv").write_text("#!/bin/sh\nkill -9 $$\n")
    front = answered(monkeypatch, "Set up", "Close")
    assert launcher.main([]) == 1
    assert front.asked[1][0].endswith("uv ended with code -9.")


def test_one_set_up_works_at_a_time_and_a_killed_one_keeps_none_out(program, monkeypatch, capsys):
    front = answered(monkeypatch, "Not now")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(launcher.home())],
        cwd=ROOT / "packaging", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as holder:  # fmt: skip
        assert holder.stdout.readline() == "locked\n"
        for arguments in ([], ["--set-up"]):
            assert launcher.main(arguments) == 1
            assert capsys.readouterr().err.startswith("Tunesmith is already being set up")
        assert front.asked == []
        holder.kill()
    assert launcher.main([]) == 1
    assert len(front.asked) == 1


@shell_scripts
def test_tunesmith_does_not_keep_the_next_set_up_out(program, monkeypatch):
    def start(*_call):
        with launcher.locked(launcher.home()):
            return 7

    monkeypatch.setattr(launcher, "start", start)
    answered(monkeypatch, "Set up")
    assert launcher.main([]) == 7


@pytest.mark.parametrize("stands_in_the_way", ["home", "home/environments"])
def test_a_folder_that_is_of_no_use_is_named(program, monkeypatch, tmp_path, capsys, stands_in_the_way):
    answered(monkeypatch)
    (tmp_path / stands_in_the_way).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / stands_in_the_way).touch()
    assert launcher.main([]) == 1
    problem = capsys.readouterr().err
    assert problem.startswith(f"{tmp_path / 'home' / 'environments'} can't be used: ")
    assert problem.endswith(" Set TUNESMITH_HOME to another folder.\n")


def test_a_user_without_a_home_is_told_what_to_do(program, monkeypatch, capsys):
    def unknown():
        raise RuntimeError("Could not determine home directory.")

    answered(monkeypatch)
    for name in ("TUNESMITH_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", unknown)
    assert launcher.main([]) == 1
    assert capsys.readouterr().err == (
        "Could not determine home directory. Set TUNESMITH_HOME to a folder.\n"
    )


@shell_scripts
def test_uv_is_the_one_that_runs_this_or_that_of_the_path_or_is_fetched_by_pip(
    program, monkeypatch, tmp_path
):
    environment = launcher.home() / "new"

    def first():
        return next(launcher.commands(environment))

    shutil.copy(program / "uv", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert first()[0] == str(program / "uv")
    monkeypatch.delenv("UV")
    assert first()[0] == str(tmp_path / "uv")
    (tmp_path / "uv").unlink()
    venv, pip, *others = launcher.commands(environment)
    assert venv == [sys.executable, "-m", "venv", str(environment)]
    assert pip == [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "uv"]
    assert {each[0] for each in others[:-1]} == {str(environment / "bin" / "uv")}


@shell_scripts
def test_no_program_opens_a_console_beside_the_window(program, started, monkeypatch, tmp_path):
    flags = []

    class Recorded(subprocess.Popen):
        def __init__(self, command, creationflags=0, **options):
            flags.append((command[0], creationflags))
            super().__init__(command, **options)

    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(launcher.TORCH_INDEX)
    monkeypatch.setattr(subprocess, "Popen", Recorded)
    monkeypatch.setattr(launcher, "NO_WINDOW", 7)
    answered(monkeypatch, "Set up")
    launcher.main([])
    assert started
    assert str(tmp_path / "nvidia-smi") in dict(flags)
    assert {flag for _, flag in flags} == {7}


def test_a_given_environment_is_started_as_it_is(program, started, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv(launcher.GIVEN, str(tmp_path / "none"))
    assert launcher.main([]) == 1
    assert "There is no Python environment in" in capsys.readouterr().err
    python = launcher.python_of(tmp_path / "none")
    python.parent.mkdir(parents=True)
    python.touch()
    launcher.main(["runs"])
    assert started[0][1] == [str(python), str(program / "main.py"), "runs"]


@pytest.mark.parametrize("starter", ["tunesmith.cmd", "../MacOS/tunesmith"])
def test_where_no_command_is_on_the_path_its_file_is_named(program, starter):
    assert launcher.own_command() == "tunesmith"
    file = (program / starter).resolve()
    file.parent.mkdir(exist_ok=True)
    file.touch()
    assert Path(launcher.own_command().strip('"')) == file
    assert launcher.own_command().startswith('"') == (" " in str(file))


def test_a_window_and_a_terminal_of_windows_have_one_environment(program, monkeypatch):
    monkeypatch.setattr(launcher, "WINDOWS", True)
    digests = set()
    for name in ("python.exe", "pythonw.exe"):
        monkeypatch.setattr(sys, "executable", f"C:/python/{name}")
        digests.add(launcher.digest())
        assert "C:/python/python.exe" in next(launcher.commands(launcher.home()))
    assert len(digests) == 1


def test_environments_lie_beside_the_other_data(monkeypatch, tmp_path):
    monkeypatch.setenv("TUNESMITH_HOME", str(tmp_path / "home"))
    assert launcher.home().parent == paths.runs_folder().parent
    monkeypatch.delenv("TUNESMITH_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert launcher.home().parent == paths.runs_folder().parent
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert launcher.home().parent == paths.runs_folder().parent
    # As where a service or a stripped shell starts it on Windows.
    monkeypatch.setattr(launcher, "WINDOWS", True)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert launcher.home() == tmp_path / "AppData" / "Local" / "tunesmith" / "environments"


@shell_scripts
@pytest.mark.parametrize(
    ("capabilities", "backend"), [("8.6", "auto"), ("8.6\n6.1", "cu126"), ("[N/A]", "auto"), ("", "auto")]
)
def test_the_build_of_torch_suits_the_gpu(monkeypatch, tmp_path, capabilities, backend):
    monkeypatch.delenv(launcher.TORCH_INDEX, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    if capabilities:
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n/bin/echo '{capabilities}'\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
    assert launcher.torch_source() == ["--torch-backend", backend]


def test_torch_comes_from_an_administrators_folder_alone(monkeypatch, tmp_path):
    monkeypatch.setenv(launcher.TORCH_INDEX, str(tmp_path))
    # A newer one of the package index would win, and what torch needs comes with the rest.
    assert launcher.torch_source() == ["--no-index", "--no-deps", "--find-links", str(tmp_path)]


@pytest.mark.parametrize(
    ("typed", "choice"), [("", "Try again"), ("u", "Use it"), ("C", "Close"), ("x", "Close")]
)
def test_a_terminal_takes_the_first_letter_of_a_choice(monkeypatch, typed, choice):
    monkeypatch.setattr("builtins.input", lambda _prompt: typed)
    assert launcher.Terminal().ask("Not set up", "No luck.", ["Try again", "Use it", "Close"]) == choice


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("error: failed to write: No space left on device (os error 28)", "The disk is full."),
        ("  cause: dns error\n  cause: failed to lookup address", "can't be reached"),
        ("  cause: invalid peer certificate: UnknownIssuer\n  cause: error sending request", "SSL_CERT_FILE"),
        (
            "  cause: unsuccessful tunnel: Proxy Authentication Required\n  error sending request",
            "HTTPS_PROXY",
        ),
        # On a Mac with an Intel processor.
        (
            "torch>=2.9.0 has no wheels with a matching platform tag (e.g., `macosx_13_0_x86_64`)",
            "Apple silicon",
        ),
        ("error: something new", "TUNESMITH_HOME"),
    ],
)
def test_known_problems_are_explained(line, words):
    said = f"Resolved 3 packages\n{line}"
    assert words in launcher.explained(said).removesuffix(f"\n\n{said}")


def test_a_window_asks_and_shows_the_work_until_it_is_cancelled():
    code = (
        "import launcher\n"
        "def make(environment, show):\n"
        "    while show(f'Making {environment}', 0.5):\n"
        "        pass\n"
        "    return label()['text']\n"
        "launcher.make = make\n"
        "window = launcher.Window()\n"
        "label = lambda: window._inside.winfo_children()[1]\n"
        "press = lambda place: window._inside.winfo_children()[2].winfo_children()[place].invoke()\n"
        "window._root.after(50, press, 1)\n"
        "print(window.ask('Set up', 'words', ['Set up', 'Not now']))\n"
        "window._root.after(50, press, 0)\n"
        "print(window.follow('one'))\n"
    )
    assert printed_beside_a_display(code) == "Not now\nMaking one\n"


def test_the_window_goes_before_tunesmith_starts(tmp_path):
    # Windows waits for Tunesmith, and its window would stay so long.
    code = (
        "import launcher, pathlib, sys, tkinter\n"
        "launcher.Window.ask = lambda *_question: 'Not now'\n"
        "launcher.set_up(pathlib.Path(sys.argv[1]))\n"
        "print(tkinter._default_root)\n"
    )
    assert printed_beside_a_display(code, str(tmp_path)) == "None\n"


def test_without_a_terminal_and_a_display_there_is_nothing_to_ask_with():
    code = "import launcher; print(launcher.best_front())"
    variables = {
        name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "packaging", env=variables,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("None\n", "")


def test_the_launcher_needs_nothing_but_the_standard_library():
    code = (
        "import sys, json; sys.path.insert(0, 'packaging'); before = set(sys.modules); import launcher, tomllib;"
        "print(json.dumps(sorted({name.partition('.')[0] for name in set(sys.modules) - before})))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(json.loads(done.stdout)) - {"launcher"} <= sys.stdlib_module_names
