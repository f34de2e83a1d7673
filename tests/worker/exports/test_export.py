"""An export is used by its own script, in a process without Tunesmith, and compared with the adapter."""

import io
import json
import os
import runpy
import shutil
import stat
import subprocess
import sys
import weakref

import pytest

from engine.adapters import library
from engine.adapters.metadata import PromptFacts
from engine.config import recipe as recipes
from engine.errors import AppError, StorageError
from engine.scoring import score_text
from engine.worker.adapters import attach
from engine.worker.dataset.prompting import prompter_from_metadata
from engine.worker.exports import ctranslate2_model, plain_prompt
from engine.worker.generation.generate import generate
from engine.worker.jobs import export
from engine.worker.modeling import base_models
from engine.worker.runtime.channel import Stopped
from tests.helpers.chat_templates import CHATML
from tests.helpers.programs import run_script
from tests.helpers.systems import modes
from tests.helpers.worker_setup import (
    exported,
    install_random,
    load_tiny,
    make_recipe,
    write_conversations,
)

pytestmark = pytest.mark.torch
TALKS = ["Ann: Where are you?\nBob: At the office.", "Ann: A </s> and <pad>.", "word " * 60, "", " ü 漢 \n"]
PROMPT = PromptFacts(
    template="Summarize: {conversation}\nSummary: ", max_conversation_tokens=24, max_new_tokens=8
)


@pytest.fixture
def adapter_of(tmp_path):
    """Installs an adapter with random weights that knows its prompt and, if so wanted, its conversations."""

    def install(kind, *, prompt=PROMPT, with_data=True, **tables):
        adapter = install_random(kind, "mine", **tables)
        adapter = library.update(adapter, prompt=prompt)
        if with_data:
            recipe = make_recipe(kind, str(write_conversations(tmp_path / "data", 12)), **tables)
            (adapter.folder / "recipe.toml").write_text(recipes.dumps(recipe), encoding="utf-8")
        return adapter

    return install


def expected(adapter, kind, prompts):
    base = load_tiny(kind)
    model = attach.load_adapter(base, adapter)
    made = generate(model, base.tokenizer, base.family, prompts, beams=1, max_new_tokens=8)
    return [each.text for each in made]


