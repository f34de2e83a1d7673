"""A cluster that answers with what a run has no files by, or with what is no answer: nothing here changes.

The job store is one of somebody who holds the cluster's token.
"""

import hashlib
import http.server
import json
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.cluster import arrivals, connection, store_client
from engine.cluster.files import below, fetch, manifest_of
from engine.cluster.store_client import CALLS, JobStoreClient
from engine.computers.computer import Computer
from engine.errors import AdapterError, AppError, ComputerError, StorageError
from engine.jobs.job import Job
from engine.system.paths import runs_folder
from tests.helpers.homes import add_adapter

RUN = "20261130-101010-a-run-0a1b2c3d"
OWN = f"adapters/{RUN}"


class Kept:
    """Contents by their digests, as the job store gives them."""

    def __init__(self, *contents: bytes) -> None:
        self._contents = {hashlib.sha256(each).hexdigest(): each for each in contents}

    def manifest(self, *names: str) -> list[list[object]]:
        return [[name, len(content), digest] for name in names for digest, content in self._contents.items()]

    def part(self, digest: str, number: int) -> bytes | None:
        return self._contents[digest] if number == 0 else None


@pytest.fixture
def job(home):
    folder = runs_folder() / RUN
    folder.mkdir(parents=True)
    for name in ("job.json", "events.jsonl", "recipe.toml", "sent.json"):
        (folder / name).write_text(f"the run's own {name}")
    add_adapter("precious")
    return Job(folder)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def take(job, kept, files):
    arrivals.fetch_run(kept, job, files, checkpoints=True)
    arrivals.fetch_adapters(kept, job.id, files)


NAMES = [
    "adapters/./x", "adapters//x", "adapters//etc/x", "adapters/x", "adapters/", "adapters", "", "/", ".", "..",
    f"adapters/../runs/{RUN}/job.json", "adapters/precious/adapter.toml", f"{OWN}", f"{OWN}/", f"{OWN}//adapter.toml",
    f"{OWN}/../precious/adapter.toml", f"{OWN}/./adapter.toml", f"{OWN}/notes.txt", f"{OWN}/adapter_model.bin",
    f"{OWN}-step-x/adapter.toml", f"{OWN}-step-2/../precious/adapter.toml", f"{OWN}x/adapter.toml",
    "run/job.json", "run/events.jsonl", "run/recipe.toml", "run/sent.json", "run/lock", "run/commands/1.json",
    "run/../../adapters/precious/adapter.toml", "run//scores.json", "run/./scores.json", "run/scores.json/x",
    "run/checkpoint-2", "run/checkpoint-2/", "run/checkpoint-2/../job.json", "run/checkpoint-2/a/b",
    "run/checkpoint-2/.hidden", "run/checkpoint--2/x", "run/checkpoint-x/x", "run/scores.json\n", "run/scores.json\x00",
    "run\\scores.json", "RUN/scores.json", "sent/x", "models/x", "C:/x", "run/C:x", "\u2028", "run/checkpoint-\u0664/x",
]  # fmt: skip


def test_a_name_that_a_run_has_no_file_by_or_that_comes_twice_changes_nothing(job, home):
    kept, before = Kept(b"theirs"), tree(home)
    for files in [*(kept.manifest(name) for name in NAMES), 2 * kept.manifest("run/scores.json")]:
        with pytest.raises(StorageError):
            take(job, kept, files)
        assert tree(home) == before, files


PARTS = st.sampled_from([
    "run", "adapters", "adapter.toml", "scores.json", "precious", RUN, "..", ".", "", "checkpoint-1", "x", "job.json",
])  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.one_of(st.lists(PARTS, max_size=6).map("/".join), st.text(max_size=30)))
def test_no_name_leads_anywhere_else(job, home, name):
    """Whatever is fetched lies in the run's checkpoints or its adapter, or is its scores or log."""
    kept, before = Kept(b"theirs"), tree(home)
    try:
        take(job, kept, kept.manifest(name))
    except AppError:
        assert tree(home) == before
    else:
        [new] = tree(home).keys() - before.keys()
        assert Path(new).relative_to(job.folder).parts[0] in {"scores.json", "worker.log", "checkpoint-1"}
        Path(new).unlink()


