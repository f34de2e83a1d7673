import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from tests.helpers.repository import ROOT
from tests.helpers.systems import WINDOWS

pytestmark = pytest.mark.slow(
    "packaging/wheel/", "pyproject.toml", "main.py", "gui/app.py", "engine/commands/cli"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [file] = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """An environment with the wheel, in a folder with a space and an umlaut; its libraries are those of the tests."""
    if WINDOWS:
        pytest.skip("looks for programs where Linux and macOS have them")
    folder = tmp_path_factory.mktemp("env") / "Böse Leerzeichen"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    # As text in a .pth file, none of its own .pth files count: the checkout is not to be found.
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--no-deps"]
    more = ["--no-index", "--disable-pip-version-check", "--quiet", str(wheel)]
    subprocess.run([*pip, *more], check=True)
    return folder


@pytest.fixture
def call(environment, tmp_path):
    def run(*arguments):
        home = tmp_path / "Übungen und Läufe"
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        variables |= {"TUNESMITH_HOME": str(home), "QT_QPA_PLATFORM": "offscreen", "XDG_DATA_HOME": str(home)}
        # No package of this computer has put a menu entry.
        variables["XDG_DATA_DIRS"] = str(tmp_path)
        command = [str(environment / "bin" / "tunesmith"), *arguments]
        return subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True)

    return run


def test_the_wheel_has_one_package_with_all_that_runs(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "tunesmith/__init__.py" in names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"tunesmith"}
    for name in (
        "main.py",
        "engine/api.py",
        "gui/app.py",
        "resources/starter/model.safetensors",
        "resources/desktop/tunesmith.desktop",
    ):
        assert f"tunesmith/{name}" in names
    assert not any("screenshots" in name or "/tests/" in name for name in names)


def test_the_command_speaks_of_itself(call):
    done = call("runs")
    assert "`tunesmith train RECIPE.toml` starts one." in done.stdout
    assert call("runs", "--nonsense").stderr.startswith("usage: tunesmith")


def test_the_window_opens_and_trains_away_from_the_checkout(call, tmp_path):
    quick = ("training.max_steps=2", "evaluation.examples=4", "data.max_validation=4", "data.max_train=64")
    overrides = [word for value in quick for word in ("--set", value)]
    done = call("--demo", "--screenshot", "seen.png", *overrides)
    assert done.returncode == 0, done.stderr
    assert not QImage(str(tmp_path / "seen.png")).isNull()
    [run] = json.loads(call("runs", "--json").stdout)
    assert (run["outcome"], run["step"]) == ("completed", 2)
    assert call("adapters", "show", run["adapter"]).returncode == 0


def test_the_menu_entry_starts_the_command(call, environment, tmp_path):
    written = json.loads(call("desktop-entry", "--json").stdout)["written"]
    entry = next(Path(file) for file in written if file.endswith(".desktop")).read_text(encoding="utf-8")
    assert f'Exec="{environment / "bin" / "tunesmith"}" %F' in entry
    assert len(json.loads(call("desktop-entry", "--remove", "--json").stdout)["removed"]) == 3
    assert "There was nothing to remove." in call("desktop-entry", "--remove").stdout
