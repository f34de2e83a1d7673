import os
import random
import shutil

import pytest
import torch
from safetensors.torch import load_file

from engine.config.recipe import BaseModelOptions
from engine.errors import AdapterError, AppError, BaseModelError
from engine.system.files import bytes_in
from engine.worker.adapters import attach
from engine.worker.exports import ctranslate2_model
from engine.worker.generation.generate import generate
from tests.helpers.tiny_models import tiny_model
from tests.helpers.worker_setup import install_random, load_tiny, make_channel

pytestmark = pytest.mark.torch
WORDS = ("Ann", "Bob", "the", "station", "at", "5", "pm", "office", "?", "Yes,", "we", "meet", "ü", "漢")
COUNT = 40
# Adding up in another order may tip a token over.
ALIKE = 0.95 * COUNT


def prompts_of(base):
    draws = random.Random(3)
    texts = (" ".join(draws.choices(WORDS, k=draws.randint(2, 40))) for _ in range(COUNT))
    return [base.tokenizer(text)["input_ids"] for text in texts]


def load(base, adapter=None):
    return ctranslate2_model.load(make_channel("evaluate"), base, adapter)


@pytest.mark.parametrize(("kind", "beams"), [("t5", 3), ("llama", 1)])
def test_the_same_summaries_are_written(kind, beams):
    adapter = install_random(kind, "mine", strength=0.1)
    base = load_tiny(kind)
    prompts = prompts_of(base)
    # Tokens that these models write now and then, also at once. Beams are followed alike with few of them: otherwise
    # more may end in one step than CTranslate2 looks at.
    ends = range(40, 80) if beams == 1 else [41, 42]
    decoding = {"beams": beams, "max_new_tokens": 10, "end_tokens": ends}

    def same(found, model):
        expected = generate(model, base.tokenizer, base.family, prompts, **decoding)
        return sum(one == other for one, other in zip(found, expected, strict=True))

    of_base, of_adapter = (load(base, each).generate(prompts, **decoding) for each in (None, adapter))
    assert same(of_base, base.model) >= ALIKE
    assert same(of_adapter, attach.load_adapter(base, adapter)) >= ALIKE
    assert of_adapter != of_base
    if beams == 1:
        assert len({each.capped for each in of_base}) == 2


def test_a_model_is_converted_once_and_the_oldest_goes(monkeypatch):
    base, first, second = (
        load_tiny("llama"), install_random("llama", "a"), install_random("llama", "b", seed=6),
    )  # fmt: skip

    def fetch(adapter):
        return ctranslate2_model.fetch(make_channel("evaluate"), base.options, adapter)

    alone, folder = fetch(None), fetch(first)
    monkeypatch.setattr(ctranslate2_model, "MAX_BYTES", 2.5 * bytes_in(folder))
    os.utime(folder, (1, 1))
    with monkeypatch.context() as without:
        without.setattr(ctranslate2_model, "convert", None)
        assert fetch(None) == alone
    assert fetch(second) != folder
    assert not folder.exists()
    assert sorted(alone.parent.iterdir()) == sorted([alone, fetch(second)])


def test_a_base_model_that_is_not_loaded_is_not_converted_either(tmp_path):
    folder = shutil.copytree(tiny_model("llama"), tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "other.safetensors")
    torch.save(load_file(folder / "other.safetensors"), folder / "pytorch_model.bin")
    with pytest.raises(BaseModelError, match=r"has no model\.safetensors"):
        ctranslate2_model.fetch(make_channel("evaluate"), BaseModelOptions(id=str(folder)), None)
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(BaseModelError, match="also contains an adapter"):
        ctranslate2_model.fetch(make_channel("evaluate"), BaseModelOptions(id=str(folder)), None)


def test_what_it_can_t_write_is_refused_by_name():
    base = load_tiny("llama")
    runtime = load(base)
    with pytest.raises(AppError, match="setting: Temperature"):
        runtime.generate([[5, 6]], temperature=0.5)
    with pytest.raises(BaseModelError, match="supports"):
        runtime.generate([[5] * 9000], max_new_tokens=4)
    with pytest.raises(AdapterError, match="was made for"):
        load(base, install_random("gpt2", "other"))
    with pytest.raises(AdapterError, match="CTranslate2 can't convert"):
        load(load_tiny("bart"))
