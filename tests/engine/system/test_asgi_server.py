import asyncio
import socket
import threading
import time
from contextlib import closing, contextmanager, suppress

import pytest

from engine.system.asgi_server import REQUEST_SECONDS, listen, make_server

REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
SLOW = {
    "nothing": b"", "half a head": b"GET / HTTP/1.1\r\nHo", "half a body": REQUEST[:-1],
    "half a second head": REQUEST + b"GET / HTTP/1.1\r\nHo", "no second request": REQUEST,
}  # fmt: skip
# More than the buffers of both sides take.
LONG = b"x" * 50_000_000


async def application(scope, receive, send):
    """Answer with what was sent, or with more than a client takes."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message["body"], message["more_body"]
    body = LONG if scope["path"] == "/long" else body
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b"."})


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose clock can be put forward."""

    ahead = 0.0

    def time(self):
        return super().time() + self.ahead

    def put_forward(self):
        """Let the time limits of this moment pass."""
        self.ahead += 2 * REQUEST_SECONDS
        self.call_soon_threadsafe(lambda: None)


@contextmanager
def served(**bounds):
    server, listener, loop = make_server(application, **bounds), listen("127.0.0.1", 0), Loop()

    def serve():
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(server.serve(sockets=[listener]))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        loop.connections = server.server_state.connections
        yield listener.getsockname()[1], loop
    finally:
        server.should_exit = True
        thread.join()


def connect(port):
    return socket.create_connection(("127.0.0.1", port))


def taken(connection):
    """Return an answer that is sent in chunks."""
    received = bytearray()
    while not received.endswith(b"\r\n0\r\n\r\n"):
        received += connection.recv(1 << 20) or pytest.fail("dropped")
    return bytes(received)


def rest_of(connection, loop=None):
    """Return what comes until the server closes; time passes while nothing comes if a loop is given."""
    received = bytearray()
    connection.settimeout(0.05 if loop else None)
    with suppress(ConnectionResetError):
        while True:
            try:
                piece = connection.recv(1 << 20)
            except TimeoutError:
                loop.put_forward()
            else:
                received += piece
                if not piece:
                    break
    return bytes(received)


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW)
def test_who_does_not_send_a_whole_request_in_time_is_dropped(sent):
    with served() as (port, loop), closing(connect(port)) as slow:
        slow.sendall(sent)
        answer = taken(slow) if REQUEST in sent else b""
        assert (answer + rest_of(slow, loop)).count(b"200 OK") == (1 if REQUEST in sent else 0)


def test_who_does_not_take_the_answer_is_dropped():
    with served() as (port, loop), closing(connect(port)) as slow:
        slow.sendall(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        assert slow.recv(1)
        while loop.connections:
            loop.put_forward()
            time.sleep(0.01)
        assert len(rest_of(slow, loop)) < len(LONG)


def test_who_takes_a_long_answer_has_no_longer_for_the_next_request():
    with served() as (port, loop), closing(connect(port)) as slow:
        slow.sendall(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        taken(slow)
        slow.sendall(b"GET / HTTP/1.1\r\nHo")
        rest_of(slow, loop)


def test_of_too_many_connections_the_one_that_waits_longest_goes():
    with served(max_connections=3) as (port, _):
        idle = [connect(port) for _ in range(30)]
        with closing(connect(port)) as good:
            good.sendall(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            assert taken(good).startswith(b"HTTP/1.1 200 OK")
        assert [rest_of(each) for each in idle[:20]] == [b""] * 20
        for each in idle:
            each.close()
