"""The shipped starter: any text goes through its tokenizer, and plain transformers loads it as it was saved."""

import random
import warnings
from dataclasses import replace

import pytest
import torch
from starter.architecture import build, config
from starter.pretrain import FOLDER, Batches, Pretraining, Settings, run
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

ODD_TEXTS = [
    "Anna: Hi!\nBen: Hey, 6:15 or 7 pm?", "Привет, мир", "中文字 test é", "😊👍🎉", "“curly” — dash…", "tab\there",
    "  two  blanks \n\n\nlines ", "a </s> b <pad> c <unk> <0x41>", "https://x.y/z?a=b\\c", "", " ", "\n",
]  # fmt: skip
TINY = {"d_model": 32, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_decoder_layers": 2, "num_heads": 4}


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(FOLDER)


def test_any_text_survives_the_tokenizer(tokenizer):
    for text in ODD_TEXTS:
        ids = tokenizer(text).input_ids
        assert tokenizer.unk_token_id not in ids
        assert ids.count(tokenizer.eos_token_id) == 1
        assert tokenizer.decode(ids, skip_special_tokens=True) == text


def test_the_shipped_model_loads_without_a_warning_and_its_head_is_its_embedding(tokenizer, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = AutoModelForSeq2SeqLM.from_pretrained(FOLDER).eval()
        model.save_pretrained(tmp_path)
        again = AutoModelForSeq2SeqLM.from_pretrained(tmp_path).eval()
    assert model.config.vocab_size == len(tokenizer)
    assert again.lm_head.weight.data_ptr() == again.shared.weight.data_ptr()
    asked = tokenizer(["Name the speakers.\n\nAnna: Hi!\nBen: Hello."], return_tensors="pt")
    start = torch.zeros(1, 1, dtype=torch.long)
    with torch.no_grad():
        logits = [m(**asked, decoder_input_ids=start).logits for m in (model, again)]
    assert torch.equal(*logits)


def test_the_untrained_circuit_copies_what_follows_a_token(tokenizer):
    """Given the pieces so far, the hand-built start says which piece came next in the text."""
    model = build(config(len(tokenizer)), seed=1).eval()
    pieces = random.Random(2).sample(range(300, len(tokenizer)), 40)
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([pieces]), decoder_input_ids=torch.tensor([pieces[:-1]])).logits
    right = (logits.argmax(-1)[0] == torch.tensor(pieces[1:])).float().mean()
    assert right > 0.5  # by chance it would be less than one in two thousand


def tiny_pretraining(tokenizer, steps=6):
    settings = replace(Settings(), steps=steps, batch=6, warmup=2)
    model = build(config(len(tokenizer), **TINY), settings.seed)
    return Pretraining(model, settings, Batches(settings, tokenizer, set()))


def test_a_resumed_pretraining_ends_as_a_straight_one(tokenizer, tmp_path):
    uninterrupted = tiny_pretraining(tokenizer)
    run(uninterrupted, tmp_path / "straight.pt")
    first = tiny_pretraining(tokenizer)
    for _ in range(3):
        first.train_step()
    first.save(tmp_path / "half.pt")
    resumed = tiny_pretraining(tokenizer)
    resumed.load(tmp_path / "half.pt")
    run(resumed, tmp_path / "resumed.pt")
    for name, master in uninterrupted.masters.items():
        assert torch.equal(master, resumed.masters[name]), name
