import json
import os
import shutil
import subprocess
import sys

import pytest

from engine.errors import BaseModelError
from engine.system import sandbox
from engine.worker.ingestion import token_lengths
from engine.worker.modeling import base_models
from engine.worker.runtime import tokenizer_check
from tests.helpers import sandbox_works
from tests.helpers.repository import ROOT
from tests.helpers.systems import words_of_linux
from tests.helpers.tiny_models import tiny_model

pytestmark = [pytest.mark.torch, words_of_linux]
KNOWN_PATTERNS = [
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}]*[\p{Ll}]+(?i:'s|'t)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+",
    r" ?[^(\s|[.,!?…。，、।۔،])]+",
    r" {2,}",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+",
    r"\((?:a|b){1,3}\+?\)",
]


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(tiny_model("llama"), tmp_path / "model")


@pytest.fixture
def tight(monkeypatch):
    """Set limits that are met sooner."""
    monkeypatch.setattr(tokenizer_check, "SECONDS", 1)
    monkeypatch.setattr(tokenizer_check, "MEMORY_BYTES", 256 << 20)


def changed(folder, change, file="tokenizer.json"):
    described = json.loads((folder / file).read_text(encoding="utf-8"))
    change(described)
    (folder / file).write_text(json.dumps(described), encoding="utf-8")


def split(pattern):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def replace(text, content):
    return {"type": "Replace", "pattern": {"String": text}, "content": content}


def refusal(folder):
    with pytest.raises(BaseModelError) as raised:
        base_models.read_tokenizer(folder, "theirs")
    assert (raised.value.field, bool(raised.value.hint)) == ("base_model.id", True)
    with pytest.raises(BaseModelError):
        token_lengths.token_counter(folder, "theirs")
    return raised.value.message


def test_a_pattern_that_repeats_repetitions_is_told_by_its_form(folder):
    changed(folder, lambda described: described.update(pre_tokenizer=split("(zq+)+x")))
    assert refusal(folder) == "The tokenizer of theirs can't be used: its pattern '(zq+)+x' may never finish."


@pytest.mark.usefixtures("tight")
def test_a_pattern_that_never_ends_on_some_text_is_found_by_trying(folder):
    changed(folder, lambda described: described.update(pre_tokenizer=split("(?:a|aa)+$")))
    assert "theirs can't be used: the library that reads it crashes" in refusal(folder)


TRIES_ONE = """
import sys
from pathlib import Path
from engine.system import sandbox
from engine.system.sandbox import Limits
from engine.worker.runtime import tokenizer_check
from tests.helpers import sandbox_works
from tests.helpers.repository import ROOT

tokenizer_check.require_checked(Path(sys.argv[1]), "theirs", "transformers")
print(sandbox.result(sandbox_works.has_torch, Limits(1 << 30, 60)), "torch" in sys.modules)
"""


@pytest.mark.parametrize("kind", ["llama", "t5"])
def test_a_tokenizer_is_tried_without_torch(kind):
    # A program of its own, as those of the tests have imported everything.
    command = [sys.executable, "-c", TRIES_ONE, str(tiny_model(kind))]
    assert (
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        == "False False\n"
    )


def test_rules_that_multiply_text_are_told_by_their_form(folder):
    rules = {"type": "Sequence", "normalizers": [replace("☂", "☂☂")] * 30}
    changed(folder, lambda described: described.update(normalizer=rules))
    assert "its rules may make text 1,000 times longer" in refusal(folder)


@pytest.mark.usefixtures("tight")
def test_a_rule_that_asks_for_memory_is_found_by_trying(folder, monkeypatch):
    monkeypatch.setattr(tokenizer_check, "check", sandbox_works.check_of_any_growth)
    rules = {"type": "Sequence", "normalizers": [replace("a", "a" * 1000)] * 3}
    changed(folder, lambda described: described.update(normalizer=rules))
    assert "theirs can't be used: " in refusal(folder)


def test_a_million_added_tokens_are_counted(folder):
    token = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    added = [token | {"id": 1000 + number, "content": f"<t{number}>"} for number in range(50_001)]
    changed(folder, lambda described: described.update(added_tokens=added))
    assert "it adds 50,001 tokens; the limit is 50,000" in refusal(folder)


@pytest.mark.parametrize("file", ["tokenizer.json", "tokenizer_config.json"])
def test_a_description_nested_without_end_is_named(folder, file):
    (folder / file).write_text('{"a":' + "[" * 100_000, encoding="utf-8")
    if file == "tokenizer.json":
        assert "nested too deeply" in refusal(folder)
    else:
        with pytest.raises(BaseModelError, match="theirs can't be"):
            base_models.read_tokenizer(folder, "theirs")


def test_a_library_that_breaks_down_is_named(folder, monkeypatch):
    monkeypatch.setattr(tokenizer_check, "check", sandbox_works.exiting)
    with pytest.raises(BaseModelError, match="the library that reads it crashes"):
        base_models.read_tokenizer(folder, "theirs")


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(folder):
    (folder / "special_tokens_map.json").unlink(missing_ok=True)
    os.mkfifo(folder / "special_tokens_map.json")
    assert "special_tokens_map.json: it is not a file" in refusal(folder)


def test_a_known_tokenizer_is_tried_once_and_again_when_a_file_changes(folder, monkeypatch):
    tried = []
    results = sandbox.results

    def counted(*given):
        tried.append(given)
        return results(*given)

    monkeypatch.setattr(sandbox, "results", counted)
    for _ in range(2):
        base_models.read_tokenizer(folder, "ours")
    assert len(tried) == 1
    # Another process knows it by its mark.
    tokenizer_check._tried.clear()
    base_models.read_tokenizer(folder, "ours")
    assert len(tried) == 1
    changed(folder, lambda described: described.update(version="1.0"))
    base_models.read_tokenizer(folder, "ours")
    assert len(tried) == 2


@pytest.mark.parametrize("pattern", KNOWN_PATTERNS)
def test_known_patterns_end(pattern):
    assert not tokenizer_check.may_never_end(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+", "(?:a*b?){2,}", "((x{3,}))*", r"([a\]]+\))*", "(a|(b+))+"])
def test_patterns_that_repeat_repetitions_are_found(pattern):
    assert tokenizer_check.may_never_end(pattern)
