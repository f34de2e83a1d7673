"""A recipe that would start a download asks the person at the terminal first."""

import io
import os
import pty
import shutil
import subprocess
import sys
from contextlib import redirect_stdout

import pytest

from engine.adapters.metadata import BaseModelFacts
from engine.commands import cli
from engine.commands.terminal import follow_job
from engine.config import recipe as recipes
from engine.runs import run_store
from tests.helpers.fake_hub import FakeHub, use_hub
from tests.helpers.homes import add_adapter
from tests.helpers.in_process_worker import InProcessSupervisor
from tests.helpers.repository import MAIN
from tests.helpers.tiny_models import tiny_model
from tests.helpers.tiny_runs import tiny_recipe

pytestmark = pytest.mark.torch


@pytest.fixture
def hub(tmp_path):
    shutil.copytree(tiny_model("llama"), tmp_path / "served" / "models" / "someone" / "small")
    return FakeHub(tmp_path / "served")


class Screen(io.StringIO):
    """A terminal in this process."""

    def isatty(self):
        return True


def hub_recipe(tmp_path):
    path = tmp_path / "recipe.toml"
    recipes.save(
        tiny_recipe(tmp_path, "llama", "lora", "base_model.id=someone/small", "training.epochs=1"), path
    )
    return path


def answer_at_a_terminal(command, hub, tmp_path, answer):
    """Run a command on a terminal of its own, answer its question, and return its exit code and what it showed."""
    settings = os.environ | {
        "HF_ENDPOINT": hub.address,
        "HF_HOME": str(tmp_path / "huggingface"),
        "HF_HUB_OFFLINE": "0",
    }
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=settings) as process:
        os.close(theirs)
        shown = b""
        while chunk := read(ours):
            shown += chunk
            if b"[y/N]" in shown and answer:
                os.write(ours, answer)
                answer = b""
    os.close(ours)
    return process.returncode, shown.decode(errors="replace")


def read(descriptor):
    try:
        return os.read(descriptor, 4096)
    except OSError:  # the other end is closed
        return b""


def test_no_means_no_run_and_nothing_fetched(tmp_path, hub, monkeypatch):
    monkeypatch.setattr(follow_job, "Supervisor", InProcessSupervisor)
    monkeypatch.setattr(sys, "stdin", Screen("n\n"))
    shown = Screen()
    with use_hub(hub, tmp_path / "cache", monkeypatch), redirect_stdout(shown):
        code = cli.run(cli.parse(["train", str(hub_recipe(tmp_path))]))

    assert code == 130, shown.getvalue()
    assert "someone/small: " in shown.getvalue()
    assert "kB to fetch" in shown.getvalue()
    assert run_store.list_jobs() == []
    assert any("someone/small" in request for request in hub.requests)
    assert not any("safetensors" in request and request.startswith("GET") for request in hub.requests)


@pytest.mark.parametrize(
    "command",
    [["adapters", "merge", "stranger", "merged"], ["summarize", "--adapter", "stranger", "talk.txt"]],
)
def test_an_adapter_of_others_reaches_for_no_base_model_unasked(tmp_path, hub, monkeypatch, command):
    monkeypatch.setattr(follow_job, "Supervisor", InProcessSupervisor)
    monkeypatch.setattr(sys, "stdin", Screen("n\n"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk.txt").write_text("Ann: hi\nBo: hello", encoding="utf-8")
    add_adapter("stranger", base_model=BaseModelFacts(id="someone/small"))
    shown = Screen()
    with use_hub(hub, tmp_path / "cache", monkeypatch), redirect_stdout(shown):
        code = cli.run(cli.parse(command))

    assert code == 130, shown.getvalue()
    assert "kB to fetch" in shown.getvalue()
    assert not any("safetensors" in request and request.startswith("GET") for request in hub.requests)
    assert not (tmp_path / "merged").exists()


def test_yes_at_a_terminal_fetches_and_trains(tmp_path, hub):
    with hub:
        code, shown = answer_at_a_terminal(
            [sys.executable, str(MAIN), "train", str(hub_recipe(tmp_path))], hub, tmp_path, b"y\n"
        )

    assert code == 0, shown
    assert "kB to fetch" in shown
    assert any("safetensors" in request for request in hub.requests)
    assert run_store.open_run(run_store.list_jobs()[0]).outcome == "completed"


def test_a_plan_says_what_a_run_would_fetch_and_fetches_nothing(tmp_path, hub, in_process, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    with hub:
        done = in_process.run("plan", str(hub_recipe(tmp_path)))

    assert done.code == 0, done.err
    assert "someone/small is not on this computer yet. A run downloads it first" in done.out
    assert "Steps" in done.out
    assert "Memory" not in done.out
    assert hub.requests == []
