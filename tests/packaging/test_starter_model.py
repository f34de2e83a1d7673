"""The shipped starter: any text goes through its tokenizer, and plain transformers loads it as it was saved."""

import warnings

import pytest
import torch
from starter.pretrain import FOLDER
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

ODD_TEXTS = [
    "Anna: Hi!\nBen: Hey, 6:15 or 7 pm?", "Привет, мир", "中文字 test é", "😊👍🎉", "“curly” — dash…", "tab\there",
    "  two  blanks \n\n\nlines ", "a </s> b <pad> c <unk> <0x41>", "https://x.y/z?a=b\\c", "", " ", "\n",
]  # fmt: skip


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
