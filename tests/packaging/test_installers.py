import os
import platform
import plistlib
import shutil
import subprocess
import time
import zipfile
from pathlib import Path

import deb
import installers
import pytest
from PySide6.QtGui import QImageReader

from tests.helpers.repository import ROOT
from tests.helpers.systems import modes, shell_scripts

# The program that stands for uv says what it was asked for, and runs while there is a file beside it.
STAND_IN = """
Target amd64-unicode
Unicode true
OutFile "${TARGET}"
RequestExecutionLevel user
SilentInstall silent
!include FileFunc.nsh
Section
  ${GetParameters} $0
  FileOpen $1 "$EXEDIR\\asked.txt" w
  FileWriteUTF16LE $1 $0
  FileClose $1
again:
  IfFileExists "$EXEDIR\\stays.txt" 0 done
  Sleep 50
  Goto again
done:
SectionEnd
"""


@pytest.fixture(autouse=True, scope="module")
def uv():
    """Let uv be an empty file: a test downloads nothing."""

    def put(_platform: str, folder: Path, names: tuple[str, ...]) -> None:
        for name in names:
            (folder / name).touch(mode=0o755)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(installers, "_put_uv", put)
        yield


@modes
def test_the_mac_application_is_whole_and_starts_the_launcher(tmp_path):
    archive = zipfile.ZipFile(installers.macos(tmp_path))
    contents = "Tunesmith.app/Contents"
    plist = plistlib.loads(archive.read(f"{contents}/Info.plist"))
    assert plist["CFBundleShortVersionString"] == deb.version()
    script = archive.getinfo(f"{contents}/MacOS/{plist['CFBundleExecutable']}")
    assert script.external_attr >> 16 & 0o111
    assert b'"$program/packaging/launcher.py"' in archive.read(script)
    resources = f"{contents}/Resources"
    for name in ("main.py", "engine/api.py", "resources/starter/model.safetensors", "packaging/launcher.py"):
        assert archive.read(f"{resources}/{name}") == (ROOT / name).read_bytes()
    for processor in installers.MACS:
        assert archive.getinfo(f"{resources}/{processor}/uv").external_attr >> 16 & 0o111
    assert archive.read(f"{resources}/{plist['CFBundleIconFile']}").startswith(b"icns")


@shell_scripts
def test_the_mac_application_keeps_its_python_with_its_environments(tmp_path):
    started = tmp_path / "Tunesmith.app/Contents/MacOS/tunesmith"
    uv = started.parents[1] / "Resources" / platform.machine() / "uv"
    for file in (started, uv):
        file.parent.mkdir(parents=True)
    shutil.copy(ROOT / "packaging/macos/tunesmith", started)
    uv.write_text('#!/bin/sh\necho "$UV_PYTHON_INSTALL_DIR"')
    uv.chmod(0o755)
    done = subprocess.run(
        ["sh", started], env=os.environ | {"HOME": "/home of/ann"}, capture_output=True, text=True, check=True
    )
    environments = "/home of/ann/Library/Application Support/tunesmith/environments"
    assert done.stdout == f"{environments}/python\n"


def test_the_icon_of_windows_has_every_size(tmp_path):
    picture = tmp_path / "tunesmith.ico"
    picture.write_bytes(installers.ico(installers.icon_pictures(tmp_path / "icons")))
    reader = QImageReader(str(picture))
    sizes = []
    for number in range(reader.imageCount()):
        reader.jumpToImage(number)
        sizes.append(reader.read().width())
    assert tuple(sizes) == installers.ICO_SIZES


class Wine:
    """A Windows of Wine's with the disk `drive`, and Tunesmith's installer for it."""

    FOLDER = "C:\\Böse Leerzeichen\\Tunesmith"
    UNINSTALLER = f"{FOLDER}\\uninstall.exe"

    def __init__(self, folder: Path) -> None:
        self.variables = os.environ | {
            "WINEPREFIX": str(folder / "wine"), "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml=",
            "HOME": str(folder), "LC_ALL": "C.UTF-8",
        }  # fmt: skip
        # Debian's Wine 10 crashes where it is set.
        self.variables.pop("TMPDIR", None)
        # Nothing is shown, and processes side by side would close each other's displays.
        self.variables.pop("DISPLAY", None)
        self.drive = folder / "wine" / "drive_c"
        self.installed = self.drive / "Böse Leerzeichen" / "Tunesmith"
        self.installer = str(installers.windows(folder))
        self.run("wineboot", "--init")
        user = next(self.drive.glob("users/*/AppData/Roaming")).parents[1]
        self.data = user / "AppData/Local/tunesmith"
        self.shortcut = user / "AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Tunesmith.lnk"

    def start(self, *command: str) -> subprocess.Popen:
        return subprocess.Popen(["wine", *command], env=self.variables)

    def run(self, *command: str) -> int:
        """Run a program and what it starts to their end; return the program's exit code."""
        code = self.start(*command).wait()
        subprocess.run(["wineserver", "--wait"], env=self.variables, check=True)
        return code

    def install(self) -> int:
        # NSIS takes the folder last and without quotation marks.
        return self.run(self.installer, "/S", *f"/D={self.FOLDER}".split(" "))

    def registry(self) -> str:
        return (self.drive.parent / "user.reg").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wine(tmp_path_factory):
    made = Wine(tmp_path_factory.mktemp("wine"))
    yield made
    subprocess.run(["wineserver", "--kill"], env=made.variables, check=False)


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    """Return a program of Windows that stands for uv."""
    folder = tmp_path_factory.mktemp("stand-in")
    (folder / "script.nsi").write_text(STAND_IN)
    program = folder / "uvw.exe"
    subprocess.run(["makensis", "-V2", "-WX", f"-DTARGET={program}", str(folder / "script.nsi")], check=True)
    return program


