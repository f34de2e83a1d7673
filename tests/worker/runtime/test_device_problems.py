import os

import psutil
import pytest
import torch

from engine.errors import DeviceError
from engine.system.graphics import graphics_cards, visible_cards
from engine.system.graphics.torch_build import TorchBuild
from engine.worker.runtime import device_problems, devices
from tests.helpers import fake_nvidia_smi
from tests.helpers.fake_nvidia_smi import process, row

pytestmark = pytest.mark.torch
CUDA_13, CUDA_12 = TorchBuild("13.0"), TorchBuild("12.6")
NOBODY = 999_999_999


@pytest.fixture
def cards(tmp_path, monkeypatch):
    """Return what makes the driver answer with cards and processes, for a worker started for a device."""

    def fake(
        *rows: str, device: str = "", build: TorchBuild = CUDA_13, given: str | None = None, **named
    ) -> None:
        fake_nvidia_smi.install(tmp_path, monkeypatch, rows, **named)
        monkeypatch.setattr(visible_cards, "installed_build", lambda: build)
        if given is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
        if device:
            for name, value in visible_cards.environment(device, os.environ).items():
                monkeypatch.setenv(name, value)

    return fake


@pytest.fixture
def torch_finds_cards(monkeypatch):
    """Let torch find as many cards as it would see."""

    def fake(count: int = 1) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)

    return fake


def refused(device: str) -> DeviceError:
    with pytest.raises(DeviceError) as error:
        devices.usable(device)
    assert error.value.field == "training.device"
    assert error.value.hint
    return error.value


NO_DRIVER = [graphics_cards.Card("nvidia", "NVIDIA GPU", "")]
FAILED = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
TWO = (row(0, "NVIDIA RTX 3060"), row(1, "NVIDIA L4"))
LISTED = "Available GPUs (2): cuda:0 (NVIDIA RTX 3060), cuda:1 (NVIDIA L4)."


@pytest.mark.parametrize(
    ("device", "rows", "facts", "said"),
    [
        ("cuda:9", TWO, {}, f"There is no cuda:9. {LISTED}"),
        ("cuda:2", TWO, {}, f"There is no cuda:2. {LISTED}"),
        # Counted are the cards that the user left visible.
        ("cuda:1", map(row, range(8)), {"given": "5"}, "Available GPUs (1): cuda:0 (NVIDIA RTX 3060)."),
        ("cuda:0", [row(0)], {"given": ""}, "CUDA_VISIBLE_DEVICES hides all GPUs"),
        ("cuda:0", [row(0, driver="550.163.01")], {}, "torch for CUDA 13.0 needs 580"),
        ("cuda:0", [row(0, driver="470.256.02")], {"build": CUDA_12}, "torch for CUDA 12.6 needs 525"),
        ("cuda:0", [row(0)], {"build": TorchBuild()}, "can't use cuda:0 (NVIDIA RTX 3060)."),
        ("cuda:0", [FAILED], {"code": 9}, "couldn't communicate with the NVIDIA driver"),
    ],
)  # fmt: skip
def test_why_a_card_is_missing_is_named(cards, device, rows, facts, said):
    cards(*rows, device=device, **facts)
    assert said in refused(device).message


@pytest.mark.parametrize(
    ("device", "found", "said"),
    [
        ("cuda:0", NO_DRIVER, "The NVIDIA GPU has no driver."),
        # Nothing more is known.
        ("cuda:0", [], "torch finds no CUDA device on this computer."),
        ("xpu", [], "torch finds no XPU device on this computer."),
        ("mps", [], "torch finds no MPS device on this computer."),
    ],
)
def test_a_device_that_no_driver_tells_of_is_missing(cards, monkeypatch, device, found, said):
    cards(device=device)
    monkeypatch.setattr(graphics_cards, "find", lambda: found)
    problem = refused(device)
    assert problem.message == said
    assert ("macOS" in problem.hint) == (device == "mps")


@pytest.mark.parametrize("device", ["cuda:0", "cuda:1"])
def test_the_only_visible_card_is_the_first_for_torch_and_keeps_its_name(cards, torch_finds_cards, device):
    cards(row(0), row(1), device=device)
    torch_finds_cards(1)
    chosen = devices.usable(device)
    assert (chosen, devices.name(chosen)) == (torch.device("cuda:0"), device)


