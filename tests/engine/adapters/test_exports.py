from pathlib import Path

import pytest

from engine.adapters import exports
from engine.adapters.library import Adapter
from engine.adapters.metadata import MethodFacts
from tests.helpers.homes import make_metadata

PREFIX = MethodFacts(id="prefix_tuning", title="Prefix tuning", peft_type="PREFIX_TUNING")
PROMPT = MethodFacts(id="prompt_only", title="Prompt only", peft_type="")


def adapter(method: MethodFacts | None = None) -> Adapter:
    values = {"method": method} if method else {}
    return Adapter(Path("somewhere"), make_metadata("mine", **values))


def test_what_can_be_merged_is_written_with():
    assert exports.runtime_problems("ctranslate2", [adapter(), adapter(PROMPT)]) == []


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"adapters": [adapter(PREFIX)]}, "mine can't be merged"),
        ({"quantization": "nf4"}, "doesn't support nf4 bases"),
        ({"device": "cuda:0"}, "not on cuda:0"),
    ],
)
def test_what_can_t_is_refused_and_our_own_engine_is_not_asked(facts, said):
    [problem] = exports.runtime_problems("ctranslate2", **({"adapters": []} | facts))
    assert (problem.field, said in problem.message) == ("--runtime", True)
    assert exports.runtime_problems("tunesmith", **({"adapters": []} | facts)) == []


def test_a_library_that_is_not_here_is_named(monkeypatch):
    monkeypatch.setattr(exports.importlib.util, "find_spec", lambda _: None)
    [problem] = exports.runtime_problems("ctranslate2", [])
    assert "pip install" in problem.hint
