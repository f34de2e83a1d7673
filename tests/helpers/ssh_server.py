"""An sshd on loopback that lets one key in, and the system's ssh with a configuration that calls it "desk".

    with ssh_server(folder) as server:
        monkeypatch.setenv("PATH", server.path)
        server.cut()               ends the connections that are open
        server.change_key()        as if it were another computer

Tests that need it are skipped where there is no sshd.
"""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.helpers.ports import unused_port
from tests.helpers.systems import SHELL_SCRIPT, WINDOWS

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
HOST = "desk"


class SshServer:
    """The server, its keys, and the configuration of those who connect."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._make_key("user")
        self._make_key("host")
        shutil.copyfile(folder / "user.pub", folder / "authorized")
        (folder / "authorized").chmod(0o600)
        self.know()
        self._write_settings()
        self.path = f"{self._ssh_that_knows_it()}:{os.environ['PATH']}"

    def know(self, key: str = "host") -> None:
        """Let those who connect know the server by a key."""
        public = (self._folder / f"{key}.pub").read_text()
        (self._folder / "known").write_text(f"[127.0.0.1]:{self.port} {public}")

    def know_nothing(self) -> None:
        """Let those who connect know no server."""
        (self._folder / "known").write_text("")

    def start(self) -> None:
        command = [str(SSHD), "-D", "-e", "-f", str(self._folder / "sshd_config")]
        with (self._folder / "sshd.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError((self._folder / "sshd.log").read_text())

    def cut(self) -> None:
        """End the connections that are open; new ones are taken."""
        assert self._process is not None
        for child in psutil.Process(self._process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()

    def stop(self) -> None:
        """End all connections, and take no more."""
        if self._process is not None:
            self.cut()
            self._process.kill()
            self._process.wait()
            self._process = None

    def change_key(self) -> None:
        self.stop()
        for name in ("host", "host.pub"):
            (self._folder / name).unlink()
        self._make_key("host")
        self.start()

    def refuse(self) -> None:
        (self._folder / "authorized").write_text("")

    def _make_key(self, name: str) -> None:
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self._folder / name)]
        subprocess.run(command, check=True)

    def _write_settings(self) -> None:
        folder = self._folder
        (folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1\nPort {self.port}\nHostKey {folder / 'host'}\nPidFile none\n"
            f"AuthorizedKeysFile {folder / 'authorized'}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nAllowTcpForwarding yes\n"
        )
        (folder / "ssh_config").write_text(
            f"Host {HOST}\n  HostName 127.0.0.1\n  Port {self.port}\n  User {getpass.getuser()}\n"
            f"  IdentityFile {folder / 'user'}\n  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {folder / 'known'}\n  GlobalKnownHostsFile /dev/null\n"
            "  StrictHostKeyChecking yes\n"
        )

    def _ssh_that_knows_it(self) -> Path:
        folder = self._folder / "bin"
        folder.mkdir()
        script = f'#!/bin/sh\nexec {shutil.which("ssh")} -F {self._folder / "ssh_config"} "$@"\n'
        (folder / "ssh").write_text(script)
        (folder / "ssh").chmod(0o755)
        return folder


@contextmanager
def ssh_server(folder: Path) -> Iterator[SshServer]:
    """Yield a running server; skip the test where there is none."""
    if WINDOWS:
        pytest.skip(SHELL_SCRIPT)
    if SSHD is None or shutil.which("ssh") is None:
        # CI installs it, so there a test without it fails.
        assert os.environ.get("CI") != "true", "no sshd"
        pytest.skip("no sshd: apt-get install openssh-server")
    if os.getuid() == 0:
        # Where sshd as root gives up its rights; packages make it at boot.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    server = SshServer(folder, unused_port())
    server.start()
    try:
        yield server
    finally:
        server.stop()
