"""The installer for Windows and the application for macOS, built on Linux or anywhere else.

    python packaging/installers.py windows [FOLDER]     FOLDER/TunesmithSetup-<version>.exe; needs makensis
    python packaging/installers.py macos [FOLDER]       FOLDER/Tunesmith-<version>-macos.zip

Both hold the program, the launcher and uv, which downloads Python and all libraries at the first start. Runs in the
environment, which draws the icons; pip downloads uv.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import deb
import icons

ROOT = Path(__file__).resolve().parent.parent
UV = "uv==0.13.9"
# The wheels of uv, and what a Mac calls its processor.
WINDOWS, MACS = "win_amd64", {"arm64": "macosx_11_0_arm64", "x86_64": "macosx_10_12_x86_64"}
ICO_SIZES = (16, 24, 32, 48, 64, 256)
# https://en.wikipedia.org/wiki/Apple_Icon_Image_format
ICNS_TYPES = {128: b"ic07", 256: b"ic08", 512: b"ic09"}


def windows(target: Path) -> Path:
    """Build the installer for Windows into a folder and return its file."""
    if shutil.which("makensis") is None:
        raise SystemExit("makensis is missing; Debian and Ubuntu have it in the package nsis.")
    installer = target.resolve() / f"TunesmithSetup-{deb.version()}.exe"
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        deb.copy_program(files)
        _put_uv(WINDOWS, files, ("uv.exe", "uvw.exe"))
        shutil.copy(ROOT / "packaging" / "windows" / "tunesmith.cmd", files)
        (files / "tunesmith.ico").write_bytes(ico(icon_pictures(Path(folder) / "icons")))
        values = {
            "VERSION": deb.version(),
            "FILES": str(files),
            "TARGET": str(installer),
            "KILOBYTES": str(sum(each.stat().st_size for each in files.rglob("*") if each.is_file()) // 1024),
        }
        defines = [f"-D{name}={value}" for name, value in values.items()]
        target.mkdir(parents=True, exist_ok=True)
        script = str(ROOT / "packaging" / "windows" / "tunesmith.nsi")
        # -NOCD: the script names all places in full.
        subprocess.run(["makensis", "-V2", "-WX", "-INPUTCHARSET", "UTF8", *defines, script], check=True)
    return installer


def macos(target: Path) -> Path:
    """Build the application for macOS, zipped, into a folder and return its file."""
    archive = target / f"Tunesmith-{deb.version()}-macos.zip"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        contents = Path(folder) / "Tunesmith.app" / "Contents"
        resources = contents / "Resources"
        deb.copy_program(resources)
        for processor, wheel in MACS.items():
            (resources / processor).mkdir()
            _put_uv(wheel, resources / processor, ("uv",))
        (resources / "tunesmith.icns").write_bytes(_icns(icon_pictures(Path(folder) / "icons")))
        source = ROOT / "packaging" / "macos"
        plist = (source / "Info.plist").read_text(encoding="utf-8")
        (contents / "Info.plist").write_text(plist.replace("@VERSION@", deb.version()), encoding="utf-8")
        (contents / "MacOS").mkdir()
        shutil.copy(source / "tunesmith", contents / "MacOS" / "tunesmith")
        (contents / "MacOS" / "tunesmith").chmod(0o755)
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            # Keeps the modes of files, without which nothing starts.
            for file in sorted(contents.rglob("*")):
                packed.write(file, file.relative_to(folder))
    return archive


def _put_uv(platform: str, folder: Path, names: tuple[str, ...]) -> None:
    """Put the uv for a platform, and its licences, into a folder."""
    with tempfile.TemporaryDirectory() as place:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        chosen = ["--only-binary", ":all:", "--platform", platform, "--dest", place, UV]
        subprocess.run([*pip, *chosen], check=True)
        [wheel] = Path(place).glob("*.whl")
        with zipfile.ZipFile(wheel) as packed:
            for name in packed.namelist():
                short = name.rpartition("/")[2]
                if short in names:
                    (folder / short).write_bytes(packed.read(name))
                    (folder / short).chmod(0o755)
                elif "/licenses/" in name:
                    (folder / "licences").mkdir(exist_ok=True)
                    (folder / "licences" / f"uv-{short}").write_bytes(packed.read(name))


def icon_pictures(folder: Path) -> dict[int, bytes]:
    """Return the icon as PNG by its size."""
    command = [sys.executable, str(ROOT / "packaging" / "icons.py"), str(folder)]
    subprocess.run(command, check=True, env=deb.offscreen())
    return {size: (folder / f"{size}x{size}.png").read_bytes() for size in icons.SIZES}


def ico(pictures: dict[int, bytes]) -> bytes:
    """Return an icon of Windows: a directory of PNG files, where a size of 256 is written as 0."""
    at = 6 + 16 * len(ICO_SIZES)
    head, body = struct.pack("<HHH", 0, 1, len(ICO_SIZES)), b""
    for size in ICO_SIZES:
        picture = pictures[size]
        head += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(picture), at + len(body))
        body += picture
    return head + body


def _icns(pictures: dict[int, bytes]) -> bytes:
    """Return an icon of macOS."""
    body = b"".join(
        kind + struct.pack(">I", 8 + len(pictures[size])) + pictures[size]
        for size, kind in ICNS_TYPES.items()
    )
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


if __name__ == "__main__":
    builders = {"windows": windows, "macos": macos}
    print(builders[sys.argv[1]](Path(sys.argv[2]) if sys.argv[2:] else ROOT / "dist"))
