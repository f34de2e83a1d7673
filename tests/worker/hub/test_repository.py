import io
import json
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import count
from types import SimpleNamespace

import httpx2
import huggingface_hub
import pytest
from filelock import FileLock
from huggingface_hub.errors import GatedRepoError

from engine.errors import BaseModelError, DataError, OfflineError, StorageError
from engine.worker.hub import download, hub_errors, repository, repository_card
from engine.worker.hub.hub_errors import DamagedError
from engine.worker.readers import SUFFIXES
from engine.worker.runtime.channel import Stopped
from tests.helpers import fake_hub
from tests.helpers.fake_hub import COMMIT, FakeHub, use_hub

MODEL, DATA = "someone/small-model", "someone/conversations"
WEIGHTS_BYTES = 300_000


@pytest.fixture
def small_hub(tmp_path, monkeypatch):
    """Serve a model and a data set, and make the hub's client speak to them and keep a cache of its own."""
    model, data = tmp_path / "served/models" / MODEL, tmp_path / "served/datasets" / DATA
    model.mkdir(parents=True)
    data.mkdir(parents=True)
    (model / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"]}))
    (model / "model.safetensors").write_bytes(os.urandom(WEIGHTS_BYTES))
    (model / "pytorch_model.bin").write_bytes(b"a pickle")
    (model / "tokenizer.json").write_text("{}")
    (model / "README.md").write_text("---\nlicense: mit\n---\n")
    (data / "train.jsonl").write_text('{"dialogue": "A: Hi.", "summary": "A greets."}\n' * 50)
    (data / "load.py").write_text("raise SystemExit")
    with use_hub(FakeHub(tmp_path / "served"), tmp_path / "cache", monkeypatch) as served:
        yield served


def fetch(name=MODEL, kind="model", revision="main", on_progress=lambda *_: None, cancelled=lambda: False):
    return repository.download(name, revision, kind, on_progress, cancelled)


def gets(served, name):
    return [line for line in served.requests if line.startswith("GET") and name in line]


def test_a_model_costs_its_safe_files_and_nothing_is_fetched_to_know(small_hub):
    cost = repository.cost(MODEL, "main", "model")
    names = [file.name for file in cost.files]
    assert names == ["README.md", "config.json", "model.safetensors", "tokenizer.json"]
    assert cost.missing_bytes == cost.size_bytes > WEIGHTS_BYTES
    assert (cost.commit, cost.licence, cost.gated) == (COMMIT, "mit", False)
    assert not gets(small_hub, "resolve")


def test_a_download_brings_what_the_hub_has_and_says_how_far_it_is(small_hub, tmp_path):
    progress = []
    folder = fetch(on_progress=lambda *step: progress.append(step))
    weights = (tmp_path / "served/models" / MODEL / "model.safetensors").read_bytes()
    assert (folder / "model.safetensors").read_bytes() == weights
    assert not (folder / "pytorch_model.bin").exists()
    done = [step[0] for step in progress]
    assert done == sorted(done)
    assert len(done) > 5
    assert progress[-1] == (repository.cost(MODEL, "main", "model").size_bytes,) * 2 + ("bytes",)


def test_a_hash_that_names_a_file_elsewhere_is_damage(small_hub, tmp_path, monkeypatch):
    monkeypatch.setattr(fake_hub, "_identity", lambda *_args, **_named: "../../../elsewhere")
    with pytest.raises(BaseModelError, match="arrived damaged"):
        fetch()
    assert not list(tmp_path.rglob("elsewhere*"))


def test_what_is_here_is_used_without_asking(small_hub):
    folder = fetch()
    small_hub.requests.clear()
    assert fetch() == folder == repository.cached_folder(MODEL)
    assert small_hub.requests == []


def test_a_configuration_comes_without_the_weights_and_passes_for_no_model(small_hub):
    folder = repository.fetch_config(MODEL, "main", lambda: False)
    assert [path.name for path in folder.iterdir()] == ["config.json"]
    assert not gets(small_hub, "model.safetensors")
    assert repository.cached_folder(MODEL) is None
    assert fetch() == folder == repository.fetch_config(MODEL, "main", lambda: False)
    assert len(gets(small_hub, "config.json")) == 1
    with pytest.raises(BaseModelError, match="no base model named"):
        repository.fetch_config("someone/nothing", "main", lambda: False)


def test_a_data_set_brings_its_data_and_never_its_code(small_hub):
    folder = fetch(DATA, "dataset")
    assert [file.name for file in folder.iterdir()] == ["train.jsonl"]
    assert repository.cached_folder(DATA, kind="dataset") == folder


def test_a_cancelled_data_set_passes_for_none_and_is_whole_after_the_next_try(small_hub, tmp_path):
    place = tmp_path / "served/datasets" / DATA
    for name in ("test.jsonl", "validation.jsonl"):
        (place / name).write_bytes((place / "train.jsonl").read_bytes() * 40)
    small_hub.seconds_per_chunk = 0.01
    so_far = []
    with pytest.raises(Stopped):
        fetch(
            DATA, "dataset", on_progress=lambda done, *_: so_far.append(done),
            cancelled=lambda: len(so_far) > 4,
        )  # fmt: skip
    assert gets(small_hub, "test.jsonl")
    assert not gets(small_hub, "validation.jsonl")
    assert repository.cached_folder(DATA, kind="dataset") is None
    small_hub.seconds_per_chunk = 0
    folder = fetch(DATA, "dataset")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        name: (place / name).read_bytes() for name in ("train.jsonl", "test.jsonl", "validation.jsonl")
    }


