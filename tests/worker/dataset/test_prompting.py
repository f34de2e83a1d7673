import pytest

from engine.text.conversations import Example
from engine.worker.dataset import prompting
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompter import IGNORED, Prompter
from engine.worker.dataset.prompting import resolve_limits
from engine.worker.modeling import base_models
from engine.worker.modeling.base_models import LoadedBase, read_config, read_tokenizer
from tests.helpers.tiny_models import tiny_model
from tests.helpers.worker_setup import make_recipe

pytestmark = pytest.mark.torch

TEMPLATE = "Summarize:\n\n{conversation}\n\nSummary: "
FAMILIES = {
    "t5": "encoder-decoder", "bart": "encoder-decoder", "llama": "decoder-only", "gpt2": "decoder-only",
}  # fmt: skip
EXAMPLE = Example("1", "Ann: tea?\nBob: yes!", "Bob wants tea.")


def prompter(kind, limit=100, summary_limit=50, **more):
    tokenizer = read_tokenizer(tiny_model(kind), kind)
    return Prompter(tokenizer, FAMILIES[kind], TEMPLATE, limit, summary_limit, **more), tokenizer


@pytest.mark.parametrize("kind", FAMILIES)
def test_only_the_summary_is_a_label(kind):
    made, tokenizer = prompter(kind)
    encoded = made.example(EXAMPLE)
    labels = [label for label in encoded.labels if label != IGNORED]
    assert tokenizer.decode(labels, skip_special_tokens=True).strip() == EXAMPLE.summary
    assert labels[-1] == tokenizer.eos_token_id
    assert labels.count(tokenizer.eos_token_id) == 1
    assert encoded.label_tokens == len(labels)


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
    assert made.truncated_conversations == 1


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_long_summary_is_cut_and_still_ends(kind):
    made, tokenizer = prompter(kind, summary_limit=8)
    encoded = made.example(Example("1", "Ann: hi", "word " * 50))
    labels = [label for label in encoded.labels if label != IGNORED]
    assert len(labels) == 8
    assert labels[-1] == tokenizer.eos_token_id
    assert made.truncated_summaries == 1


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


def examples(count):
    return tuple(Example(str(at), f"Ann: {at}?\nBob: yes, {at}.", f"Bob says {at}.") for at in range(count))


def splits_of(count):
    return Splits(examples(count), (), (), "", "", "")


def shots_problem(count, shots, method="lora"):
    recipe = make_recipe("t5", data={"shots": shots}, method={"id": method})
    return prompting.shots_problem(recipe, splits_of(count))


def test_examples_in_the_prompt_are_not_trained_on():
    recipe, splits = make_recipe("t5", data={"shots": 2}), splits_of(5)
    assert prompting.shot_examples(recipe, splits) == splits.train[:2]
    assert prompting.training_examples(recipe, splits) == splits.train[2:]


def test_metadata_remembers_the_prompt_without_the_data():
    base = base_models.LoadedBase(
        None, read_tokenizer(tiny_model("t5"), "t5"), "encoder-decoder", None, "", "", "", None, 1
    )
    recipe, splits = make_recipe("t5", data={"shots": 2}), splits_of(5)
    facts = prompting.prompt_facts(recipe, splits, "plain")
    facts = type(facts).model_validate(facts.model_dump())
    asked = "Cyd: bus?\nDan: no."
    remembered = prompting.prompter_from_metadata(facts, base, recipe.data.max_conversation_tokens, 128)
    assert remembered.prompt(asked) == prompting.make_prompter(recipe, base, splits).prompt(asked)
    assert examples(2)[1].summary in remembered.prompt(asked)


def test_too_few_examples_to_show_are_refused():
    assert shots_problem(3, 2) is None
    problem = shots_problem(3, 3)
    assert (problem.field, problem.hint) == ("data.shots", "At most 2 fit.")
    assert shots_problem(3, 3, "prompt_only") is None
    assert shots_problem(3, 4, "prompt_only").hint == "At most 3 fit."


class Configured:
    def __init__(self, config):
        self.config = config


def base_of(kind, window=None):
    folder = tiny_model(kind)
    config = read_config(folder, kind)
    if window is not None:
        config.n_positions = config.max_position_embeddings = window
    family = base_models.family_of(config, kind)
    return LoadedBase(Configured(config), read_tokenizer(folder, kind), family, None, "", "", "", None, 1)


def example(words, conversation_words=3):
    return Example(f"{words}-{conversation_words}", "Ann: " + "tea " * conversation_words, "tea " * words)


def splits(train=(5,), validation=(5,), test=(5,)):
    parts = [tuple(map(example, each)) for each in (train, validation, test)]
    return Splits(parts[0], parts[1], parts[2], "", "", "")


def limits(kind, window=None, data=None, evaluation=None, **lengths):
    recipe = make_recipe(kind, data=data or {}, evaluation={"max_new_tokens": 0} | (evaluation or {}))
    resolved = resolve_limits(recipe, base_of(kind, window), splits(**lengths))
    return resolved.data.max_summary_tokens, resolved.evaluation.max_new_tokens


@pytest.mark.parametrize("kind", ["t5", "bart", "llama"])
def test_learned_and_written_summaries_are_as_long_as_those_of_their_split(kind):
    assert limits(kind) == (64, 64)
    labels, written = limits(kind, train=(5, 150), test=(5, 300))
    assert labels >= 150
    assert labels % 64 == 0
    assert written >= 300
    assert written > labels


def test_a_limit_of_the_recipe_stays():
    assert limits("t5", data={"max_summary_tokens": 32}, train=(300,))[0] == 32
    assert limits("t5", evaluation={"max_new_tokens": 16}, test=(300,))[1] == 16


def test_examples_that_are_not_used_decide_nothing():
    assert limits("t5", data={"shots": 1}, train=(300, 5))[0] == 64
    assert limits("t5", evaluation={"examples": 1}, test=(5, 300))[1] == 64


def test_no_more_is_written_than_the_context_window_has_room_for():
    free = limits("gpt2", 1024, test=(300,))[1]
    tight = limits("gpt2", 200, test=(300,))[1]
    assert 64 <= tight < 200 < free
