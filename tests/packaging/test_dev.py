import os
import subprocess
import sys
from unittest.mock import Mock

import dev
import pytest
import quick_tests

from tests.helpers.repository import ROOT


@pytest.fixture
def started(monkeypatch):
    """Collect what would be started instead of starting it; `failing` names programs that would fail."""
    found = []

    def start(command, variables, output=None):
        found.append((command, variables))
        if output:
            output.write(f"says {command[0]}\n".encode())
        return 3 if command[0] in start.failing else 0

    start.failing = set()
    monkeypatch.setattr(dev.environment, "ensure", lambda root: None)
    monkeypatch.setattr(dev, "_program", start)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    start.found = found
    return start


def test_the_demo_without_a_display_draws_off_screen_and_keeps_the_picture(started, capsys, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    assert dev.main(["demo"]) == 0
    ((command, variables),) = started.found
    assert command == ["python", "main.py", "--demo", "--screenshot", "demo.png"]
    assert variables["QT_QPA_PLATFORM"] == "offscreen"
    assert "off screen" in capsys.readouterr().out


def test_the_demo_with_a_display_opens_the_window(started, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(dev, "_prepare_qt", lambda variables: None)
    dev.main(["demo"])
    ((command, variables),) = started.found
    assert command == ["python", "main.py", "--demo"]
    assert "QT_QPA_PLATFORM" not in variables


def test_linters_run_beside_the_tests_and_each_check_to_its_end(started, capsys):
    started.failing = {"mypy", "ruff"}
    assert dev.main(["test"]) == 1
    programs = [command[0] for command, _ in started.found]
    assert sorted(programs) == ["lint-imports", "mypy", "pytest", "ruff", "ruff"]
    assert ["pytest", *dev.SIDE_BY_SIDE] in [command for command, _ in started.found]
    out = capsys.readouterr().out
    assert "says mypy\n── types failed in" in out
    assert out.splitlines()[-1] == "Failed: ruff, format, types."


def test_quick_runs_the_linters_and_the_tests_that_a_change_reaches(started, capsys, monkeypatch):
    selection = quick_tests.Selection(["engine/errors.py"], ["tests/engine/test_errors.py"], seconds=1.0)
    select = Mock(return_value=selection)
    monkeypatch.setattr(quick_tests, "select", select)
    started.failing = {"pytest"}
    assert dev.main(["test", "--quick", "-x"]) == 1
    commands = [command for command, _ in started.found]
    assert ["pytest", "--quick", "-x", "tests/engine/test_errors.py"] in commands
    assert {"ruff", "mypy", "lint-imports"} < {command[0] for command in commands}
    select.assert_called_once_with(ROOT, dev.QUICK_SECONDS * min(os.cpu_count() or 1, 4))
    out = capsys.readouterr().out
    assert "Changed: engine/errors.py" in out
    assert out.splitlines()[-1] == "Failed: tests."


def test_named_tests_run_alone(started):
    assert dev.main(["test", "-k", "recipe"]) == 0
    ((command, variables),) = started.found
    assert command == ["pytest", "-k", "recipe"]
    assert (variables["QT_QPA_PLATFORM"], variables["HF_HUB_OFFLINE"]) == ("offscreen", "1")


def test_the_tests_of_another_system_run_where_it_is_pretended(started, monkeypatch):
    monkeypatch.setattr(dev, "_prepare_qt", lambda variables: None)
    monkeypatch.delenv(dev.PRETENDER, raising=False)
    with pytest.raises(SystemExit, match=dev.PRETENDER):
        dev.main(["test", "--system", "win32"])
    monkeypatch.setenv(dev.PRETENDER, "pretender")
    dev.main(["test", "--system", "win32", "tests/engine"])
    dev.main(["test", "--system", sys.platform])
    (pretended, variables), (real, own_variables) = started.found
    assert pretended == ["pytest", "tests/engine"]
    assert (variables["PRETEND_SYSTEM"], variables["PYTHONPATH"]) == ("win32", "pretender")
    assert real[-len(dev.OF_SYSTEMS) :] == dev.OF_SYSTEMS
    assert all((ROOT / each).exists() for each in dev.OF_SYSTEMS)
    assert "PRETEND_SYSTEM" not in own_variables


def test_another_version_of_a_library_is_installed_aside_once(started, monkeypatch, tmp_path):
    monkeypatch.setattr(dev.environment, "folder", lambda root: tmp_path)
    monkeypatch.setattr(dev.environment, "program", lambda folder, name: name)
    monkeypatch.setattr(dev, "_prepare_qt", lambda variables: None)
    installed = []

    def install(command, check):
        installed.append(command)
        (tmp_path / "other-versions" / command[-1]).mkdir(parents=True)

    monkeypatch.setattr(dev.subprocess, "run", install)
    for _ in range(2):
        dev.main(["test", "--with", "transformers==5.22.2", "tests/worker/kernels"])
    folder = str(tmp_path / "other-versions" / "transformers==5.22.2")
    assert [command[-4:] for command in installed] == [
        ["--no-deps", "--target", folder, "transformers==5.22.2"]
    ]
    command, variables = started.found[-1]
    assert command == ["pytest", "tests/worker/kernels"]
    assert variables["PYTHONPATH"] == folder


def test_missing_libraries_of_qt_end_with_the_line_to_install(started, monkeypatch, capsys):
    monkeypatch.setattr(dev.qt_libraries, "missing", lambda packages, plugin: ["libEGL.so.1"])
    monkeypatch.setattr(
        dev.qt_libraries, "install_command", lambda libraries: ["apt-get", "install", "libegl1"]
    )
    monkeypatch.setenv("CI", "")
    with pytest.raises(SystemExit):
        dev.main(["run"])
    assert "apt-get install libegl1" in capsys.readouterr().out
    assert started.found == []


def test_what_is_started_gets_its_variables_and_its_exit_code_is_returned(tmp_path):
    code = "import os, sys; sys.exit(7 if os.environ['OMP_WAIT_POLICY'] == 'PASSIVE' else 1)"
    answer = subprocess.run(
        [sys.executable, "-c", f"import dev; raise SystemExit(dev._python(['-c', {code!r}], {{}}))"],
        cwd=ROOT / "packaging",
    )
    assert answer.returncode == 7


def test_the_measurement_of_a_card_is_written_where_it_was_asked_for(started, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    dev.main(["card", "--out", "there"])
    command = ["python", "-m", "tests.benchmarks.card", "--asked-in", str(tmp_path), "--out", "there"]
    assert started.found == [(command, {})]