def test_auto_is_named_after_the_card_that_was_chosen(cards, torch_finds_cards):
    cards(row(0, load="99"), row(1), device="auto")
    torch_finds_cards(1)
    assert devices.name(devices.usable("auto")) == "cuda:1"


def test_a_worker_computes_on_no_other_card_than_its_own(cards, torch_finds_cards):
    cards(row(0), row(1), device="cuda:0")
    torch_finds_cards(1)
    with pytest.raises(DeviceError):
        devices.usable("cuda:1")


def test_a_process_that_sees_all_cards_counts_them_as_torch_does(cards, torch_finds_cards):
    cards(row(0), row(1))
    torch_finds_cards(2)
    assert devices.choose("cuda:1") == torch.device("cuda:1")
    assert devices.name(torch.device("cuda:1")) == "cuda:1"
    assert "There is no cuda:2" in refused("cuda:2").message


def test_the_processor_keeps_its_name(cards):
    cards(row(0), device="cpu")
    assert devices.name(devices.usable("cpu")) == "cpu"
    assert devices.notices(torch.device("cpu")) == []


@pytest.fixture
def all_pids(monkeypatch):
    """Let every process id be one of this computer."""
    monkeypatch.setattr(psutil, "pid_exists", lambda _: True)


@pytest.mark.usefixtures("all_pids")
def test_a_full_card_is_refused_with_who_fills_it(cards, torch_finds_cards):
    lines = [process(0, NOBODY, "/usr/bin/vllm", "11500"), process(0, NOBODY + 1, "/usr/bin/blender", "500")]
    cards(row(0, used="12100"), device="cuda:0", processes=lines)
    torch_finds_cards()
    message = refused("cuda:0").message
    assert "cuda:0 (NVIDIA RTX 3060) is full" in message
    assert message.index(f"vllm (pid {NOBODY}, 12.1 GB)") < message.index("blender")


@pytest.mark.usefixtures("all_pids")
def test_a_card_that_others_use_is_remarked_on(cards, torch_finds_cards):
    cards(row(0, used="9300"), device="cuda:0", processes=[process(0, NOBODY, "/usr/bin/vllm")])
    torch_finds_cards()
    [notice] = devices.notices(devices.usable("cuda:0"))
    assert (
        f"Other programs are using cuda:0 (NVIDIA RTX 3060). It is used by: vllm (pid {NOBODY}, 9.4 GB)."
        in (notice["message"])
    )
    assert notice["level"] == "warning"
    assert notice["hint"]


@pytest.mark.usefixtures("all_pids")
@pytest.mark.parametrize(
    ("used", "load", "expected"), [("200", "10", 0), ("200", "90", 1), ("[N/A]", "90", 1), ("5000", "0", 1)]
)
def test_a_small_program_is_remarked_on_where_it_computes(cards, torch_finds_cards, used, load, expected):
    cards(row(0, load=load), device="cuda:0", processes=[process(0, NOBODY, used=used)])
    torch_finds_cards()
    assert len(devices.notices(devices.usable("cuda:0"))) == expected


@pytest.mark.usefixtures("all_pids")
def test_our_own_workers_are_no_others(cards, torch_finds_cards, monkeypatch):
    lines = [process(0, os.getpid(), used="11000"), process(0, NOBODY, used="1000")]
    cards(row(0, used="12200"), device="cuda:0", processes=lines)
    torch_finds_cards()
    sibling = type("Sibling", (), {"ppid": staticmethod(os.getppid)})
    with monkeypatch.context() as patch:
        patch.setattr(psutil, "Process", lambda _: sibling)
        assert devices.notices(devices.usable("cuda:0")) == []


@pytest.mark.parametrize("processes", [[], [process(0, NOBODY, "/usr/bin/vllm", "11500")]])
def test_a_card_that_nobody_known_fills_is_remarked_on_and_may_be_tried(cards, torch_finds_cards, processes):
    """As in a container, where the driver tells no processes or those of the computer around it."""
    cards(row(0, used="12100"), device="cuda:0", processes=processes)
    torch_finds_cards()
    [notice] = devices.notices(devices.usable("cuda:0"))
    assert notice["message"] == "cuda:0 (NVIDIA RTX 3060) is full: 197.1 MB of its memory is free."


