import os
from types import SimpleNamespace

import psutil
import pytest
import torch

from engine.errors import DeviceError
from engine.system.ranks import Rank
from engine.worker.runtime import devices
from engine.worker.runtime.rank_meeting import being

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
CORES = {0, 1, 2, 3}

pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def four_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: CORES, raising=False)
    # Of a system that does not tell which are a process's own.
    monkeypatch.setattr(os, "cpu_count", lambda: len(CORES))
    monkeypatch.delenv("OMP_THREAD_LIMIT", raising=False)


def test_a_cpu_computes_with_all_cores_and_leaves_one_beside_another_device():
    assert (devices.threads(CPU), devices.threads(CUDA)) == (4, 3)


@pytest.mark.parametrize(
    ("limit", "expected"), [("1", 1), ("2", 2), ("99", 4), ("0", 1), ("", 4), ("all", 4)]
)
def test_a_limit_that_openmp_was_given_is_kept(monkeypatch, limit, expected):
    monkeypatch.setenv("OMP_THREAD_LIMIT", limit)
    assert devices.threads(CPU) == expected


# Number formats.


@pytest.mark.parametrize(
    ("index", "overflows", "expected"), [(1, True, "bfloat16"), (0, False, "float16"), (0, True, "float32")]
)
def test_a_card_computes_in_the_best_format_there_is(monkeypatch, index, overflows, expected):
    # An RTX 2080 beside an RTX 3060: the current device is not the one that is asked about.
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1 - index)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda of: SimpleNamespace(major=(7, 8)[of]))
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda of: ((7, 5), (8, 6))[of.index])
    found = devices.number_format("auto", torch.device("cuda", index), overflows=overflows)
    assert found.name == expected
    assert ("overflows" in found.reason) == (expected == "float32")


@pytest.mark.parametrize(
    ("capability", "exact", "expected"),
    [((8, 6), False, "high"), ((8, 6), True, "highest"), ((7, 5), False, "highest")],
)
def test_float32_is_tf32_on_ampere_unless_it_has_to_be_exact(monkeypatch, capability, exact, expected):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    chosen = []
    monkeypatch.setattr(torch, "set_float32_matmul_precision", chosen.append)
    devices.set_float32_precision(CUDA, exact=exact)
    devices.set_float32_precision(CPU, exact=exact)
    assert chosen == [expected]


# Memory.


@pytest.mark.parametrize("kind", ["cuda", "xpu"])
def test_the_memory_of_a_gpu_is_what_torch_counted_there(monkeypatch, kind):
    gpu = torch.device(kind, 1)
    monkeypatch.setattr(getattr(torch, kind), "max_memory_allocated", {gpu: 7 << 30}.__getitem__)
    assert devices.memory_bytes(gpu) == 7 << 30


def test_a_containers_limit_bounds_the_available_memory(tmp_path, monkeypatch):
    for name, text in (("LIMIT", "1000000"), ("USED", "900000"), ("PARTS", "anon 9\ninactive_file 300000")):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        monkeypatch.setattr(devices, f"CGROUP_{name}", path)
    monkeypatch.setattr(psutil.Process, "memory_info", lambda _: SimpleNamespace(rss=2_000_000))
    assert devices.available_bytes(torch.device("cpu")) == 2_400_000
    (tmp_path / "LIMIT").write_text("max\n", encoding="utf-8")
    assert devices.available_bytes(torch.device("cpu")) > 10_000_000
    (tmp_path / "LIMIT").unlink()
    assert devices.available_bytes(torch.device("cpu")) > 10_000_000


# Ranks.


@pytest.fixture
def chosen(monkeypatch):
    """Let there be two cards of CUDA; return a list that gets the one that libraries are told to use."""
    found = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", found.append)
    return found


def test_a_rank_computes_on_the_card_of_its_number_and_libraries_do_too(chosen):
    with being(Rank(3, 4, 1, 2)):
        assert devices.choose("auto") == torch.device("cuda:1")
    assert chosen == [torch.device("cuda:1")]


@pytest.mark.parametrize(("device", "local_size"), [("auto", 3), ("cuda:1", 2)])
def test_more_ranks_than_cards_are_refused_by_the_first_of_them(chosen, device, local_size):
    with being(Rank(0, local_size, 0, local_size)), pytest.raises(DeviceError) as refused:
        devices.choose(device)
    assert (refused.value.field, chosen) == ("training.device", [])
