"""What a cluster keeps: written whole, checked by its digest, in a folder or elsewhere."""

from __future__ import annotations

import hashlib
import stat

import pytest

from engine.cluster.files import below, fetch, manifest_of, send
from engine.cluster.job_store import JobStore
from engine.cluster.storage import PART_BYTES, Storage
from engine.errors import StorageError


@pytest.fixture(params=["folder", "memory"])
def place(request, tmp_path):
    """A folder, and a file system that fsspec alone can reach."""
    return str(tmp_path / "kept") if request.param == "folder" else f"memory://{tmp_path}"


def test_files_are_written_listed_and_removed(place):
    storage = Storage(place)
    assert storage.read("entries/a/state.json") is None
    assert storage.sizes("entries") == {}
    storage.write_json("entries/a/state.json", {"state": "waiting"})
    storage.write_json("entries/a/state.json", {"state": "running"})
    assert storage.read_json("entries/a/state.json") == {"state": "running"}
    assert list(storage.sizes("entries")) == ["a"]
    assert list(storage.sizes("entries/a")) == ["state.json"]
    storage.remove("entries/a")
    assert Storage(place).read("entries/a/state.json") is None


def test_a_folder_of_conversations_is_private(tmp_path):
    Storage(str(tmp_path / "kept"))
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700


def test_content_that_is_not_what_its_digest_says_is_not_kept(place):
    storage = Storage(place)
    digest = hashlib.sha256(b"tea").hexdigest()
    storage.put(digest, 0, b"coffee")
    assert not storage.complete(digest)
    assert storage.missing([digest]) == [digest]
    storage.put(digest, 0, b"te")
    storage.put(digest, 1, b"a")
    assert storage.complete(digest)
    assert storage.missing([digest]) == []


def test_files_arrive_as_they_were_sent_and_only_once(place, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "inner").mkdir(parents=True)
    (source / "large").write_bytes(bytes(range(256)) * (PART_BYTES // 256 + 1))
    (source / "inner" / "empty").write_bytes(b"")
    (source / "inner" / "same").write_bytes(b"tea")
    (source / "same").write_bytes(b"tea")
    job_store, counted = JobStore(place), []
    pairs = list(below(source))
    manifest = manifest_of(pairs)
    send(job_store, pairs, manifest, counted.append)
    assert sum(counted) == PART_BYTES + 256 + len(b"tea")
    send(job_store, pairs, manifest, lambda _: pytest.fail("sent twice"))
    fetch(job_store, manifest, target)
    assert {name: path.read_bytes() for name, path in below(target)} == {
        name: path.read_bytes() for name, path in pairs
    }


def test_a_file_that_changes_while_it_is_sent_is_told(place, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"tea")
    pairs = [("file", file)]
    manifest = manifest_of(pairs)
    file.write_bytes(b"coffee")
    with pytest.raises(StorageError, match="changed while it was sent"):
        send(JobStore(place), pairs, manifest)


def test_what_did_not_arrive_whole_is_told(place, tmp_path):
    with pytest.raises(StorageError, match="did not arrive"):
        fetch(JobStore(place), [["file", 3, hashlib.sha256(b"tea").hexdigest()]], tmp_path / "target")
    assert list((tmp_path / "target").iterdir()) == []


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside"])
def test_a_cluster_can_not_write_outside_the_folder(place, tmp_path, name):
    job_store, digest = JobStore(place), hashlib.sha256(b"").hexdigest()
    job_store.put(digest, 0, b"")
    with pytest.raises(StorageError, match="no place"):
        fetch(job_store, [[name, 1, digest]], tmp_path / "target")
