import sys

import pytest

from engine.adapters.metadata import PromptFacts
from engine.worker.dataset.prompting import prompter_from_metadata
from engine.worker.exports import llama_server, plain_prompt, verification
from engine.worker.exports.exporters import EXPORTERS
from engine.worker.exports.programs import ExportFailed, Question, answers_of_script
from tests.helpers.programs import put_program
from tests.helpers.repository import ROOT
from tests.helpers.worker_setup import load_tiny, make_channel

pytestmark = pytest.mark.torch
TALKS = ["Ann: tea?\nBob: yes.", "Ann: " + "really " * 30]


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put the stand-in where programs are looked for."""
    script = f'PYTHONPATH={ROOT} exec {sys.executable} -m tests.helpers.fake_llama_server "$@"'
    put_program(tmp_path / "bin", llama_server.PROGRAM, script, monkeypatch)


@pytest.fixture
def exported(tmp_path):
    """Return the folder of an export and what is asked of it."""
    base = load_tiny("llama")
    facts = PromptFacts(
        template="Summarize: {conversation}\nSummary: ", max_conversation_tokens=20, max_new_tokens=8
    )
    prompter = prompter_from_metadata(facts, base, facts.max_conversation_tokens, facts.max_new_tokens)
    base.tokenizer.save_pretrained(tmp_path)
    plain_prompt.write(
        plain_prompt.settings(prompter, base.tokenizer, base.family, facts, [1]), "gguf", tmp_path
    )
    shown = [prompter.truncated(talk) for talk in TALKS]
    questions = zip(TALKS, shown, map(prompter.input_ids, TALKS), strict=True)
    return tmp_path, [Question(*each) for each in questions]


def test_it_is_asked_as_a_chat_and_tells_its_prompts_tokens(program, exported):
    folder, questions = exported
    found = list(llama_server.answers(make_channel("export"), folder, questions, 8))
    assert [answer.prompt_ids for answer in found] == [question.prompt_ids for question in questions]
    assert [answer.summary for answer in found] == [f"{question.shown.strip()}, 8" for question in questions]
    assert len(questions[1].shown) < len(TALKS[1])


def test_what_it_says_is_the_reason_where_it_ends(program, exported, monkeypatch):
    folder, questions = exported
    monkeypatch.setenv("FAKE_LLAMA_ERROR", "unknown model architecture")
    with pytest.raises(ExportFailed, match="unknown model architecture"):
        list(llama_server.answers(make_channel("export"), folder, questions, 8))


def test_decoder_only_models_are_verified_by_it_where_it_is_here(program):
    assert EXPORTERS["ollama"].verifier("decoder-only") == (llama_server.PROGRAM, llama_server.answers)
    assert EXPORTERS["gguf"].verifier("encoder-decoder") == ("gguf", answers_of_script)
    assert EXPORTERS["ctranslate2"].verifier("decoder-only") == ("ctranslate2", answers_of_script)


@pytest.mark.parametrize(
    ("verdict", "low", "expected"),
    [
        ("worse", -0.09, "worse"),
        ("worse", -0.002, "worse"),
        ("better", 0.002, "same"),
        ("no measurable difference", -0.029, "same"),
        # That it is not worse was not shown.
        ("no measurable difference", -0.031, "too few to tell"),
        ("too few to tell", -0.001, "too few to tell"),
    ],
)
def test_an_export_is_the_same_only_if_it_can_hardly_be_worse(verdict, low, expected):
    assert verification.state_of({"verdict": verdict, "low": low}) == expected
