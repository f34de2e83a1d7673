"""Makes the starter's tokenizer: a small Unigram vocabulary with byte fallback, so that any text can be encoded.

Owns the vocabulary and the tokenizer's files. Pieces are found by sentencepiece on texts of the generator that share
no facts with the sample conversations; the result is a `tokenizers` Unigram that transformers loads from
tokenizer.json alone.

    python packaging/starter tokenizer          writes resources/starter/tokenizer*.json
"""

import io
import json
import math
import random
import re
import string
from collections import Counter
from itertools import islice
from pathlib import Path

import sentencepiece
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from starter.conversations import ROOT, distinct, reserved_facts

VOCABULARY = 2432
SUBWORDS = 1_000
CONVERSATIONS = 12_000
SEED = 31
NEWLINE = "␤"
NEVER_IN_TEXT = -1000.0  # so that a typed "</s>" or "<0x41>" is read as its characters
RARE = math.log(1e-4)
WORD = re.compile(r"[A-Za-z]+")
SPECIALS = ("<pad>", "</s>", "<unk>")
INSTRUCTION_TEXT = "Summarize the following conversation. Summary:"


def corpus() -> list[str]:
    """Return the texts the pieces are found on: conversations, reports, questions, answers."""
    lines = [string.printable.strip()] * 20
    for conversation in islice(distinct(random.Random(SEED), reserved_facts()), CONVERSATIONS):
        lines += [f"{turn.speaker}: {turn.text}" for turn in conversation.turns]
        lines += [turn.report for turn in conversation.turns if turn.report]
        lines += [text for q in conversation.questions for text in (q.text, q.answer, q.sentence)]
    return lines + [INSTRUCTION_TEXT] * 2000


def train_pieces(
    lines: list[str], size: int = VOCABULARY, subwords: int = SUBWORDS
) -> list[tuple[str, float]]:
    """Return pieces with their scores (log probabilities): specials, bytes, subwords, numbers, whole words.

    sentencepiece only proposes a word as a piece if it is part of a second one, which "have" or "quarter" is not in
    texts as plain as these; so the most frequent words join its pieces, with their own probability.
    """
    reserved = [*SPECIALS, *(f"<0x{byte:02X}>" for byte in range(256))]
    known = dict.fromkeys(reserved, NEVER_IN_TEXT) | {NEWLINE: 0.0}
    known |= {p: s for p, s in _subwords(lines, subwords) if p not in known and not re.search(r"\d", p)}
    numbers = [f"{blank}{number}" for blank in ("", "▁") for number in range(100)]
    letters = [f"▁{letter}" for letter in string.ascii_letters + "$"]
    for piece in numbers + letters:
        known.setdefault(piece, RARE)
    counts = Counter("▁" + word for line in lines for word in WORD.findall(line))
    total = sum(counts.values())
    for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if len(known) < size:
            known.setdefault(word, math.log(count / total))
    return list(known.items())


def _subwords(lines: list[str], size: int) -> list[tuple[str, float]]:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, vocab_size=size, model_type="unigram",
        byte_fallback=True, character_coverage=1.0, normalization_rule_name="identity",
        remove_extra_whitespaces=False, pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
        pad_piece=SPECIALS[0], eos_piece=SPECIALS[1], unk_piece=SPECIALS[2],
        user_defined_symbols=[NEWLINE], num_threads=1, minloglevel=2,
    )  # fmt: skip
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    return [(processor.id_to_piece(i), processor.get_score(i)) for i in range(processor.get_piece_size())]


def build(pieces: list[tuple[str, float]]) -> Tokenizer:
    """Return the tokenizer for given pieces; newlines survive, blanks are kept as they are."""
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Replace("\n", NEWLINE + " "), normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="never", split=True)
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0),
            decoders.Replace(NEWLINE + " ", "\n"), decoders.Replace(NEWLINE, "\n"),
        ]
    )  # fmt: skip
    tokenizer.add_special_tokens(list(SPECIALS))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json; special tokens typed by a user stay ordinary text."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 1024, "split_special_tokens": True,
        "clean_up_tokenization_spaces": False, "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>",
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Make the tokenizer and write it beside the model."""
    save(build(train_pieces(corpus())), ROOT / "resources" / "starter")
