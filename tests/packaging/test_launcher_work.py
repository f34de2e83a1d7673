"""Which torch is fetched from where, and the work of making an environment: its progress, its end, its troubles."""

import sys
import time
from pathlib import Path

import environment
import pytest
from launcher import builds
from launcher.builds import BUILDS, suited
from launcher.work import Step, Work, explained, steps

from engine.system.graphics.graphics_cards import Card
from tests.helpers.launcher_setup import outcome_of, python_step

AMD = Card("amd", "AMD card (gfx1100)", "amdgpu")


def nvidia(driver):
    return Card("nvidia", "NVIDIA card", driver)


@pytest.mark.parametrize(
    ("cards", "capabilities", "build"),
    [
        ([], [], "cpu"),
        ([nvidia("")], [], "cpu"),
        ([nvidia("580.65.06")], [(8, 6)], "cuda"),
        ([nvidia("580.65.06")], [], "cuda"),
        ([nvidia("unknown")], [(12, 0)], "cuda"),
        ([nvidia("580.65.06")], [(8, 6), (6, 1)], "cuda12"),
        ([nvidia("550.163.01")], [(8, 6)], "cuda12"),
        ([nvidia("470.256.02")], [(8, 6)], "cpu"),
        ([AMD], [], "rocm"),
        ([nvidia(""), AMD], [], "rocm"),
    ],
)
def test_the_build_suits_the_card_and_its_driver(monkeypatch, cards, capabilities, build):
    monkeypatch.setattr(builds, "_capabilities", lambda: capabilities)
    assert suited(cards).id == build


def test_torch_comes_from_its_own_index_and_the_rest_from_the_usual_one(project, tmp_path, monkeypatch):
    monkeypatch.delenv(builds.INDEX, raising=False)
    _, torch, rest, kernels, _ = steps(project, tmp_path / "new", BUILDS["rocm"])
    assert torch.variables == {"PIP_INDEX_URL": f"{builds.PYTORCH}rocm7.2"}
    assert {"--no-deps", "torch>=2.9"} < set(torch.command)
    assert "peft" not in torch.command
    assert rest.variables == {"PIP_EXTRA_INDEX_URL": f"{builds.PYTORCH}rocm7.2"}
    assert {"torch>=2.9", "peft", str(project / environment.CONSTRAINTS)} < set(rest.command)
    assert {"--no-deps", "liger-kernel"} < set(kernels.command)


def test_where_pip_finds_the_right_torch_by_itself_nothing_is_set(project, tmp_path, monkeypatch):
    monkeypatch.setenv(builds.INDEX, "")
    for build in (BUILDS["cuda"], BUILDS["cpu"]):
        _, torch, rest, *more = steps(project, tmp_path / "new", build)
        assert len(more) == (1 if build.id == "cpu" else 2)
        assert torch.variables == rest.variables == {}
        assert "--no-deps" not in torch.command


def test_steps_are_done_one_after_the_other_with_their_variables(tmp_path):
    path = tmp_path / "told"
    code = f"import os; open({str(path)!r}, 'a').write(os.environ.get('PLACE', '-'))"
    work = Work([python_step(code), Step("", [sys.executable, "-c", code], {"PLACE": "x"})], tmp_path / "log")
    work.start()
    assert outcome_of(work) == "finished"
    assert path.read_text() == "-x"


def test_what_pip_says_becomes_progress(tmp_path):
    waits = tmp_path / "go on"
    said = [
        "Collecting torch>=2.9 (from x)",
        "Downloading nvidia_cudnn_cu13-9.1-py3-none-any.whl (405 MB)",
        "Progress 0 of 405000000",
        "Progress 120000000 of 405000000",
    ]
    code = f"import os, time\nprint({chr(10).join(said)!r}, flush=True)\n"
    code += f"while not os.path.exists({str(waits)!r}): time.sleep(0.01)"
    work = Work([python_step(code, "torch for NVIDIA cards"), python_step("pass")], tmp_path / "log")
    work.start()
    while not work.progress.done_bytes:
        time.sleep(0.01)
    assert work.progress.text() == (
        "Step 1 of 2, torch for NVIDIA cards: fetching nvidia_cudnn_cu13, 120 of 405 MB (0.1 GB so far)"
    )
    assert work.progress.share() == pytest.approx(0.5 * 120 / 405)
    waits.touch()
    assert outcome_of(work) == "finished"
    assert "Progress" not in (tmp_path / "log").read_text()


def test_a_step_that_fails_ends_the_work_with_the_last_words(tmp_path):
    work = Work([python_step("print('no luck'); raise SystemExit(3)"), python_step("1/0")], tmp_path / "log")
    work.start()
    assert outcome_of(work) == "failed"
    assert "no luck" in work.trouble
    assert "ZeroDivisionError" not in (tmp_path / "log").read_text()


def test_cancel_ends_the_program_and_what_it_started(tmp_path):
    started = tmp_path / "pid"
    child = f"import os, time; open({str(started)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    work = Work(
        [python_step(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])")],
        tmp_path / "log",
    )
    work.start()
    while not (started.exists() and started.read_text()):
        time.sleep(0.01)
    work.cancel()
    assert outcome_of(work) == "cancelled"
    while Path(f"/proc/{started.read_text()}").exists():
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("broken by 'NewConnectionError(': Name or service not known", "can't be reached"),
        ("ReadTimeoutError: Read timed out.", "can't be reached"),
        ("ssl.SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED", "can't be trusted"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "came damaged"),
        ("ERROR: something new", "It failed at this: torch.\n\nERROR: something new"),
    ],
)
def test_known_troubles_are_said_in_words(line, meaning):
    assert meaning in explained(["Collecting torch", line] if "something" not in line else [line], "torch")
