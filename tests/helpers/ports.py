"""Ports of the loopback that stay free until a test takes them."""

import itertools
import os
import socket
from contextlib import suppress

# Below those that systems give by themselves; each process of the tests begins elsewhere.
_PORTS = itertools.count(10_000 + os.getpid() % 20_000)


def unused_port() -> int:
    """Return a port that nothing listens at, and that nobody gets who asks for any."""
    for port in _PORTS:
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError
