"""Each worker's process is started with the one card that its job computes on: read from real processes."""

import json
import sys
from typing import Any, get_args

import pytest

from engine.jobs import worker_process
from engine.jobs.job import Job, JobKind, create_job
from engine.jobs.supervisor import Supervisor
from engine.jobs.worker_process import WarmWorker
from engine.system import paths, ranks
from engine.system.graphics import visible_cards
from engine.system.graphics.torch_build import TorchBuild
from tests.helpers import fake_nvidia_smi
from tests.helpers.fake_nvidia_smi import row

RECIPE = '[base_model]\nid = "starter"\n[data]\nsource = "sample"\n[method]\nid = "lora"\n'
WITH_RECIPE = ("train", "evaluate", "plan", "shrink")
NAMES = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "TUNESMITH_DEVICE")
TELLS = f"import json, os; print(json.dumps([os.environ.get(name) for name in {NAMES!r}]))"
WAITS = "import os, sys; line = sys.stdin.readline(); os.chdir(__import__('json').loads(line)); "


@pytest.fixture(autouse=True)
def two_cards(tmp_path, monkeypatch):
    """Let the driver have two cards, the first of them busy."""
    fake_nvidia_smi.install(tmp_path, monkeypatch, [row(0, used="9000", load="99"), row(1)])
    monkeypatch.setattr(visible_cards, "installed_build", lambda: TorchBuild("13.0"))


def told(job: Job, warm_worker: WarmWorker | None = None) -> list[str | None]:
    """Start a worker for a job that tells its environment in its log; return what it tells."""
    supervisor = Supervisor(job, command=[sys.executable, "-c", TELLS], warm_worker=warm_worker)
    supervisor.start()
    list(supervisor.follow(every_seconds=0.01))
    supervisor.close()
    found: list[str | None] = json.loads(job.log_path.read_text().splitlines()[-1])
    return found


def make_job(kind: Any, device: str | None) -> Job:
    """Return a job whose recipe or request names a device, if it is of a kind that has one."""
    training = f'[training]\ndevice = "{device}"\n' if device else ""
    if kind in WITH_RECIPE:
        return create_job(paths.jobs_folder(), kind, {}, recipe=RECIPE + training)
    return create_job(paths.jobs_folder(), kind, {"device": device} if device else {})


@pytest.mark.parametrize(
    ("kind", "device", "expected"),
    [
        ("train", "cuda:0", ["0", "PCI_BUS_ID", "cuda:0"]),
        ("evaluate", "cuda:1", ["1", "PCI_BUS_ID", "cuda:1"]),
        ("plan", "cpu", ["", "PCI_BUS_ID", "cpu"]),
        ("shrink", "auto", ["1", "PCI_BUS_ID", "cuda:1"]),
        ("summarize", None, ["1", "PCI_BUS_ID", "cuda:1"]),
    ],
)
def test_a_job_that_computes_sees_the_card_that_it_names(kind, device, expected):
    assert told(make_job(kind, device)) == expected


@pytest.mark.parametrize("kind", sorted(set(get_args(JobKind)) - {*WITH_RECIPE, "summarize", "devices"}))
def test_a_job_that_computes_on_the_processor_sees_no_card(kind):
    assert told(make_job(kind, None)) == ["", "PCI_BUS_ID", "cpu"]


def test_the_report_of_all_devices_sees_all_that_the_user_does(monkeypatch):
    assert told(make_job("devices", None)) == [None, "PCI_BUS_ID", "all"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert told(make_job("devices", None)) == ["1", "PCI_BUS_ID", "all"]


def test_the_second_card_is_the_second_of_the_user_s(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,0")
    assert told(make_job("train", "cuda:1")) == ["0", "PCI_BUS_ID", "cuda:1"]


def test_torchrun_s_cards_are_left_alone(monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert told(make_job("train", "cuda:1")) == [None, None, None]


@pytest.fixture
def warm_worker():
    """Return what starts a warm worker for a device; each is ended."""
    made = []

    def start(device: str) -> WarmWorker:
        made.append(
            WarmWorker(
                worker_process.visible_to(device),
                command=[
                    sys.executable,
                    "-c",
                    f"{WAITS}os.dup2(os.open('worker.log', os.O_CREAT | os.O_WRONLY), 1); {TELLS}",
                ],
            )
        )
        return made[-1]

    yield start
    for each in made:
        each.end()


@pytest.mark.parametrize("device", ["cpu", "cuda:1", "auto"])
def test_a_warm_worker_does_a_job_on_its_own_card(warm_worker, device):
    ready = warm_worker(device)
    job = make_job("train", device)
    card = ["", "PCI_BUS_ID", "cpu"] if device == "cpu" else ["1", "PCI_BUS_ID", "cuda:1"]
    assert told(job, ready) == card
    assert len(job.log_path.read_text().splitlines()) == 1


@pytest.mark.parametrize(("held", "wanted"), [("cuda:0", "cuda:1"), ("auto", "cpu"), ("cpu", "auto")])
def test_a_warm_worker_on_another_device_is_ended_and_not_used(warm_worker, held, wanted):
    ready = warm_worker(held)
    assert told(make_job("train", wanted), ready)[2] == ("cpu" if wanted == "cpu" else "cuda:1")
    assert not ready.alive()


def test_what_auto_means_may_change_until_the_job_comes(warm_worker, tmp_path, monkeypatch):
    ready = warm_worker("auto")
    fake_nvidia_smi.install(tmp_path, monkeypatch, [row(0), row(1, used="12000", load="99")])
    assert told(make_job("train", "auto"), ready) == ["0", "PCI_BUS_ID", "cuda:0"]
    assert not ready.alive()


def test_a_driver_that_fails_stops_no_worker(tmp_path, monkeypatch):
    fake_nvidia_smi.install(
        tmp_path, monkeypatch, ["NVIDIA-SMI has failed because it couldn't communicate"], code=9
    )
    assert told(make_job("train", "auto")) == ["0", "PCI_BUS_ID", "auto"]


def command_of(job: Job) -> list[str]:
    command, variables = worker_process.own_command(job)
    assert command[-1] == str(job.folder)
    return [command[-2], variables.get(ranks.COUNT, "1"), variables.get("CUDA_VISIBLE_DEVICES", "every card")]


def test_a_run_on_all_cards_has_a_rank_for_each():
    assert command_of(make_job("train", "all")) == ["--worker", "2", "every card"]


@pytest.mark.parametrize("kind", ["plan", "evaluate"])
def test_other_jobs_of_such_a_recipe_compute_on_the_best_card(kind):
    assert command_of(make_job(kind, "all")) == ["--worker", "1", "1"]


def test_all_of_one_card_is_one_process(tmp_path, monkeypatch):
    (tmp_path / "one").mkdir()
    fake_nvidia_smi.install(tmp_path / "one", monkeypatch, [row(0)])
    assert command_of(make_job("train", "all")) == ["--worker", "1", "0"]


def test_a_process_that_torchrun_started_starts_no_others(monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "0")
    assert command_of(make_job("train", "all")) == ["--worker", "1", "every card"]
