"""What the model reads and what it learns, in every family."""

import pytest

from engine.conversations import Example
from engine.worker.base_models import read_tokenizer
from engine.worker.prompting import IGNORED, Prompter
from tests.helpers.tiny_models import tiny_model

pytestmark = pytest.mark.torch

TEMPLATE = "Summarize:\n\n{conversation}\n\nSummary: "
FAMILIES = {
    "t5": "encoder-decoder",
    "bart": "encoder-decoder",
    "llama": "decoder-only",
    "gpt2": "decoder-only",
}
EXAMPLE = Example("1", "Ann: tea?\nBob: yes!", "Bob wants tea.")


def prompter(kind, limit=100, summary_limit=50, **more):
    tokenizer = read_tokenizer(tiny_model(kind), kind)
    return Prompter(tokenizer, FAMILIES[kind], TEMPLATE, limit, summary_limit, **more), tokenizer


@pytest.mark.parametrize("kind", FAMILIES)
def test_only_the_summary_is_learned(kind):
    made, tokenizer = prompter(kind)
    encoded = made.example(EXAMPLE)

    learned = [label for label in encoded.labels if label != IGNORED]
    assert tokenizer.decode(learned, skip_special_tokens=True).strip() == EXAMPLE.summary
    assert learned[-1] == tokenizer.eos_token_id
    assert learned.count(tokenizer.eos_token_id) == 1
    assert encoded.learned_tokens == len(learned)


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_a_decoder_goes_on_from_exactly_what_generate_gets(kind):
    made, tokenizer = prompter(kind)
    encoded, prompt = made.example(EXAMPLE), made.input_ids(EXAMPLE.conversation)

    assert encoded.input_ids[: len(prompt)] == prompt
    assert encoded.labels[: len(prompt)] == [IGNORED] * len(prompt)
    assert encoded.labels[len(prompt) :] == encoded.input_ids[len(prompt) :]
    assert prompt[-1] != tokenizer.eos_token_id


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_long_conversation_loses_its_end_and_the_prompt_stays_whole(kind):
    made, tokenizer = prompter(kind, limit=20)
    text = made.prompt("Ann: " + "really long words " * 40)

    assert text.startswith("Summarize:\n\nAnn: ")
    assert text.endswith("\n\nSummary: ")
    inner = text.removeprefix("Summarize:\n\n").removesuffix("\n\nSummary: ")
    assert len(tokenizer(inner, add_special_tokens=False)["input_ids"]) <= 20
    assert made.cut == 1


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_long_summary_is_cut_and_still_ends(kind):
    made, tokenizer = prompter(kind, summary_limit=8)
    encoded = made.example(Example("1", "Ann: hi", "word " * 50))

    learned = [label for label in encoded.labels if label != IGNORED]
    assert len(learned) == 8
    assert learned[-1] == tokenizer.eos_token_id
    assert made.cut_summaries == 1


@pytest.mark.parametrize("kind", FAMILIES)
def test_special_tokens_written_as_text_stay_text(kind):
    made, tokenizer = prompter(kind)
    plain = made.input_ids("Ann: it ends here Bob: no")
    odd = made.input_ids(f"Ann: it ends {tokenizer.eos_token} here Bob: no")

    assert odd.count(tokenizer.eos_token_id) == plain.count(tokenizer.eos_token_id)


@pytest.mark.parametrize("kind", FAMILIES)
def test_shots_stand_before_the_conversation(kind):
    shot = Example("s", "Cyd: bus?\nDan: no.", "Dan has no bus.")
    made, _ = prompter(kind, shots=[shot])
    text = made.prompt(EXAMPLE.conversation)

    assert text.count("Summarize:") == 2
    assert text.index(shot.summary) < text.index(EXAMPLE.conversation)
    assert EXAMPLE.summary not in text


def test_a_backslash_or_brace_in_a_conversation_is_text():
    made, _ = prompter("t5")
    assert "{name} \\n {conversation}" in made.prompt("Ann: {name} \\n {conversation}")
