"""The system libraries that Qt's wheels expect, looked for without starting Qt.

Qt aborts the whole process when its platform plugin misses one, with no exception to catch. So the dynamic
linker is asked beforehand. Only Linux has this trouble; elsewhere nothing is ever missing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

MODULES = ("QtCore", "QtGui", "QtWidgets", "QtNetwork", "QtSvg", "QtTest")
PLUGINS = {
    "offscreen": "libqoffscreen.so",
    "minimal": "libqminimal.so",
    "xcb": "libqxcb.so",
    "wayland": "libqwayland*.so",
}
# Debian's and Ubuntu's package for the libraries that minimal installations lack.
APT_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}


def platform(variables: Mapping[str, str]) -> str:
    """Return the platform plugin that Qt will take under these environment variables."""
    chosen = variables.get("QT_QPA_PLATFORM", "").partition(":")[0].partition(";")[0]
    if chosen:
        return "wayland" if chosen.startswith("wayland") else chosen
    return "wayland" if variables.get("WAYLAND_DISPLAY") else "xcb"


def missing(packages: Path, plugin: str) -> list[str]:
    """Return the libraries that Qt in the folder `packages` needs for `plugin` and nothing provides."""
    if not sys.platform.startswith("linux") or shutil.which("ldd") is None:
        return []
    qt = packages / "PySide6"
    files = [file for module in MODULES for file in qt.glob(f"{module}.*.so")]
    files += (qt / "Qt" / "plugins" / "platforms").glob(PLUGINS.get(plugin, f"libq{plugin}.so"))
    if not files:
        return []
    answer = subprocess.run(["ldd", *map(str, files)], capture_output=True, text=True, check=False).stdout
    return sorted({line.split()[0] for line in answer.splitlines() if line.endswith("=> not found")})


def install_command(libraries: Iterable[str]) -> list[str]:
    """Return the apt-get command that brings the libraries; empty where apt or all names are unknown."""
    names = sorted({APT_PACKAGES[library] for library in libraries if library in APT_PACKAGES})
    if not names or shutil.which("apt-get") is None:
        return []
    return ["apt-get", "install", "-y", "--no-install-recommends", *names]
