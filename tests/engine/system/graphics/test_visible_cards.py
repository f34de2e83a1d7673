import pytest

from engine.system.graphics import visible_cards
from engine.system.graphics.torch_build import TorchBuild
from tests.helpers import fake_nvidia_smi
from tests.helpers.fake_nvidia_smi import row, uuid

CUDA, ROCM, XPU, NONE = TorchBuild("13.0"), TorchBuild(hip="7.2"), TorchBuild(xpu="2025"), TorchBuild()


@pytest.fixture
def cards(tmp_path, monkeypatch):
    """Return what makes the driver answer with cards, for a build of torch."""

    def fake(*rows: str, build: TorchBuild = CUDA, **named: bool) -> None:
        fake_nvidia_smi.install(tmp_path, monkeypatch, rows, **named)
        monkeypatch.setattr(visible_cards, "installed_build", lambda: build)

    return fake


def seen(device: str, **given: str) -> tuple[str | None, str]:
    """Return the cards that CUDA sees, and what the worker takes its device for."""
    found = visible_cards.environment(device, given)
    return found.get("CUDA_VISIBLE_DEVICES", given.get("CUDA_VISIBLE_DEVICES")), found["TUNESMITH_DEVICE"]


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ("cpu", ("", "cpu")), ("cuda", ("0", "cuda:0")), ("cuda:0", ("0", "cuda:0")),
        ("cuda:1", ("1", "cuda:1")), ("cuda:7", ("7", "cuda:7")), ("mps", (None, "mps")),
        ("all", (None, "all")),
    ],
)  # fmt: skip
def test_a_device_shows_its_card_alone(cards, device, expected):
    cards(*map(row, range(8)))
    assert seen(device) == expected