@pytest.mark.parametrize(
    ("script", "with_data"), [("conversations.py", True), ("conversations.py", False), ("load.py", False)]
)
def test_a_data_set_that_a_script_makes_is_refused_by_its_script(small_hub, tmp_path, script, with_data):
    path = tmp_path / "served/datasets" / DATA
    (path / "load.py").rename(path / script)
    if not with_data:
        (path / "train.jsonl").rename(path / "dataset_infos.json")
    with pytest.raises(DataError, match=f"{DATA} is built by a script, {script}") as caught:
        fetch(DATA, "dataset")
    assert caught.value.field == "data.source"
    assert "plain files" in caught.value.hint
    assert not gets(small_hub, "resolve")


def test_a_data_set_whose_card_alone_is_here_is_fetched(small_hub, tmp_path):
    (tmp_path / "served/datasets" / DATA / "README.md").write_text("---\nlicense: mit\n---\n")
    place = {"repo_type": "dataset", "cache_dir": tmp_path / "cache", "endpoint": small_hub.address}
    huggingface_hub.hf_hub_download(DATA, "README.md", **place)
    assert repository.cached_folder(DATA, kind="dataset") is None
    assert {path.name for path in fetch(DATA, "dataset").iterdir()} == {"README.md", "train.jsonl"}


def test_every_format_that_can_be_read_can_be_fetched():
    assert all(repository.DATA_FILES.fullmatch(f"data/train{suffix}") for suffix in SUFFIXES)
    assert not repository.DATA_FILES.fullmatch("load.py")
    assert not repository.DATA_FILES.fullmatch(".hidden/train.csv")


def test_a_cancelled_download_leaves_nothing_that_passes_for_a_model(small_hub):
    small_hub.seconds_per_chunk = 0.01
    so_far = []
    with pytest.raises(Stopped):
        fetch(on_progress=lambda done, *_: so_far.append(done), cancelled=lambda: len(so_far) > 6)
    assert repository.cached_folder(MODEL) is None
    assert repository.cached_models() == []
    small_hub.seconds_per_chunk = 0
    assert (fetch() / "model.safetensors").stat().st_size == WEIGHTS_BYTES
    (resumed,) = [line for line in gets(small_hub, "model.safetensors") if "bytes=" in line]
    assert resumed


def test_a_download_cut_once_goes_on_by_itself(small_hub, tmp_path):
    small_hub.cuts = [100_000]
    folder = fetch()
    served = tmp_path / "served/models" / MODEL / "model.safetensors"
    assert (folder / "model.safetensors").read_bytes() == served.read_bytes()
    assert gets(small_hub, "model.safetensors")[1].endswith("bytes=100000-")


def test_a_download_that_stays_cut_says_how_far_it_came_and_is_taken_up_there(small_hub):
    small_hub.cuts = [100_000, 0, 0]
    with pytest.raises(BaseModelError, match=r"broke after 100\.0 kB of 300\.0 kB"):
        fetch()
    assert repository.cached_folder(MODEL) is None
    small_hub.requests.clear()
    assert fetch()
    assert [line.partition("bytes=")[2] for line in gets(small_hub, "model.safetensors")] == ["100000-"]


def test_a_damaged_file_is_refused_and_fetched_anew(small_hub):
    small_hub.damages = True
    with pytest.raises(BaseModelError, match="damaged"):
        fetch()
    small_hub.damages = False
    assert fetch()


@pytest.mark.parametrize(
    ("name", "kind", "revision", "error", "words"),
    [
        ("someone/absent", "model", "main", BaseModelError, "no base model named someone/absent"),
        ("someone/absent", "dataset", "main", DataError, "no data set named someone/absent"),
        (MODEL, "model", "v9", BaseModelError, "no revision v9"),
        ("no//name", "model", "main", BaseModelError, "can't be the name"),
    ],
)
def test_what_is_not_there_is_named_beside_its_field(small_hub, name, kind, revision, error, words):
    with pytest.raises(error, match=words) as caught:
        fetch(name, kind, revision)
    assert caught.value.field == {"model": "base_model.id", "dataset": "data.source"}[kind]
    assert caught.value.hint


def test_a_gated_model_is_known_beforehand_and_says_where_to_ask(small_hub):
    small_hub.gated.add(MODEL)
    assert repository.cost(MODEL, "main", "model").gated
    with pytest.raises(BaseModelError, match="gated") as caught:
        fetch()
    assert f"{small_hub.address}/{MODEL}" in caught.value.hint


