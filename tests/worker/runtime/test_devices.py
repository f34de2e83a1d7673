"""How many threads compute: what the machine has, or less where OpenMP was given less."""

import os

import pytest
import torch

from engine.worker.runtime import devices

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
CORES = {0, 1, 2, 3}

pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def four_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: CORES, raising=False)
    monkeypatch.delenv("OMP_THREAD_LIMIT", raising=False)


def test_a_cpu_computes_with_all_cores_and_leaves_one_beside_another_device():
    assert (devices.threads(CPU), devices.threads(CUDA)) == (4, 3)


@pytest.mark.parametrize(
    ("limit", "expected"), [("1", 1), ("2", 2), ("99", 4), ("0", 1), ("", 4), ("all", 4)]
)
def test_a_limit_that_openmp_was_given_is_kept(monkeypatch, limit, expected):
    monkeypatch.setenv("OMP_THREAD_LIMIT", limit)
    assert devices.threads(CPU) == expected
