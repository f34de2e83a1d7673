import numpy as np
import pytest

from engine.system.paths import results_folder, starter_folder
from engine.text.conversations import Example
from engine.worker.dataset import token_cache
from engine.worker.dataset.prompter import Prompter
from engine.worker.dataset.token_cache import tokenize
from engine.worker.modeling.base_models import read_tokenizer
from engine.worker.runtime.channel import Stopped
from tests.helpers.tiny_models import tiny_model

pytestmark = pytest.mark.torch

FAMILIES = {"t5": "encoder-decoder", "llama": "decoder-only"}
TEMPLATE = "Summarize:\n\n{conversation}\n\nSummary: "
EXAMPLES = [
    Example("1", "Ann: tea?\nBob: yes!", "Bob wants tea."),
    Example("2", "Ann: " + "really long words " * 20, "Ann talks."),
    Example("3", "Eve: \N{GRINNING FACE} </s>", "Eve laughs at length, " * 9),
]


class Channel:
    """Counts what was encoded, and stops a job before the example with that number."""

    def __init__(self, stops_at=0):
        self.encoded = 0
        self._stops_at = stops_at

    def progress(self, done, total, unit):
        self.encoded = done

    def check_stop(self):
        if self.encoded == self._stops_at:
            raise Stopped


def prompter(kind="t5", template=TEMPLATE, limit=30, summary_limit=20, shots=()):
    return Prompter(
        read_tokenizer(tiny_model(kind), kind), FAMILIES[kind], template, limit, summary_limit, shots
    )


def files():
    return sorted(results_folder().glob("tokens-*"))


@pytest.mark.parametrize("kind", FAMILIES)
def test_they_come_from_the_file_as_the_prompter_makes_them(kind):
    plain = prompter(kind)
    expected = [plain.example(example) for example in EXAMPLES]
    tokenize(EXAMPLES, prompter(kind), Channel())
    channel, again = Channel(), prompter(kind)
    tokens = tokenize(EXAMPLES, again, channel)
    assert channel.encoded == 0
    assert list(tokens) == expected
    assert (tokens[1:], tokens[-1], len(tokens)) == (expected[1:], expected[-1], 3)
    assert 0 < again.truncated_conversations == plain.truncated_conversations
    assert 0 < again.truncated_summaries == plain.truncated_summaries
    with pytest.raises(IndexError):
        tokens[3]


@pytest.mark.parametrize(
    "other",
    [
        {"template": "Sum up: {conversation}"}, {"limit": 31}, {"summary_limit": 21}, {"shots": EXAMPLES[:1]},
        {"kind": "llama"},
    ],
)  # fmt: skip
def test_another_way_to_encode_is_another_file(other):
    tokenize(EXAMPLES, prompter(), Channel())
    channel = Channel()
    tokenize(EXAMPLES, prompter(**other), channel)
    assert channel.encoded == 3
    assert len(files()) == 2


def test_other_texts_are_another_file():
    tokenize(EXAMPLES, prompter(), Channel())
    tokenize(EXAMPLES[:2], prompter(), Channel())
    tokenize([EXAMPLES[0], Example("2", "Ann: a", "b")], prompter(), Channel())
    assert len(files()) == 3


@pytest.mark.parametrize("damage", ["shortened", "changed", "emptied", "told wrong"])
def test_a_damaged_file_is_made_anew(damage):
    expected = list(tokenize(EXAMPLES, prompter(), Channel()))
    (path,) = files()
    content = path.read_bytes()
    damaged = {
        "shortened": content[:-5],
        "changed": content[:-5] + bytes([content[-5] ^ 1]) + content[-4:],
        "emptied": b"",
        "told wrong": content.replace(b"sha256", b"sha257"),
    }[damage]
    path.write_bytes(damaged)
    channel = Channel()
    assert list(tokenize(EXAMPLES, prompter(), channel)) == expected
    assert channel.encoded == 3
    assert path.read_bytes() == content


def test_a_disk_that_takes_nothing_costs_the_cache_and_not_the_run(monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(token_cache.os, "fsync", full)
    assert len(tokenize(EXAMPLES, prompter(), Channel())) == 3
    assert not files()


def test_a_stop_in_between_keeps_nothing():
    with pytest.raises(Stopped):
        tokenize(EXAMPLES, prompter(), Channel(stops_at=2))
    assert files() == []


def test_the_ids_are_those_that_the_format_stands_for():
    """Should this fail, files of ids that are kept on people's disks are wrong: raise FORMAT with the figures here."""
    starter = read_tokenizer(starter_folder(), "starter")
    tokens = tokenize(EXAMPLES, Prompter(starter, "encoder-decoder", TEMPLATE, 30, 20), Channel())
    assert token_cache.FORMAT == 1
    ids = tokens.ids.astype(np.int64)
    assert (tokens.ends.tolist(), int((ids * ids).sum())) == ([25, 32, 74, 81, 107, 127], 68277043)
