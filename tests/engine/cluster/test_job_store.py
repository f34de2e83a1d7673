import hashlib
import json
import stat
from pathlib import Path

import pytest

from engine.cluster.files import PART_BYTES, below, fetch, manifest_of, send
from engine.cluster.job_store import JobStore, Storage
from engine.cluster.store_client import Places
from engine.errors import ComputerError, StorageError
from tests.helpers.systems import modes


def spec(name="run", files=(), **more):
    return {"run": name, "name": name, "recipe": "", "files": list(files), "sent": {}, "hub": False, **more}


def content(job_store, data):
    digest = hashlib.sha256(data).hexdigest()
    job_store.put(digest, 0, data)
    job_store.complete(digest)
    return digest


@pytest.fixture
def place(tmp_path):
    return str(tmp_path / "kept")


@pytest.fixture
def job_store(place):
    return JobStore(place)


def states(job_store):
    return {each["entry"]: each["state"] for each in job_store.overview()}


def test_entries_wait_in_the_order_in_which_they_were_sent(job_store):
    for name, cards in (("b", 2), ("a", 1)):
        job_store.submit(name, spec(name, demand={"cards": cards}))
    assert [*job_store.waiting()] == ["b", "a"]
    assert {each["entry"]: each["cards"] for each in job_store.overview()} == {"b": 2, "a": 1}


def test_events_are_taken_once_and_given_from_any_byte_on(job_store):
    job_store.submit("a", spec())
    turn = job_store.begin("a", "node")["turn"]
    assert job_store.append("a", turn, 0, "one\n", 0) == []
    assert job_store.append("a", turn, 0, "one\n", 0) == []
    assert job_store.append("a", turn, 4, "two\n", 0) == []
    told = job_store.poll({"a": 2, "unknown": 0})
    assert told.keys() == {"a"}
    assert (told["a"]["events"], told["a"]["event_bytes"], told["a"]["state"]) == (b"e\ntwo\n", 8, "running")


def test_a_task_that_was_replaced_is_not_listened_to(job_store):
    job_store.submit("a", spec())
    first = job_store.begin("a", "one")["turn"]
    second = job_store.begin("a", "two")["turn"]
    assert job_store.append("a", first, 0, "late\n", 0) is None
    job_store.finish("a", first, 0)
    assert job_store.append("a", second, 0, "new\n", 0) == []
    assert states(job_store) == {"a": "running"}


def test_commands_come_until_they_were_seen(job_store):
    job_store.submit("a", spec())
    turn = job_store.begin("a", "node")["turn"]
    job_store.command("a", {"command": "pause"})
    [first] = job_store.append("a", turn, 0, "", 0)
    assert first["command"] == {"command": "pause"}
    assert job_store.append("a", turn, 0, "", first["number"]) == []


def test_an_entry_that_waits_is_held_let_go_and_stopped(job_store):
    job_store.submit("a", spec())
    job_store.command("a", {"command": "pause"})
    assert job_store.begin("a", "node") is None
    job_store.finish("a", 0, None)
    assert states(job_store) == {"a": "held"}
    job_store.command("a", {"command": "continue"})
    assert [*job_store.waiting()] == ["a"]
    job_store.command("a", {"command": "stop"})
    assert job_store.poll({"a": 0})["a"]["reason"] == "stopped"
    assert job_store.begin("a", "node") is None


def test_a_new_job_store_goes_on_where_the_last_one_was(place, job_store):
    job_store.submit("a", spec("a"))
    job_store.submit("b", spec("b"))
    turn = job_store.begin("a", "node")["turn"]
    job_store.append("a", turn, 0, "one\n", 0)
    job_store.set_files("a", turn, [["run/checkpoint-2/x", 3, content(job_store, b"tea")]])
    job_store.finish("b", 0, None, "The node died.")
    state = Path(place, "entries", "a", "state.json")
    # As an earlier version wrote it.
    state.write_text(json.dumps({**json.loads(state.read_text()), "priority": 3}))
    anew = JobStore(place)
    assert states(anew) == {"a": "waiting", "b": "ended"}
    assert [*anew.waiting()] == ["a"]
    begun = anew.begin("a", "elsewhere")
    assert begun is not None
    assert (begun["turn"], len(begun["files"])) == (turn + 1, 1)
    assert anew.poll({"a": 0})["a"]["events"] == b"one\n"


def test_what_no_entry_needs_any_more_goes_but_for_base_models(job_store):
    data, model = (content(job_store, each) for each in (b"data", b"model"))
    files = [["sent/data", 4, data], ["models/1/tiny/m", 5, model]]
    for name in ("a", "b"):
        job_store.expect(name, files)
        job_store.submit(name, spec(name, files))
    turn = job_store.begin("a", "node")["turn"]
    made = []
    for number, each in enumerate((b"old", b"new")):
        made.append(content(job_store, each))
        job_store.set_files("a", turn, [[f"run/checkpoint-{number}/x", 3, made[-1]]])
    old, new = made
    assert job_store.missing([data, model, old, new]) == [old]
    job_store.forget("a")
    assert job_store.missing([data, model, new]) == [new]
    job_store.forget("b")
    assert job_store.missing([data, model]) == [data]
    assert job_store.overview() == []