def test_numbers_are_those_of_nvidia_smi_unless_the_user_has_another_order(cards):
    cards(row(0), row(1))
    assert visible_cards.environment("cuda:1", {})["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    given = {"CUDA_DEVICE_ORDER": "FASTEST_FIRST"}
    assert visible_cards.environment("cuda:1", given)["CUDA_DEVICE_ORDER"] == "FASTEST_FIRST"


@pytest.mark.parametrize(
    ("listed", "device", "expected"),
    [
        ("2,3", "cuda:0", "2"), ("2,3", "cuda:1", "3"), (" 5 , 1 ", "cuda:1", "1"), ("2,3", "cuda:2", ""),
        ("", "cuda:0", ""), ("-1", "cuda:0", ""), ("1,-1,0", "cuda:1", ""), ("NoDevFiles", "cuda:0", ""),
        (f"{uuid(3)},{uuid(0)}", "cuda:1", uuid(0)), ("GPU-00000003", "cuda:0", "GPU-00000003"),
        ("MIG-41b36a29-1f0d-5d7c-9c0f-4b7f6d3a7f5c,0", "cuda:0", "MIG-41b36a29-1f0d-5d7c-9c0f-4b7f6d3a7f5c"),
    ],
)  # fmt: skip
def test_what_the_user_made_visible_is_kept(cards, listed, device, expected):
    cards(*map(row, range(8)))
    found = visible_cards.environment(device, {"CUDA_VISIBLE_DEVICES": listed})
    assert found["CUDA_VISIBLE_DEVICES"] == expected
    assert found["TUNESMITH_VISIBLE_CARDS"] == listed


def test_auto_chooses_among_what_the_user_left_visible(cards):
    cards(row(0), row(1, used="9000"), row(2, used="8000"), row(3, used="5000"))
    assert seen("auto", CUDA_VISIBLE_DEVICES="1,2,3") == ("3", "cuda:2")
    assert seen("auto", CUDA_VISIBLE_DEVICES=uuid(2)) == (uuid(2), "cuda:0")
    assert seen("auto", CUDA_VISIBLE_DEVICES="") == ("", "auto")


@pytest.mark.parametrize("named", [{}, {"code": 9}])
def test_auto_without_an_answer_shows_one_card_at_most(cards, named):
    cards(**named)
    assert seen("auto") == ("0", "auto")
    assert seen("auto", CUDA_VISIBLE_DEVICES="1,0") == ("1", "cuda:0")


def test_torchrun_s_processes_choose_for_themselves(cards):
    cards(row(0), row(1))
    assert visible_cards.environment("cuda:1", {"LOCAL_RANK": "1"}) == {}


def test_amd_s_cards_are_chosen_by_their_own_variable(cards):
    cards(build=ROCM)
    for given, device, expected in (
        ({}, "cuda:1", "1"),
        ({}, "auto", "0"),
        ({}, "cpu", "-1"),
        ({"HIP_VISIBLE_DEVICES": "3,2"}, "cuda:1", "2"),
        ({"HIP_VISIBLE_DEVICES": "3,2"}, "auto", "3"),
        ({"HIP_VISIBLE_DEVICES": ""}, "auto", "-1"),
        ({"CUDA_VISIBLE_DEVICES": "3,2"}, "cuda:1", "2"),
        ({"ROCR_VISIBLE_DEVICES": "2,3"}, "cuda:1", "1"),
        ({"ROCR_VISIBLE_DEVICES": "2,3"}, "cuda:2", "-1"),
    ):
        assert visible_cards.environment(device, given)["HIP_VISIBLE_DEVICES"] == expected, (given, device)
    assert visible_cards.environment("cpu", {})["CUDA_VISIBLE_DEVICES"] == ""


def test_intel_s_cards_are_chosen_by_theirs(cards):
    cards(build=XPU)
    for given, device, expected in (
        ({}, "xpu", ("0", "xpu:0")),
        ({}, "xpu:1", ("1", "xpu:1")),
        ({}, "auto", ("0", "auto")),
        ({"ZE_AFFINITY_MASK": "0.1,1"}, "xpu:0", ("0.1", "xpu:0")),
        ({"ZE_AFFINITY_MASK": "2,1"}, "auto", ("2", "auto")),
    ):
        found = visible_cards.environment(device, given)
        assert (found["ZE_AFFINITY_MASK"], found["TUNESMITH_DEVICE"]) == expected, (given, device)


def test_a_torch_for_the_processor_asks_no_driver(cards):
    cards(build=NONE, hangs=True)
    assert visible_cards.environment("auto", {}) == {
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "TUNESMITH_DEVICE": "auto",
    }


def test_a_worker_can_tell_what_the_user_had_set(cards):
    cards(row(0), row(1))
    for given in ({"A": "b"}, {"CUDA_VISIBLE_DEVICES": "1,0", "A": "b"}):
        worker = given | visible_cards.environment("cuda:1", given)
        users = visible_cards.users_environment(worker)
        assert users.get("CUDA_VISIBLE_DEVICES") == given.get("CUDA_VISIBLE_DEVICES")
        assert users["A"] == "b"
    assert visible_cards.users_environment({"CUDA_VISIBLE_DEVICES": "3"}) == {"CUDA_VISIBLE_DEVICES": "3"}


OLD = row(0, "NVIDIA GTX 1080", capability="6.1")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row(0, used="8000"), row(1, used="4000"), row(2, used="100")], ("2", "cuda:2")),
        ([row(0, used="100", load="98"), row(1, used="4000", load="3")], ("1", "cuda:1")),
        ([row(0, load="98"), row(1, used="6000", load="97")], ("0", "cuda:0")),
        # A waiting worker makes a card no worse.
        ([row(0, used="700"), row(1, used="200")], ("0", "cuda:0")),
        # torch has no kernels for it.
        ([OLD, row(1, used="9000")], ("1", "cuda:1")),
        ([OLD], ("", "auto")),
        ([row(0, *["[N/A]"] * 3, capability="[N/A]"), row(1, used="[N/A]")], ("0", "cuda:0")),
    ],
)
def test_auto_takes_the_best_card(cards, rows, expected):
    cards(*rows)
    assert seen("auto") == expected