def by_script(folder, talks):
    lines = "".join(json.dumps({"conversation": talk}) + "\n" for talk in talks)
    command = [sys.executable, "summarize.py", "--jsonl"]
    done = subprocess.run(command, cwd=folder, input=lines, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_its_script_writes_what_the_adapter_writes(adapter_of, tmp_path):
    adapter = adapter_of("llama", with_data=False)
    result = exported(adapter, tmp_path / "out", "ctranslate2")
    answers = by_script(tmp_path / "out", TALKS)
    assert result["verified"]["state"] == "not tried"
    assert [each["summary"] for each in answers] == expected(
        adapter, "llama", [each["prompt_ids"] for each in answers]
    )


def test_its_script_names_what_it_can_t_read_and_goes_on(adapter_of, tmp_path, capsys, monkeypatch):
    adapter = adapter_of("t5", with_data=False)
    exported(adapter, tmp_path / "out")
    good = json.dumps({"conversation": TALKS[0]}).encode()
    deep = b"[" * 100_000
    lines = [
        good, b"no json", b"\xff", b'["Ann: Hi."]', b'{"conversation": 1}', b"", deep,
        b'{"conversation": "\\ud800"}', good,
    ]  # fmt: skip
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n".join(lines))))
    assert run_script(tmp_path / "out" / "summarize.py", "--jsonl") == 1
    said = capsys.readouterr()
    answers = [json.loads(line) for line in said.out.splitlines()]
    bad = [number for number, line in enumerate(lines, start=1) if line not in (good, b"")]
    assert "Traceback" not in said.err
    assert [line.partition(":")[0] for line in said.err.splitlines() if line.startswith("line ")] == [
        f"line {number}" for number in bad
    ]
    assert [list(each) for each in answers] == [
        ["summary", "prompt_ids"], *[["error"]] * 6, ["summary", "prompt_ids"],
    ]  # fmt: skip
    assert answers[0] == answers[-1]
    assert expected(adapter, "t5", [answers[0]["prompt_ids"]]) == [answers[0]["summary"]]

    (tmp_path / "talk.txt").write_text(TALKS[0])
    status = run_script(tmp_path / "out" / "summarize.py", "gone.txt", str(tmp_path / "talk.txt"))
    said = capsys.readouterr()
    assert (status, said.out.strip()) == (1, answers[0]["summary"].strip())
    assert "gone.txt: " in said.err


@pytest.mark.parametrize(
    ("kind", "chat", "limit"), [("t5", False, 6), ("bart", True, 24), ("llama", True, 6), ("gpt2", False, 24)]
)
def test_prompts_are_the_same_tokens_as_in_training(tmp_path, kind, chat, limit):
    base = load_tiny(kind)
    if chat:
        base.tokenizer.chat_template = CHATML
    facts = PROMPT.model_copy(
        update={"format": "chat" if chat else "plain", "max_conversation_tokens": limit}
    )
    prompter = prompter_from_metadata(facts, base, facts.max_conversation_tokens, facts.max_new_tokens)
    settings = plain_prompt.settings(prompter, base.tokenizer, base.family, facts, [1])
    base.tokenizer.save_pretrained(tmp_path)
    plain_prompt.write(settings, "transformers", tmp_path)
    script = runpy.run_path(str(tmp_path / "prompting.py"))
    assert [script["prompt_ids"](talk) for talk in TALKS] == [prompter.input_ids(talk) for talk in TALKS]


def test_the_verdict_stands_in_the_result_and_in_the_metadata(adapter_of, tmp_path):
    result = exported(adapter_of("llama"), tmp_path / "out", "ctranslate2", conversations=5)
    verified = result["verified"]
    assert (verified["state"], verified["conversations"]) == ("too few to tell", 5)
    assert (verified["identical"], verified["equal_prompts"]) == (5, 5)
    assert verified["difference"]["rouge1"]["mean"] == 0.0
    [stored] = library.find("mine").metadata.exports
    assert stored.verified.model_dump() == verified
    assert (stored.to, stored.name) == ("ctranslate2", "out")
    assert "5 of 5 summaries identical." in score_text.verification_lines(verified)[0]


def test_another_prompt_is_told_and_a_broken_script_fails(adapter_of, tmp_path, monkeypatch):
    write = plain_prompt.write

    def spoilt(settings, runtime, folder):
        write(settings | {"after": "\nSay: "}, runtime, folder)

    monkeypatch.setattr(plain_prompt, "write", spoilt)
    adapter = adapter_of("llama")
    verified = exported(adapter, tmp_path / "one", "ctranslate2", conversations=3)["verified"]
    assert verified["equal_prompts"] == 0
    assert "3 prompts of 3 tokenize differently" in score_text.verification_lines(verified)[1]
    monkeypatch.setattr(plain_prompt, "write", lambda settings, runtime, folder: write({}, runtime, folder))
    verified = exported(adapter, tmp_path / "two", "ctranslate2", conversations=3)["verified"]
    assert verified["state"] == "failed"
    assert "KeyError" in verified["reason"]
    assert score_text.verification_lines(verified)[0].startswith("Doesn't work. ")


def test_without_its_conversations_it_is_not_tried_and_says_why(adapter_of, tmp_path):
    adapter = adapter_of("llama")
    shutil.rmtree(tmp_path / "data")
    verified = exported(adapter, tmp_path / "out", "ctranslate2", conversations=5)["verified"]
    assert (verified["state"], verified["conversations"]) == ("not tried", 0)
    assert str(tmp_path / "data") in verified["reason"]


def test_an_adapter_without_a_prompt_is_merged_and_not_tried(adapter_of, tmp_path):
    adapter = adapter_of("llama", prompt=None)
    verified = exported(adapter, tmp_path / "out", conversations=5)["verified"]
    assert verified == verified | {"state": "not tried", "reason": export.NO_PROMPT}
    with pytest.raises(AppError, match="prompt is unknown"):
        exported(adapter, tmp_path / "other", "ctranslate2")


def test_precision_is_as_asked(adapter_of, tmp_path):
    adapter = adapter_of("llama", with_data=False)
    exported(adapter, tmp_path / "half", precision="bfloat16")
    assert json.loads((tmp_path / "half" / "config.json").read_text())["dtype"] == "bfloat16"
    sizes = {}
    for precision in ("float32", "int8"):
        sizes[precision] = exported(adapter, tmp_path / precision, "ctranslate2", precision=precision)[
            "bytes"
        ]
    assert sizes["int8"] < sizes["float32"]


def test_a_disk_that_is_too_small_is_told_before(adapter_of, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(StorageError, match="has 1 bytes free"):
        exported(adapter_of("llama", with_data=False), tmp_path / "out")
    assert not list(tmp_path.glob("*out*"))


def test_no_two_models_are_in_memory(adapter_of, tmp_path, monkeypatch):
    adapter, loaded, load = adapter_of("llama"), [], base_models.load

    def watched(*values):
        assert all(model() is None for model in loaded)
        base = load(*values)
        loaded.append(weakref.ref(base.model))
        return base

    def convert(self, *values):
        assert all(model() is None for model in loaded)

    monkeypatch.setattr(base_models, "load", watched)
    monkeypatch.setattr(ctranslate2_model, "convert", convert)
    exported(adapter, tmp_path / "out", "ctranslate2", conversations=1)
    assert len(loaded) == 2


@modes
@pytest.mark.parametrize("to", ["merged", "ctranslate2"])
def test_it_is_for_nobody_else_to_read_and_written_where_it_was_told(adapter_of, tmp_path, monkeypatch, to):
    seen = []

    def look(_verifier, folder, *_):
        seen.append([folder.parent, folder.parent.parent, *modes_in(folder.parent)])
        raise Stopped

    former = os.umask(0o022)
    adapter, aside = adapter_of("llama"), tmp_path / ".aside"
    try:
        exported(adapter, tmp_path / "out", to)
        monkeypatch.setattr(export.Verifier, "verify", look)
        with pytest.raises(Stopped):
            exported(adapter, tmp_path / "again", to, conversations=3, aside=str(aside))
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(former)
    assert modes_in(tmp_path / "out") == {"700", "600"}
    assert [found[:2] for found in seen] == [[aside, tmp_path]]
    assert set(seen[0][2:]) == {"700", "600"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out"]


def modes_in(folder):
    return {f"{stat.S_IMODE(each.stat().st_mode):o}" for each in (folder, *folder.rglob("*"))}
