import http.server
import json
import threading

import pytest

from engine.cluster import connection, store_client
from engine.cluster.probe import installed_version
from engine.cluster.store_client import ClusterHttp
from engine.computers.computer import Computer
from engine.errors import ComputerError


class JobApi(http.server.BaseHTTPRequestHandler):
    """Ray's job API, with at most one job; it prints the server's `answer` behind what earlier ones left in its log."""

    def do_GET(self):
        job = {"status": self.server.status, "entrypoint": self.server.entrypoint, "logs": self.server.log}
        self._answer(job)

    def do_DELETE(self):
        self.server.status = None
        self._answer({})

    def do_POST(self):
        job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.start(job["entrypoint"])
        self.server.submitted += 1
        self._answer({})

    def _answer(self, value):
        self.send_response(200 if self.server.status or self.command != "GET" else 404)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *_):
        pass


class Cluster(http.server.ThreadingHTTPServer):
    status, submitted, log = None, 0, ""
    entrypoint = "while echo TUNESMITH-START-0123456789abcdef; python"

    def start(self, entrypoint):
        self.entrypoint, self.status = entrypoint, "RUNNING"
        self.log += f"Running entrypoint: {entrypoint}\n"
        self.say(**self.answer)

    def say(self, **answer):
        mark = self.entrypoint.partition("echo ")[2].partition(";")[0]
        self.log += f"{mark}\nstarting\n{connection.ANSWER_MARK}{json.dumps(answer)}\n"


@pytest.fixture
def server():
    with Cluster(("127.0.0.1", 0), JobApi) as started:
        started.say(port=1, version=installed_version())
        started.answer = {"port": 8266, "version": installed_version()}
        threading.Thread(target=started.serve_forever, args=(0.01,), daemon=True).start()
        yield started
        started.shutdown()


@pytest.fixture
def lab(server):
    return Computer("lab", "ray", f"127.0.0.1:{server.server_port}", storage="/a place")


def port(lab):
    with ClusterHttp("lab", lab.address, "") as asked:
        return connection.store_port(asked, lab)


@pytest.mark.parametrize("status", [None, "FAILED", "STOPPED"])
def test_a_store_that_does_not_run_is_submitted_once(server, lab, status):
    server.status = status
    assert [port(lab), port(lab)] == [8266, 8266]
    assert server.submitted == 1
    assert "store_job '/a place';" in server.entrypoint


def test_a_store_that_runs_is_asked_where_it_is_since_it_was_started_again(server, lab):
    server.status = "RUNNING"
    assert port(lab) == 1
    server.say(port=9000, version=installed_version())
    assert port(lab) == 9000
    assert server.submitted == 0


def test_a_store_that_is_being_started_again_is_waited_for(server, lab, monkeypatch):
    server.status = "RUNNING"
    server.log += "TUNESMITH-START-0123456789abcdef\n"
    monkeypatch.setattr(
        connection.time, "sleep", lambda _: server.say(port=9000, version=installed_version())
    )
    assert port(lab) == 9000


@pytest.mark.parametrize(
    ("answer", "message"),
    [({"problem": "OSError: full"}, "full"), ({"port": 1, "version": "0.0.1"}, "has Tunesmith 0.0.1")],
)
def test_a_store_that_can_not_serve_is_told_with_its_reason(server, lab, answer, message):
    server.answer = answer
    with pytest.raises(ComputerError, match=message):
        port(lab)


def test_a_connection_is_made_again_as_long_as_there_is_patience(server, monkeypatch):
    taken, waits = server.server_port, []
    with ClusterHttp("lab", "127.0.0.1:9", "", patience=60.0) as asked:

        def wait(seconds):
            waits.append(seconds)
            asked._client.base_url = f"http://127.0.0.1:{taken}"

        monkeypatch.setattr(store_client.time, "sleep", wait)
        assert asked.ask("GET", "/")[0] == 404
    assert len(waits) == 1
