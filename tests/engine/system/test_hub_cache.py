import json
from pathlib import Path

import pytest

from engine.jobs.worker_process import worker_environment
from engine.system import hub_cache, paths

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def test_a_user_without_a_home_folder_has_the_cache_among_tunesmith_s_files(monkeypatch):
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "expanduser", _of_nobody)
    assert hub_cache.downloads_folder() == paths.cache_folder() / "huggingface" / "hub"
    assert worker_environment(niced=False)["HF_HOME"] == str(paths.cache_folder() / "huggingface")


def _of_nobody(path: Path) -> Path:
    if str(path).startswith("~"):
        raise RuntimeError("Could not determine home directory.")
    return path


def snapshot(cache: Path, name: str) -> Path:
    """Make the snapshot of a repository whose revision "main" is cached; return its folder."""
    (cache / name / "refs").mkdir(parents=True)
    (cache / name / "refs" / "main").write_text(COMMIT)
    folder = cache / name / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    return folder


def test_the_cache_is_where_the_hub_s_own_variables_say(monkeypatch, tmp_path):
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert hub_cache.downloads_folder() == tmp_path / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    assert hub_cache.downloads_folder() == tmp_path / "cache"


def test_a_model_is_cached_once_all_its_weights_are(cache):
    folder = snapshot(cache, "models--owner--small")
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}))
    for name in ("config.json", "model-1.safetensors"):
        (folder / name).touch()
    assert not hub_cache.is_cached("owner/small", "main", "model")
    (folder / "model-2.safetensors").touch()
    assert hub_cache.is_cached("owner/small", "main", "model")
    assert hub_cache.is_cached("owner/small", COMMIT, "model")
    assert not hub_cache.is_cached("owner/small", "v2", "model")
    assert not hub_cache.is_cached("owner/other", "main", "model")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"weight_map": 3}', ""])
def test_a_model_with_a_damaged_index_is_not_complete(text, cache):
    folder = snapshot(cache, "models--owner--small")
    for name in ("config.json", "model.safetensors"):
        (folder / name).touch()
    (folder / "model.safetensors.index.json").write_text(text)
    assert not hub_cache.is_cached("owner/small", "main", "model")


def test_a_data_set_is_cached_if_more_than_its_description_is(cache):
    folder = snapshot(cache, "datasets--owner--talks")
    for name in ("README.md", "LICENSE", ".gitattributes", "dataset_infos.json", "talks.py"):
        (folder / name).touch()
    assert not hub_cache.is_cached("owner/talks", "main", "dataset")
    (folder / "train.csv").touch()
    assert hub_cache.is_cached("owner/talks", "main", "dataset")