@pytest.mark.usefixtures("all_pids")
def test_a_card_that_this_worker_fills_itself_stays_usable(cards, torch_finds_cards, monkeypatch):
    cards(row(0, used="12100"), device="cuda:0", processes=[process(0, NOBODY, used="12000")])
    torch_finds_cards()
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 10**9)
    assert devices.usable("cuda:0") == torch.device("cuda:0")


def test_what_is_unknown_is_not_held_against_a_card(cards, torch_finds_cards):
    cards(row(0, used="[N/A]", total="[N/A]", load="[N/A]", capability="[N/A]"), device="cuda:0")
    torch_finds_cards()
    assert devices.notices(devices.usable("cuda:0")) == []


def test_a_card_that_torch_has_no_kernels_for_is_refused(cards, torch_finds_cards):
    cards(row(0, "NVIDIA GTX 1080", capability="6.1"), device="cuda:0")
    torch_finds_cards()
    assert refused("cuda:0").message == (
        "cuda:0 (NVIDIA GTX 1080) is too old for this torch: compute capability 6.1, needed 7.5."
    )


def test_bfloat16_is_refused_on_a_card_without_it(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (7, 5))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "NVIDIA RTX 2080")
    card = torch.device("cuda", 0)
    assert devices.number_format("auto", card).dtype is torch.float16
    for dtype in (torch.float16, torch.float32):
        devices.refuse_bfloat16(dtype, card)
    devices.refuse_bfloat16(torch.bfloat16, torch.device("cpu"))
    with pytest.raises(DeviceError, match="NVIDIA RTX 2080 doesn't support bfloat16") as error:
        devices.refuse_bfloat16(torch.bfloat16, card)
    assert error.value.field == "base_model.precision"


class AcceleratorError(RuntimeError):
    """As torch names what a card reports."""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            AcceleratorError("CUDA error: unspecified launch failure\nCUDA kernel errors might"),
            "stopped responding",
        ),
        (RuntimeError("CUDA error: the GPU is no longer available"), "stopped responding"),
        (RuntimeError("CUDA error: GPU is lost"), "stopped responding"),
        (RuntimeError("CUDA error: unknown error"), "stopped responding"),
        (RuntimeError("CUDA error: uncorrectable ECC error encountered"), "stopped responding"),
        (AcceleratorError("CUDA error: device-side assert triggered"), "reported an error"),
        (RuntimeError("HIP error: an illegal memory access was encountered"), "reported an error"),
        (RuntimeError("CUBLAS_STATUS_EXECUTION_FAILED when calling cublasSgemm"), "reported an error"),
        (
            RuntimeError("CUDA error: all CUDA-capable devices are busy or unavailable"),
            "has the GPU to itself",
        ),
    ],
)
def test_a_card_that_fails_while_it_computes_is_named_with_the_way_on(error, expected):
    found = device_problems.of_failure(error)
    assert isinstance(found, DeviceError)
    assert expected in found.message
    assert str(error).partition("\n")[0] in found.message
    assert "kernel errors might" not in found.message
    assert found.field == "training.device"
    assert "checkpoint" in found.hint or "choose another device" in found.hint


@pytest.mark.usefixtures("all_pids")
def test_a_card_that_one_program_has_to_itself_is_named_with_it(cards):
    cards(row(0), row(1), device="cuda:1", processes=[process(1, NOBODY, "/usr/bin/vllm")])
    found = device_problems.of_failure(RuntimeError("CUDA error: device(s) is/are busy or unavailable"))
    assert found is not None
    assert found.message.endswith(f"busy or unavailable. It is used by: vllm (pid {NOBODY}, 9.4 GB).")


@pytest.mark.parametrize(
    "error", [RuntimeError("shape mismatch"), ValueError("unknown error"), OSError("busy")]
)
def test_other_exceptions_are_no_card_s(error):
    assert device_problems.of_failure(error) is None