windows = pytest.mark.slow(
    "packaging/windows/", "packaging/installers.py", "packaging/launcher.py", "packaging/deb.py"
)


@windows
def test_the_installer_takes_a_path_with_spaces_and_umlauts(wine):
    assert wine.install() == 0
    for name in ("main.py", "engine/api.py", "packaging/launcher.py", "packaging/constraints.txt"):
        assert (wine.installed / name).read_bytes() == (ROOT / name).read_bytes()
    assert (wine.installed / "tunesmith.cmd").is_file()
    shortcut = wine.shortcut.read_bytes()
    assert "uvw.exe" in shortcut.decode("utf-16-le", "replace") + str(shortcut)
    assert f'"DisplayVersion"="{deb.version()}"' in wine.registry()
    assert "C:\\\\B\\xf6se Leerzeichen\\\\Tunesmith\\\\uvw.exe" in wine.registry()


@windows
def test_a_newer_version_goes_where_the_older_one_is_and_leaves_nothing_of_it(wine):
    wine.install()
    stale = wine.installed / "engine" / "stale.py"
    stale.touch()
    assert wine.run(wine.installer, "/S") == 0
    assert not stale.exists()
    assert (wine.installed / "engine/api.py").is_file()


@windows
def test_a_recipe_is_opened_by_its_type(wine, stand_in):
    wine.install()
    shutil.copy(stand_in, wine.installed)
    recipe = wine.drive / "Meine Rezepte" / "für Ärzte.toml"
    recipe.parent.mkdir()
    recipe.touch()
    # Wine reads the classes of the machine alone.
    user, machine = (f"{root}\\Software\\Classes\\Tunesmith.File" for root in ("HKCU", "HKLM"))
    wine.run("reg", "copy", user, machine, "/s", "/f")
    wine.run("start", "/progIDOpen", "Tunesmith.File", "C:\\Meine Rezepte\\für Ärzte.toml")
    asked = (wine.installed / "asked.txt").read_text(encoding="utf-16-le")
    assert asked.startswith("run --no-project --managed-python")
    assert asked.endswith(f'"{wine.FOLDER}\\packaging\\launcher.py" "C:\\Meine Rezepte\\für Ärzte.toml"')
    assert '"Tunesmith.File"' in wine.registry().partition("Classes\\\\.toml\\\\OpenWithProgids]")[2][:80]


@windows
def test_what_runs_is_neither_replaced_nor_removed(wine, stand_in):
    wine.install()
    shutil.copy(stand_in, wine.installed)
    (wine.installed / "stays.txt").touch()
    program = wine.start(f"{wine.FOLDER}\\uvw.exe")
    while not (wine.installed / "asked.txt").exists():
        time.sleep(0.05)
    stale = wine.installed / "engine" / "stale.py"
    stale.touch()
    assert wine.start(wine.installer, "/S").wait() != 0
    # Such a one does not go on as a copy of itself, whose exit code nobody hears.
    assert wine.start(wine.UNINSTALLER, "/S", *f"_?={wine.FOLDER}".split(" ")).wait() != 0
    assert stale.exists()
    assert "Tunesmith.File" in wine.registry()
    (wine.installed / "stays.txt").unlink()
    program.wait()
    assert wine.run(wine.installer, "/S") == 0
    assert not stale.exists()


@windows
def test_the_uninstaller_leaves_what_is_the_users_and_nothing_else(wine):
    wine.install()
    runs, environments = wine.data / "runs", wine.data / "environments"
    for each in (runs, environments / "cache"):
        each.mkdir(parents=True, exist_ok=True)
    wine.run(wine.UNINSTALLER, "/S")
    assert not wine.installed.exists()
    assert not wine.shortcut.exists()
    assert "\\\\Tunesmith" not in "".join(key for key in wine.registry().splitlines() if key.startswith("["))
    assert '"Tunesmith.File"' not in wine.registry()
    assert runs.is_dir()
    assert not environments.exists()
