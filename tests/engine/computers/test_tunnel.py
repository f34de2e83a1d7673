"""The call of ssh, and what its words mean to a person."""

from __future__ import annotations

import pytest

from engine.computers import tunnel
from engine.computers.computer import Computer
from engine.errors import ComputerError

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
            "has changed",
        ),
        ("No ED25519 host key is known for desk.\nHost key verification failed.", "is not known here"),
        ("ann@desk.example: Permission denied (publickey).", "does not let this computer in"),
        ("ssh: Could not resolve hostname desk: Name or service not known", "not a known name"),
        ("ssh: connect to host desk port 22: Connection refused", "refuses SSH"),
        ("ssh: connect to host desk port 22: Connection timed out", "does not answer"),
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
    with pytest.raises(ComputerError, match="no ssh"), tunnel.tunnel_to(DESK, 8265):
        pass