def test_nothing_behind_a_link_in_the_run_is_moved(job, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "job.json").write_text("a letter")
    (job.folder / arrivals.ARRIVING).symlink_to(tmp_path / "letters")
    kept = Kept(b"theirs")
    take(job, kept, kept.manifest("run/scores.json"))
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["job.json"]
    assert (job.folder / "job.json").read_text() == "the run's own job.json"
    assert (job.folder / "scores.json").read_text() == "theirs"


def test_names_by_the_hundred_thousand_take_linear_time(job):
    arrivals.require_expected(job.id, [[f"run/checkpoint-1/{each}", 0, DIGEST] for each in range(200_000)])


def test_another_adapter_under_the_name_of_the_run_s_is_refused(job, home):
    theirs = add_adapter("theirs").folder
    files = manifest_of(below(theirs, f"{OWN}/"))
    kept = Kept(*(path.read_bytes() for _, path in below(theirs)))
    before = tree(home)
    with pytest.raises(AdapterError):
        take(job, kept, files)
    assert tree(home) == before


class Endless:
    """A content that does not end."""

    def __init__(self, part: bytes = bytes(1_000)) -> None:
        self.parts = 0
        self._part = part

    def part(self, digest: str, number: int) -> bytes:
        self.parts += 1
        return self._part


def test_no_more_is_fetched_than_was_announced(tmp_path):
    endless = Endless()
    with pytest.raises(StorageError):
        fetch(endless, [["x", 1_500, "0" * 64]], tmp_path)
    assert endless.parts == 2
    assert tree(tmp_path) == {}
    nothing = Endless(b"")
    with pytest.raises(StorageError):
        fetch(nothing, [["x", 1_500, "0" * 64]], tmp_path)
    assert nothing.parts == 1


def test_more_than_the_disk_has_room_for_is_not_begun(tmp_path):
    endless = Endless()
    with pytest.raises(StorageError, match="free"):
        fetch(endless, [["x", 1 << 60, "0" * 64]], tmp_path)
    assert endless.parts == 0


