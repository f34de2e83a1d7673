"""`adapters import OWNER/NAME`: an adapter comes from the hub as one from a folder does, and what is none is told."""

import json
import pickle
from pathlib import Path

import pytest

from engine.adapters import hub_adapters, library
from engine.system import paths
from tests.helpers.command_line import Finished
from tests.helpers.fake_hub import COMMIT, FakeHub, use_hub
from tests.helpers.homes import add_adapter, score_card, write_peft_files

NAME = "someone/notes-lora"


@pytest.fixture
def served(tmp_path, monkeypatch):
    folder = tmp_path / "served/models" / NAME
    folder.mkdir(parents=True)
    write_peft_files(folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")
    (folder / "training_args.bin").write_bytes(pickle.dumps({"a": 1}))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    with use_hub(FakeHub(tmp_path / "served"), tmp_path / "cache", monkeypatch) as hub:
        yield hub


def files_of(served: FakeHub) -> Path:
    folder: Path = served.folder / "models" / NAME
    return folder


def refused(done: Finished, message: str, hint: str) -> None:
    assert done.code != 0
    assert message in done.err
    assert hint in done.err
    assert list(paths.adapters_folder().iterdir()) == []


@pytest.mark.parametrize("revision", ["main", COMMIT])
def test_an_adapter_comes_from_the_hub_with_its_base_and_its_commit(revision, served, in_process):
    done = in_process.run("adapters", "import", NAME if revision == "main" else f"{NAME}@{revision}")
    assert done.code == 0, done
    (adapter,) = library.scan()[0]
    assert f"Imported notes-lora as {adapter.id}." in done.out
    assert "Its base model is google/flan-t5-base." in done.out
    facts = adapter.metadata
    assert (facts.origin, facts.base_model.id) == ("imported", "google/flan-t5-base")
    assert facts.hub is not None
    assert (facts.hub.id, facts.hub.revision) == (NAME, COMMIT)
    assert set(facts.files) == {"README.md", library.CONFIG_NAME, library.WEIGHTS_NAME}
    assert not [path for path in adapter.folder.iterdir() if path.is_symlink()]
    assert not [line for line in served.requests if "training_args.bin" in line]
    assert f"{NAME} {COMMIT}" in in_process.run("adapters", "show", adapter.id).out


def test_what_goes_to_the_hub_comes_back_with_its_scores(served, in_process, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    served.known_token = "hf_secret"
    sent = add_adapter("tea", scores=[score_card(0.484)])
    done = in_process.run("adapters", "export", "tea", "someone/tea", "--to", "hub")
    assert done.code == 0, done
    assert in_process.run("adapters", "delete", sent.id).code == 0
    done = in_process.run("adapters", "import", "someone/tea")
    assert done.code == 0, done
    (adapter,) = library.scan()[0]
    assert (adapter.name, adapter.metadata.scores) == ("tea", sent.metadata.scores)
    assert adapter.metadata.hub is not None
    assert adapter.metadata.hub.id == "someone/tea"


def test_what_was_fetched_is_imported_again_offline(served, in_process, monkeypatch):
    assert in_process.run("adapters", "import", NAME).code == 0
    served.requests.clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert in_process.run("adapters", "import", NAME).code == 0
    assert served.requests == []
    assert len(library.scan()[0]) == 2


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        (["config.json", "model.safetensors"], "It is a model"),
        (["second/adapter_config.json"], "such as second/adapter_config.json"),
        (["notes.txt"], "a PEFT adapter"),
        ([], "run `hf auth login` if it is private"),
    ],
)
def test_what_is_no_adapter_is_told_with_what_it_is(names, hint, served, in_process):
    for name in names:
        path = served.folder / "models/someone/other" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({}), encoding="utf-8")
    refused(in_process.run("adapters", "import", "someone/other"), "someone/other", hint)


def test_damaged_weights_and_such_as_can_run_code_are_refused_by_name(served, in_process):
    weights = files_of(served) / library.WEIGHTS_NAME
    weights.write_bytes(b"junk")
    done = in_process.run("adapters", "import", NAME)
    refused(done, "adapter_model.safetensors is damaged", "Copy or download it again")
    weights.rename(files_of(served) / "adapter_model.bin")
    served.requests.clear()
    done = in_process.run("adapters", "import", NAME)
    refused(
        done,
        "are in adapter_model.bin, not in adapter_model.safetensors",
        "Only safetensors files are accepted",
    )
    assert not [line for line in served.requests if "resolve" in line]


def test_a_gated_adapter_and_a_dead_hub_are_told_with_what_to_do(served, in_process, monkeypatch):
    refused(in_process.run("adapters", "import", f"{NAME}@v9"), f"{NAME} has no revision v9", "main")
    served.gated.add(NAME)
    done = in_process.run("adapters", "import", NAME)
    refused(done, f"{NAME} is gated", f"Accept them at {served.address}/{NAME}")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    refused(in_process.run("adapters", "import", NAME), "The hub can't be reached", "Check the connection")


def test_offline_nothing_is_asked(served, in_process, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    done = in_process.run("adapters", "import", NAME, "--json")
    [problem] = done.problems
    assert (done.code, problem["field"]) == (2, "source")
    assert problem["message"] == f"{NAME} is not downloaded, and Tunesmith is offline."
    assert "choose a folder or a zip on this computer" in problem["hint"]
    assert served.requests == []
    assert list(paths.jobs_folder().iterdir()) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("owner/name", ("owner/name", "main")), (" owner/name@v1.0 ", ("owner/name", "v1.0")),
        ("owner/name@refs/pr/1", ("owner/name", "refs/pr/1")), ("name", None), ("./owner/name", None),
        ("owner/..", None), ("/owner/name", None), ("owner/name/more", None), ("owner/name@", None),
    ],
)  # fmt: skip
def test_names_of_the_hub_are_told_from_paths(text, found):
    assert hub_adapters.named(text) == found
