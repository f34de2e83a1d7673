import os
import plistlib
import subprocess
import zipfile
from pathlib import Path

import deb
import installers
import pytest
from PySide6.QtGui import QImageReader

from tests.helpers.repository import ROOT


@pytest.fixture(autouse=True)
def uv(monkeypatch):
    """Let uv be an empty file: a test downloads nothing."""

    def put(_platform: str, folder: Path, names: tuple[str, ...]) -> None:
        for name in names:
            (folder / name).touch(mode=0o755)

    monkeypatch.setattr(installers, "_put_uv", put)


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


def test_the_icon_of_windows_has_every_size(tmp_path):
    picture = tmp_path / "tunesmith.ico"
    picture.write_bytes(installers._ico(installers._pictures(tmp_path / "icons")))
    reader = QImageReader(str(picture))
    sizes = []
    for number in range(reader.imageCount()):
        reader.jumpToImage(number)
        sizes.append(reader.read().width())
    assert tuple(sizes) == installers.ICO_SIZES


@pytest.fixture(scope="module")
def wine(tmp_path_factory):
    """Run a program on a Windows of Wine's; `wine.drive` is its disk."""
    prefix = tmp_path_factory.mktemp("wine")
    variables = os.environ | {
        "WINEPREFIX": str(prefix), "WINEDEBUG": "-all", "HOME": str(prefix), "LC_ALL": "C.UTF-8",
    }  # fmt: skip

    def run(*command: str) -> None:
        subprocess.run(["xvfb-run", "--auto-servernum", "wine", *command], env=variables, check=True)
        subprocess.run(["wineserver", "--wait"], env=variables, check=True)

    run("wineboot", "--init")
    run.drive = prefix / "drive_c"
    run.registry = lambda: (prefix / "user.reg").read_text(encoding="utf-8")
    yield run
    subprocess.run(["wineserver", "--kill"], env=variables, check=False)


@pytest.mark.slow(
    "packaging/windows/", "packaging/installers.py", "packaging/launcher.py", "packaging/deb.py"
)
def test_the_installer_of_windows_installs_updates_and_leaves_what_is_the_users(wine, tmp_path):
    installer = str(installers.windows(tmp_path))
    folder = wine.drive / "Böse Leerzeichen" / "Tunesmith"
    # NSIS takes this option last and without quotation marks.
    wine(installer, "/S", "/D=C:\\Böse", "Leerzeichen\\Tunesmith")
    for name in ("main.py", "engine/api.py", "packaging/launcher.py", "packaging/constraints.txt"):
        assert (folder / name).read_bytes() == (ROOT / name).read_bytes()
    assert (folder / "tunesmith.cmd").is_file()
    user = next(wine.drive.glob("users/*/AppData/Roaming")).parents[1]
    [shortcut] = user.rglob("Tunesmith.lnk")
    assert "uvw.exe" in shortcut.read_bytes().decode("utf-16-le", "replace") + str(shortcut.read_bytes())
    assert f'"DisplayVersion"="{deb.version()}"' in wine.registry()
    assert "C:\\\\B\\xf6se Leerzeichen\\\\Tunesmith\\\\uvw.exe" in wine.registry()

    stale, runs = folder / "engine" / "stale.py", user / "AppData/Local/tunesmith/runs"
    environment = user / "AppData/Local/tunesmith/environments"
    stale.touch()
    for each in (runs, environment):
        each.mkdir(parents=True)
    # It goes to where it was installed.
    wine(installer, "/S")
    assert not stale.exists()
    assert (folder / "engine/api.py").is_file()

    wine("C:\\Böse Leerzeichen\\Tunesmith\\uninstall.exe", "/S", "_?=C:\\Böse Leerzeichen\\Tunesmith")
    assert not folder.exists()
    assert not shortcut.exists()
    assert "Tunesmith.File" not in wine.registry()
    assert runs.is_dir()
    assert not environment.exists()
