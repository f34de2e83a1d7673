"""What is still on the hub, from the form to the run and to the data check: with the engine's own workers."""

import json
import os
import shutil

import pytest

from engine.api import recipe
from gui.core.preferences import Preferences
from gui.pages.data.page import DataPage
from gui.pages.train.page import TrainPage
from gui.workers.worker_manager import WorkerManager
from tests.helpers import scripted_worker
from tests.helpers.fake_hub import FakeHub
from tests.helpers.scripted_manager import end
from tests.helpers.train_stage import texts

MODEL, DATA = "someone/small-model", "someone/conversations"
HUB = {"base_model": {"id": MODEL}, "data": {"source": DATA}, "method": {"id": "lora"}}


@pytest.fixture
def hub(tmp_path, monkeypatch):
    model, data = tmp_path / "served/models" / MODEL, tmp_path / "served/datasets" / DATA
    model.mkdir(parents=True)
    data.mkdir(parents=True)
    (model / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"]}))
    (model / "model.safetensors").write_bytes(os.urandom(300_000))
    (data / "train.jsonl").write_text('{"dialogue": "A: Hi.", "summary": "A greets."}\n' * 50)
    with FakeHub(tmp_path / "served") as served:
        for name, value in {
            "HF_ENDPOINT": served.address,
            "HF_HOME": str(tmp_path / "huggingface"),
            "HF_HUB_OFFLINE": "0",
        }.items():
            monkeypatch.setenv(name, value)
        yield served


@pytest.fixture
def page(qtbot, home):
    """A train page with real workers for everything but the training itself."""

    def command(job):
        if job.request()["kind"] != "train":
            return None
        scripted_worker.give_script(job, [["steps", {"count": 3, "per_second": 100}]])
        return scripted_worker.command(job)

    manager = WorkerManager(command)
    made = qtbot.show(TrainPage(manager, Preferences()))
    yield made
    end(manager)


def test_a_run_that_needs_downloads_is_planned_priced_and_started(page, qtbot, hub):
    page.edit(recipe.from_tables(HUB))
    with qtbot.waitSignal(page.manager.planner.planned):
        page.shown()
    assert page.panel.start_button.isEnabled()
    text = texts(page.panel)
    assert f"{MODEL} and {DATA} must be downloaded" in text
    page.panel.start_button.click()
    qtbot.waitUntil(lambda: "Download and start" in page.right.notice.action_button().text())
    asked = page.right.notice.text()
    assert f"{MODEL}: 300.0 kB to download" in asked
    assert f"{DATA}: " in asked
    assert page.manager.current is None
    page.right.notice.action_button().click()
    qtbot.waitUntil(lambda: page.manager.current is not None)


def test_offline_what_is_on_the_hub_is_a_problem_beside_its_field(page, qtbot):
    here = {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}
    page.shown()
    for table, name, field in (("base_model", MODEL, "base_model.id"), ("data", DATA, "data.source")):
        with qtbot.waitSignal(page.manager.planner.planned):
            page.edit(recipe.from_tables(here | {table: HUB[table]}))
        refusal = f"{name} is not downloaded, and Tunesmith is offline."
        assert refusal in page.panel.form.field(field).around.problem()
        assert not page.panel.start_button.isEnabled()
        assert "Start asks first" not in texts(page.panel)
        # What is known without it is still planned.
        assert ("steps" in texts(page.panel)) == (table == "base_model")
    page.edit(recipe.from_tables(here))
    qtbot.waitUntil(page.panel.start_button.isEnabled)


def test_checking_data_asks_before_it_fetches_and_refuses_scripts(qtbot, home, hub, tmp_path):
    manager = WorkerManager()
    made = qtbot.show(DataPage(manager))
    made.open(DATA)
    qtbot.waitUntil(lambda: "kB to download" in made.parts.question.text())
    assert "licence mit" in made.parts.question.text()
    assert not made.checker.is_busy
    made.parts.question.action_button().click()
    qtbot.waitUntil(lambda: made.report is not None)
    assert made.parts.question.isHidden()

    hub.requests.clear()
    (tmp_path / "served/datasets" / DATA / "conversations.py").write_text("raise SystemExit")
    shutil.rmtree(tmp_path / "huggingface")
    for source, text in (
        (DATA, "is built by a script, conversations.py"),
        ("someone/absent", "has no data set named"),
    ):
        made.open(source)
        qtbot.waitUntil(lambda text=text: text in made.parts.source.source_field.problem())
        assert made.parts.question.isHidden()
    manager.leave()
    assert not [line for line in hub.requests if "resolve" in line]
