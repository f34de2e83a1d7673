"""A GGUF file is tried in llama.cpp's `llama-cli` where its server is not on the computer; here by a stand-in."""

from __future__ import annotations

import pytest

from engine.worker.exports import llama_cli
from engine.worker.exports.answers import ExportFailed, Question
from engine.worker.exports.exporters import EXPORTERS
from tests.helpers.programs import put_program
from tests.helpers.worker_setup import make_channel

pytestmark = pytest.mark.torch
# Writes the chat into the file behind -o: what the file behind -f has, and the options that matter.
LLAMA_CLI = """
if [ "$1" = --help ]; then echo "--single-turn --output-file --no-escape"; exit; fi
options="$*"
while [ $# -gt 0 ]; do
  case $1 in -f) prompt=$2 ;; -o) written=$2 ;; -n) limit=$2 ;; esac
  shift
done
echo "a banner"
if [ "$(cat "$prompt")" = /exit ]; then exit; fi
printf 'User:\\n%s\\n\\nAssistant:\\n A summary in %s tokens. \\n\\n' "$(cat "$prompt")" "$limit" > "$written"
case $options in *--single-turn*) ;; *) exit 1 ;; esac
"""
TALKS = ["Ann: tea?\n\nBob: \\n yes.", "Assistant:\nhi\n", "/exit"]
QUESTIONS = [Question(talk, talk, [1, 2, 3]) for talk in TALKS]


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Puts a script in the place of llama-cli, where no server is."""
    monkeypatch.setattr(llama_cli.shutil, "which", lambda name: str(tmp_path / "bin" / name))
    monkeypatch.setattr("engine.worker.exports.llama_server.is_here", lambda: False)
    llama_cli._writes_files.cache_clear()

    def put(script=LLAMA_CLI):
        put_program(tmp_path / "bin", llama_cli.PROGRAM, script, monkeypatch)

    yield put
    llama_cli._writes_files.cache_clear()


def ask(tmp_path):
    return list(llama_cli.answers(make_channel("export"), tmp_path, QUESTIONS, 8))


def test_it_is_asked_as_a_chat_of_one_turn_and_tells_no_tokens(put, tmp_path):
    put()
    assert EXPORTERS["gguf"].trial("decoder-only") == (llama_cli.PROGRAM, llama_cli.answers)
    found = ask(tmp_path)
    assert [answer.summary for answer in found] == ["A summary in 8 tokens."] * 3
    assert [answer.prompt_ids for answer in found] == [None] * 3


def test_one_that_mixes_its_answer_with_other_words_is_not_used(put):
    put("echo --single-turn")
    assert not llama_cli.is_here()
    assert EXPORTERS["gguf"].trial("decoder-only")[0] == "gguf"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'unknown model architecture' >&2; exit 1", "unknown model architecture"),
        ("true", "something else"),
    ],
)
def test_what_goes_wrong_is_the_reason(put, tmp_path, script, said):
    put(script)
    with pytest.raises(ExportFailed, match=said):
        ask(tmp_path)
