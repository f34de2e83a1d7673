import os
import shutil
from pathlib import Path

import PySide6
import pytest
import qt_libraries

from tests.helpers.systems import LINUX

pytestmark = pytest.mark.skipif(not LINUX, reason="only Linux wheels leave libraries out")
PACKAGES = Path(PySide6.__file__).parent.parent


@pytest.fixture
def linker(tmp_path, monkeypatch):
    """Put a dynamic linker's front end on the PATH that answers what the test says."""

    def answer(text):
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "ldd").write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n")
        (folder / "ldd").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return answer


def test_nothing_is_missing_where_the_tests_themselves_run():
    assert qt_libraries.missing(PACKAGES, "offscreen") == []


def test_a_missing_library_is_found_once_however_many_files_need_it(linker):
    linker(
        "a.so:\n\tlibEGL.so.1 => not found\n\tlibm.so.6 => /lib/libm.so.6\nb.so:\n\tlibEGL.so.1 => not found"
    )
    assert qt_libraries.missing(PACKAGES, "offscreen") == ["libEGL.so.1"]


@pytest.mark.parametrize(
    ("variables", "plugin"),
    [
        ({"DISPLAY": ":0"}, "xcb"),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "wayland"),
        ({"QT_QPA_PLATFORM": "offscreen", "DISPLAY": ":0"}, "offscreen"),
        ({"QT_QPA_PLATFORM": "wayland;xcb"}, "wayland"),
        ({"QT_QPA_PLATFORM": "offscreen:size=800x600"}, "offscreen"),
    ],
)
def test_the_plugin_is_the_one_that_qt_will_take(variables, plugin):
    assert qt_libraries.platform(variables) == plugin


@pytest.mark.parametrize("plugin", sorted(qt_libraries.PLUGINS))
def test_every_plugin_is_found_in_the_wheel(plugin):
    folder = PACKAGES / "PySide6" / "Qt" / "plugins" / "platforms"
    assert list(folder.glob(qt_libraries.PLUGINS[plugin]))


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="the line is for apt")
def test_the_line_to_install_names_each_package_once():
    command = qt_libraries.install_command(
        ["libgthread-2.0.so.0", "libglib-2.0.so.0", "libEGL.so.1", "libodd.so.9"]
    )
    assert command[-2:] == ["libegl1", "libglib2.0-0"]