def test_a_model_with_unsafe_weights_only_is_refused(small_hub, tmp_path):
    (tmp_path / "served/models" / MODEL / "model.safetensors").unlink()
    with pytest.raises(BaseModelError, match="safetensors"):
        fetch()


def test_a_full_disk_is_seen_before_the_first_byte(small_hub, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(StorageError, match=r"needs 300\.\d kB"):
        fetch()
    assert not gets(small_hub, "resolve")


def test_offline_opens_no_connection_but_uses_what_is_here(small_hub, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(OfflineError, match="offline") as caught:
        fetch()
    assert caught.value.field == "base_model.id"
    assert small_hub.requests == []
    monkeypatch.delenv("HF_HUB_OFFLINE")
    fetch()
    small_hub.requests.clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert (fetch() / "config.json").exists()
    assert small_hub.requests == []


def test_models_on_this_computer_are_listed_and_deleted(small_hub):
    assert repository.cached_models() == []
    folder = fetch()
    (model,) = repository.cached_models()
    assert (model.id, model.revision, model.family, model.licence) == (MODEL, "main", "decoder-only", "mit")
    assert model.size_bytes > WEIGHTS_BYTES
    assert model.folder == folder
    assert repository.delete_cached(MODEL) > WEIGHTS_BYTES
    assert repository.cached_models() == []
    assert repository.delete_cached(MODEL) == 0


@pytest.mark.parametrize("config", [b"{", b'{"architectures": [5]}'])
def test_a_configuration_that_can_not_be_read_keeps_no_model_from_the_list(small_hub, config):
    folder = fetch()
    odd = folder.parents[2] / "models--odd--one" / "snapshots" / "0"
    odd.mkdir(parents=True)
    (odd / "config.json").write_bytes(config)
    (odd / "model.safetensors").write_bytes(b"")
    found = {model.id: model.family for model in repository.cached_models()}
    assert found == {MODEL: "decoder-only", "odd/one": None}


def test_neither_a_hint_nor_the_log_of_the_client_holds_a_login(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "https://user:s3cret@hub.example")
    request = httpx2.Request("GET", "https://user:s3cret@hub.example/api")
    response = httpx2.Response(403, request=request)
    with pytest.raises(BaseModelError) as caught, hub_errors.explained(MODEL, "main", "model"):
        raise GatedRepoError("gated", response=response)
    assert f"https://hub.example/{MODEL}" in caught.value.hint
    (handler,) = logging.getLogger("huggingface_hub").handlers
    monkeypatch.setattr(handler, "stream", io.StringIO())
    logging.getLogger("huggingface_hub.any").warning("Retrying %s", "https://user:s3cret@hub.example/api")
    assert handler.stream.getvalue() == "Retrying https://hub.example/api\n"


def test_waiting_for_another_download_of_the_file_can_be_cancelled(tmp_path):
    target, asked = tmp_path / "blob", count()
    lock = FileLock(f"{target}.lock", thread_local=False)
    with ThreadPoolExecutor(1) as other:
        other.submit(lock.acquire).result()
        with pytest.raises(Stopped):
            download.fetch("http://hub.invalid/file", target, 1, "", print, lambda: next(asked) >= 3)
        other.submit(lock.release).result()
    assert next(asked) == 4
    assert not target.exists()


@pytest.mark.parametrize(
    ("etag", "is_whole"),
    [
        ("9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c", True),
        ("3ab313fff6f41bb35969cd359e9ddfb8033b3ac2", True),
        ("of another kind", True),
        ("0" * 64, False),
        ("0" * 40, False),
    ],
)
def test_a_file_that_has_arrived_is_checked_by_the_hash_that_the_hub_names_it_by(tmp_path, etag, is_whole):
    (tmp_path / "file.incomplete").write_bytes(b"weights")
    with nullcontext() if is_whole else pytest.raises(DamagedError):
        download.fetch("", tmp_path / "file", len(b"weights"), etag, lambda _: None, lambda: False)
    assert (tmp_path / "file").exists() == is_whole
    assert not (tmp_path / "file.incomplete").exists()


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        ("language: en", ("en",)),
        ("language:\n- en\n- de\nlicense: mit", ("en", "de")),
        ("license: mit\nlanguage:\n  - pt-BR\n  - nb", ("pt", "no")),
        ('language: [en, "fr"]', ("en", "fr")),
        ("language:\n- en\n- multilingual", ()),
        ("language:\n- eng", ()),
        ("license: mit", ()),
    ],
)
def test_the_languages_of_a_model_are_those_of_its_card(facts, codes, tmp_path):
    (tmp_path / "README.md").write_text(f"---\n{facts}\n---\n# A model\nlanguage: xx\n", "utf-8")
    assert repository_card.language_codes(tmp_path) == codes


def test_a_card_without_facts_or_no_card_names_no_language(tmp_path):
    assert repository_card.language_codes(tmp_path) == ()
    (tmp_path / "README.md").write_text("# A model\nlanguage: en\n", "utf-8")
    assert repository_card.language_codes(tmp_path) == ()
