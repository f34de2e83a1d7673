"""Logs and refuses every use of the network by a Python process whose PYTHONPATH begins with this folder.

Each process appends to the file that SOCKETS_SEEN names: "began" with its command, then each attempt. Unix sockets are
allowed (their address is no tuple), and so is binding to port 0 of ::1: a library tests for IPv6 that way.
"""

import os
import socket
import sys

WITH_ADDRESS = ("socket.connect", "socket.bind", "socket.sendto")
ALLOWED = ("socket.bind", ("::1", 0))
NAMES = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


def log(line):
    """Append a line, in one write."""
    descriptor = os.open(os.environ["SOCKETS_SEEN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


def refuse(attempt):
    """Log an attempt and fail, as without a network."""
    log(attempt)
    raise OSError(f"no network here: {attempt}")


def watch(event, arguments):
    """Refuse connections to and from other computers."""
    # Some events, such as a fork, have no arguments.
    if (event, *arguments[-1:]) == ALLOWED:
        return
    if event in NAMES or (event in WITH_ADDRESS and isinstance(arguments[1], tuple)):
        refuse(f"{event} {arguments[-1] if event in WITH_ADDRESS else arguments[0]}")


def _listen(own, *rest):
    if own.family != socket.AF_UNIX:
        refuse("listen")
    return _LISTEN(own, *rest)


_LISTEN = socket.socket.listen
if "SOCKETS_SEEN" in os.environ:
    socket.socket.listen = _listen  # type: ignore[method-assign]
    sys.addaudithook(watch)
    log(f"began {' '.join(' '.join(sys.orig_argv).split())}")