def test_what_nothing_needs_is_listed_with_its_bytes_and_removed(place, job_store):
    texts = (b"model", b"sent", b"made", b"coming", b"next")
    model, sent, made, coming, following = (content(job_store, each) for each in texts)
    files = [["sent/data", 4, sent], ["models/1/tiny/m", 5, model]]
    job_store.expect("a", files)
    job_store.submit("a", spec("a", files))
    job_store.expect("b", [["sent/data", 6, coming]])
    turn = job_store.begin("a", "node")["turn"]
    job_store.expect("a", [["run/scores.json", 4, made], ["run/checkpoint-1/x", 4, following]])
    # A checkpoint is listed when all of it is there.
    assert job_store.clear(remove=True) == []
    job_store.set_files("a", turn, [["run/scores.json", 4, made]])
    job_store.finish("a", turn, 0)
    removable = [{"what": "data", "name": "", "bytes": 4}, {"what": "model", "name": "tiny", "bytes": 5}]
    assert job_store.clear(remove=False) == job_store.clear(remove=True) == removable
    # What came of it is still to be fetched, and what an entry needs that is to come is on its way.
    assert job_store.missing([model, sent, made, coming, following]) == [model, sent, following]
    assert JobStore(place).clear(remove=False) == [{"what": "data", "name": "", "bytes": 6}]


@pytest.fixture(params=["folder", "memory"])
def any_place(request, tmp_path):
    """A folder, and a file system that fsspec alone can reach."""
    return str(tmp_path / "kept") if request.param == "folder" else f"memory://{tmp_path}"


def test_files_are_written_listed_and_removed(any_place):
    storage = Storage(any_place)
    assert storage.read("entries/a/state.json") is None
    assert storage.sizes("entries") == {}
    storage.write_json("entries/a/state.json", {"state": "waiting"})
    storage.write_json("entries/a/state.json", {"state": "running"})
    assert storage.read_json("entries/a/state.json") == {"state": "running"}
    assert list(storage.sizes("entries")) == ["a"]
    assert list(storage.sizes("entries/a")) == ["state.json"]
    storage.remove("entries/a")
    assert Storage(any_place).read("entries/a/state.json") is None


@modes
def test_a_folder_of_conversations_is_private(tmp_path):
    Storage(str(tmp_path / "kept"))
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700


def test_content_that_is_not_what_its_digest_says_is_not_kept(any_place):
    storage = Storage(any_place)
    digest = hashlib.sha256(b"tea").hexdigest()
    storage.put(digest, 0, b"coffee")
    assert not storage.complete(digest)
    assert storage.missing([digest]) == [digest]
    storage.put(digest, 0, b"te")
    storage.put(digest, 1, b"a")
    assert storage.complete(digest)
    assert storage.missing([digest]) == []


def test_files_arrive_as_they_were_sent_and_only_once(any_place, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "inner").mkdir(parents=True)
    (source / "large").write_bytes(bytes(range(256)) * (PART_BYTES // 256 + 1))
    (source / "inner" / "empty").write_bytes(b"")
    (source / "inner" / "same").write_bytes(b"tea")
    (source / "same").write_bytes(b"tea")
    job_store, counted = JobStore(any_place), []
    pairs = list(below(source))
    manifest = manifest_of(pairs)
    send(job_store, pairs, manifest, counted.append)
    assert sum(counted) == PART_BYTES + 256 + len(b"tea")
    send(job_store, pairs, manifest, lambda _: pytest.fail("sent twice"))
    fetch(job_store, manifest, target)
    assert {name: path.read_bytes() for name, path in below(target)} == {
        name: path.read_bytes() for name, path in pairs
    }


def test_a_file_that_changes_while_it_is_sent_is_told(any_place, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"tea")
    pairs = [("file", file)]
    manifest = manifest_of(pairs)
    file.write_bytes(b"coffee")
    with pytest.raises(StorageError, match="changed while being sent"):
        send(JobStore(any_place), pairs, manifest)


def test_what_did_not_arrive_whole_is_told(any_place, tmp_path):
    with pytest.raises(StorageError, match="damaged in transit"):
        fetch(JobStore(any_place), [["file", 3, hashlib.sha256(b"tea").hexdigest()]], tmp_path / "target")
    assert list((tmp_path / "target").iterdir()) == []


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside"])
def test_a_cluster_can_not_write_outside_the_folder(any_place, tmp_path, name):
    job_store, digest = JobStore(any_place), hashlib.sha256(b"").hexdigest()
    job_store.put(digest, 0, b"")
    with pytest.raises(StorageError, match="doesn't belong"):
        fetch(job_store, [[name, 1, digest]], tmp_path / "target")


def nodes(*resources, alive=True):
    return [{"Alive": alive, "Resources": each} for each in resources]


def test_an_entry_takes_gpus_or_without_any_the_processors_of_the_smallest_node():
    with_cards = Places.of_nodes(
        [*nodes({"CPU": 8.0, "GPU": 4.0}, {"CPU": 2.0}), *nodes({"GPU": 8.0}, alive=False)]
    )
    assert with_cards.resources(1) == {"num_gpus": 1, "num_cpus": 1}
    assert with_cards.resources(3) == {"num_gpus": 3, "num_cpus": 1}
    without = Places.of_nodes(nodes({"CPU": 8.0}, {"CPU": 4.0}, {"memory": 1.0}))
    assert [without.resources(each)["num_cpus"] for each in (1, 4, 6)] == [4, 4, 6]


@pytest.mark.parametrize(
    ("places", "message"),
    [
        (Places(2), "No node of lab has 3 GPUs; the most is 2."),
        (Places(2, 2), "No node of lab has a GPU or 3 CPUs; the most is 2."),
        (Places(0, 1), "No node of lab has a GPU or 3 CPUs; the most is 0."),
    ],
)
def test_more_cards_than_any_node_has_are_refused_with_what_there_is(places, message):
    places.require(1, "lab")
    with pytest.raises(ComputerError) as refused:
        places.require(3, "lab")
    assert refused.value.message == message
    assert refused.value.field == "--cards"
