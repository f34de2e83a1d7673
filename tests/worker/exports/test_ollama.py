import pytest

from engine.adapters import library
from engine.adapters.metadata import Verification
from engine.worker.exports import ollama
from engine.worker.exports.gguf_model import MODELFILE
from engine.worker.exports.programs import ExportFailed, Question
from engine.worker.jobs import export
from engine.worker.runtime.channel import Stopped
from tests.helpers.programs import put_program
from tests.helpers.worker_setup import make_channel
from tests.worker.exports.test_gguf import STAND_IN, converter, do_export  # noqa: F401 - a fixture

pytestmark = pytest.mark.torch
# Keeps the description of each model as a file of the model's name.
OLLAMA = """
case $1 in
  list) true ;;
  show) [ -f "$FAKE_OLLAMA/$2" ] ;;
  create) if [ -n "$FAKE_REFUSAL" ]; then echo "Error: $FAKE_REFUSAL" >&2; exit 1; fi; cp "$4" "$FAKE_OLLAMA/$2" ;;
  rm) rm "$FAKE_OLLAMA/$2" ;;
  run) [ -f "$FAKE_OLLAMA/$2" ] && printf '%s: %s\\n\\n' "$2" "$(cat)" ;;
esac
"""


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Have Ollama here; the folder of what it knows."""
    folder = tmp_path / "ollama-models"
    folder.mkdir()
    monkeypatch.setenv("FAKE_OLLAMA", str(folder))
    monkeypatch.delenv(ollama.HOST, raising=False)
    put_program(tmp_path / "bin", ollama.PROGRAM, OLLAMA, monkeypatch)
    return folder


@pytest.fixture
def verdict(monkeypatch):
    """Let an export be verified on one conversation, with a verdict on it."""
    heard = []

    def set_verdict(state):
        class Verifier:
            def verify(self, folder, runtime, answers):
                heard.append(
                    (runtime, [*answers(make_channel("export"), folder, [Question("", "hi", [])], 8)])
                )
                if isinstance(state, BaseException):
                    raise state
                return Verification(state=state, runtime=runtime)

        monkeypatch.setattr(export, "_verifier", lambda *_: (Verifier(), ""))
        return heard

    return set_verdict


def names(folder):
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def target(converter, tmp_path):  # noqa: F811 - the fixture
    converter()
    return tmp_path / "My summaries"


def test_ollama_gets_it_by_its_folders_name_and_answers_for_it(models, target, verdict):
    heard = verdict("same")
    result = do_export(target, "ollama")
    assert names(models) == ["my-summaries"]
    assert (models / "my-summaries").read_text() == (target / MODELFILE).read_text()
    assert (result["model"], result["problem"], result["command"]) == ("my-summaries", "", "")
    [(runtime, [answer])] = heard
    [made] = library.find("mine").metadata.exports
    assert made.verified.equal_prompts is None
    assert (runtime, answer.summary, answer.prompt_ids) == (ollama.PROGRAM, "my-summaries: hi", None)


def test_it_is_not_put_in_the_place_of_another_model(models, target):
    for name in ("my-summaries", "my-summaries-2"):
        (models / name).touch()
    assert do_export(target, "ollama")["model"] == "my-summaries-3"
    assert (models / "my-summaries").read_text() == ""


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("SmolLM2 · r 16, int8", "smollm2-r-16-int8"), ("Gespräche kürzen", "gesprache-kurzen"), ("要約", "summaries"),
        ("x" * 200, "x" * ollama.MAX_NAME),
    ],
)  # fmt: skip
def test_its_name_is_one_that_ollama_takes(tmp_path, folder, name):
    assert ollama.command(tmp_path / folder).startswith(f"ollama create {name} -f ")


def test_what_ollama_does_not_take_is_an_export_all_the_same(models, target, monkeypatch):
    monkeypatch.setenv("FAKE_REFUSAL", "unsupported architecture")
    result = do_export(target, "ollama")
    assert target.exists()
    assert result["model"] == ""
    assert result["problem"] == "Ollama rejected it: Error: unsupported architecture."
    assert result["command"] == f"ollama create my-summaries -f '{target / MODELFILE}'"


def test_ollama_keeps_nothing_that_is_worse(models, target, verdict):
    verdict("worse")
    result = do_export(target, "ollama")
    assert names(models) == []
    assert (result["model"], result["command"]) == ("", "")


@pytest.mark.parametrize("error", [Stopped(), ExportFailed("it ended")])
def test_ollama_keeps_nothing_of_an_export_that_does_not_come(models, target, verdict, error):
    verdict(error)
    with pytest.raises(type(error)):
        do_export(target, "ollama")
    assert names(models) == []
    assert not target.exists()


def test_without_ollama_the_command_is_told(target, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = do_export(target, "ollama")
    assert (result["model"], result["problem"]) == ("", "")
    assert result["command"].startswith("ollama create my-summaries -f ")
    assert do_export(tmp_path / "file", "gguf")["command"] == ""


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("", True), (":11500", True), ("localhost", True), ("127.0.0.1:11500", True), ("http://127.0.0.1", True),
        ("0.0.0.0", True), ("[::1]:11434", True), ("10.0.0.7", False), ("https://ollama.example.org", False),
    ],
)  # fmt: skip
def test_to_a_server_elsewhere_nothing_is_given(models, monkeypatch, host, is_here):
    monkeypatch.setenv(ollama.HOST, host)
    assert ollama.is_here() == is_here
