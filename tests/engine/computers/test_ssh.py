"""A computer behind a real sshd, and what the words of ssh mean: what is told when it can't be reached."""

import http.server
import socket
import socketserver
import stat
import threading
from pathlib import Path

import psutil
import pytest

from engine.cluster.store_client import ClusterHttp
from engine.computers import token, tunnel
from engine.computers.computer import Computer
from engine.computers.tunnel import tunnel_to
from engine.errors import ComputerError
from tests.helpers.ssh_server import HOST, ssh_server


@pytest.fixture
def server(tmp_path, monkeypatch):
    with ssh_server(tmp_path) as started:
        monkeypatch.setenv("PATH", started.path)
        yield started


def desk(token_file=""):
    return Computer("desk", "ssh", "127.0.0.1:9", ssh=HOST, token_file=token_file)


def refusal():
    with pytest.raises(ComputerError) as refused, tunnel_to(desk(), 9):
        pass
    assert refused.value.field == "ssh"
    return refused.value.message


class Greeting(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b"hello")


def test_what_listens_there_is_reached_here_and_the_token_stays_there(server, tmp_path):
    (tmp_path / "a token").write_text("secret\n")
    assert token.read(desk(token_file=str(tmp_path / "a token"))) == "secret"
    with socketserver.TCPServer(("127.0.0.1", 0), Greeting) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        there = listening.server_address[1]
        with tunnel_to(desk(), there) as address, socket.socket(socket.AF_UNIX) as connection:
            connection.connect(address)
            assert connection.recv(5) == b"hello"
        listening.shutdown()


def test_a_cluster_is_asked_through_the_near_end(server):
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        there = listening.server_address[1]
        with tunnel_to(desk(), there) as address, ClusterHttp("desk", address, "secret") as asked:
            assert [asked.ask("GET", "/nothing")[0] for _ in range(3)] == [404] * 3
        listening.shutdown()


def test_no_other_user_can_have_the_near_end(server):
    """Who takes the port that the list of processes names before ssh does would be told the token."""
    with tunnel_to(desk(), 9) as address:
        near = Path(address)
        assert stat.S_IMODE(near.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(near.stat().st_mode) == 0o600
        [ssh] = [each for each in psutil.Process().children() if each.name() == "ssh"]
        assert not [each for each in ssh.net_connections() if not each.raddr]
    assert not near.parent.exists()


def test_an_unknown_key_is_not_accepted_by_itself(server):
    server.know_nothing()
    assert refusal() == f"The host key of {HOST} is unknown."


def test_a_changed_key_is_told_and_not_accepted(server):
    server.change_key()
    assert refusal() == f"The host key of {HOST} changed. It may be another computer."
    server.stop()
    assert refusal() == f"{HOST} refuses SSH connections."


DESK = Computer("desk", "ssh", "127.0.0.1:8265", ssh="ann@desk.example")


def test_ssh_asks_nothing_and_takes_the_destination_for_nothing_else():
    command = tunnel.ssh_command("ann@desk.example", "-N")
    assert command[0] == "ssh"
    assert "BatchMode=yes" in command
    assert "ExitOnForwardFailure=yes" in command
    assert not any("StrictHostKeyChecking" in word for word in command)
    assert command[-2:] == ["--", "ann@desk.example"]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
            "changed",
        ),
        ("No ED25519 host key is known for desk.\nHost key verification failed.", "is unknown"),
        ("ann@desk.example: Permission denied (publickey).", "refused the login"),
        ("ssh: Could not resolve hostname desk: Name or service not known", "can't be resolved"),
        ("ssh: connect to host desk port 22: Connection refused", "refuses SSH"),
        ("ssh: connect to host desk port 22: Connection timed out", "doesn't respond"),
        ("channel 0: something else", "something else"),
    ],
)
def test_what_ssh_says_becomes_a_sentence_with_a_way_out(said, message):
    error = tunnel.failure(DESK, said)
    assert message in error.message
    assert error.hint
    assert error.field == "ssh"


def test_an_address_needs_no_tunnel():
    with tunnel.tunnel_to(Computer("lab", "ray", "lab:8265"), 8266) as address:
        assert address == "lab:8266"


def test_a_missing_ssh_is_told(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ComputerError, match="ssh is not installed"), tunnel.tunnel_to(DESK, 8265):
        pass
