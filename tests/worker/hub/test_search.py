import httpx2
import pytest

from engine.errors import BaseModelError, OfflineError
from engine.worker.hub import search
from engine.worker.hub.search import FoundModel
from tests.helpers.fake_hub import FakeHub, use_hub


@pytest.fixture
def small_hub(tmp_path, monkeypatch):
    """Serve three models; what is called a BERT fills masks and writes nothing."""
    for name in ("someone/writer-de", "someone/bert-de", "other/writer-en"):
        (tmp_path / "served/models" / name).mkdir(parents=True)
    with use_hub(FakeHub(tmp_path / "served"), tmp_path / "cache", monkeypatch) as served:
        yield served


def test_models_that_write_text_are_found_with_their_facts(small_hub):
    small_hub.gated.add("someone/writer-de")
    assert search.find("-de") == [
        FoundModel("someone/writer-de", "decoder-only", 1_000, "mit", ("de",), True, 7)
    ]
    assert [model.id for model in search.find("Writer")] == ["other/writer-en", "someone/writer-de"]
    assert search.find("nothing like it") == []


def test_what_the_hub_does_not_say_is_not_known(small_hub, monkeypatch):
    bare = {"id": "someone/bare", "pipeline_tag": "summarization"}
    monkeypatch.setattr(httpx2.Response, "json", lambda _: [bare])
    assert search.find("bare") == [FoundModel("someone/bare", "encoder-decoder", None, "", (), False, 0)]


def test_a_search_fails_with_words_for_people(small_hub, monkeypatch):
    small_hub.status = 500
    with pytest.raises(BaseModelError, match="error"):
        search.find("writer")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(OfflineError):
        search.find("writer")
