import math
from pathlib import Path

import pytest

from engine.adapters import import_checks
from engine.errors import AdapterError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


def saved(folder: Path, **tensors) -> Path:
    from safetensors.torch import save_file

    path = folder / "adapter_model.safetensors"
    save_file(tensors, path)
    return path


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), -1e9])
def test_an_impossible_value_is_found(tmp_path, dtype, value, monkeypatch):
    monkeypatch.setattr(import_checks, "CHUNK_BYTES", 16)
    odd = torch.zeros(7, 5, dtype=dtype)
    # In float16 a large value is infinity.
    odd[6, 4] = value
    path = saved(tmp_path, fine=torch.full((3, 3), -99.0, dtype=dtype), odd=odd, whole=torch.arange(4))
    assert import_checks.impossible_values(path) == ["odd"]


@pytest.mark.parametrize(
    "dtype",
    [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e5m2, torch.float8_e4m3fn],
)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_value_that_is_no_number_is_found_in_every_format(tmp_path, dtype, value, monkeypatch):
    if dtype == torch.float8_e4m3fn and math.isinf(value):
        pytest.skip("this format has no infinity")
    monkeypatch.setattr(import_checks, "CHUNK_BYTES", 16)
    every = torch.tensor([value]).to(dtype)
    largest, whole = torch.finfo(dtype).max, torch.full((40,), 2**62)
    fine = torch.tensor([largest, -largest, 0.0, -0.0] * 9, dtype=torch.float64).to(dtype)
    read: list[int] = []
    assert not import_checks.not_finite(saved(tmp_path, a=fine, b=whole), read.append)
    assert sum(read) == fine.nbytes + whole.nbytes
    path = saved(tmp_path, a=fine, b=whole, odd=torch.cat([fine, every]))
    assert import_checks.not_finite(path, read.append) == "odd"


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(AdapterError, match=r"a\.safetensors is damaged"):
        import_checks.impossible_values(tmp_path / "a.safetensors")


def test_a_tensor_with_half_a_number_is_damage(tmp_path):
    header = b'{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,3]}}'
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(3))
    for look in (
        import_checks.impossible_values,
        lambda path: import_checks.not_finite(path, lambda _: None),
    ):
        with pytest.raises(AdapterError, match="is damaged"):
            look(path)
