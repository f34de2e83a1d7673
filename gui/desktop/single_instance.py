"""One window per home folder: a second start raises the first window, passes on what to show, and exits.

The socket is in a folder that only this user can write to. Where there is none, each start opens a window.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from engine.api import paths

WAIT_MILLISECONDS = 500
# A socket's path has 107 bytes at most; Qt first makes it in a folder of seven characters beside it.
MAX_PATH_BYTES = 107 - len("/XXXXXX/s")


class SingleInstance(QObject):
    """`asked(page, files)` is emitted in the first instance when a second one starts, with its arguments."""

    asked = Signal(str, list)

    def __init__(self) -> None:
        super().__init__()
        self._name = _name()
        self._callers: list[QLocalSocket] = []
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)

    def raise_first(self, page: str = "", files: Sequence[str] = ()) -> bool:
        """Ask the first instance to come to the front and show a page and files; return False if this is the first."""
        if not self._name:
            return False
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if socket.waitForConnected(WAIT_MILLISECONDS):
            socket.write(json.dumps({"page": page, "files": list(files)}).encode())
            socket.waitForBytesWritten(WAIT_MILLISECONDS)
            socket.disconnectFromServer()
            return True
        # No answer: the socket was left by a window that crashed.
        QLocalServer.removeServer(self._name)
        self._server.listen(self._name)
        return False

    def close(self) -> None:
        """Stop listening."""
        self._server.close()

    def _answer(self) -> None:
        while (caller := self._server.nextPendingConnection()) is not None:
            self._callers.append(caller)
            caller.disconnected.connect(self._read_calls)
            self._read_calls()

    def _read_calls(self) -> None:
        """Handle complete messages of other starts."""
        gone = [
            each for each in self._callers if each.state() == QLocalSocket.LocalSocketState.UnconnectedState
        ]
        for caller in gone:
            self._callers.remove(caller)
            self.asked.emit(*_understood(bytes(caller.readAll().data())))
            caller.deleteLater()


def _understood(message: bytes) -> tuple[str, list[str]]:
    """Return page and files; a message of another version only raises the window."""
    try:
        wanted = json.loads(message)
        return str(wanted["page"]), [str(file) for file in wanted["files"]]
    except (ValueError, KeyError, TypeError):
        return "", []


def _name() -> str:
    """Return the socket's path, or the pipe's name on Windows; "" if no folder is ours alone."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = ""
    whose = os.fsencode(f"{user} {paths.config_folder()}")
    name = f"tunesmith-{hashlib.sha256(whose).hexdigest()[:16]}"
    if os.name == "nt":
        return name
    places = (str(folder / name) for folder in _folders() if paths.is_private(folder))
    return next((place for place in places if len(os.fsencode(place)) <= MAX_PATH_BYTES), "")


def _folders() -> Iterator[Path]:
    """Yield where the socket may be: the runtime folder, the home folder, one of our own among temporary files."""
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime)
    yield paths.config_folder()
    if temporary := paths.private_temporary_folder():
        yield temporary
