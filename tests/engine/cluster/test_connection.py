"""How the job store of a cluster is found: a job that runs is asked, and one that has ended is submitted anew."""

from __future__ import annotations

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
    """Ray's job API, with at most one job, whose log is the server's `log`."""

    def do_GET(self):
        self._answer({"status": self.server.status, "logs": self.server.log})

    def do_DELETE(self):
        self.server.status = None
        self._answer({})

    def do_POST(self):
        self.server.submitted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.status = "RUNNING"
        self._answer({})

    def _answer(self, value):
        self.send_response(200 if self.server.status or self.command != "GET" else 404)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), JobApi) as started:
        started.status, started.submitted = None, []
        started.log = told(port=8266, version=installed_version())
        threading.Thread(target=started.serve_forever, args=(0.01,), daemon=True).start()
        yield started
        started.shutdown()


@pytest.fixture
def lab(server):
    return Computer("lab", "ray", f"127.0.0.1:{server.server_port}", storage="/a place")


def told(**answer):
    return f"starting\n{connection.ANSWER_MARK}{json.dumps(answer)}\n"


def port(lab):
    with ClusterHttp("lab", lab.address, "") as asked:
        return connection._store_port(asked, lab)


@pytest.mark.parametrize(("status", "submitted"), [(None, 1), ("RUNNING", 0), ("FAILED", 1), ("STOPPED", 1)])
def test_a_store_that_does_not_run_is_submitted_once(server, lab, status, submitted):
    server.status = status
    assert [port(lab), port(lab)] == [8266, 8266]
    assert len(server.submitted) == submitted
    assert all("store_job '/a place';" in job["entrypoint"] for job in server.submitted)


def test_a_store_that_was_started_anew_is_asked_where_it_is_now(server, lab):
    server.status = "RUNNING"
    server.log += told(port=9000, version=installed_version())
    assert port(lab) == 9000


@pytest.mark.parametrize(
    ("answer", "message"),
    [({"problem": "OSError: full"}, "full"), ({"port": 1, "version": "0.0.1"}, "has Tunesmith 0.0.1")],
)
def test_a_store_that_can_not_serve_is_told_with_its_reason(server, lab, answer, message):
    server.log = told(**answer)
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
