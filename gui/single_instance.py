"""One window for each home: a second start raises the first window and ends."""

from __future__ import annotations

import getpass
import hashlib

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from engine.api import paths

WAIT_MILLISECONDS = 500
WORD = b"raise\n"


class SingleInstance(QObject):
    """`asked` is emitted in the first instance when a second one was started."""

    asked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = _name()
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)

    def raise_first(self) -> bool:
        """Ask the first instance to come to the front; return False if this is the first one."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if socket.waitForConnected(WAIT_MILLISECONDS):
            socket.write(WORD)
            socket.waitForBytesWritten(WAIT_MILLISECONDS)
            socket.disconnectFromServer()
            return True
        # Nobody answers: what lies there was left by a window that died.
        QLocalServer.removeServer(self._name)
        self._server.listen(self._name)
        return False

    def close(self) -> None:
        """Answer no more."""
        self._server.close()

    def _answer(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.disconnected.connect(socket.deleteLater)
            self.asked.emit()


def _name() -> str:
    whose = f"{getpass.getuser()} {paths.config_folder()}"
    return f"tunesmith-{hashlib.sha256(whose.encode()).hexdigest()[:16]}"