def test_a_folder_that_is_sent_takes_nothing_from_outside_along(tmp_path):
    secret, model = tmp_path / "secret", tmp_path / "model"
    secret.write_text("secret")
    model.mkdir()
    (model / "weights").write_text("weights")
    (model / "notes.txt").symlink_to(secret)
    (model / "zeros").symlink_to("/dev/zero")
    (model / "all").symlink_to(tmp_path)
    (model / "again").symlink_to(model / "weights")
    assert dict(below(model)).keys() == {"weights", "again"}


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers everything with what the test says."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        length = int(self.headers.get("Content-Length", 0))
        self.rfile.read(length)
        status, headers, content = self.server.answer(self.path)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the names are those of http.server

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server():
    """A server of somebody else; `answer(path)` gives status, headers and content."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as started:
        started.asked = []
        started.answer = lambda _: (200, {}, b"")
        threading.Thread(target=started.serve_forever, args=(0.01,), daemon=True).start()
        yield started
        started.shutdown()


@pytest.fixture
def client(server):
    with JobStoreClient("lab", f"127.0.0.1:{server.server_port}", "") as connection_of_lab:
        yield connection_of_lab


class Opened:
    """Code that runs when it is unpickled."""

    def __reduce__(self):
        return exec, ("raise SystemExit('their code ran')",)


DIGEST = "0" * 64
TOLD = {"state": "ended", "returncode": 0, "reason": "", "event_bytes": 0, "events": ""}
WRONG = ({"state": "gone"}, {"event_bytes": -1}, {"events": 5}, {"returncode": "0"}, {"reason": "x" * 5_000})
STRANGE = [
    pickle.dumps(Opened()), b"", b"{}", b"[1]", b"\xff", b"NaN", b"[NaN]", b'"text"', b"[" * 100_000, b"9" * 5_000,
    json.dumps({"e": {"state": "running"}}).encode(), json.dumps([["../x", -1, DIGEST]]).encode(),
    json.dumps([["x", 1, "../../etc"]]).encode(), json.dumps([["x", True, DIGEST]]).encode(),
    json.dumps([["x", 1.5, DIGEST]]).encode(), json.dumps([["x" * 2_000, 1, DIGEST]]).encode(),
    *(json.dumps({"e": {**TOLD, **wrong}}).encode() for wrong in WRONG),
]  # fmt: skip


@pytest.mark.parametrize("call", sorted(CALLS))
def test_an_answer_of_another_form_is_refused(server, client, call):
    for content in STRANGE:
        # No entries at all are an answer to `poll`.
        if (call, content) != ("poll", b"{}"):
            server.answer = lambda _, content=content: (200, {}, content)
            with pytest.raises(ComputerError):
                getattr(client, call)()


LISTS = ["clear", "clear_nodes", "files", "missing", "nodes", "overview"]


@pytest.mark.parametrize("call", LISTS)
def test_a_million_errors_in_an_answer_are_found_as_one(server, client, call):
    """Each of them would take half a kilobyte of memory."""
    server.answer = lambda _: (200, {}, b"[" + b",".join([b"{}"] * 100_000) + b"]")
    with pytest.raises(ComputerError) as refused:
        getattr(client, call)()
    assert refused.value.__cause__.error_count() < 20


def test_only_declared_calls_exist(client):
    with pytest.raises(AttributeError):
        client.anything()


def test_an_answer_without_an_end_is_cut(server, client, monkeypatch):
    monkeypatch.setattr(store_client, "MAX_ANSWER_BYTES", 10_000)
    server.answer = lambda _: (200, {}, bytes(10_001))
    with pytest.raises(ComputerError):
        client.part(DIGEST, 0)
    with pytest.raises(ComputerError):
        client.missing([])


def test_a_compressed_answer_is_not_unpacked(server, client):
    server.answer = lambda _: (200, {"Content-Encoding": "gzip"}, b"[]")
    assert client.missing([]) == []


@pytest.fixture
def lab(server, home, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    token_file = tmp_path / "token"
    token_file.write_text("a-token-of-the-tests")
    token_file.chmod(0o600)
    return Computer("lab", "ray", f"127.0.0.1:{server.server_port}", token_file=str(token_file))


def ask(computer):
    with connection.connected(computer) as job_store:
        job_store.overview()


def test_a_redirect_does_not_carry_the_token_elsewhere(server, lab):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as other:
        other.asked, other.answer = [], lambda _: (200, {}, b"{}")
        threading.Thread(target=other.serve_forever, args=(0.01,), daemon=True).start()
        place = f"http://127.0.0.1:{other.server_port}/"
        server.answer = lambda _: (307, {"Location": place}, b"")
        with pytest.raises(ComputerError, match="not a Ray cluster"):
            ask(lab)
        other.shutdown()
        assert other.asked == []


def test_no_proxy_learns_the_token(server, lab, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.answer = lambda _: (401, {}, b"")
    with pytest.raises(ComputerError, match="rejected this token"):
        ask(lab)
    assert server.asked


MARK = "TUNESMITH-START-0123456789abcdef"


def job_api(log):
    """Return answers like those of Ray's job API, of a job that printed `log`."""

    def answer(path):
        if path.endswith("/api/version"):
            return 200, {}, b'{"ray_version": "2.60.0"}'
        if path.endswith("/logs"):
            return 200, {}, json.dumps({"logs": f"{MARK}\n{log}"}).encode()
        return 200, {}, json.dumps({"status": "SUCCEEDED", "entrypoint": MARK}).encode()

    return answer


def test_a_cluster_on_the_network_without_a_token_is_refused(home, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    with pytest.raises(ComputerError, match="anyone on its network could read"):
        ask(Computer("lab", "ray", "192.0.2.1:8265"))


def test_this_computer_s_side_knows_neither_ray_nor_what_runs_there():
    script = "import sys, engine.cluster.bridge; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.removeprefix("engine.cluster.") for name in done.stdout.split()}
    assert "store_client" in loaded
    assert not loaded & {"ray", "job_store", "store_job", "entry"}


LOGS = (
    "", "nothing", connection.ANSWER_MARK, f"{connection.ANSWER_MARK}[]",
    f'{connection.ANSWER_MARK}{{"port": 99999, "version": "1"}}', f'{connection.ANSWER_MARK}{{"port": "22"}}',
    f'{connection.ANSWER_MARK}{{"port": -1, "version": "1"}}', f'{connection.ANSWER_MARK}{{"problem": {"9" * 400}}}',
    "ModuleNotFoundError: No module named 'engine'",
)  # fmt: skip


def test_a_job_api_or_a_job_that_answers_something_else_is_told(server, lab):
    def strange(content):
        return lambda path: job_api("")(path) if path.endswith("version") else (200, {}, content)

    for answer in [*map(job_api, LOGS), *map(strange, STRANGE)]:
        server.answer = answer
        with pytest.raises(ComputerError):
            ask(lab)
