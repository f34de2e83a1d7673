"""A local HTTP server that answers as the Hugging Face Hub does, failures included.

    with SmallHub(folder) as hub: ...

serves `folder/models/<owner>/<name>/…` and `folder/datasets/<owner>/<name>/…` under `hub.address`. What is sent to it
lies there too once it is committed; large files wait in `folder/objects`.
"""

import base64
import hashlib
import json
import re
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from huggingface_hub import ModelCard, close_session, constants
from huggingface_hub.utils.sha import git_hash

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CHUNK_BYTES = 16 * 1024
INFO = re.compile(r"/api/(models|datasets)/([^/]+/[^/]+)/revision/([^/]+)")
MODEL = re.compile(r"/api/models/([^/]+/[^/]+)")
PREUPLOAD = re.compile(r"/api/models/([^/]+/[^/]+)/preupload/main")
BATCH = re.compile(r"/([^/]+/[^/]+)\.git/info/lfs/objects/batch")
COMMIT_TO = re.compile(r"/api/models/([^/]+/[^/]+)/commit/main")
OBJECT = re.compile(r"/objects/([0-9a-f]{64})")
LARGE = (".safetensors",)
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
        # Whose token it is, the only one that is known; None: every token is.
        self.user, self.orgs, self.known_token = "someone", (), None
        # Repositories that only their owner sees, and names in which the token may not write.
        self.private, self.locked = set(), set()
        # After how many bytes the next uploads of large files break off, one number each.
        self.upload_cuts = []
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

    def do_POST(self):
        self._take(self._take_post)

    def do_PUT(self):
        self._take(self._take_object)

    def _take(self, take):
        """Answer a request that brings something, with the same log and failures as the others."""
        place = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{self.command} {place}")
        self.hub.tokens.append(self.headers.get("Authorization", ""))
        if self.hub.status:
            self._refuse(self.hub.status, "", "the hub is not well")
        else:
            take(place)

    def _take_post(self, place):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        preupload, batch, commit = (each.fullmatch(place) for each in (PREUPLOAD, BATCH, COMMIT_TO))
        target = next((each[1] for each in (preupload, batch, commit) if each), None)
        if place == "/api/validate-yaml":
            self._give_json({"errors": [], "warnings": []})
        elif place == "/api/repos/create":
            self._create(json.loads(body))
        elif target in self.hub.locked:
            self._refuse(403, "", "Forbidden: no write access")
        elif preupload:
            self._give_upload_modes(preupload[1], json.loads(body)["files"])
        elif batch:
            self._give_upload_places(json.loads(body)["objects"])
        elif commit:
            self._commit(commit[1], [json.loads(line) for line in body.splitlines()])
        else:
            self._refuse(404, "EntryNotFound", "no such page")

    def _create(self, asked):
        name = f"{asked['organization'] or self.hub.user}/{asked['name']}"
        folder = self.hub.folder / "models" / name
        if name in self.hub.locked:
            self._refuse(403, "", "Forbidden: no right to create it")
        elif folder.exists():
            self._refuse(409, "", "You already created this model repo")
        else:
            folder.mkdir(parents=True)
            (folder / ".gitattributes").write_text("*.safetensors filter=lfs\n", encoding="utf-8")
            if asked.get("visibility") == "private":
                self.hub.private.add(name)
            self._give_json({"url": f"{self.hub.address}/{name}"})

    def _give_upload_modes(self, name, files):
        modes = []
        for file in files:
            there = self.hub.folder / "models" / name / file["path"]
            large = file["path"].endswith(LARGE)
            known = {"oid": _identity(there.read_bytes(), large=large)} if there.is_file() else {}
            mode = "lfs" if large else "regular"
            modes.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False, **known})
        self._give_json({"files": modes})

    def _give_upload_places(self, objects):
        places = []
        for each in objects:
            here = (self.hub.folder / "objects" / each["oid"]).exists()
            href = {"upload": {"href": f"{self.hub.address}/objects/{each['oid']}"}}
            places.append({**each, **({} if here else {"actions": href})})
        self._give_json({"transfer": "basic", "objects": places})

    def _take_object(self, place):
        """Take a large file, unless the connection breaks off or it is another one than was announced."""
        size, taken = int(self.headers["Content-Length"]), b""
        cut = self.hub.upload_cuts.pop(0) if self.hub.upload_cuts else None
        while len(taken) < size and (cut is None or len(taken) < cut):
            piece = self.rfile.read(min(CHUNK_BYTES, size - len(taken)))
            if not piece:
                self.close_connection = True
                return
            taken += piece
            time.sleep(self.hub.seconds_per_chunk)
        if cut is not None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        digest = place.rpartition("/")[2]
        assert hashlib.sha256(taken).hexdigest() == digest
        (self.hub.folder / "objects").mkdir(exist_ok=True)
        (self.hub.folder / "objects" / digest).write_bytes(taken)
        self._give_json({})

    def _commit(self, name, lines):
        folder = self.hub.folder / "models" / name
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                (folder / value["path"]).write_bytes(base64.b64decode(value["content"]))
            elif line["key"] == "lfsFile":
                (folder / value["path"]).write_bytes(
                    (self.hub.folder / "objects" / value["oid"]).read_bytes()
                )
        commit = {"commitUrl": f"{self.hub.address}/{name}/commit/{COMMIT}", "commitOid": COMMIT}
        self._give_json(commit)

    def _give_user(self):
        known = self.hub.known_token
        if known is not None and self.headers.get("Authorization") != f"Bearer {known}":
            self._refuse(401, "", "Invalid credentials")
        else:
            self._give_json({"name": self.hub.user, "orgs": [{"name": name} for name in self.hub.orgs]})

    def _give_json(self, facts):
        self._send(200, json.dumps(facts).encode(), {})

    def _answer(self):
        place = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{self.command} {place} {self.headers.get('Range', '')}".strip())
        self.hub.tokens.append(self.headers.get("Authorization", ""))
        info, file, model = INFO.fullmatch(place), FILE.fullmatch(place), MODEL.fullmatch(place)
        if self.hub.status:
            self._refuse(self.hub.status, "", "the hub is not well")
        elif place == "/api/models":
            self._give_found(parse_qs(urlsplit(self.path).query)["search"][0])
        elif place == "/api/whoami-v2":
            self._give_user()
        elif info:
            self._give_info(*info.groups())
        elif model:
            self._give_info("models", model[1], "main")
        elif file:
            self._give_file(file[1] or "models", *file.groups()[1:])
        else:
            self._refuse(404, "EntryNotFound", "no such page")

    def _repository(self, kind, name, revision):
        """Return the repository's folder, or None once refused."""
        folder = self.hub.folder / kind / name
        is_hidden = name in self.hub.private and not self.headers.get("Authorization")
        if not folder.is_dir() or is_hidden:
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
        facts |= {"private": name in self.hub.private, "cardData": {"license": "mit", **_card_data(folder)}}
        self._give_json(facts)

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
            self._give_bytes((folder / path).read_bytes(), large=path.endswith(LARGE))

    def _give_bytes(self, content, *, large):
        etag = _identity(content, large=large)
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
        if self.command != "HEAD":
            self._send_body(body[:cut])

    def _send_body(self, body):
        try:
            for start in range(0, len(body), CHUNK_BYTES):
                self.wfile.write(body[start : start + CHUNK_BYTES])
                time.sleep(self.hub.seconds_per_chunk)
        except (BrokenPipeError, ConnectionResetError):
            # The client has cancelled.
            self.close_connection = True


def _identity(content, *, large):
    return hashlib.sha256(content).hexdigest() if large else git_hash(content)


def _card_data(folder):
    card = folder / "README.md"
    return ModelCard.load(card).data.to_dict() if card.is_file() else {}
