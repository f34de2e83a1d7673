"""`serve` with a real worker, and the worst clients: each is answered by 4xx or dropped, the next good one by 200."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import closing

import pytest

from engine.jobs.job import Job
from tests.helpers.command_line import Terminal
from tests.helpers.repository import ROOT
from tests.helpers.systems import file_limits
from tests.helpers.worker_setup import install_random

pytestmark = [pytest.mark.torch, file_limits]

TOKEN = "geheim"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
CHAT = "/v1/chat/completions"
FILES = 256


class Service:
    """A running `serve`, in a home of its own, that may open few files."""

    def __init__(self, home):
        self.home = home
        adapter = install_random("t5", "chats")
        command = [
            sys.executable, str(ROOT / "main.py"), "serve", "--adapter", adapter.id, "--port", "0", "--json",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            ["sh", "-c", f'ulimit -n {FILES}; exec "$0" "$@"', *command], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "TUNESMITH_HOME": str(home), "TUNESMITH_SERVE_TOKEN": TOKEN},
        )  # fmt: skip
        ready = json.loads(self.process.stdout.readline())
        self.port = int(ready["address"].split(":")[2].split("/")[0])
        # Those by which the adapter was made have no log.
        jobs = map(Job, (home / "jobs").iterdir())
        (self.job,) = [each for each in jobs if each.log_path.exists()]

    def call(self, body=None, method="POST", path=CHAT, headers=HEADERS):
        with closing(http.client.HTTPConnection("127.0.0.1", self.port)) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def raw(self, sent):
        """Return the status of what is answered to these bytes, 0 for a client that was dropped."""
        with closing(self.connect()) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            try:
                answer = connection.recv(100)
            except ConnectionResetError:
                return 0
            return int(answer.split()[1]) if answer else 0

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port))

    def answers(self):
        """Whether a good request is answered, streamed and whole."""
        status, body = self.call(asked())
        streamed, pieces = self.call(asked(stream=True))
        whole = json.loads(body)["choices"][0]["message"]["content"]
        return (status, streamed) == (200, 200) and whole != "" and pieces.endswith("data: [DONE]\n\n")

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        while self.job.is_running():
            time.sleep(0.05)


def asked(text="Ann: Hi.\nBob: Lunch at 1?", **more):
    return json.dumps({"model": "chats", "messages": [{"role": "user", "content": text}]} | more)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("serve") / "home"
        patch.setenv("TUNESMITH_HOME", str(home))
        made = Service(home)
    yield made
    made.end()


BODIES = (
    b"", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 100_000,
    b'{"model": "chats", "messages": [' + b'{"role":"user","content":""},' * 50_000 + b"0]}",
    b" " * (4 << 20), b"x" * ((4 << 20) + 1), b"x" * (40 << 20),
)  # fmt: skip


def test_bodies_that_are_no_request(service):
    for body in BODIES:
        try:
            assert 400 <= service.call(body)[0] < 500, body[:40]
        except ConnectionError:
            # Dropped before it had sent all.
            assert len(body) > 4 << 20
    assert service.answers()


ODD_HEADERS = (
    ({"Authorization": "Bearer gehe\xefm"}, 401),
    ({"Authorization": "Bearer \xff\xfe"}, 401),
    ({"Authorization": ""}, 401),
    ({}, 401),
    (HEADERS | {"Content-Encoding": "gzip"}, 415),
    (HEADERS | {"Content-Encoding": "\xff"}, 415),
    (HEADERS | {"Content-Type": "multipart/form-data; boundary=\xff"}, 200),
    (HEADERS | {"Host": "evil.example"}, 400),
    (HEADERS | {"X": "x" * 500_000}, 400),
    ({f"X-{number}": "x" for number in range(20_000)}, 400),
)


def test_odd_headers(service):
    for headers, status in ODD_HEADERS:
        try:
            assert service.call(asked(), headers=headers)[0] == status, str(headers)[:60]
        except ConnectionError:
            # Too much to be read before it was refused.
            assert len(str(headers)) > 65_536
    assert service.answers()


NO_REQUESTS = (
    b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v1/models HTTP/1.1\r\n\r\n",
    b"GET http://evil.example/v1/models HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
    b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nA\x00: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\nContent-Length: 8\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: gzip\r\n\r\n",
)  # fmt: skip


def test_what_is_no_request(service):
    assert {service.raw(sent) for sent in NO_REQUESTS} <= {0, 400, 401, 501, 505}
    assert service.answers()


# Opens connections and never sends a byte; ends with its input. The limit of open files is that of its process alone.
IDLE = """
import resource, socket, sys
from contextlib import suppress

port, count = int(sys.argv[1]), int(sys.argv[2])
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, count + 100), most))
connections = []
for _ in range(count):
    with suppress(OSError):
        connections.append(socket.create_connection(("127.0.0.1", port)))
print(len(connections), flush=True)
sys.stdin.read()
"""


@pytest.mark.slow("engine/server/", "engine/system/asgi_server", "engine/worker/serving/")
def test_more_idle_connections_than_it_may_have_open_files(service):
    command = [sys.executable, "-c", IDLE, str(service.port), "400"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as idle:
        assert int(idle.stdout.readline()) > FILES
        assert service.answers()
        idle.stdin.close()
    assert service.answers()


def test_slow_clients(service):
    head = f"POST {CHAT} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 9\r\n\r\n"
    slow = [service.connect() for _ in range(200)]
    for number, connection in enumerate(slow):
        try:
            connection.sendall(head.encode()[: 40 if number % 2 else None] + b"{")
        except ConnectionError:
            # One of too many.
            assert number > 100
    assert service.answers()
    for connection in slow:
        connection.close()


def test_clients_that_leave(service):
    for number in range(40):
        with closing(http.client.HTTPConnection("127.0.0.1", service.port)) as connection:
            connection.request("POST", CHAT, asked("Ann: Hi. " * 2000, stream=number % 2 == 0), HEADERS)
    assert service.answers()


def test_requests_of_almost_four_megabytes_whose_clients_leave(service):
    body = asked("Ann: word word word. " * 175_000)
    assert 3_500_000 < len(body) < 4 << 20
    clients = [http.client.HTTPConnection("127.0.0.1", service.port) for _ in range(4)]
    for connection in clients:
        connection.request("POST", CHAT, body, HEADERS)
    # The worker has taken the first then, and splits it.
    while any(service.job.commands_folder.iterdir()):
        time.sleep(0.05)
    for connection in clients:
        connection.close()
    assert service.answers()


def test_a_service_that_is_killed_leaves_nothing_for_long(service):
    service.end()
    done = Terminal(service.home).run("methods", "--json")
    assert done.code == 0
    assert not service.job.folder.exists()
