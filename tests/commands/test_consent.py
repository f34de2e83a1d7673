import io
import shutil
import sys
from contextlib import redirect_stdout

import pytest

from engine.adapters.metadata import BaseModelFacts
from engine.commands import cli, follow_job
from engine.config import recipe as recipes
from engine.runs import run_store
from engine.system import ranks
from tests.helpers.fake_hub import FakeHub, use_hub
from tests.helpers.homes import add_adapter
from tests.helpers.in_process_worker import InProcessSupervisor
from tests.helpers.tiny_models import tiny_model
from tests.helpers.tiny_runs import tiny_recipe

pytestmark = pytest.mark.torch


@pytest.fixture
def hub(tmp_path):
    shutil.copytree(tiny_model("llama"), tmp_path / "served" / "models" / "someone" / "small")
    return FakeHub(tmp_path / "served")


class Screen(io.StringIO):
    def isatty(self):
        return True


def hub_recipe(tmp_path):
    path = tmp_path / "recipe.toml"
    recipes.save(
        tiny_recipe(tmp_path, "llama", "lora", "base_model.id=someone/small", "training.epochs=1"), path
    )
    return path


@pytest.fixture
def answered(tmp_path, hub, monkeypatch):
    """Carries out a command at a terminal where a question is answered; returns its exit code and what it showed."""

    # How large a model of the hub is, is not known before it is here: another rank would be started for it.
    monkeypatch.setenv(ranks.COUNT, "1")

    def run(command, answer):
        shown = Screen()
        monkeypatch.setattr(follow_job, "Supervisor", InProcessSupervisor)
        monkeypatch.setattr(sys, "stdin", Screen(answer))
        with use_hub(hub, tmp_path / "cache", monkeypatch), redirect_stdout(shown):
            return cli.run(cli.parse(command)), shown.getvalue()

    return run


def fetched(hub):
    return any("safetensors" in request and request.startswith("GET") for request in hub.requests)


@pytest.mark.parametrize(("answer", "code"), [("n\n", 130), ("y\n", 0)])
def test_a_run_begins_and_fetches_only_after_a_yes(tmp_path, hub, answered, answer, code):
    done, shown = answered(["train", str(hub_recipe(tmp_path))], answer)
    assert done == code, shown
    assert "someone/small: " in shown
    assert "kB to download" in shown
    assert [run_store.open_run(job).outcome for job in run_store.list_jobs()] == ["completed"] * (code == 0)
    assert fetched(hub) == (code == 0)


@pytest.mark.parametrize(
    "command",
    [["adapters", "merge", "stranger", "merged"], ["summarize", "--adapter", "stranger", "talk.txt"]],
)
def test_an_adapter_fetches_no_base_model_unasked(tmp_path, hub, answered, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk.txt").write_text("Ann: hi\nBo: hello", encoding="utf-8")
    add_adapter("stranger", base_model=BaseModelFacts(id="someone/small"))
    done, shown = answered(command, "n\n")
    assert done == 130, shown
    assert "kB to download" in shown
    assert not fetched(hub)
    assert not (tmp_path / "merged").exists()
