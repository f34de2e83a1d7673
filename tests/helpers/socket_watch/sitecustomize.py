"""Notes and refuses what a Python process does with the network. Its folder stands first in PYTHONPATH.

Each process appends to the file that SOCKETS_SEEN names: "began" with its command, then whatever it tries. Sockets of
the file system are no network: their address is no tuple. Nor is a port of this computer that nobody listens at: so a
library learns whether there is IPv6.
"""

import os
import socket
import sys

TOLD = ("socket.connect", "socket.bind", "socket.sendto")
TRIED = ("socket.bind", ("::1", 0))
NAMES = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


def note(words):
    """Append a line, in one write."""
    descriptor = os.open(os.environ["SOCKETS_SEEN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{words}\n".encode())
    os.close(descriptor)


def refuse(words):
    """Note what was tried, and let it fail as without a network."""
    note(words)
    raise OSError(f"no network here: {words}")


def watch(event, arguments):
    """Refuse what reaches for another computer, or lets another computer in."""
    if (event, arguments[-1]) == TRIED:
        return
    if event in NAMES or (event in TOLD and isinstance(arguments[1], tuple)):
        refuse(f"{event} {arguments[-1] if event in TOLD else arguments[0]}")


def _listen(own, *rest):
    if own.family != socket.AF_UNIX:
        refuse("listen")
    return _LISTEN(own, *rest)


_LISTEN = socket.socket.listen
if "SOCKETS_SEEN" in os.environ:
    socket.socket.listen = _listen  # type: ignore[method-assign]
    sys.addaudithook(watch)
    note(f"began {' '.join(' '.join(sys.orig_argv).split())}")
