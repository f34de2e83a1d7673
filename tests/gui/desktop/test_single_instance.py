import os
import stat
import tempfile
from pathlib import Path

import pytest
from PySide6.QtNetwork import QLocalServer

from gui import app
from gui.app import SingleInstance
from tests.helpers.systems import socket_files


@pytest.fixture
def short_folder(monkeypatch):
    """A folder for temporary files whose path leaves space for a socket's name."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


@pytest.fixture
def runtime(monkeypatch, short_folder):
    folder = short_folder / "run"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


@pytest.mark.parametrize("caller", [{}, {"page": "data", "files": ["C:/Jürgen 🙂/chats.csv"]}])
def test_a_second_start_is_shown_in_the_first(qtbot, home, caller):
    first = SingleInstance()
    assert not first.raise_first()
    with qtbot.waitSignal(first.asked) as asked:
        assert SingleInstance().raise_first(**caller)
    assert asked.args == [caller.get("page", ""), caller.get("files", [])]
    first.close()


@socket_files
def test_the_socket_is_in_the_users_runtime_folder(qtbot, home, runtime):
    first = SingleInstance()
    assert not first.raise_first()
    [socket] = runtime.iterdir()
    assert stat.S_ISSOCK(socket.stat().st_mode)
    assert not socket.stat().st_mode & 0o077
    first.close()


@socket_files
@pytest.mark.parametrize("trouble", ["link", "writable", "owner"])
def test_another_users_folder_is_not_used(qtbot, home, runtime, monkeypatch, trouble):
    if trouble == "link":
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime.parent / "link"))
        (runtime.parent / "link").symlink_to(runtime)
    elif trouble == "writable":
        runtime.chmod(0o777)
    else:
        monkeypatch.setattr(app.paths.os, "getuid", lambda: os.geteuid() + 1)
    with_socket = SingleInstance()
    assert not with_socket.raise_first()
    assert not list(runtime.iterdir())
    with_socket.close()


@pytest.fixture
def without_home(monkeypatch, short_folder):
    """No runtime folder, and a home whose path is too long: what is left is the folder for temporary files."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(app.paths, "config_folder", lambda: Path("/tmp/" + "x" * 100))
    return short_folder


@socket_files
def test_a_socket_that_another_user_made_first_receives_nothing(qtbot, home, without_home, monkeypatch):
    (without_home / f"tunesmith-{os.getuid()}").mkdir()
    (without_home / f"tunesmith-{os.getuid()}").chmod(0o777)
    with monkeypatch.context() as trusting:
        trusting.setattr(app.paths, "is_private", lambda folder: True)
        other = QLocalServer()
        assert other.listen(SingleInstance()._name)
    try:
        assert not SingleInstance().raise_first("data", ["/home/me/secret.csv"])
        assert not other.waitForNewConnection(0)[0]
    finally:
        other.close()


@socket_files
def test_without_a_runtime_folder_it_is_in_a_private_one(qtbot, home, without_home):
    first = SingleInstance()
    assert not first.raise_first()
    [folder] = without_home.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert SingleInstance().raise_first()
    first.close()


@socket_files
def test_a_home_that_is_no_utf8_has_an_instance(qtbot, home, runtime, monkeypatch):
    monkeypatch.setattr(app.paths, "config_folder", lambda: Path("/tmp/\udcff"))
    first = SingleInstance()
    assert not first.raise_first()
    assert SingleInstance().raise_first()
    first.close()
