"""A local HTTP server that answers as the Hugging Face Hub does, failures included.

    with SmallHub(folder) as hub: ...

serves `folder/models/<owner>/<name>/…` and `folder/datasets/<owner>/<name>/…` under `hub.address`.
"""

import hashlib
import json
import re
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from huggingface_hub import close_session, constants
from huggingface_hub.utils.sha import git_hash

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CHUNK_BYTES = 16 * 1024
INFO = re.compile(r"/api/(models|datasets)/([^/]+/[^/]+)/revision/([^/]+)")
FILE = re.compile(r"/(?:(datasets)/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


@contextmanager
def use_hub(hub, cache, monkeypatch):
    """Point huggingface_hub in this process at a fake hub, with a cache of its own."""
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
        yield hub
        close_session()


class FakeHub:
    """The server and its failure switches; `requests` lists the requests, as "GET /path bytes=…"."""

    def __init__(self, folder):
        self.folder = folder
        self.gated = set()
        self.status = 0
        # After how many bytes the next responses with weights break off, one number each.
        self.cuts = []
        self.seconds_per_chunk = 0.0
        self.damages = False
        self.requests = []
        # The authorization headers, one per request.
        self.tokens = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def address(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        """Print nothing: `requests` is the log."""

    def do_HEAD(self):
        self._answer()

    def do_GET(self):
        self._answer()

    def _answer(self):
        place = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{self.command} {place} {self.headers.get('Range', '')}".strip())
        self.hub.tokens.append(self.headers.get("Authorization", ""))
        info, file = INFO.fullmatch(place), FILE.fullmatch(place)
        if self.hub.status:
            self._refuse(self.hub.status, "", "the hub is not well")
        elif place == "/api/models":
            self._give_found(parse_qs(urlsplit(self.path).query)["search"][0])
        elif info:
            self._give_info(*info.groups())
        elif file:
            self._give_file(file[1] or "models", *file.groups()[1:])
        else:
            self._refuse(404, "EntryNotFound", "no such page")

    def _repository(self, kind, name, revision):
        """Return the repository's folder, or None once refused."""
        folder = self.hub.folder / kind / name
        if not folder.is_dir():
            return self._refuse(401, "RepoNotFound", "Repository not found")
        if revision not in {"main", COMMIT}:
            return self._refuse(404, "RevisionNotFound", "Invalid rev id")
        return folder

    def _give_info(self, kind, name, revision):
        folder = self._repository(kind, name, revision)
        if folder is None:
            return
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        siblings = [
            {"rfilename": file.relative_to(folder).as_posix(), "size": file.stat().st_size} for file in files
        ]
        gated = "manual" if name in self.hub.gated else False
        facts = {"id": name, "sha": COMMIT, "siblings": siblings, "gated": gated, "tags": []}
        self._send(200, json.dumps({**facts, "cardData": {"license": "mit"}}).encode(), {})

    def _give_found(self, words):
        names = [f"{folder.parent.name}/{folder.name}" for folder in self.hub.folder.glob("models/*/*")]
        found = [self._found(name) for name in sorted(names) if words.lower() in name.lower()]
        self._send(200, json.dumps(found).encode(), {})

    def _found(self, name):
        """Return a model as a search shows it, as one that writes text unless its name says otherwise."""
        facts = {"id": name, "gated": "manual" if name in self.hub.gated else False, "downloads": 7}
        facts["pipeline_tag"] = "fill-mask" if "bert" in name else "text-generation"
        facts["safetensors"] = {"parameters": {"BF16": 1_000}, "total": 1_000}
        return facts | {"cardData": {"license": "mit", "language": "de"}}

    def _give_file(self, kind, name, revision, path):
        folder = self._repository(kind, name, revision)
        if folder is None:
            return
        if name in self.hub.gated:
            self._refuse(403, "GatedRepo", "Access to it is restricted")
        elif not (folder / path).is_file():
            self._refuse(404, "EntryNotFound", "Entry not found")
        else:
            self._give_bytes((folder / path).read_bytes(), large=path.endswith(".safetensors"))

    def _give_bytes(self, content, *, large):
        etag = hashlib.sha256(content).hexdigest() if large else git_hash(content)
        if self.hub.damages and self.command == "GET":
            content = bytes(len(content))
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked:
            start = int(asked[1])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            content = content[start:]
        cut = self.hub.cuts.pop(0) if large and self.hub.cuts and self.command == "GET" else None
        self._send(206 if asked else 200, content, headers, cut)

    def _refuse(self, status, code, message):
        self._send(status, b"", {"X-Error-Code": code, "X-Error-Message": message})

    def _send(self, status, body, headers, cut=None):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = cut is not None
        if self.command == "GET":
            self._send_body(body[:cut])

    def _send_body(self, body):
        try:
            for start in range(0, len(body), CHUNK_BYTES):
                self.wfile.write(body[start : start + CHUNK_BYTES])
                time.sleep(self.hub.seconds_per_chunk)
        except (BrokenPipeError, ConnectionResetError):
            # The client has cancelled.
            self.close_connection = True
