"""A process that opens connections to a port of this computer and never sends a byte: python -m … PORT COUNT.

It says how many it has opened, and ends with its input.
"""

from __future__ import annotations

import resource
import socket
import sys
from contextlib import suppress

port, count = int(sys.argv[1]), int(sys.argv[2])
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, count + 100), most))
connections = []
for _ in range(count):
    with suppress(OSError):
        connections.append(socket.create_connection(("127.0.0.1", port), timeout=5))
print(len(connections), flush=True)
sys.stdin.read()
