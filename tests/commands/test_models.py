import pytest

from engine.commands import models
from engine.config import model_info
from engine.config.recipe import STARTER
from tests.helpers.fake_hub import FakeHub, use_hub


def test_models_are_told_with_the_starter_as_what_it_is(in_process):
    done = in_process.run("models")
    assert done.code == 0
    assert f"{STARTER} (practice model)" in done.out
    for model in model_info.catalogue():
        assert model.id in done.out
    assert "gemma, to accept" in done.out


def test_the_hub_is_searched(in_process, tmp_path, monkeypatch):
    (tmp_path / "served/models/someone/writer-de").mkdir(parents=True)
    with use_hub(FakeHub(tmp_path / "served"), tmp_path / "cache", monkeypatch):
        assert "someone/writer-de" in in_process.run("models", "--search", "writer").out
        assert "has no text-generating model" in in_process.run("models", "--search", "painter").out


@pytest.mark.parametrize(
    ("codes", "count", "text"),
    [
        (("en",), 0, "English"),
        (("en", "fr", "ro", "de"), 0, "English, French, Romanian, German"),
        (("en", "zh", "fr", "es", "pt"), 29, "English, Chinese, French and 26 more"),
        ((), 0, ""),
    ],
)
def test_many_languages_are_counted(codes, count, text):
    assert models.language_text(codes, count) == text
